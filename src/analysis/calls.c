#include "config.h"

#include "analysis/calls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/arena.h"

#define CACHE_SLOTS 16384u	/* frames by their pointers, while they mean the same */

struct lk_calls_cached {
	const char *function, *file;
	uint32_t    line, number;
};

static bool
same_frame(const struct lk_frame *a, const struct lk_frame *b)
{
	return a->line == b->line && a->native == b->native &&
	    strcmp(a->function, b->function) == 0 && strcmp(a->file, b->file) == 0;
}

static const char *
copy(struct lk_calls *c, const char *text)
{
	return lk_arena_text(c->names, text, strlen(text));
}

static int64_t
add(struct lk_calls *c, const struct lk_frame *frame, uint64_t hash)
{
	uint32_t more = c->cap == 0 ? 256 : c->cap * 2;
	struct lk_call *new = c->list;

	if (c->count == c->cap) {
		new = more > c->cap ? realloc(c->list, more * sizeof(*new)) : NULL;
		if (new == NULL)
			return -ENOMEM;
		c->list = new;
		c->cap = more;
	}
	new += c->count;
	*new = (struct lk_call){.frame = *frame};
	new->frame.function = copy(c, frame->function);
	new->frame.file = copy(c, frame->file);
	new->frame.build_id = NULL;
	if (new->frame.function == NULL || new->frame.file == NULL ||
	    lk_index_add(&c->by_frame, hash, c->count) < 0)
		return -ENOMEM;
	return c->count++;
}

static int64_t
find(struct lk_calls *c, const struct lk_frame *frame)
{
	uint64_t hash = lk_index_spread(lk_index_text(lk_index_text(frame->line, frame->function),
	    frame->file));
	uint32_t number, at = 0;

	while ((number = lk_index_next(&c->by_frame, hash, &at)) != LK_INDEX_NONE)
		if (same_frame(&c->list[number].frame, frame))
			return number;
	return add(c, frame, hash);
}

/* Names are mostly the same pointers within a snapshot: texts are read once for each. */
int64_t
lk_calls_number(struct lk_calls *c, const struct lk_frame *frame)
{
	uint64_t hash = lk_index_spread((uint64_t)(uintptr_t)frame->function ^
	    (uint64_t)(uintptr_t)frame->file << 17 ^ (uint64_t)frame->line << 40);
	struct lk_calls_cached *cached;
	int64_t number;

	if (c->cache == NULL)
		return find(c, frame);
	cached = &c->cache[hash % CACHE_SLOTS];
	if (cached->function == frame->function && cached->file == frame->file &&
	    cached->line == frame->line)
		return cached->number;
	number = find(c, frame);
	if (number >= 0)
		*cached = (struct lk_calls_cached){frame->function, frame->file, frame->line,
		    (uint32_t)number};
	return number;
}

void
lk_calls_renew(struct lk_calls *c)
{
	if (c->cache == NULL)
		c->cache = calloc(CACHE_SLOTS, sizeof(*c->cache));	/* NULL: slower */
	else
		memset(c->cache, 0, CACHE_SLOTS * sizeof(*c->cache));
}

int
lk_calls_begin(struct lk_calls *c)
{
	lk_index_clear(&c->by_frame);
	lk_arena_free(c->names);
	c->count = 0;
	c->names = lk_arena_new();
	lk_calls_renew(c);
	return c->names != NULL ? 0 : -ENOMEM;
}

void
lk_calls_clear(struct lk_calls *c)
{
	lk_index_clear(&c->by_frame);
	lk_arena_free(c->names);
	free(c->list);
	free(c->cache);
	memset(c, 0, sizeof(*c));
}
