#include "config.h"

#include "sampler/standstill.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/clock.h"
#include "sampler/cpython/lifecycle.h"
#include "sampler/cpython/layout.h"
#include "sampler/cpython/symbols.h"

#define ASKED_MAX_NS	UINT64_C(1000000000)
#define LATE_MAX_NS	UINT64_C(100000000)
#define STANDS_MAX_NS	UINT64_C(500000000)
#define PAUSE_NS	50000

enum phase { GOES_ON, ASKED, IMPORTS, STANDS };

static const struct lk_symbols *py;
static _Atomic unsigned int phase;	/* enum phase */

/* Returns: whether the phase is another before MAX_NS are over. */
static bool
wait_while(enum phase now, uint64_t max_ns, const atomic_bool *stop)
{
	const struct timespec pause = {0, PAUSE_NS};
	uint64_t began_ns = lk_clock_monotonic_ns();

	while (atomic_load(&phase) == (unsigned int)now) {
		if (lk_clock_monotonic_ns() - began_ns > max_ns ||
		    (stop != NULL && atomic_load(stop)))
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

/* On the main thread, with the GIL. */
static int
stand(void *unused)
{
	unsigned int asked = ASKED;
	int saved_errno = errno;
	void *thread;

	(void)unused;
	if (!atomic_compare_exchange_strong(&phase, &asked,
	    lk_lifecycle_imports_callspy(py) ? IMPORTS : STANDS) ||
	    atomic_load(&phase) == IMPORTS)
		return 0;	/* too late, nobody waits any more; or too early */
	thread = py->save_thread();
	wait_while(STANDS, STANDS_MAX_NS, NULL);
	py->restore_thread(thread);
	errno = saved_errno;
	return 0;
}

bool
lk_standstill_is_late(const struct lk_symbols *symbols, const struct lk_layout *layout)
{
	return lk_read_ptr(symbols->runtime, layout->runtime_finalizing) != NULL ||
	    (layout->runtime_finishing != LK_ABSENT &&
	    lk_read_i32(symbols->runtime, layout->runtime_finishing) != 0);
}

bool
lk_standstill_begin(const struct lk_symbols *symbols, const struct lk_layout *layout,
    const atomic_bool *stop, bool late)
{
	uint64_t began_ns = lk_clock_monotonic_ns(), max_ns = late ? LATE_MAX_NS : ASKED_MAX_NS;

	py = symbols;
	do {
		atomic_store(&phase, ASKED);
		if (lk_standstill_is_late(symbols, layout) ||
		    symbols->add_pending_call(stand, NULL) < 0)
			break;
		wait_while(ASKED, max_ns, stop);
	} while (atomic_load(&phase) == IMPORTS && !atomic_load(stop) &&
	    lk_clock_monotonic_ns() - began_ns < ASKED_MAX_NS);
	return !atomic_load(stop) && (atomic_load(&phase) == STANDS ||
	    !lk_standstill_is_late(symbols, layout));
}

void
lk_standstill_end(void)
{
	atomic_store(&phase, GOES_ON);
}
