#include "config.h"

#include "sampler/core/due.h"

#include "sampler/core/countdown.h"
#include "sampler/core/sink.h"
#include "sampler/core/thread.h"

static void
rearm(const struct lk_sink *sink)
{
	double interval = sink->interval_bytes();

	lk_thread.interval_bytes = (float)interval;
	lk_thread.left_bytes = lk_countdown_draw(&lk_thread.random, interval);
}

/* A thread's very first countdown starts at zero: it is drawn now, and decides about this
 * block.  While a slot is wanted the countdown is not its own: nothing is decided. */
bool
lk_due_decide(const struct lk_sink *sink, size_t n, double *interval)
{
	if (lk_thread.want)
		return false;
	if (!lk_thread.ready) {
		lk_thread.ready = true;
		sink->thread_init();
		rearm(sink);
		if (!lk_countdown_spend(&lk_thread.left_bytes, n))
			return false;
	}
	*interval = (double)lk_thread.interval_bytes;
	rearm(sink);
	return !lk_thread.inside;
}
