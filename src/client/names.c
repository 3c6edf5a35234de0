#include "config.h"

#include "client/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/arena.h"
#include "model/snapshot.h"
#include "proto/message.h"

#include "client/idmap.h"
#include "client/native_names.h"
#include "client/shared.h"

/* Pointers into the pool by id. */
struct table {
	struct lk_idmap map;
	const void **list;
	uint32_t count, capacity;
};

struct lk_names {
	struct lk_shared *pool;
	struct lk_native_names *native; /* borrowed; may be NULL */
	struct table texts, frames, stacks;
};

static const void *
table_get(const struct table *table, uint32_t id)
{
	uint32_t index = lk_idmap_get(&table->map, id);

	return index == LK_IDMAP_NONE ? NULL : table->list[index];
}

static int
table_put(struct table *table, uint32_t id, const void *value)
{
	if (table->count == LK_NAMES_MAX)
		return -ENOSPC;
	if (table->count == table->capacity) {
		uint32_t capacity = table->capacity == 0 ? 256 : 2 * table->capacity;
		const void **list = realloc(table->list, capacity * sizeof(*list));

		if (list == NULL)
			return -ENOMEM;
		table->list = list;
		table->capacity = capacity;
	}
	table->list[table->count] = value;
	return lk_idmap_set(&table->map, id, table->count++);
}

static void
table_fini(struct table *table)
{
	lk_idmap_fini(&table->map);
	free(table->list);
	memset(table, 0, sizeof(*table));
}

struct lk_names *
lk_names_new(void)
{
	struct lk_names *names = calloc(1, sizeof(*names));

	if (names == NULL)
		return NULL;
	names->pool = lk_shared_new();
	if (names->pool == NULL) {
		free(names);
		return NULL;
	}
	return names;
}

void
lk_names_free(struct lk_names *names)
{
	if (names == NULL)
		return;
	table_fini(&names->texts);
	table_fini(&names->frames);
	table_fini(&names->stacks);
	lk_shared_put(names->pool);
	free(names);
}

void
lk_names_look_up(struct lk_names *names, struct lk_native_names *native)
{
	names->native = native;
}

static int
add_text(struct lk_names *names, const struct lk_message_text *m)
{
	const char *text = lk_arena_text(names->pool->arena, m->text, strlen(m->text));

	return text == NULL ? -ENOMEM : table_put(&names->texts, m->id, text);
}

static int
add_native_frame(struct lk_names *names, const struct lk_message_frame *m, struct lk_frame *frame)
{
	char text[LK_NATIVE_NAME_BYTES];

	frame->native = true;
	frame->build_id = frame->function;
	frame->address = m->address;
	lk_native_names_text(names->native, frame->build_id, frame->file, m->address, text,
	    sizeof(text));
	frame->function = lk_arena_text(names->pool->arena, text, strlen(text));
	return frame->function == NULL ? -ENOMEM : 0;
}

static int
add_frame(struct lk_names *names, const struct lk_message_frame *m)
{
	const char *function = table_get(&names->texts, m->function);
	const char *file = table_get(&names->texts, m->file);
	struct lk_frame *frame;

	if (function == NULL || file == NULL)
		return -EBADMSG;
	frame = lk_arena_get(names->pool->arena, 1, sizeof(*frame));
	if (frame == NULL)
		return -ENOMEM;
	*frame = (struct lk_frame){.function = function, .file = file, .line = m->line};
	if (m->native && add_native_frame(names, m, frame) < 0)
		return -ENOMEM;
	return table_put(&names->frames, m->id, frame);
}

static int
add_stack(struct lk_names *names, const struct lk_message_stack *m)
{
	const char *thread = table_get(&names->texts, m->thread);
	int domain = lk_domain_parse(m->domain);
	struct lk_frame *frames;
	struct lk_stack *stack;

	if (thread == NULL || domain < 0)
		return -EBADMSG;
	stack = lk_arena_get(names->pool->arena, 1, sizeof(*stack));
	frames = lk_arena_get(names->pool->arena, m->frame_count, sizeof(*frames));
	if (stack == NULL || frames == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < m->frame_count; i++) {
		const struct lk_frame *frame = table_get(&names->frames, m->frames[i]);

		if (frame == NULL)
			return -EBADMSG;
		frames[i] = *frame;
	}
	*stack = (struct lk_stack){
	    .id = m->id,
	    .domain = (enum lk_domain)domain,
	    .thread = thread,
	    .flags = m->flags,
	    .frame_count = m->frame_count,
	    .frames = frames};
	return table_put(&names->stacks, m->id, stack);
}

int
lk_names_add(struct lk_names *names, const struct lk_message_names *message)
{
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < message->text_count; i++)
		rc = add_text(names, &message->texts[i]);
	for (uint32_t i = 0; rc == 0 && i < message->frame_count; i++)
		rc = add_frame(names, &message->frames[i]);
	for (uint32_t i = 0; rc == 0 && i < message->stack_count; i++)
		rc = add_stack(names, &message->stacks[i]);
	return rc;
}

int
lk_names_forget(struct lk_names *names)
{
	struct lk_shared *pool = lk_shared_new();

	if (pool == NULL)
		return -ENOMEM;
	table_fini(&names->texts);
	table_fini(&names->frames);
	table_fini(&names->stacks);
	lk_shared_put(names->pool);
	names->pool = pool;
	return 0;
}

const struct lk_stack *
lk_names_stack(const struct lk_names *names, uint32_t id)
{
	return table_get(&names->stacks, id);
}

struct lk_shared *
lk_names_pool(const struct lk_names *names)
{
	return names->pool;
}
