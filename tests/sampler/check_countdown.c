/* Whether: blocks are sampled as often as the estimator believes, and thinned fairly. */
#include "config.h"

#include <math.h>

#include <check.h>

#include "base/attr.h"
#include "sampler/core/countdown.h"

#include "suites.h"

#define INTERVAL 4096.0

static const uint64_t sizes[] = {1, 16, 100, 512, 4096, 1u << 20};

/* Blocks of one size until there were enough; sum of weights into *est_bytes. */
static uint64_t
sample_blocks(uint64_t size, uint64_t blocks, double *est_bytes, double *variance)
{
	uint64_t random = 12345 + size, hits = 0, i;
	uint64_t left = lk_countdown_draw(&random, INTERVAL);
	struct lk_weight w = lk_countdown_weight(size, INTERVAL);

	*est_bytes = *variance = 0;
	for (i = 0; i < blocks; i++) {
		if (!lk_countdown_spend(&left, size))
			continue;
		left = lk_countdown_draw(&random, INTERVAL);
		hits++;
		*est_bytes += w.est_bytes;
		*variance += w.variance;
	}
	return hits;
}

START_TEST(blocks_are_sampled_as_often_as_they_should)
{
	uint64_t size = sizes[_i], blocks = size <= 16 ? 20000000 : 2000000;
	double p = -expm1(-(double)size / INTERVAL), est, variance;
	double wanted = p * (double)blocks, sigma = sqrt(wanted * (1 - p));
	uint64_t hits = sample_blocks(size, blocks, &est, &variance);

	ck_assert_msg(fabs((double)hits - wanted) <= 4 * sigma + 1e-6,
	    "%.0f of %.0f expected, sigma %.1f", (double)hits, wanted, sigma);
	ck_assert_msg(fabs(est - (double)(size * blocks)) <= 4 * sqrt(variance) +
	    1e-9 * (double)(size * blocks), "weights of size %.0f are biased: %.0f of %.0f",
	    (double)size, est, (double)(size * blocks));
}
END_TEST

START_TEST(a_mixture_is_estimated_without_bias)
{
	uint64_t random = 99, which = 7, size, i;
	uint64_t left = lk_countdown_draw(&random, INTERVAL);
	double truth[LK_COUNT_OF(sizes)] = {0}, est[LK_COUNT_OF(sizes)] = {0};
	double variance[LK_COUNT_OF(sizes)] = {0};
	struct lk_weight w;
	size_t n;

	for (i = 0; i < 3000000; i++) {	/* one large block in a thousand, small ones after it */
		n = lk_countdown_random(&which) % 1000 == 0 ? 5 : lk_countdown_random(&which) % 5;
		size = sizes[n];
		truth[n] += (double)size;
		if (!lk_countdown_spend(&left, size))
			continue;
		left = lk_countdown_draw(&random, INTERVAL);
		w = lk_countdown_weight(size, INTERVAL);
		est[n] += w.est_bytes;
		variance[n] += w.variance;
	}
	for (n = 0; n < LK_COUNT_OF(sizes); n++)
		ck_assert_msg(fabs(est[n] - truth[n]) <= 4 * sqrt(variance[n]) + 1e-9 * truth[n],
		    "size %.0f: %.0f, not %.0f", (double)sizes[n], est[n], truth[n]);
}
END_TEST

START_TEST(draws_have_the_mean_asked_for)
{
	uint64_t random = 1;
	double sum = 0, interval = ldexp(1, 10 + _i * 5);
	int i;

	for (i = 0; i < 400000; i++)
		sum += (double)lk_countdown_draw(&random, interval);
	/* rounded down: half a byte less on average */
	ck_assert_double_le(fabs(sum / 400000 - interval + 0.5), 4 * interval / sqrt(400000));
}
END_TEST

/* The hooks of small blocks spend large ones as well, and draw again where one of those is due. */
START_TEST(what_others_spend_of_a_countdown_is_no_matter)
{
	uint64_t random = 5, left = lk_countdown_draw(&random, INTERVAL), hits = 0, i;
	uint64_t small = sizes[_i], blocks = 3000000;
	double p = -expm1(-(double)small / INTERVAL), wanted = p * (double)blocks;

	for (i = 0; i < blocks; i++) {
		if (lk_countdown_spend(&left, 1000 + i % 7000))
			left = lk_countdown_draw(&random, INTERVAL);
		if (!lk_countdown_spend(&left, small))
			continue;
		left = lk_countdown_draw(&random, INTERVAL);
		hits++;
	}
	ck_assert_msg(fabs((double)hits - wanted) <= 4 * sqrt(wanted * (1 - p)),
	    "%.0f of %.0f expected", (double)hits, wanted);
}
END_TEST

START_TEST(what_is_no_size_is_due)
{
	static const size_t none[] = {PTRDIFF_MAX, (size_t)PTRDIFF_MAX + 1, SIZE_MAX};
	uint64_t random = 3, left, i;
	size_t n;

	for (n = 0; n < LK_COUNT_OF(none); n++)
		for (i = 0; i < 1000; i++) {
			left = lk_countdown_draw(&random, ldexp(1, 30));
			ck_assert(lk_countdown_spend(&left, none[n]));
		}
	left = 0;
	ck_assert(!lk_countdown_spend(&left, 0));
	ck_assert(lk_countdown_spend(&left, 1));
}
END_TEST

START_TEST(a_weight_is_what_a_block_stands_for)
{
	double interval = 65536, p;
	struct lk_weight w;
	uint64_t size;

	for (size = 1; size < UINT64_C(1) << 40; size = size * 3 + 1) {
		p = -expm1(-(double)size / interval);
		w = lk_countdown_weight(size, interval);
		ck_assert_double_le(fabs(w.est_bytes * p / (double)size - 1), 1e-11);
		ck_assert_double_le(fabs(w.est_objects * p - 1), 1e-11);
		ck_assert_double_ge(w.variance, 0);
		ck_assert_double_le(w.variance, w.est_bytes * w.est_bytes);
	}
}
END_TEST

/* Sampled at T, thinned to 2T, to 8T: totals are those of a sample taken at 8T. */
START_TEST(thinning_keeps_totals)
{
	uint64_t size = sizes[_i], random = 31, i, kept = 0, tries = 400000;
	double first = INTERVAL, second = 2 * INTERVAL, third = 8 * INTERVAL, u, v, p, wanted;

	for (i = 0; i < tries; i++) {
		u = (double)(lk_countdown_random(&random) >> 11) * 0x1p-53;
		v = (double)(lk_countdown_random(&random) >> 11) * 0x1p-53;
		kept += u < lk_countdown_keep(size, first, second) &&
		    v < lk_countdown_keep(size, second, third);
	}
	p = expm1(-(double)size / third) / expm1(-(double)size / first);
	wanted = p * (double)tries;
	ck_assert_double_le(fabs((double)kept - wanted), 4 * sqrt(wanted * (1 - p)) + 1e-6);
	ck_assert_double_le(lk_countdown_keep(size, first, second), 1);
	ck_assert_double_eq(lk_countdown_keep(size, first, first), 1);
}
END_TEST

static Suite *
countdown_suite(void)
{
	Suite *s = suite_create("countdown");
	TCase *tc = tcase_create("countdown");

	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, blocks_are_sampled_as_often_as_they_should, 0,
	    (int)LK_COUNT_OF(sizes));
	tcase_add_test(tc, a_mixture_is_estimated_without_bias);
	tcase_add_loop_test(tc, draws_have_the_mean_asked_for, 0, 5);
	tcase_add_loop_test(tc, what_others_spend_of_a_countdown_is_no_matter, 1, 4);
	tcase_add_test(tc, what_is_no_size_is_due);
	tcase_add_test(tc, a_weight_is_what_a_block_stands_for);
	tcase_add_loop_test(tc, thinning_keeps_totals, 0, (int)LK_COUNT_OF(sizes));
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {countdown_suite, NULL};

	return lk_suites_run(suites);
}
