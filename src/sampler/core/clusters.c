#include "config.h"

#include "sampler/core/clusters.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "sampler/core/pages.h"

int
lk_clusters_init(struct lk_clusters *c, struct lk_pages *pages, uint32_t capacity)
{
	memset(c, 0, sizeof(*c));
	c->free_head = LK_CLUSTERS_NONE;
	c->at = lk_pages_take(pages, capacity, sizeof(*c->at));
	if (c->at == NULL)
		return -ENOMEM;
	c->capacity = capacity;
	return 0;
}

double
lk_clusters_factor(unsigned int shift)
{
	double times = (double)(UINT64_C(1) << shift);

	return times * times - times;
}

static uint32_t
new_cluster(struct lk_clusters *c, uint32_t owner, uint32_t slot)
{
	uint32_t i = c->free_head;

	if (i != LK_CLUSTERS_NONE)
		c->free_head = c->at[i].next;
	else if (c->used < c->capacity)
		i = c->used++;
	else
		return LK_CLUSTERS_NONE;
	c->at[i] = (struct lk_cluster){0, 0, owner, slot, LK_CLUSTERS_NONE};
	return i;
}

/* A cluster whose samples have died may be another owner's by now. */
static bool
is_open(const struct lk_clusters *c, uint32_t i, uint32_t owner, uint32_t slot)
{
	return i != LK_CLUSTERS_NONE && c->at[i].count != 0 && c->at[i].owner == owner &&
	    c->at[i].slot == slot;
}

double
lk_clusters_join(struct lk_clusters *c, uint32_t *current, uint32_t owner, uint32_t slot,
    double bytes)
{
	struct lk_cluster *cluster;
	double before;

	if (!is_open(c, *current, owner, slot))
		*current = new_cluster(c, owner, slot);
	if (*current == LK_CLUSTERS_NONE)
		return bytes * bytes;
	cluster = &c->at[*current];
	before = cluster->bytes;
	cluster->bytes += bytes;
	cluster->count++;
	return bytes * (2 * before + bytes);
}

double
lk_clusters_change(struct lk_clusters *c, uint32_t i, double from_bytes, double to_bytes)
{
	double before = from_bytes, after;

	if (i != LK_CLUSTERS_NONE)
		before = c->at[i].bytes;
	after = before - from_bytes + to_bytes;
	if (after < 0)		/* rounding */
		after = 0;
	if (i != LK_CLUSTERS_NONE)
		c->at[i].bytes = after;
	return after * after - before * before;
}

double
lk_clusters_leave(struct lk_clusters *c, uint32_t i, double bytes)
{
	double change = lk_clusters_change(c, i, bytes, 0);

	if (i != LK_CLUSTERS_NONE && --c->at[i].count == 0) {
		c->at[i].next = c->free_head;
		c->free_head = i;
	}
	return change;
}
