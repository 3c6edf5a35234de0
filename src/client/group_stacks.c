#include "config.h"

#include "client/group_stacks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/identity.h"
#include "base/hash.h"
#include "model/arena.h"
#include "model/snapshot.h"

#include "client/shared.h"

#define FIRST_CAPACITY 1024u

int
lk_group_stacks_init(struct lk_group_stacks *g)
{
	memset(g, 0, sizeof(*g));
	g->pool = lk_shared_new();
	return g->pool != NULL ? 0 : -ENOMEM;
}

void
lk_group_stacks_fini(struct lk_group_stacks *g)
{
	lk_shared_put(g->pool);
	free(g->list);
	free(g->keys);
	free(g->slots);
	free(g->texts);
	memset(g, 0, sizeof(*g));
}

/* ---- words ----------------------------------------------------------------- */

static uint32_t
text_slot(const struct lk_group_stacks *g, const char *text)
{
	uint32_t mask = g->text_capacity - 1;
	uint64_t hash = lk_hash_text(LK_HASH_BEGIN, text);
	uint32_t at = (uint32_t)(hash ^ hash >> 32) & mask;

	while (g->texts[at] != NULL && strcmp(g->texts[at], text) != 0)
		at = (at + 1) & mask;
	return at;
}

static int
grow_texts(struct lk_group_stacks *g)
{
	uint32_t old_capacity = g->text_capacity;
	const char **old = g->texts;

	g->text_capacity = old_capacity > 0 ? 2 * old_capacity : FIRST_CAPACITY;
	g->texts = calloc(g->text_capacity, sizeof(*g->texts));
	if (g->texts == NULL) {
		g->texts = old;
		g->text_capacity = old_capacity;
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < old_capacity; i++)
		if (old[i] != NULL)
			g->texts[text_slot(g, old[i])] = old[i];
	free(old);
	return 0;
}

/* Our copy of TEXT; NULL without memory, or when it is NULL. */
static const char *
word(struct lk_group_stacks *g, const char *text)
{
	uint32_t at;

	if (text == NULL)
		return NULL;
	if (2 * g->text_count >= g->text_capacity && grow_texts(g) < 0)
		return NULL;
	at = text_slot(g, text);
	if (g->texts[at] == NULL) {
		g->texts[at] = lk_arena_text(g->pool->arena, text, strlen(text));
		g->text_count += g->texts[at] != NULL;
	}
	return g->texts[at];
}

/* ---- stacks ---------------------------------------------------------------- */

static uint64_t
key_of(const struct lk_stack *s)
{
	uint64_t key = lk_identity_key(s, LK_IDENTITY_FRAMES);

	return lk_hash_text(lk_hash_more(key, s->flags), s->thread != NULL ? s->thread : "");
}

static bool
is_same(const struct lk_stack *a, const struct lk_stack *b)
{
	return a->flags == b->flags && lk_identity_same(a, b, LK_IDENTITY_FRAMES) &&
	    strcmp(a->thread != NULL ? a->thread : "", b->thread != NULL ? b->thread : "") == 0;
}

static uint32_t
first_slot(const struct lk_group_stacks *g, uint64_t key)
{
	return (uint32_t)(key ^ key >> 32) & (2 * g->capacity - 1);
}

static int
grow(struct lk_group_stacks *g)
{
	uint32_t capacity = g->capacity > 0 ? 2 * g->capacity : FIRST_CAPACITY;
	const struct lk_stack **list = realloc(g->list, capacity * sizeof(*list));
	uint64_t *keys;
	uint32_t *slots;

	if (list == NULL)
		return -ENOMEM;
	g->list = list;
	keys = realloc(g->keys, capacity * sizeof(*keys));
	if (keys == NULL)
		return -ENOMEM;
	g->keys = keys;
	slots = calloc(2 * (size_t)capacity, sizeof(*slots));
	if (slots == NULL)
		return -ENOMEM;
	free(g->slots);
	g->slots = slots;
	g->capacity = capacity;
	for (uint32_t i = 0; i < g->count; i++) {
		uint32_t at = first_slot(g, keys[i]);

		while (slots[at] != 0)
			at = (at + 1) & (2 * capacity - 1);
		slots[at] = i + 1;
	}
	return 0;
}

static const struct lk_stack *
copy_of(struct lk_group_stacks *g, const struct lk_stack *from, uint32_t id)
{
	struct lk_stack *to = lk_arena_get(g->pool->arena, 1, sizeof(*to));
	struct lk_frame *frames = lk_arena_get(g->pool->arena, from->frame_count, sizeof(*frames));

	if (to == NULL || frames == NULL)
		return NULL;
	*to = *from;
	to->id = id;
	to->thread = word(g, from->thread);
	to->frames = frames;
	if (to->thread == NULL && from->thread != NULL)
		return NULL;
	for (uint32_t i = 0; i < from->frame_count; i++) {
		const struct lk_frame *f = &from->frames[i];

		frames[i] = *f;
		frames[i].function = word(g, f->function);
		frames[i].file = word(g, f->file);
		frames[i].build_id = word(g, f->build_id);
		if (frames[i].function == NULL || frames[i].file == NULL ||
		    (f->build_id != NULL && frames[i].build_id == NULL))
			return NULL;
	}
	return to;
}

uint32_t
lk_group_stacks_id(struct lk_group_stacks *g, const struct lk_stack *stack)
{
	uint64_t key = key_of(stack);
	const struct lk_stack *copy;
	uint32_t at;

	if (g->count == g->capacity && grow(g) < 0)
		return 0;
	for (at = first_slot(g, key); g->slots[at] != 0; at = (at + 1) & (2 * g->capacity - 1)) {
		uint32_t i = g->slots[at] - 1;

		if (g->keys[i] == key && is_same(g->list[i], stack))
			return i + 1;
	}
	copy = copy_of(g, stack, g->count + 1);
	if (copy == NULL)
		return 0;
	g->list[g->count] = copy;
	g->keys[g->count] = key;
	g->slots[at] = ++g->count;
	return g->count;
}
