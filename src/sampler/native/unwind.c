#include "config.h"

#include "sampler/native/unwind.h"

#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>

#include "base/clock.h"
#include "sampler/core/thread.h"

#define DRAIN_MAX_NS	5000000u	/* a fork waits no longer than this */

static int (*_Atomic unwinder)(void **, int);
static atomic_int forks;		/* under way: nobody unwinds */
static atomic_uint inside_count;	/* threads that unwind now */

lk_unwind_iterate_fn lk_unwind_iterate_real;

void
lk_unwind_use(int (*backtrace)(void **, int))
{
	atomic_store(&unwinder, backtrace);
}

bool
lk_unwind_works(void)
{
	return atomic_load_explicit(&unwinder, memory_order_relaxed) != NULL;
}

/* Not a symbol that the linker binds: a pointer that was looked up, see unwind.h for what it
 * may do. */
void
lk_unwind_trace(struct lk_trace *out)
{
	int (*backtrace)(void **, int) = atomic_load_explicit(&unwinder, memory_order_acquire);
	int n = 0;

	out->count = 0;
	if (backtrace != NULL && lk_thread.caller != NULL)
		out->pc[out->count++] = lk_thread.caller;
	if (backtrace == NULL || lk_thread.no_unwind != 0)
		return;
	atomic_fetch_add(&inside_count, 1);
	if (atomic_load(&forks) == 0)
		n = backtrace(out->pc, LK_FRAMES_MAX);
	atomic_fetch_sub(&inside_count, 1);
	if (n > 0)
		out->count = n > LK_FRAMES_MAX ? LK_FRAMES_MAX : (uint32_t)n;
}

int
lk_unwind_iterate(int (*callback)(void *, size_t, void *), void *data)
{
	int rc;

	lk_thread.no_unwind++;
	rc = lk_unwind_iterate_real(callback, data);
	lk_thread.no_unwind--;
	return rc;
}

void
lk_unwind_before_fork(void)
{
	uint64_t until = lk_clock_monotonic_ns() + DRAIN_MAX_NS;

	atomic_fetch_add(&forks, 1);
	while (atomic_load(&inside_count) != 0 && lk_clock_monotonic_ns() < until)
		sched_yield();
}

void
lk_unwind_after_fork(bool child)
{
	if (!child) {
		atomic_fetch_sub(&forks, 1);
		return;
	}
	atomic_store(&forks, 0);
	if (atomic_exchange(&inside_count, 0) != 0)
		atomic_store(&unwinder, NULL);
}
