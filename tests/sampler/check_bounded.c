/* A million stacks and a million live samples through the core: what does not fit is counted, by
 * thinning estimates stay right, and memory is what was taken at the start. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <check.h>

#include "base/attr.h"
#include "leaktop/sampler.h"
#include "sampler/core/cells.h"
#include "sampler/core/clusters.h"
#include "sampler/core/countdown.h"
#include "sampler/core/live.h"
#include "sampler/core/pages.h"
#include "sampler/core/stacks.h"

#include "suites.h"

#define MILLION		1000000u
#define TABLES_BYTES	(13u << 20)	/* of 16 MB; the rest is for baselines and clients */

static struct lk_pages pages;
static struct lk_stacks stacks;
static struct lk_live live;
static uint64_t random_state = 5;

static void
resolve(const struct lk_raw_frame *raw, struct lk_frame_words *out)
{
	static char function[32];
	int length = snprintf(function, sizeof(function), "f%u", (unsigned int)(raw->key % 997));

	*out = (struct lk_frame_words){.function = function, .file = "file.py",
	    .function_length = (size_t)length, .file_length = 7,
	    .line = (uint32_t)(raw->key % 100003)};
}

static void
start(void)
{
	lk_pages_init(&pages, lk_pages_map(LK_MEMORY_DEFAULT_BYTES), LK_MEMORY_DEFAULT_BYTES);
	ck_assert_ptr_nonnull(pages.base);
	ck_assert_int_eq(lk_live_init(&live, &pages, 32768), 0);
	ck_assert_int_eq(lk_stacks_init(&stacks, &pages, 1, resolve, 0), 0);
	ck_assert_uint_le(pages.used_bytes, TABLES_BYTES);
}

/* Three frames, from a number; a million of them are distinct. */
static uint32_t
stack_of(uint32_t number)
{
	struct lk_raw_frame raw[3] = {
	    {.key = number % 1000 + 1}, {.key = number / 1000 % 1000 + 2000},
	    {.key = number / MILLION + 4000}};
	struct lk_stack_path path = {.raw = raw, .count = 3, .domain = 2};

	return lk_stacks_intern(&stacks, &path);
}

START_TEST(a_million_stacks_find_room_or_are_counted)
{
	uint32_t i, known = stack_of(0), beyond = 0;

	for (i = 0; i < MILLION; i++)
		beyond += stacks.stacks[stack_of(i)].leaf ==
		    stacks.collector_leaf[LK_STACKS_NO_ROOM];
	ck_assert_uint_le(stacks.stack_count, stacks.stack_capacity);
	ck_assert_uint_ge(stacks.stack_count, stacks.stack_capacity - 8);
	ck_assert_uint_eq(beyond, stacks.overflow_count);
	ck_assert_uint_ge(beyond, MILLION - stacks.stack_capacity);
	ck_assert_uint_eq(stack_of(0), known);	/* what is known stays known */
	ck_assert_uint_le(pages.used_bytes, TABLES_BYTES);
}
END_TEST

/* As record.c and tend.c do it. */
static void
weigh(struct lk_sample *s, double interval)
{
	struct lk_weight w = lk_countdown_weight(s->size_bytes, interval);
	double times = (double)(1u << s->duty_shift);

	s->est_bytes = w.est_bytes * times;
	s->est_objects = (float)(w.est_objects * times);
	s->variance = w.variance * times;
	s->interval_bytes = (float)interval;
}

static uint32_t
thin(double interval)
{
	uint32_t i, gone = 0;

	for (i = 0; i < live.used_count; i++) {
		struct lk_sample *s = &live.samples[i], before = *s;
		double u = (double)(lk_countdown_random(&random_state) >> 11) * 0x1p-53;

		if (!s->used || (double)s->interval_bytes >= interval)
			continue;
		if (u < lk_countdown_keep(s->size_bytes, (double)s->interval_bytes, interval)) {
			weigh(s, interval);
			lk_cells_reweigh(&stacks, &before, s);
			continue;
		}
		lk_cells_died(&stacks, s);
		lk_live_recycle(&live, i);
		gone++;
	}
	return gone;
}

static double
live_bytes(void)
{
	double sum = 0;
	uint32_t i;

	for (i = 0; i < stacks.stack_count; i++)
		sum += stacks.stacks[i].live_bytes;
	return sum;
}

/* At full duty, and at a quarter. */
START_TEST(a_million_live_samples_are_thinned)
{
	double interval = 1024, born_bytes = 0;
	uint32_t i, k, thinned = 0;

	for (i = 0; i < MILLION; i++) {
		k = lk_live_new(&live);
		if (k == LK_LIVE_NONE)	/* an assertion that holds takes a while, too */
			ck_abort_msg("no room for sample %u", i);
		live.samples[k].size_bytes = 16 + i % 1000;
		live.samples[k].stack = stack_of(i % 5000);
		live.samples[k].epoch = i / 30000;
		live.samples[k].duty_shift = (uint8_t)(_i * 2);
		weigh(&live.samples[k], interval);
		lk_cells_born(&stacks, &live.samples[k], i / 10);
		born_bytes += live.samples[k].est_bytes;
		if (live.live_count > live.capacity / 4 * 3)
			thinned += thin(interval *= 2);
	}
	ck_assert_uint_eq(live.rejected_count, 0);
	ck_assert_uint_eq(live.live_count + thinned, MILLION);
	ck_assert_double_eq_tol(live_bytes() / born_bytes, 1, 0.05);
	ck_assert_uint_le(stacks.clusters.used, stacks.clusters.capacity);
	ck_assert_uint_le(pages.used_bytes, TABLES_BYTES);
}
END_TEST

static Suite *
bounded_suite(void)
{
	Suite *s = suite_create("bounded");
	TCase *tc = tcase_create("bounded");

	tcase_add_checked_fixture(tc, start, NULL);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_million_stacks_find_room_or_are_counted);
	tcase_add_loop_test(tc, a_million_live_samples_are_thinned, 0, 2);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {bounded_suite, NULL};

	return lk_suites_run(suites);
}
