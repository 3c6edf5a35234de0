/* history.h - the course of a process: fetched once, then continued from its ticks.
 * Room: client. */
#ifndef LK_CLIENT_HISTORY_H
#define LK_CLIENT_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

struct lk_arena;
struct lk_message_history;
struct lk_series;

#define LK_HISTORY_RINGS_MAX  8u
#define LK_HISTORY_POINTS_MAX 2048u /* of one ring; older ones are forgotten */

/* Zeroed is empty. */
struct lk_history {
	uint32_t count;
	struct lk_history_ring {
		double step_s, end_s;
		uint32_t count;
		float *rss_bytes, *live_bytes; /* [LK_HISTORY_POINTS_MAX] */
	} rings[LK_HISTORY_RINGS_MAX];	       /* finest step first */
};

/* lk_history_set - replaces all by what the sampler remembers.  Returns: 0 or -ENOMEM
 * (empty then). */
int lk_history_set(struct lk_history *history, const struct lk_message_history *message);

/* lk_history_add - a tick; a short gap is filled with the newer value, a long one is NAN.
 * Returns: true when so much was missed that the history should be fetched again. */
bool lk_history_add(struct lk_history *history, double at_s, double rss_bytes, double live_bytes);

/* lk_history_copy - series for a snapshot, in ARENA.
 * Returns: how many, *out set; -ENOMEM. */
int lk_history_copy(const struct lk_history *history, struct lk_arena *arena,
		    const struct lk_series **out);

void lk_history_fini(struct lk_history *history);

#endif
