/* Where sampled small blocks live. */
#include "config.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "sampler/core/slots.h"

#include "suites.h"

static struct lk_slots slots;

static void
start(void)
{
	ck_assert_int_eq(lk_slots_init(&slots), 0);
}

START_TEST(every_size_has_its_class)
{
	size_t bytes, room;
	char *p, *inside;
	uint32_t index;

	for (bytes = 1; bytes <= LK_SLOTS_CLASSES * LK_SLOTS_STEP_BYTES; bytes++) {
		p = lk_slots_take(&slots, bytes);
		ck_assert_ptr_nonnull(p);
		ck_assert_uint_eq((uintptr_t)p % LK_SLOTS_STEP_BYTES, 0);
		ck_assert(lk_slots_owns(slots.base, slots.bytes, p));
		room = lk_slots_capacity(&slots, p);
		ck_assert_uint_ge(room, bytes);
		ck_assert_uint_lt(room - bytes, LK_SLOTS_STEP_BYTES);
		index = lk_slots_index(&slots, p);
		ck_assert_uint_eq(index / LK_SLOTS_PER_CLASS, (bytes - 1) / LK_SLOTS_STEP_BYTES);
		for (inside = p; inside < p + room; inside += 7) {
			ck_assert_uint_eq(lk_slots_index(&slots, inside), index);
			ck_assert_uint_eq(lk_slots_capacity(&slots, inside),
			    room - (size_t)(inside - p));
		}
		memset(p, 0xaa, room);
	}
	ck_assert_ptr_null(lk_slots_take(&slots, 0));
	ck_assert_ptr_null(lk_slots_take(&slots, bytes));
	ck_assert_ptr_null(lk_slots_take(&slots, SIZE_MAX));
}
END_TEST

START_TEST(what_is_outside_is_not_owned)
{
	int here;

	ck_assert(!lk_slots_owns(slots.base, slots.bytes, NULL));
	ck_assert(!lk_slots_owns(slots.base, slots.bytes, &here));
	ck_assert(!lk_slots_owns(slots.base, slots.bytes, (void *)(slots.base - 1)));
	ck_assert(lk_slots_owns(slots.base, slots.bytes, (void *)slots.base));
	ck_assert(lk_slots_owns(slots.base, slots.bytes, (void *)(slots.base + slots.bytes - 1)));
	ck_assert(!lk_slots_owns(slots.base, slots.bytes, (void *)(slots.base + slots.bytes)));
	ck_assert(!lk_slots_owns(slots.base, 0, (void *)slots.base));
}
END_TEST

START_TEST(a_released_slot_is_taken_again)
{
	void *first = lk_slots_take(&slots, 100), *second = lk_slots_take(&slots, 100), *other;

	ck_assert_ptr_ne(first, second);
	lk_slots_release(&slots, first);
	ck_assert_ptr_eq(lk_slots_take(&slots, 97), first);	/* the class of 112 */
	other = lk_slots_take(&slots, 16);
	ck_assert_ptr_ne(other, first);
	lk_slots_release(&slots, second);
	lk_slots_release(&slots, other);
	ck_assert_ptr_eq(lk_slots_take(&slots, 16), other);
	ck_assert_ptr_eq(lk_slots_take(&slots, 112), second);
	ck_assert_uint_eq(slots.taken_bytes, 112 + 112 + 16);
}
END_TEST

START_TEST(a_class_is_used_up_and_comes_back)
{
	void **taken = calloc(LK_SLOTS_PER_CLASS, sizeof(*taken)), *p;
	uint32_t i;

	for (i = 0; i < LK_SLOTS_PER_CLASS; i++) {
		taken[i] = lk_slots_take(&slots, 32);
		ck_assert_ptr_nonnull(taken[i]);
		ck_assert_uint_eq(lk_slots_index(&slots, taken[i]), LK_SLOTS_PER_CLASS + i);
	}
	p = lk_slots_take(&slots, 32);	/* the next one serves */
	ck_assert_uint_eq(lk_slots_index(&slots, p), 2 * LK_SLOTS_PER_CLASS);
	ck_assert_uint_eq(lk_slots_capacity(&slots, p), 48);
	p = lk_slots_take(&slots, 16);	/* smaller ones are not touched */
	ck_assert_uint_eq(lk_slots_index(&slots, p), 0);
	for (i = 0; i < LK_SLOTS_PER_CLASS; i++)
		lk_slots_release(&slots, taken[i]);
	for (i = 0; i < LK_SLOTS_PER_CLASS; i++) {
		p = lk_slots_take(&slots, 32);
		ck_assert_ptr_nonnull(p);
		ck_assert_uint_eq(lk_slots_index(&slots, p) / LK_SLOTS_PER_CLASS, 1);
		memset(p, 0, 32);
	}
	free(taken);
}
END_TEST

START_TEST(only_the_largest_class_is_used_up)
{
	uint32_t i;

	for (i = 0; i < LK_SLOTS_PER_CLASS; i++)
		ck_assert_ptr_nonnull(lk_slots_take(&slots, 640));
	ck_assert_ptr_null(lk_slots_take(&slots, 640));
	ck_assert_ptr_null(lk_slots_take(&slots, 641));
	ck_assert_ptr_nonnull(lk_slots_take(&slots, 624));
}
END_TEST

START_TEST(of_classes_without_a_taken_one_the_memory_goes)
{
	void *first = lk_slots_take(&slots, 100), *second = lk_slots_take(&slots, 600), *third;

	memset(first, 'x', 112);
	memset(second, 'y', 608);
	lk_slots_release(&slots, second);
	lk_slots_empty(&slots);
	ck_assert_int_eq(((char *)first)[111], 'x');	/* the host's */
	ck_assert_int_eq(((char *)second)[607], 0);
	ck_assert_uint_eq(slots.taken_bytes, 112);
	third = lk_slots_take(&slots, 100);
	ck_assert_ptr_ne(third, first);
	lk_slots_release(&slots, first);
	lk_slots_empty(&slots);
	ck_assert_int_eq(((char *)first)[111], 'x');
	lk_slots_release(&slots, third);
	lk_slots_empty(&slots);
	ck_assert_int_eq(((char *)first)[111], 0);
	ck_assert_uint_eq(slots.taken_bytes, 0);
	ck_assert_ptr_eq(lk_slots_take(&slots, 600), second);
	ck_assert_ptr_eq(lk_slots_take(&slots, 100), first);
}
END_TEST

START_TEST(without_a_region_nothing_is_taken)
{
	struct lk_slots none;

	memset(&none, 0, sizeof(none));
	ck_assert_ptr_null(lk_slots_take(&none, 16));
	lk_slots_empty(&none);
}
END_TEST

/* ---- several threads release what one takes ----------------------------------- */

#define RELEASERS	4
#define ROUNDS		20000

static _Atomic(void *) handed[RELEASERS];
static atomic_bool done;

static void *
release_what_is_handed(void *mine)
{
	_Atomic(void *) *from = mine;
	uint64_t *owner;

	for (;;) {
		owner = atomic_exchange(from, NULL);
		if (owner == NULL && atomic_load(&done))
			return NULL;
		if (owner == NULL) {
			sched_yield();
			continue;
		}
		if (owner[0] != (uint64_t)(uintptr_t)owner || owner[1] != 7)
			abort();	/* somebody else wrote into a block that was taken */
		owner[1] = 0;
		lk_slots_release(&slots, owner);
	}
}

START_TEST(releases_of_several_threads_meet)
{
	pthread_t threads[RELEASERS];
	uint64_t *p, random = 5;
	void *empty;
	int i;

	for (i = 0; i < RELEASERS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, release_what_is_handed,
		    &handed[i]), 0);
	for (i = 0; i < ROUNDS; i++) {
		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		p = lk_slots_take(&slots, 16 + (random >> 40) % 3 * 16);
		ck_assert_ptr_nonnull(p);
		p[0] = (uint64_t)(uintptr_t)p;
		p[1] = 7;
		empty = NULL;
		while (!atomic_compare_exchange_weak(&handed[i % RELEASERS], &empty, p)) {
			empty = NULL;
			sched_yield();
		}
	}
	atomic_store(&done, true);
	for (i = 0; i < RELEASERS; i++)
		pthread_join(threads[i], NULL);
	while (lk_slots_take(&slots, 640) != NULL)	/* the last one drains the released */
		continue;
	ck_assert_uint_eq(slots.taken_bytes, (uint64_t)LK_SLOTS_PER_CLASS * 640);
}
END_TEST

static Suite *
slots_suite(void)
{
	Suite *s = suite_create("slots");
	TCase *tc = tcase_create("slots");

	tcase_add_checked_fixture(tc, start, NULL);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, every_size_has_its_class);
	tcase_add_test(tc, what_is_outside_is_not_owned);
	tcase_add_test(tc, a_released_slot_is_taken_again);
	tcase_add_test(tc, a_class_is_used_up_and_comes_back);
	tcase_add_test(tc, only_the_largest_class_is_used_up);
	tcase_add_test(tc, of_classes_without_a_taken_one_the_memory_goes);
	tcase_add_test(tc, without_a_region_nothing_is_taken);
	tcase_add_test(tc, releases_of_several_threads_meet);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {slots_suite, NULL};

	return lk_suites_run(suites);
}
