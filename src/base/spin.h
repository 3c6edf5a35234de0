/* spin.h - the sampler's lock.  Room: base.
 * Taken for well under a microsecond; a hook gives up after a bounded wait (its sample
 * is dropped and counted), the sampler's own threads wait. */
#ifndef LK_BASE_SPIN_H
#define LK_BASE_SPIN_H

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

struct lk_spin {
	atomic_bool	held;
};

static inline void
lk_spin_pause(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

static inline bool
lk_spin_try(struct lk_spin *spin)
{
	return !atomic_load_explicit(&spin->held, memory_order_relaxed) &&
	    !atomic_exchange_explicit(&spin->held, true, memory_order_acquire);
}

/* Returns: false when it was not free within the bound (some tens of microseconds). */
static inline bool
lk_spin_take_bounded(struct lk_spin *spin)
{
	int left;

	for (left = 1000; left > 0; left--) {
		if (lk_spin_try(spin))
			return true;
		lk_spin_pause();
	}
	return false;
}

/* Only for the sampler's own threads. */
static inline void
lk_spin_take(struct lk_spin *spin)
{
	while (!lk_spin_take_bounded(spin))
		sched_yield();
}

static inline void
lk_spin_give(struct lk_spin *spin)
{
	atomic_store_explicit(&spin->held, false, memory_order_release);
}

#endif
