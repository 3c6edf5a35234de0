/* spin.h - the sampler's lock.  Room: base.
 * Taken for well under a microsecond; a hook gives up after a bounded wait (its sample
 * is dropped and counted), the sampler's own threads wait. */
#ifndef LK_BASE_SPIN_H
#define LK_BASE_SPIN_H

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct lk_spin {
	_Atomic uintptr_t owner;	/* 0: free */
};

/* lk_spin_self - what the calling thread is called here: its thread pointer, never 0.  A forked
 * child is the thread that forked. */
static inline uintptr_t
lk_spin_self(void)
{
	uintptr_t self;

#if defined(__x86_64__)
	__asm__("mov %%fs:0, %0" : "=r"(self));
#elif defined(__aarch64__)
	__asm__("mrs %0, tpidr_el0" : "=r"(self));
#else
#error "the thread pointer of this processor is missing"
#endif
	return self;
}

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
	uintptr_t nobody = 0;

	return atomic_load_explicit(&spin->owner, memory_order_relaxed) == 0 &&
	    atomic_compare_exchange_strong_explicit(&spin->owner, &nobody, lk_spin_self(),
	    memory_order_acquire, memory_order_relaxed);
}

/* lk_spin_is_mine - the calling thread holds it: it was interrupted meanwhile, by a signal. */
static inline bool
lk_spin_is_mine(const struct lk_spin *spin)
{
	return atomic_load_explicit(&spin->owner, memory_order_relaxed) == lk_spin_self();
}

static inline bool
lk_spin_is_free(const struct lk_spin *spin)
{
	return atomic_load_explicit(&spin->owner, memory_order_relaxed) == 0;
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
	atomic_store_explicit(&spin->owner, 0, memory_order_release);
}

#endif
