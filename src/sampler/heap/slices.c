#include "config.h"

#include "sampler/heap/slices.h"

#include <time.h>

#include "base/clock.h"
#include "sampler/cpython/symbols.h"
#include "sampler/heap/containers.h"

#define PAUSE_NS	2000000		/* between slices: less than half of the time is ours */

void
lk_slices_begin(struct lk_slices *w)
{
	w->slice_began_ns = lk_clock_monotonic_ns();
}

void
lk_slices_end(struct lk_slices *w)
{
	uint64_t took = lk_clock_monotonic_ns() - w->slice_began_ns;

	if (took > w->scan->longest_slice_ns)
		w->scan->longest_slice_ns = took;
}

bool
lk_slices_over(const struct lk_slices *w)
{
	return lk_clock_monotonic_ns() - w->slice_began_ns > LK_SLICE_NS;
}

bool
lk_slices_pause(struct lk_slices *w)
{
	struct timespec pause = {0, PAUSE_NS};
	void *thread_state;

	lk_slices_end(w);
	thread_state = w->scan->symbols->save_thread();
	nanosleep(&pause, NULL);
	w->scan->symbols->restore_thread(thread_state);
	lk_slices_begin(w);
	return !atomic_load(w->scan->stop);
}
