#include "config.h"

#include "sampler/native/gate.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/clock.h"

#define MS_NS		UINT64_C(1000000)
#define PAUSE_NS	20000

static const uint64_t patience_ns[] = {
	[LK_GATE_OBJECT] = 20 * MS_NS,
	[LK_GATE_LIST] = 100 * MS_NS,
};

static atomic_int closers;
static _Atomic unsigned int inside;	/* enum lk_gate_work */

bool
lk_gate_enter(enum lk_gate_work work)
{
	atomic_store(&inside, work);
	if (atomic_load(&closers) == 0)
		return true;
	atomic_store(&inside, LK_GATE_NONE);
	return false;
}

void
lk_gate_leave(void)
{
	atomic_store(&inside, LK_GATE_NONE);
}

void
lk_gate_change(enum lk_gate_work work)
{
	atomic_store(&inside, work);
}

bool
lk_gate_close(void)
{
	const struct timespec pause = {0, PAUSE_NS};
	uint64_t began_ns = lk_clock_monotonic_ns();
	unsigned int work;

	atomic_fetch_add(&closers, 1);
	while ((work = atomic_load(&inside)) != LK_GATE_NONE) {
		if (lk_clock_monotonic_ns() - began_ns > patience_ns[work])
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

void
lk_gate_open(void)
{
	atomic_fetch_sub(&closers, 1);
}

enum lk_gate_work
lk_gate_after_fork(void)
{
	atomic_store(&closers, 0);
	return (enum lk_gate_work)atomic_exchange(&inside, LK_GATE_NONE);
}
