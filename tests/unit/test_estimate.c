#include "config.h"

#include "suites.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "analysis/estimate.h"
#include "base/attr.h"
#include "model/snapshot.h"

#define T 524288.0

/* Exact 95 % limits of a Poisson count (Garwood), as printed in statistical tables. */
static const struct {
	unsigned int count;
	double low, high;
} garwood[] = {
	{0, 0.0000, 3.6889},	  {1, 0.0253, 5.5716},	    {2, 0.2422, 7.2247},
	{3, 0.6187, 8.7673},	  {4, 1.0899, 10.2416},	    {5, 1.6235, 11.6683},
	{6, 2.2019, 13.0595},	  {7, 2.8144, 14.4227},	    {8, 3.4538, 15.7632},
	{9, 4.1154, 17.0848},	  {10, 4.7954, 18.3904},    {15, 8.3954, 24.7402},
	{20, 12.2165, 30.8884},	  {30, 20.2409, 42.8269},   {50, 37.1110, 65.9188},
	{100, 81.3639, 121.6268},
};

static struct lk_estimate
equal_blocks(uint64_t count)
{
	return (struct lk_estimate){
	    .sampled_count = count,
	    .bytes = (double)count * T,
	    .objects = (double)count,
	    .variance = (double)count * T * T,
	};
}

START_TEST(equal_weights_have_the_tables_limits)
{
	struct lk_estimate e = equal_blocks(garwood[_i].count);
	struct lk_interval i = lk_estimate_interval(&e, T);

	ck_assert_double_eq_tol(i.low_bytes / T, garwood[_i].low, 1e-4 + 3e-4 * garwood[_i].low);
	ck_assert_double_eq_tol(i.high_bytes / T, garwood[_i].high,
	    1e-4 + 1e-4 * garwood[_i].high);
	ck_assert_double_eq(lk_estimate_error(&e, T), i.high_bytes - e.bytes);
}
END_TEST

START_TEST(many_samples_become_normal)
{
	for (uint64_t n = 200; n < 100000000; n *= 3) {
		struct lk_estimate e = equal_blocks(n), next = equal_blocks(n + 1);
		double half = 1.959964 * sqrt((double)n);
		struct lk_interval i = lk_estimate_interval(&e, T);

		ck_assert_double_eq_tol((e.bytes - i.low_bytes) / T, half, 0.02 * half + 1);
		ck_assert_double_eq_tol((i.high_bytes - e.bytes) / T, half, 0.02 * half + 3);
		/* no step where the method changes */
		ck_assert_double_gt(lk_estimate_interval(&next, T).high_bytes, i.high_bytes);
	}
}
END_TEST

START_TEST(what_was_sure_to_be_sampled_is_exact)
{
	struct lk_estimate e = {.sampled_count = 3, .bytes = 3e8, .variance = 0};
	struct lk_interval i = lk_estimate_interval(&e, T);

	ck_assert_double_eq(i.low_bytes, 3e8);
	ck_assert_double_eq(i.high_bytes, 3e8);
	ck_assert_double_eq(lk_estimate_error(&e, T), 0);
}
END_TEST

START_TEST(nonsense_gives_no_nonsense)
{
	static const struct lk_estimate odd[] = {
		{1, 1e-300, 1, 1e-300}, {1, 1e300, 1, 1e300}, {5, -7, 1, 3},	{5, 7, 1, -3},
		{1, 1, 1, 1e18},	{7, 1e9, 1, 1e-9},    {1, 1e-9, 1, 1e9}, {1, NAN, 1, 1},
		{1, 1, 1, NAN},		{1, 1, 1, INFINITY},
	};

	for (size_t k = 0; k < LK_COUNT_OF(odd); k++) {
		struct lk_interval i = lk_estimate_interval(&odd[k], T);

		ck_assert_msg(i.low_bytes >= 0 && i.high_bytes >= i.low_bytes, "%zu: %g..%g", k,
		    i.low_bytes, i.high_bytes);
	}
	ck_assert_double_eq(lk_estimate_interval(&(struct lk_estimate){0}, NAN).high_bytes, 0);
}
END_TEST

START_TEST(few_fresh_survivors_are_no_growth)
{
	const struct lk_estimate none = {0};

	for (uint64_t n = 1; n <= 5; n++) {
		struct lk_estimate born = equal_blocks(n);

		ck_assert_double_le(born.bytes, lk_estimate_delta_error(&born, &none, T));
		ck_assert_double_le(born.bytes, lk_estimate_delta_error(&none, &born, T));
	}
	for (uint64_t n = 9; n < 2000; n++) {
		struct lk_estimate born = equal_blocks(n);

		ck_assert_double_gt(born.bytes, lk_estimate_delta_error(&born, &none, T));
		ck_assert_double_gt(born.bytes, lk_estimate_delta_error(&none, &born, T));
		ck_assert(lk_estimate_exceeds_chance(&born, &none, T));
		ck_assert(lk_estimate_exceeds_chance(&none, &born, T));
	}
}
END_TEST

START_TEST(a_few_large_blocks_come_and_go_by_chance)
{
	static const struct {
		uint64_t born, died;
		bool growth;
	} want[] = {{1, 0, false}, {5, 2, false}, {6, 0, false}, {8, 0, true}, {40, 12, true},
	    {12, 9, false}, {100, 90, false}, {2, 30, true}};
	const double block = 8e6; /* all of them are sampled */

	for (size_t i = 0; i < LK_COUNT_OF(want); i++) {
		struct lk_estimate born = {want[i].born, (double)want[i].born * block, 1, 0};
		struct lk_estimate died = {want[i].died, (double)want[i].died * block, 1, 0};

		ck_assert_msg(lk_estimate_exceeds_chance(&born, &died, T) == want[i].growth, "%zu",
		    i);
	}
}
END_TEST

START_TEST(a_big_block_is_known_at_once)
{
	struct lk_cell cell = {.sampled_count = 1, .est_bytes = 100e6, .est_objects = 1};
	struct lk_estimate born = {0}, none = {0};

	lk_estimate_add(&born, &cell);
	ck_assert_double_lt(lk_estimate_delta_error(&born, &none, T), 2e6);
}
END_TEST

/* ---- does the interval cover the truth? --------------------------------- */

static uint64_t state;

static double
share(void)
{
	state ^= state << 13; /* xorshift */
	state ^= state >> 7;
	state ^= state << 17;
	return (double)(state >> 11) / 0x1p53;
}

static unsigned int
binomial(unsigned int n, double p)
{
	unsigned int hits = 0;

	/* jumps from hit to hit */
	for (double at = log(1 - share()) / log1p(-p); at < n;
	    at += 1 + log(1 - share()) / log1p(-p)) {
		hits++;
		at = floor(at);
	}
	return hits;
}

struct blocks {
	double bytes;
	unsigned int count;
};

#define KINDS 3

static const struct blocks mixes[][KINDS] = {
	{{64, 20000}},
	{{64, 400}},
	{{512, 5000}},
	{{512, 50000}},
	{{T / 2, 6}},
	{{T, 4}, {T / 4, 10}},
	{{3 * T, 3}},
	{{64, 30000}, {T / 3, 8}, {2 * T, 2}},
	{{200, 9000}, {8 * T, 1}},
	{{4096, 900}, {65536, 40}, {T * 1.5, 2}},
	{{48, 120000}, {100 * T, 1}},
};

static struct lk_estimate
sample(const struct blocks *mix, double *truth)
{
	struct lk_estimate e = {0};

	*truth = 0;
	for (unsigned int i = 0; i < KINDS && mix[i].count > 0; i++) {
		double p = -expm1(-mix[i].bytes / T), w = mix[i].bytes / p;
		unsigned int hits = binomial(mix[i].count, p);
		struct lk_cell cell = {
		    .sampled_count = hits,
		    .est_bytes = hits * w,
		    .est_objects = hits / p,
		    .variance = hits * w * w * (1 - p),
		};

		lk_estimate_add(&e, &cell);
		*truth += mix[i].bytes * mix[i].count;
	}
	return e;
}

#define RUNS 4000

START_TEST(the_interval_covers_the_truth)
{
	unsigned int inside = 0;
	double sum = 0, variance = 0, truth = 0;

	state = 88172645463325252u + (uint64_t)_i;
	for (unsigned int run = 0; run < RUNS; run++) {
		struct lk_estimate e = sample(mixes[_i], &truth);
		struct lk_interval i = lk_estimate_interval(&e, T);

		inside += truth >= i.low_bytes && truth <= i.high_bytes;
		sum += e.bytes;
		variance += e.variance;
	}
	ck_assert_msg(inside >= 0.95 * RUNS, "mix %d: covered %.2f %%", _i, 100.0 * inside / RUNS);
	/* and the estimate has no bias: four standard errors of the mean of the runs */
	ck_assert_double_le(fabs(sum / RUNS - truth), 4 * sqrt(variance) / RUNS);
}
END_TEST

START_TEST(the_error_of_a_difference_covers_the_truth)
{
	unsigned int inside = 0;

	state = 362436069u + (uint64_t)_i;
	for (unsigned int run = 0; run < RUNS; run++) {
		const struct blocks *gone = mixes[(unsigned int)_i * 7 % LK_COUNT_OF(mixes)];
		double born_truth, died_truth, error, off;
		struct lk_estimate born = sample(mixes[_i], &born_truth);
		struct lk_estimate died = sample(gone, &died_truth);

		error = lk_estimate_delta_error(&born, &died, T);
		off = born.bytes - died.bytes - (born_truth - died_truth);
		inside += fabs(off) <= error;
	}
	ck_assert_msg(inside >= 0.95 * RUNS, "mix %d: covered %.2f %%", _i, 100.0 * inside / RUNS);
}
END_TEST

static Suite *
estimate_suite(void)
{
	Suite *s = suite_create("estimate");
	TCase *tc = tcase_create("limits"), *coverage = tcase_create("coverage");

	tcase_add_loop_test(tc, equal_weights_have_the_tables_limits, 0, LK_COUNT_OF(garwood));
	tcase_add_test(tc, many_samples_become_normal);
	tcase_add_test(tc, what_was_sure_to_be_sampled_is_exact);
	tcase_add_test(tc, nonsense_gives_no_nonsense);
	tcase_add_test(tc, few_fresh_survivors_are_no_growth);
	tcase_add_test(tc, a_big_block_is_known_at_once);
	tcase_add_test(tc, a_few_large_blocks_come_and_go_by_chance);
	suite_add_tcase(s, tc);
	tcase_set_timeout(coverage, 60);
	tcase_add_loop_test(coverage, the_interval_covers_the_truth, 0, LK_COUNT_OF(mixes));
	tcase_add_loop_test(coverage, the_error_of_a_difference_covers_the_truth, 0,
	    LK_COUNT_OF(mixes));
	suite_add_tcase(s, coverage);
	return s;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {estimate_suite, NULL};

	return lk_suites_run(suites);
}
