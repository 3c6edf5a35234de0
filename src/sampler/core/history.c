#include "config.h"

#include "sampler/core/history.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "sampler/core/pages.h"

static const struct {
	uint32_t step_s, points;
} shape[LK_HISTORY_RINGS] = {{1, 600}, {10, 720}, {60, 1440}, {600, 1008}};

int
lk_history_init(struct lk_history *h, struct lk_pages *pages)
{
	uint32_t i;

	memset(h, 0, sizeof(*h));
	for (i = 0; i < LK_HISTORY_RINGS; i++) {
		h->rings[i].step_s = shape[i].step_s;
		h->rings[i].capacity = shape[i].points;
		h->rings[i].points = lk_pages_take(pages, shape[i].points,
		    sizeof(struct lk_point));
		if (h->rings[i].points == NULL)
			return -ENOMEM;
	}
	h->trends = lk_pages_take(pages, LK_HISTORY_STACKS, sizeof(*h->trends));
	if (h->trends == NULL)
		return -ENOMEM;
	for (i = 0; i < LK_HISTORY_STACKS; i++)
		h->trends[i].stack = UINT32_MAX;
	return 0;
}

void
lk_history_forget(struct lk_history *h)
{
	uint32_t i;

	for (i = 0; i < LK_HISTORY_RINGS; i++)
		h->rings[i].count = h->rings[i].next = 0;
	for (i = 0; i < LK_HISTORY_STACKS; i++)
		h->trends[i].stack = UINT32_MAX;
	h->trend_count = h->trend_next = 0;
}

static void
push(struct lk_ring *ring, struct lk_point point)
{
	ring->points[ring->next] = point;
	ring->next = (ring->next + 1) % ring->capacity;
	if (ring->count < ring->capacity)
		ring->count++;
}

void
lk_history_add(struct lk_history *h, uint64_t monotonic_s, double wall_s, double rss_bytes,
    double live_bytes)
{
	struct lk_point point = {(float)rss_bytes, (float)live_bytes};
	struct lk_ring *ring;
	uint64_t step, missed;
	uint32_t i;

	for (i = 0; i < LK_HISTORY_RINGS; i++) {
		ring = &h->rings[i];
		step = monotonic_s / ring->step_s;
		if (ring->count != 0 && step == ring->last_step)
			continue;
		missed = ring->count == 0 ? 0 : step - ring->last_step - 1;
		if (missed > ring->capacity)
			missed = ring->capacity;
		while (missed-- > 0)
			push(ring, *lk_history_point(ring, ring->count - 1));
		push(ring, point);
		ring->last_step = step;
		ring->end_s = wall_s;
	}
}

const struct lk_point *
lk_history_point(const struct lk_ring *ring, uint32_t i)
{
	return &ring->points[(ring->next + ring->capacity - ring->count + i) % ring->capacity];
}

/* The trend with the smallest point of this step; a free one is smaller than all. */
static struct lk_trend *
smallest(struct lk_history *h)
{
	struct lk_trend *least = &h->trends[0];
	uint32_t i;

	for (i = 0; i < LK_HISTORY_STACKS; i++) {
		if (h->trends[i].stack == UINT32_MAX)
			return &h->trends[i];
		if (h->trends[i].bytes[h->trend_next] < least->bytes[h->trend_next])
			least = &h->trends[i];
	}
	return least;
}

static bool
has_trend(const struct lk_history *h, uint32_t stack)
{
	uint32_t i;

	for (i = 0; i < LK_HISTORY_STACKS; i++)
		if (h->trends[i].stack == stack)
			return true;
	return false;
}

/* The point of this step for those that have a trend, then the larger ones of the others
 * take the place of the smallest.  What is not larger than that costs one comparison. */
static void
add_points(struct lk_history *h, uint32_t stack_count, lk_live_bytes_fn live_bytes,
    const void *ctx)
{
	struct lk_trend *least;
	uint32_t i;
	float bytes;

	for (i = 0; i < LK_HISTORY_STACKS; i++)
		if (h->trends[i].stack != UINT32_MAX)
			h->trends[i].bytes[h->trend_next] =
			    (float)live_bytes(ctx, h->trends[i].stack);
	least = smallest(h);
	for (i = 0; i < stack_count; i++) {
		bytes = (float)live_bytes(ctx, i);
		if (bytes <= 0 || (least->stack != UINT32_MAX &&
		    bytes <= least->bytes[h->trend_next]) || has_trend(h, i))
			continue;
		memset(least, 0, sizeof(*least));
		least->stack = i;
		least->bytes[h->trend_next] = bytes;
		least = smallest(h);
	}
}

int
lk_history_trends(struct lk_history *h, uint64_t monotonic_s, double wall_s,
    uint32_t stack_count, lk_live_bytes_fn live_bytes, const void *ctx)
{
	uint64_t step = monotonic_s / LK_HISTORY_TREND_STEP_S;

	if (h->trend_count != 0 && step == h->trend_last_step)
		return 0;
	h->trend_last_step = step;
	h->trend_end_s = wall_s;
	add_points(h, stack_count, live_bytes, ctx);
	h->trend_next = (h->trend_next + 1) % LK_HISTORY_TREND_POINTS;
	if (h->trend_count < LK_HISTORY_TREND_POINTS)
		h->trend_count++;
	return 1;
}

void
lk_history_drop(struct lk_history *h, uint32_t stack)
{
	uint32_t i;

	for (i = 0; i < LK_HISTORY_STACKS; i++)
		if (h->trends[i].stack == stack)
			h->trends[i].stack = UINT32_MAX;
}

float
lk_history_trend_point(const struct lk_history *h, const struct lk_trend *t, uint32_t i)
{
	uint32_t first = h->trend_next + LK_HISTORY_TREND_POINTS - h->trend_count;

	return t->bytes[(first + i) % LK_HISTORY_TREND_POINTS];
}
