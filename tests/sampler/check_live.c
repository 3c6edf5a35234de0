/* Which: the sampled blocks that are alive, against a model that is slow and obvious. */
#include "config.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "sampler/core/countdown.h"
#include "sampler/core/live.h"
#include "sampler/core/pages.h"

#include "suites.h"

#define CAPACITY	1024u
#define ADDRESSES	4096u

static struct lk_live live;
static uint64_t random_state = 17;

static void
start(void)
{
	struct lk_pages pages;
	size_t bytes = 4u << 20;

	lk_pages_init(&pages, lk_pages_map(bytes), bytes);
	ck_assert_int_eq(lk_live_init(&live, &pages, CAPACITY), 0);
	ck_assert_uint_eq(live.capacity, CAPACITY);
}

static void *
address(uint32_t i)
{
	return (void *)(UINT64_C(0x7f0000000010) + (uint64_t)i * 48);
}

static uint32_t
track(void *p, bool *ok, uint32_t *lost)
{
	uint32_t sample = lk_live_new(&live);

	if (sample == LK_LIVE_NONE)
		return sample;
	live.samples[sample].address = (uintptr_t)p;
	*lost = lk_live_track(&live, sample, ok);
	return sample;
}

static void
bury_and_recycle(uint32_t sample)
{
	uint32_t i, next, n = 0;

	lk_live_bury(&live, sample);
	for (i = lk_live_dead(&live); i != LK_LIVE_NONE; i = next, n++) {
		next = live.samples[i].next;
		ck_assert_uint_eq(i, sample);
		lk_live_recycle(&live, i);
	}
	ck_assert_uint_eq(n, 1);
}

/* One random step: an address is tracked, or freed. */
static void
step(uint32_t *model)
{
	uint32_t i = (uint32_t)(lk_countdown_random(&random_state) % ADDRESSES);
	uint32_t sample, lost = LK_LIVE_NONE;
	bool ok = false;

	if (lk_countdown_random(&random_state) % 2 == 0) {
		sample = lk_live_claim(&live, address(i));
		ck_assert_uint_eq(sample, model[i]);
		model[i] = LK_LIVE_NONE;
		if (sample != LK_LIVE_NONE)
			bury_and_recycle(sample);
		return;
	}
	sample = track(address(i), &ok, &lost);
	if (sample == LK_LIVE_NONE)
		return;
	ck_assert_uint_eq(lost, model[i]);
	model[i] = ok ? sample : LK_LIVE_NONE;
	if (lost != LK_LIVE_NONE)
		bury_and_recycle(lost);
	if (!ok)
		lk_live_recycle(&live, sample);
}

START_TEST(it_agrees_with_a_model)
{
	static uint32_t model[ADDRESSES];
	uint32_t i, n, count;

	memset(model, 0xff, sizeof(model));
	for (n = 0; n < 400000; n++) {
		step(model);
		if (n % 20000 != 0)
			continue;
		for (count = 0, i = 0; i < ADDRESSES; i++) {
			ck_assert_uint_eq(lk_live_find(&live, address(i)), model[i]);
			count += model[i] != LK_LIVE_NONE;
			ck_assert(model[i] == LK_LIVE_NONE ||
			    lk_live_maybe(live.filter, address(i)));
		}
		ck_assert_uint_eq(live.live_count, count);
	}
	ck_assert_uint_gt(live.live_count, CAPACITY / 2);	/* the test was one */
}
END_TEST

START_TEST(when_all_are_taken_it_says_so)
{
	uint32_t i, lost;
	bool ok;

	for (i = 0; i < CAPACITY; i++) {
		ck_assert_uint_eq(track(address(i), &ok, &lost), i);
		ck_assert(ok);
	}
	ck_assert_uint_eq(live.rejected_count, 0);
	ck_assert_uint_eq(lk_live_new(&live), LK_LIVE_NONE);
	ck_assert_uint_eq(live.rejected_count, 1);
	bury_and_recycle(lk_live_claim(&live, address(500)));
	ck_assert_uint_eq(lk_live_new(&live), 500);
}
END_TEST

START_TEST(a_stale_address_gives_its_sample_back)
{
	uint32_t lost, old = track(address(1), &(bool){false}, &lost), young;
	bool ok = false;

	ck_assert_uint_eq(lost, LK_LIVE_NONE);
	young = track(address(1), &ok, &lost);
	ck_assert(ok);
	ck_assert_uint_eq(lost, old);
	ck_assert_uint_eq(lk_live_claim(&live, address(1)), young);
	ck_assert_uint_eq(lk_live_claim(&live, address(1)), LK_LIVE_NONE);
}
END_TEST

/* Addresses that share both buckets with the first one: found by trying. */
START_TEST(a_full_bucket_is_counted)
{
	uint64_t tried;
	uint32_t sample, lost, tracked = 0;
	bool ok = true;
	void *p;

	/* half full at most, so that a refusal can only come from a bucket */
	for (tried = 1; ok && tried < 100000000; tried++) {
		p = (void *)(tried * 16);
		if ((tried * 16 * 0xc2b2ae3d27d4eb4fULL >> 40 & live.bucket_mask) != 3 ||
		    (tried * 16 * 0x165667b19e3779f9ULL >> 40 & live.bucket_mask) > 4)
			continue;
		sample = track(p, &ok, &lost);
		ck_assert_uint_ne(sample, LK_LIVE_NONE);
		tracked += ok;
		ck_assert_uint_eq(lk_live_find(&live, p), ok ? sample : LK_LIVE_NONE);
		if (!ok)
			lk_live_recycle(&live, sample);
	}
	ck_assert(!ok);
	ck_assert_uint_ge(tracked, LK_LIVE_BUCKET);
	ck_assert_uint_eq(live.rejected_count, 1);
	ck_assert_uint_eq(live.live_count, tracked);
}
END_TEST

START_TEST(the_filter_sticks_rather_than_forget)
{
	void *p = address(9);
	_Atomic uint8_t *f = &live.filter[lk_live_filter_of(p)];
	uint32_t lost;
	bool ok;

	atomic_store(f, 254);
	track(p, &ok, &lost);
	ck_assert_uint_eq(atomic_load(f), 255);
	ck_assert_uint_ne(lk_live_claim(&live, p), LK_LIVE_NONE);
	ck_assert_uint_eq(atomic_load(f), 255);
}
END_TEST

START_TEST(the_dead_are_all_handed_over)
{
	uint32_t sample[5], i, n = 0;

	for (i = 0; i < 5; i++) {
		sample[i] = lk_live_new(&live);
		lk_live_bury(&live, sample[i]);
	}
	for (i = lk_live_dead(&live); i != LK_LIVE_NONE; i = live.samples[i].next)
		ck_assert_uint_eq(i, sample[4 - n++]);
	ck_assert_uint_eq(n, 5);
	ck_assert_uint_eq(lk_live_dead(&live), LK_LIVE_NONE);
}
END_TEST

/* ---- one winner --------------------------------------------------------------- */

#define RACERS	3
#define RACES	20000

static pthread_barrier_t line;
static _Atomic uint32_t winners, wins_of_right_sample;
static _Atomic uint32_t racing_sample;

static void *
race(void *unused)
{
	uint32_t i, sample;

	(void)unused;
	for (i = 0; i < RACES; i++) {
		pthread_barrier_wait(&line);
		sample = lk_live_claim(&live, address(i % 64));
		if (sample != LK_LIVE_NONE) {
			atomic_fetch_add(&winners, 1);
			if (sample == atomic_load(&racing_sample))
				atomic_fetch_add(&wins_of_right_sample, 1);
			lk_live_bury(&live, sample);
		}
		pthread_barrier_wait(&line);
	}
	return NULL;
}

/* Frees and thinning claim at once: each death has one owner. */
START_TEST(a_claim_has_one_winner)
{
	pthread_t threads[RACERS];
	uint32_t i, lost, dead;
	bool ok;

	pthread_barrier_init(&line, NULL, RACERS + 1);
	for (i = 0; i < RACERS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, race, NULL), 0);
	for (i = 0; i < RACES; i++) {
		atomic_store(&racing_sample, track(address(i % 64), &ok, &lost));
		ck_assert(ok);
		ck_assert_uint_eq(lost, LK_LIVE_NONE);
		pthread_barrier_wait(&line);
		pthread_barrier_wait(&line);
		dead = lk_live_dead(&live);
		ck_assert_uint_eq(dead, atomic_load(&racing_sample));
		ck_assert_uint_eq(live.samples[dead].next, LK_LIVE_NONE);
		lk_live_recycle(&live, dead);
	}
	for (i = 0; i < RACERS; i++)
		pthread_join(threads[i], NULL);
	ck_assert_uint_eq(winners, RACES);
	ck_assert_uint_eq(wins_of_right_sample, RACES);
	ck_assert_uint_eq(live.live_count, 0);
	ck_assert(!lk_live_maybe(live.filter, address(0)));
}
END_TEST

static Suite *
live_suite(void)
{
	Suite *s = suite_create("live");
	TCase *tc = tcase_create("live");

	tcase_add_checked_fixture(tc, start, NULL);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, it_agrees_with_a_model);
	tcase_add_test(tc, when_all_are_taken_it_says_so);
	tcase_add_test(tc, a_stale_address_gives_its_sample_back);
	tcase_add_test(tc, a_full_bucket_is_counted);
	tcase_add_test(tc, the_filter_sticks_rather_than_forget);
	tcase_add_test(tc, the_dead_are_all_handed_over);
	tcase_add_test(tc, a_claim_has_one_winner);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {live_suite, NULL};

	return lk_suites_run(suites);
}
