#include "config.h"

#include "ui/past.h"

#include <stddef.h>
#include <string.h>

#include "model/arena.h"
#include "model/snapshot.h"

static void
drop_oldest(struct lk_past *p)
{
	lk_snapshot_put(p->list[0]);
	memmove(p->list, p->list + 1, (size_t)--p->count * sizeof(p->list[0]));
}

static size_t
bytes_of(const struct lk_past *p)
{
	size_t bytes = 0;

	for (int i = 0; i < p->count; i++)
		bytes += lk_arena_bytes(p->list[i]->arena);
	return bytes;
}

void
lk_past_keep(struct lk_past *p, const struct lk_snapshot *s)
{
	if (p->count > 0 && s->at_s - p->list[p->count - 1]->at_s < LK_PAST_STEP_S)
		return;
	if (p->count == LK_PAST_MAX)
		drop_oldest(p);
	p->list[p->count++] = lk_snapshot_get(s);
	while (p->count > 1 && bytes_of(p) > LK_PAST_BYTES)
		drop_oldest(p);
}

void
lk_past_forget(struct lk_past *p)
{
	while (p->count > 0)
		drop_oldest(p);
}

const struct lk_snapshot *
lk_past_before(const struct lk_past *p, double at_s)
{
	for (int i = p->count; i-- > 0;)
		if (p->list[i]->at_s < at_s)
			return p->list[i];
	return NULL;
}

const struct lk_snapshot *
lk_past_after(const struct lk_past *p, double at_s)
{
	for (int i = 0; i < p->count; i++)
		if (p->list[i]->at_s > at_s)
			return p->list[i];
	return NULL;
}
