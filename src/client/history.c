#include "config.h"

#include "client/history.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/arena.h"
#include "model/snapshot.h"
#include "proto/message.h"

#define GAP_STEPS_MAX 5 /* a slower period or a late tick; more than that was an outage */

static int
ring_init(struct lk_history_ring *ring, double step_s, double end_s)
{
	ring->rss_bytes = calloc(LK_HISTORY_POINTS_MAX, sizeof(float));
	ring->live_bytes = calloc(LK_HISTORY_POINTS_MAX, sizeof(float));
	ring->step_s = step_s;
	ring->end_s = end_s;
	ring->count = 0;
	return ring->rss_bytes == NULL || ring->live_bytes == NULL ? -ENOMEM : 0;
}

/* The oldest eighth goes at once: one move for many points. */
static void
ring_push(struct lk_history_ring *ring, double rss_bytes, double live_bytes)
{
	if (ring->count == LK_HISTORY_POINTS_MAX) {
		const uint32_t cut = LK_HISTORY_POINTS_MAX / 8;
		const size_t left = (ring->count - cut) * sizeof(float);

		memmove(ring->rss_bytes, ring->rss_bytes + cut, left);
		memmove(ring->live_bytes, ring->live_bytes + cut, left);
		ring->count -= cut;
	}
	ring->rss_bytes[ring->count] = (float)rss_bytes;
	ring->live_bytes[ring->count] = (float)live_bytes;
	ring->count++;
}

static int
by_step(const void *a, const void *b)
{
	const struct lk_history_ring *x = a, *y = b;

	return (x->step_s > y->step_s) - (x->step_s < y->step_s);
}

int
lk_history_set(struct lk_history *history, const struct lk_message_history *message)
{
	lk_history_fini(history);
	for (uint32_t i = 0; i < message->count && i < LK_HISTORY_RINGS_MAX; i++) {
		const struct lk_message_ring *m = &message->rings[i];
		struct lk_history_ring *ring = &history->rings[history->count++];

		if (ring_init(ring, m->step_s, m->end_s) < 0) {
			lk_history_fini(history);
			return -ENOMEM;
		}
		for (uint32_t p = 0; p < m->count; p++)
			ring_push(ring, m->rss_bytes[p], m->live_bytes[p]);
	}
	qsort(history->rings, history->count, sizeof(history->rings[0]), by_step);
	return 0;
}

/* Returns: steps that were missed. */
static double
ring_add(struct lk_history_ring *ring, double at_s, double rss_bytes, double live_bytes)
{
	double steps = floor((at_s - ring->end_s) / ring->step_s + 0.25);

	if (steps < 1)
		return 0;
	if (steps > LK_HISTORY_POINTS_MAX) {
		ring->count = 0;
		ring->end_s = at_s - ring->step_s;
		steps = 1;
	}
	for (double i = 1; i < steps; i++) {
		bool hold = steps <= GAP_STEPS_MAX;

		ring_push(ring, hold ? rss_bytes : NAN, hold ? live_bytes : NAN);
	}
	ring_push(ring, rss_bytes, live_bytes);
	ring->end_s += steps * ring->step_s;
	return steps - 1;
}

bool
lk_history_add(struct lk_history *history, double at_s, double rss_bytes, double live_bytes)
{
	bool missed = false;

	if (history->count == 0) {
		if (ring_init(&history->rings[0], 1, at_s - 1) < 0) {
			lk_history_fini(history);
			return false;
		}
		history->count = 1;
	}
	for (uint32_t i = 0; i < history->count; i++) {
		struct lk_history_ring *ring = &history->rings[i];

		if (at_s < ring->end_s - 2 * ring->step_s)
			missed = true; /* the clock was set back */
		if (ring_add(ring, at_s, rss_bytes, live_bytes) >= GAP_STEPS_MAX)
			missed = true;
	}
	return missed;
}

static const float *
copy_points(struct lk_arena *arena, const float *points, uint32_t count)
{
	float *copy = lk_arena_get(arena, count, sizeof(*copy));

	if (copy != NULL)
		memcpy(copy, points, count * sizeof(*copy));
	return copy;
}

int
lk_history_copy(const struct lk_history *history, struct lk_arena *arena,
		const struct lk_series **out)
{
	struct lk_series *series = lk_arena_get(arena, history->count, sizeof(*series));

	if (series == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < history->count; i++) {
		const struct lk_history_ring *ring = &history->rings[i];

		series[i] = (struct lk_series){
		    .step_s = ring->step_s,
		    .end_s = ring->end_s,
		    .count = ring->count,
		    .rss_bytes = copy_points(arena, ring->rss_bytes, ring->count),
		    .live_bytes = copy_points(arena, ring->live_bytes, ring->count)};
		if (series[i].rss_bytes == NULL || series[i].live_bytes == NULL)
			return -ENOMEM;
	}
	*out = series;
	return (int)history->count;
}

void
lk_history_fini(struct lk_history *history)
{
	for (uint32_t i = 0; i < LK_HISTORY_RINGS_MAX; i++) {
		free(history->rings[i].rss_bytes);
		free(history->rings[i].live_bytes);
	}
	memset(history, 0, sizeof(*history));
}
