#include "config.h"

#include "util/clock.h"

#include <time.h>
#include <unistd.h>

int64_t
lk_clock_monotonic_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t
lk_clock_monotonic_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

double
lk_clock_wall_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

double
lk_clock_began_s(uint64_t ticks)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return lk_clock_wall_s() - ((double)ts.tv_sec + (double)ts.tv_nsec / 1e9) +
	    (double)ticks / (double)sysconf(_SC_CLK_TCK);
}
