#include "config.h"

#include "sampler/core/history.h"

#include <errno.h>
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

static float
newest(const struct lk_history *h, const struct lk_trend *t)
{
	return t->bytes[(h->trend_next + LK_HISTORY_TREND_POINTS - 1) % LK_HISTORY_TREND_POINTS];
}

static int
compare_newest(const struct lk_history *h, uint32_t a, uint32_t b)
{
	float x = newest(h, &h->trends[a]), y = newest(h, &h->trends[b]);

	return (x > y) - (x < y);
}

/* The trend that STACK should have: its own, a free one, or that of the smallest stack when
 * it is smaller.  NULL: too small to have one. */
static struct lk_trend *
trend_for(struct lk_history *h, uint32_t stack, double bytes)
{
	struct lk_trend *free_one = NULL;
	uint32_t i, least = 0;

	for (i = 0; i < LK_HISTORY_STACKS; i++) {
		if (h->trends[i].stack == stack)
			return &h->trends[i];
		if (h->trends[i].stack == UINT32_MAX && free_one == NULL)
			free_one = &h->trends[i];
		if (compare_newest(h, i, least) < 0)
			least = i;
	}
	if (free_one == NULL && (double)newest(h, &h->trends[least]) < bytes)
		free_one = &h->trends[least];
	if (free_one != NULL) {
		memset(free_one, 0, sizeof(*free_one));
		free_one->stack = stack;
	}
	return free_one;
}

int
lk_history_trends(struct lk_history *h, uint64_t monotonic_s, double wall_s,
    uint32_t stack_count, lk_live_bytes_fn live_bytes, const void *ctx)
{
	uint64_t step = monotonic_s / LK_HISTORY_TREND_STEP_S;
	struct lk_trend *trend;
	uint32_t i;
	double bytes;

	if (h->trend_count != 0 && step == h->trend_last_step)
		return 0;
	h->trend_last_step = step;
	h->trend_end_s = wall_s;
	for (i = 0; i < stack_count; i++) {
		bytes = live_bytes(ctx, i);
		trend = bytes > 0 ? trend_for(h, i, bytes) : NULL;
		if (trend != NULL)
			trend->bytes[h->trend_next] = (float)bytes;
	}
	for (i = 0; i < LK_HISTORY_STACKS; i++)
		if (h->trends[i].stack != UINT32_MAX)
			h->trends[i].bytes[h->trend_next] =
			    (float)live_bytes(ctx, h->trends[i].stack);
	h->trend_next = (h->trend_next + 1) % LK_HISTORY_TREND_POINTS;
	if (h->trend_count < LK_HISTORY_TREND_POINTS)
		h->trend_count++;
	return 1;
}

float
lk_history_trend_point(const struct lk_history *h, const struct lk_trend *t, uint32_t i)
{
	uint32_t first = h->trend_next + LK_HISTORY_TREND_POINTS - h->trend_count;

	return t->bytes[(first + i) % LK_HISTORY_TREND_POINTS];
}
