#include "config.h"

#include "sampler/core/countdown.h"

#include "base/maths.h"

/* splitmix64 (Steele, Lea, Flood 2014): one addition and three mixes, any seed works. */
uint64_t
lk_countdown_random(uint64_t *random)
{
	uint64_t z = *random += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

uint64_t
lk_countdown_draw(uint64_t *random, double interval_bytes)
{
	/* uniform in (0, 1]: 53 bits, never zero */
	double u = (double)((lk_countdown_random(random) >> 11) + 1) * 0x1p-53;
	double bytes = -lk_maths_log(u) * interval_bytes;

	/* Rounded down: a block of n bytes is due when n > floor(x), that is when x < n, which
	 * has probability 1 - exp(-n/interval) exactly. */
	return bytes > 0x1p60 ? UINT64_C(1) << 60 : (uint64_t)bytes;
}

struct lk_weight
lk_countdown_weight(uint64_t size_bytes, double interval_bytes)
{
	double size = (double)size_bytes;
	double p = lk_maths_hit(size / interval_bytes);
	struct lk_weight w = {size / p, 1 / p, 0};

	w.variance = w.est_bytes * w.est_bytes * (1 - p);
	return w;
}

double
lk_countdown_part(uint64_t whole_bytes, uint64_t part_bytes, double interval_bytes)
{
	return lk_maths_hit((double)part_bytes / interval_bytes) /
	    lk_maths_hit((double)whole_bytes / interval_bytes);
}

double
lk_countdown_keep(uint64_t size_bytes, double old_interval_bytes, double new_interval_bytes)
{
	double size = (double)size_bytes;

	return lk_maths_hit(size / new_interval_bytes) / lk_maths_hit(size / old_interval_bytes);
}
