/* clock.h - time, for every room, also inside a hook.  Room: base.
 * Context: any thread; never allocates, leaves errno alone. */
#ifndef LK_BASE_CLOCK_H
#define LK_BASE_CLOCK_H

#include <stdint.h>

/* Seconds since the epoch. */
double lk_clock_wall_s(void);

/* Nanoseconds on CLOCK_MONOTONIC, and of CPU used by the calling thread, by the whole process. */
uint64_t lk_clock_monotonic_ns(void);
uint64_t lk_clock_thread_cpu_ns(void);
uint64_t lk_clock_process_cpu_ns(void);

/* lk_clock_ticks - the processor's own counter: a few nanoseconds to read, its rate is
 * found by comparing with lk_clock_monotonic_ns over a second. */
static inline uint64_t
lk_clock_ticks(void)
{
#if defined(__x86_64__)
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
#elif defined(__aarch64__)
	uint64_t ticks;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
	return ticks;
#else
#error "a tick counter for this processor is missing"
#endif
}

#endif
