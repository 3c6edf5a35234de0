#include "config.h"

#include "sampler/core/due.h"

#include "sampler/core/countdown.h"
#include "sampler/core/sink.h"
#include "sampler/core/thread.h"

static void
rearm(const struct lk_sink *sink, uint64_t *left_bytes, float *interval_bytes)
{
	double interval = sink->interval_bytes();

	*interval_bytes = (float)interval;
	*left_bytes = lk_countdown_draw(&lk_thread.random, interval);
}

/* A thread's very first countdowns are zero: they are drawn now, and decide about this block. */
static bool
decide(const struct lk_sink *sink, size_t n, uint64_t *left_bytes, float *interval_bytes,
    float *drawn_at)
{
	if (!lk_thread.ready) {
		lk_thread.ready = true;
		sink->thread_init();
		rearm(sink, &lk_thread.left_bytes, &lk_thread.interval_bytes);
		rearm(sink, &lk_thread.object_left_bytes, &lk_thread.object_interval_bytes);
		if (!lk_countdown_spend(left_bytes, n))
			return false;
	}
	*drawn_at = *interval_bytes;
	rearm(sink, left_bytes, interval_bytes);
	return !lk_thread.inside;
}

/* While a slot is wanted the countdown is zero, so that RAW looks: nothing is decided. */
bool
lk_due_decide(const struct lk_sink *sink, size_t n, double *interval)
{
	float drawn_at = 0;
	bool due;

	if (lk_thread.want) {
		lk_thread.left_bytes = 0;
		return false;
	}
	due = decide(sink, n, &lk_thread.left_bytes, &lk_thread.interval_bytes, &drawn_at);
	*interval = (double)drawn_at;
	return due;
}

bool
lk_due_decide_object(const struct lk_sink *sink, size_t n, float *interval)
{
	return decide(sink, n, &lk_thread.object_left_bytes, &lk_thread.object_interval_bytes,
	    interval);
}
