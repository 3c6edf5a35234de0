#include "config.h"

#include "analysis/census.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "model/arena.h"
#include "model/frozen.h"
#include "model/snapshot.h"

#define SUSPECT_SHARE	0.05	/* of all growth */
#define OWN_SHARE	0.1	/* of the objects that the fastest type gained */

const struct lk_types *
lk_census_then(const struct lk_snapshot *s, uint32_t reference, const struct lk_snapshot *before)
{
	if (before != NULL)
		return before->types_count > 0 ? before->types[before->types_count - 1] : NULL;
	for (uint32_t i = 0; i + 1 < s->types_count; i++)
		if (s->types[i]->baseline >= reference)
			return s->types[i];
	return NULL;
}

static uint64_t
key_of(const char *name)
{
	return lk_hash_text(LK_HASH_BEGIN, name);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp((*(const struct lk_type *const *)a)->name,
	    (*(const struct lk_type *const *)b)->name);
}

/* The rows of T by name; NULL without memory. */
static const struct lk_type **
sorted(struct lk_arena *arena, const struct lk_types *t)
{
	const struct lk_type **list = lk_arena_get(arena, t->count + 1, sizeof(*list));

	for (uint32_t i = 0; list != NULL && i < t->count; i++)
		list[i] = &t->list[i];
	if (list != NULL && t->count > 0)
		qsort(list, t->count, sizeof(*list), by_name);
	return list;
}

/* Those of the same name from *AT on, added up; *AT is behind them then. */
static struct lk_type
sum_of_name(const struct lk_type *const *list, uint32_t count, uint32_t *at)
{
	struct lk_type sum = *list[*at];

	while (++*at < count && strcmp(list[*at]->name, sum.name) == 0) {
		sum.object_count += list[*at]->object_count;
		sum.bytes += list[*at]->bytes;
		sum.garbage_count += list[*at]->garbage_count;
		sum.garbage_bytes += list[*at]->garbage_bytes;
		sum.cyclic_count += list[*at]->cyclic_count;
	}
	return sum;
}

/* What is not in a list of all types is 0; what is not in a part of them is unknown. */
static bool
is_whole(const struct lk_types *t)
{
	return t != NULL && t->count >= t->frozen.type_count;
}

static void
fill_row(struct lk_census_row *row, const struct lk_type *now, const struct lk_type *then,
    const struct lk_census *c)
{
	const struct lk_type none = {.name = NULL};
	bool knows = (then != NULL || is_whole(c->then)) && (now != NULL || is_whole(c->now));
	const struct lk_type *a = then != NULL ? then : &none, *b = now != NULL ? now : &none;

	row->name = now != NULL ? now->name : then->name;
	row->key = key_of(row->name);
	row->object_count = b->object_count;
	row->bytes = b->bytes;
	row->garbage_count = b->garbage_count;
	row->garbage_bytes = b->garbage_bytes;
	row->cyclic_count = b->cyclic_count;
	row->delta_count = knows ? b->object_count - a->object_count : NAN;
	row->delta_bytes = knows ? b->bytes - a->bytes : NAN;
	row->gone = knows && now == NULL;
	row->fresh = knows && then == NULL;
}

static void
merge(struct lk_census *c, const struct lk_type **now, const struct lk_type **then)
{
	uint32_t now_count = c->now->count, then_count = c->then != NULL ? c->then->count : 0;
	uint32_t i = 0, k = 0;

	while (i < now_count || k < then_count) {
		int order = i == now_count ? 1 : k == then_count ? -1 :
		    strcmp(now[i]->name, then[k]->name);
		struct lk_type a = {0}, b = {0};

		const struct lk_type *first = order <= 0 ? now[i] : NULL;

		if (order <= 0)
			b = sum_of_name(now, now_count, &i);
		if (order >= 0)
			a = sum_of_name(then, then_count, &k);
		if (b.name == NULL && !is_whole(c->now))
			continue; /* perhaps it is only too small to be listed */
		c->rows[c->count].type = first;
		fill_row(&c->rows[c->count++], b.name != NULL ? &b : NULL,
		    a.name != NULL ? &a : NULL, c);
	}
}

static int
by_bytes(const void *a, const void *b)
{
	const struct lk_census_row *x = a, *y = b;

	if (x->bytes > y->bytes || x->bytes < y->bytes)
		return x->bytes > y->bytes ? -1 : 1;
	if (isnan(x->bytes) != isnan(y->bytes))
		return isnan(x->bytes) - isnan(y->bytes);
	return strcmp(x->name, y->name);
}

/* A class that some module defines, and not C code of the interpreter itself. */
static bool
is_own(const char *name)
{
	return strchr(name, '.') != NULL && name[0] != '_';
}

static const struct lk_census_row *
answer_of(const struct lk_census *c)
{
	const struct lk_census_row *most = NULL, *own = NULL;

	for (size_t i = 0; i < c->count; i++) {
		const struct lk_census_row *row = &c->rows[i];

		if (!(row->delta_count > 0))
			continue;
		if (most == NULL || row->delta_count > most->delta_count)
			most = row;
		if (is_own(row->name) && (own == NULL || row->delta_count > own->delta_count))
			own = row;
	}
	return own != NULL && own->delta_count >= OWN_SHARE * most->delta_count ? own : most;
}

static void
judge(struct lk_census *c)
{
	c->growth_bytes = c->then != NULL ? 0 : NAN;
	c->seconds = c->then != NULL ? c->now->frozen.at_s - c->then->frozen.at_s : NAN;
	for (size_t i = 0; i < c->count; i++)
		if (c->rows[i].delta_bytes > 0)
			c->growth_bytes += c->rows[i].delta_bytes;
	for (size_t i = 0; i < c->count; i++)
		c->rows[i].suspect = c->rows[i].delta_count > 0 &&
		    c->rows[i].delta_bytes > SUSPECT_SHARE * c->growth_bytes;
	c->answer = c->then != NULL ? answer_of(c) : NULL;
}

struct lk_census *
lk_census_new(const struct lk_types *now, const struct lk_types *then)
{
	struct lk_arena *arena = lk_arena_new();
	struct lk_census *c = arena != NULL ? lk_arena_get(arena, 1, sizeof(*c)) : NULL;
	const struct lk_type **now_list = NULL, **then_list = NULL;
	size_t max = (size_t)now->count + (then != NULL ? then->count : 0);

	if (c != NULL) {
		c->rows = lk_arena_get(arena, max + 1, sizeof(*c->rows));
		now_list = sorted(arena, now);
		then_list = then != NULL ? sorted(arena, then) : now_list;
	}
	if (c == NULL || c->rows == NULL || now_list == NULL || then_list == NULL) {
		lk_arena_free(arena);
		return NULL;
	}
	c->arena = arena;
	c->now = now;
	c->then = then;
	merge(c, now_list, then_list);
	if (c->count > 0)
		qsort(c->rows, c->count, sizeof(*c->rows), by_bytes);
	judge(c);
	return c;
}

void
lk_census_free(struct lk_census *census)
{
	if (census != NULL)
		lk_arena_free(census->arena);
}
