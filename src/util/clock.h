/* clock.h - the time, for ordinary processes.  Room: util. */
#ifndef LK_UTIL_CLOCK_H
#define LK_UTIL_CLOCK_H

#include <stdint.h>

/* lk_clock_monotonic_ms - never goes back, has no meaning across machines. */
int64_t lk_clock_monotonic_ms(void);
int64_t lk_clock_monotonic_us(void);

/* lk_clock_wall_s - seconds since the epoch. */
double lk_clock_wall_s(void);

/* lk_clock_began_s - when that was since the epoch: the start time of a process, in clock ticks
 * since boot. */
double lk_clock_began_s(uint64_t ticks);

#endif
