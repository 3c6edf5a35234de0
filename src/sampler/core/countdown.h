/* countdown.h - whether: decides in one subtraction if an allocation is sampled.
 * Room: sampler/core.  Poisson sampling: the bytes between two samples are exponential
 * with mean INTERVAL, so a block of s bytes is sampled with p = 1 - exp(-s/INTERVAL),
 * whatever came before it.  The draw is fixed before the allocation is seen. */
#ifndef LK_SAMPLER_CORE_COUNTDOWN_H
#define LK_SAMPLER_CORE_COUNTDOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/* What a sampled block stands for. */
struct lk_weight {
	double	est_bytes;	/* size / p */
	double	est_objects;	/* 1 / p */
	double	variance;	/* (size / p)^2 (1 - p), bytes^2 */
};

/* lk_countdown_spend - an allocation goes by: a difference and its borrow, of one subtraction.
 * Returns: true when it is due: *LEFT_BYTES is of no use then, and has to be drawn.  To draw it
 * earlier, whatever it is then, changes no chance: what is left is exponential at any time. */
static inline bool
lk_countdown_spend(uint64_t *left_bytes, size_t size_bytes)
{
	return lk_unlikely(__builtin_sub_overflow(*left_bytes, size_bytes, left_bytes));
}

/* lk_countdown_draw - how many bytes go by without a sample: the next one is.  RANDOM is the state
 * of this thread's generator; any value, advanced by the call. */
uint64_t lk_countdown_draw(uint64_t *random, double interval_bytes);

/* lk_countdown_random - 64 fresh bits. */
uint64_t lk_countdown_random(uint64_t *random);

/* lk_countdown_weight - of a sampled block of SIZE bytes. */
struct lk_weight lk_countdown_weight(uint64_t size_bytes, double interval_bytes);

/* lk_countdown_part - the probability p(PART)/p(WHOLE) with which a part of a sampled block is kept
 * when the rest of it went: it then stands for what a block of its size does. */
double lk_countdown_part(uint64_t whole_bytes, uint64_t part_bytes, double interval_bytes);

/* lk_countdown_keep - thinning: the probability p(NEW)/p(OLD) with which a sample taken at
 * interval OLD is kept when the interval grows to NEW; it then stands for what a sample
 * taken at NEW does, and totals stay unbiased. */
double lk_countdown_keep(uint64_t size_bytes, double old_interval_bytes,
    double new_interval_bytes);

#endif
