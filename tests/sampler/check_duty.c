/* Hooks that are in only in slots of time chosen by lot: what the samples then stand for, and
 * whether the error bars that the client draws from them cover the truth. */
#include "config.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <check.h>

#include "analysis/estimate.h"
#include "base/attr.h"
#include "model/snapshot.h"
#include "sampler/core/cells.h"
#include "sampler/core/clusters.h"
#include "sampler/core/countdown.h"
#include "sampler/core/live.h"
#include "sampler/core/pages.h"
#include "sampler/core/stacks.h"

#include "suites.h"

#define SEEDS		500u
#define SEEDS_IN_VALGRIND	10u	/* there it is about memory */
#define INTERVAL	4096.0
#define SLOTS_MAX	2000u
#define SAMPLES_MAX	40000u

static struct lk_stacks stacks;
static struct lk_pages pages;
static uint64_t random_state;
static struct lk_sample samples[SAMPLES_MAX];
static uint32_t sample_count;

static double
uniform(void)
{
	return (double)(lk_countdown_random(&random_state) >> 11) * 0x1p-53;
}

static void
resolve(const struct lk_raw_frame *raw, struct lk_frame_words *out)
{
	*out = (struct lk_frame_words){.function = "f", .file = "f.py", .function_length = 1,
	    .file_length = 4, .line = (uint32_t)raw->key};
}

static void
start(void)
{
	lk_pages_init(&pages, lk_pages_map(4u << 20), 4u << 20);
	ck_assert_ptr_nonnull(pages.base);
	ck_assert_int_eq(lk_stacks_init(&stacks, &pages, 0.0625, resolve, 0), 0);
}

/* A stack of its own for each run: another function. */
static uint32_t
new_stack(void)
{
	const struct lk_raw_frame raw = {.key = (uint64_t)stacks.stack_count + 1};
	const struct lk_stack_path path = {.raw = &raw, .count = 1, .domain = 2};

	sample_count = 0;
	return lk_stacks_intern(&stacks, &path);
}

/* ---- the sums of clusters ------------------------------------------------------------------ */

static double
squares(const struct lk_clusters *c, uint32_t owner)
{
	double sum = 0;
	uint32_t i;

	for (i = 0; i < c->used; i++)
		if (c->at[i].count != 0 && c->at[i].owner == owner)
			sum += c->at[i].bytes * c->at[i].bytes;
	return sum;
}

/* Samples come, change and go in any order: the sum of squares is as if counted anew. */
START_TEST(the_sum_of_squares_is_kept)
{
	enum { KEPT = 200, STEPS = 20000 };
	struct { uint32_t cluster; double bytes; } kept[KEPT];
	uint32_t current = LK_CLUSTERS_NONE, count = 0, i, step;
	struct lk_clusters *c;
	double sum = 0, bytes;

	c = &stacks.clusters;
	for (step = 0; step < STEPS; step++) {
		bytes = 1 + floor(uniform() * 1000);
		i = (uint32_t)(uniform() * count);
		if (count < KEPT && uniform() < 0.5) {
			sum += lk_clusters_join(c, &current, 7, step / 50, bytes);
			kept[count].cluster = current;
			kept[count++].bytes = bytes;
		} else if (count > 0 && uniform() < 0.3) {
			sum += lk_clusters_change(c, kept[i].cluster, kept[i].bytes, bytes);
			kept[i].bytes = bytes;
		} else if (count > 0) {
			sum += lk_clusters_leave(c, kept[i].cluster, kept[i].bytes);
			kept[i] = kept[--count];
		}
		ck_assert_double_eq_tol(sum, squares(c, 7), 1e-3);
	}
	while (count-- > 0)
		sum += lk_clusters_leave(c, kept[count].cluster, kept[count].bytes);
	ck_assert_double_eq_tol(sum, 0, 1e-3);
	ck_assert_uint_le(c->used, KEPT);	/* they are used again */
}
END_TEST

START_TEST(without_clusters_a_sample_stands_alone)
{
	struct lk_clusters c;
	uint32_t current = LK_CLUSTERS_NONE;

	ck_assert_int_eq(lk_clusters_init(&c, &pages, 1), 0);
	ck_assert_double_eq(lk_clusters_join(&c, &current, 1, 1, 3), 9);
	ck_assert_double_eq(lk_clusters_join(&c, &current, 1, 1, 2), 16);	/* (3 + 2)^2 - 9 */
	ck_assert_double_eq(lk_clusters_join(&c, &current, 2, 1, 5), 25);
	ck_assert_uint_eq(current, LK_CLUSTERS_NONE);
	ck_assert_double_eq(lk_clusters_leave(&c, current, 5), -25);
	ck_assert_double_eq(lk_clusters_change(&c, current, 5, 6), 11);
}
END_TEST

START_TEST(the_factor_is_that_of_the_duty)
{
	unsigned int shift;

	for (shift = 0; shift <= 4; shift++) {
		double d = 1 / (double)(1u << shift);

		ck_assert_double_eq_tol(lk_clusters_factor(shift), (1 - d) / (d * d), 1e-9);
	}
}
END_TEST

/* ---- estimates --------------------------------------------------------------------------- */

/* Blocks of one kind of program, as (slot of time, size) in their order. */
struct pattern {
	const char	*name;
	uint32_t	 slots;
	uint32_t	(*blocks)(uint32_t slot);	/* made in it */
	double		 dies;				/* share that is dead at the end */
};

static uint32_t
steady(uint32_t slot)
{
	(void)slot;
	return 20;
}

static uint32_t
bursts(uint32_t slot)
{
	return slot % 13 == 5 ? 900 : 0;
}

/* A request is as long as two slots, and makes everything in its first. */
static uint32_t
requests(uint32_t slot)
{
	return slot % 2 == 0 ? 30 : 0;
}

static const struct pattern patterns[] = {
	{"steady", 1000, steady, 0},
	{"steady, most die", 2000, steady, 0.9},
	{"bursts", 2000, bursts, 0},
	{"bursts, half die", 2000, bursts, 0.5},
	{"requests", 1000, requests, 0},
};

static uint64_t
size_of(uint32_t number)
{
	static const uint64_t sizes[] = {33, 100, 512, 48, 240};

	return sizes[number % LK_COUNT_OF(sizes)];
}

static void
add_sample(uint32_t stack, uint64_t size, unsigned int shift, uint32_t slot)
{
	struct lk_weight w = lk_countdown_weight(size, INTERVAL);
	struct lk_sample *sample = &samples[sample_count++];
	double times = (double)(1u << shift);

	if (sample_count == SAMPLES_MAX)	/* an assertion that holds takes a while, too */
		ck_abort();
	memset(sample, 0, sizeof(*sample));
	sample->size_bytes = size;
	sample->stack = stack;
	sample->duty_shift = (uint8_t)shift;
	sample->est_bytes = w.est_bytes * times;
	sample->est_objects = (float)(w.est_objects * times);
	sample->variance = w.variance * times;
	lk_cells_born(&stacks, sample, slot);
}

/* Whether the hooks are in: slots drawn one by one, or one of each group.  DRAWN: of the group. */
static bool
draw(uint32_t slot, unsigned int shift, bool by_group, uint32_t *drawn)
{
	uint32_t slots = 1u << shift;

	if (!by_group)
		return shift == 0 || uniform() < 1 / (double)slots;
	if (slot % slots == 0)
		*drawn = (uint32_t)(uniform() * slots);
	return slot % slots == *drawn;
}

/* Runs the program once; the estimate of what lives at its end.  Which blocks die is the
 * program's, so it is the same in each run; the lots are not. */
static struct lk_estimate
run(const struct pattern *p, unsigned int shift, bool by_group, double *truth)
{
	uint32_t stack = new_stack(), slot, i, number = 0, drawn = 0;
	uint64_t left = lk_countdown_draw(&random_state, INTERVAL);
	struct lk_estimate e = {0};
	uint32_t link;

	*truth = 0;
	for (slot = 0; slot < p->slots; slot++) {
		bool on = draw(slot, shift, by_group, &drawn);

		for (i = p->blocks(slot); i > 0; i--, number++) {
			uint64_t size = size_of(number), dice = number;
			bool dies = (double)(lk_countdown_random(&dice) >> 11) * 0x1p-53 < p->dies;

			*truth += dies ? 0 : (double)size;
			if (!on || !lk_countdown_spend(&left, size))
				continue;
			left = lk_countdown_draw(&random_state, INTERVAL);
			add_sample(stack, size, shift, slot);
			samples[sample_count - 1].used = dies;
		}
	}
	for (i = 0; i < sample_count; i++)
		if (samples[i].used)
			lk_cells_died(&stacks, &samples[i]);
	for (link = stacks.stacks[stack].cell; link != LK_STACKS_NONE;
	    link = stacks.cells[link].next) {
		const struct lk_live_cell *cell = &stacks.cells[link];

		lk_estimate_add(&e, &(struct lk_cell){.sampled_count = cell->count,
		    .est_bytes = cell->bytes, .est_objects = cell->objects,
		    .variance = cell->variance});
	}
	for (i = 0; i < sample_count; i++)
		if (!samples[i].used)
			lk_cells_died(&stacks, &samples[i]);
	ck_assert_uint_eq(stacks.stacks[stack].cell, LK_STACKS_NONE);
	return e;
}

/* Unbiased within what so many runs can tell; the variance says how far off a run is, or, for slots
 * drawn in groups, more than that; and the limits cover 95 % of the time. */
START_TEST(estimates_are_unbiased_and_their_bars_cover)
{
	const struct pattern *p = &patterns[_i / 8];
	unsigned int shift = (unsigned int)_i % 4, covered = 0, seed;
	unsigned int seeds = lk_suites_in_valgrind() ? SEEDS_IN_VALGRIND : SEEDS;
	bool by_group = _i / 4 % 2;
	double sum = 0, squares_sum = 0, variance = 0, truth = 0, mean, spread;

	for (seed = 0; seed < seeds; seed++) {
		struct lk_estimate e;
		struct lk_interval bar;

		random_state = seed * 1000003u + 17;
		e = run(p, shift, by_group, &truth);
		bar = lk_estimate_interval(&e, INTERVAL * (double)(1u << shift));
		covered += bar.low_bytes <= truth && truth <= bar.high_bytes;
		sum += e.bytes;
		squares_sum += (e.bytes - truth) * (e.bytes - truth);
		variance += e.variance / seeds;
	}
	mean = sum / seeds;
	spread = sqrt(squares_sum / seeds);
	ck_assert_msg(fabs(mean - truth) < 4.5 * spread / sqrt(seeds), "%s, shift %u: %g not %g",
	    p->name, shift, mean, truth);
	if (seeds < SEEDS)	/* too few to tell */
		return;
	ck_assert_msg(sqrt(variance) / spread > 0.85 &&
	    (by_group || sqrt(variance) / spread < 1.15), "%s, shift %u: says %g, is %g",
	    p->name, shift, sqrt(variance), spread);
	ck_assert_msg(covered >= SEEDS * 0.93, "%s, shift %u: %u of %u", p->name, shift, covered,
	    SEEDS);
}
END_TEST

static Suite *
duty_suite(void)
{
	Suite *s = suite_create("duty");
	TCase *tc = tcase_create("duty");

	tcase_add_checked_fixture(tc, start, NULL);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, the_sum_of_squares_is_kept);
	tcase_add_test(tc, without_clusters_a_sample_stands_alone);
	tcase_add_test(tc, the_factor_is_that_of_the_duty);
	tcase_add_loop_test(tc, estimates_are_unbiased_and_their_bars_cover, 0,
	    (int)LK_COUNT_OF(patterns) * 8);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {duty_suite, NULL};

	return lk_suites_run(suites);
}
