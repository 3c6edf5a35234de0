/* history.h - the past at four resolutions in fixed memory.  Room: sampler/core.
 *
 *	step	 points	 covers
 *	1 s	 600	 10 min
 *	10 s	 720	 2 h
 *	1 min	 1440	 1 day
 *	10 min	 1008	 1 week		together 30 kB a series
 *
 * A point of a coarser ring is the last one of its step: levels, not sums.
 * Threads: one, the server's. */
#ifndef LK_SAMPLER_CORE_HISTORY_H
#define LK_SAMPLER_CORE_HISTORY_H

#include <stdint.h>

struct lk_pages;

#define LK_HISTORY_RINGS	4u
#define LK_HISTORY_STACKS	256u	/* stacks that have a trend */
#define LK_HISTORY_TREND_STEP_S	10u
#define LK_HISTORY_TREND_POINTS	60u

struct lk_point {
	float	rss_bytes, live_bytes;
};

struct lk_ring {
	uint32_t	 step_s;
	uint32_t	 capacity;
	uint32_t	 count;
	uint32_t	 next;		/* where the next point goes */
	double		 end_s;		/* wall clock of the newest point */
	uint64_t	 last_step;	/* monotonic second / step of the newest point */
	struct lk_point	*points;	/* [capacity] */
};

/* The trend of one stack; bytes[(next + i) % POINTS] is oldest first. */
struct lk_trend {
	uint32_t	stack;		/* UINT32_MAX: unused */
	float		bytes[LK_HISTORY_TREND_POINTS];
};

struct lk_history {
	struct lk_ring	 rings[LK_HISTORY_RINGS];
	struct lk_trend	*trends;	/* [LK_HISTORY_STACKS] */
	uint32_t	 trend_next;
	uint32_t	 trend_count;	/* points so far, at most LK_HISTORY_TREND_POINTS */
	double		 trend_end_s;
	uint64_t	 trend_last_step;
};

/* Returns: 0, -ENOMEM. */
int lk_history_init(struct lk_history *h, struct lk_pages *pages);

/* lk_history_forget - a forked child has a past of its own. */
void lk_history_forget(struct lk_history *h);

/* lk_history_add - the state at MONOTONIC_S; a second without a call leaves no gap, the next
 * point stands for it.  Seconds that were skipped repeat the last point. */
void lk_history_add(struct lk_history *h, uint64_t monotonic_s, double wall_s, double rss_bytes,
    double live_bytes);

/* lk_history_point - the I-th oldest of RING. */
const struct lk_point *lk_history_point(const struct lk_ring *ring, uint32_t i);

/* lk_history_trends - LIVE_BYTES(ctx, stack) of every stack is read once per trend step;
 * the largest ones keep a trend.  Returns: whether a step was due. */
typedef double (*lk_live_bytes_fn)(const void *ctx, uint32_t stack);
int lk_history_trends(struct lk_history *h, uint64_t monotonic_s, double wall_s,
    uint32_t stack_count, lk_live_bytes_fn live_bytes, const void *ctx);

/* lk_history_drop - STACK is no more; its trend neither. */
void lk_history_drop(struct lk_history *h, uint32_t stack);

/* lk_history_trend_point - the I-th oldest of the trend_count points. */
float lk_history_trend_point(const struct lk_history *h, const struct lk_trend *t, uint32_t i);

#endif
