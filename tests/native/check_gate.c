/* Whoever closes the gate finds nobody inside, and what was cut short is told in the child. */
#include "config.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include <check.h>

#include "sampler/native/gate.h"

#include "suites.h"

#define ROUNDS	20000

static atomic_bool ending, works;
static _Atomic unsigned int entered;

/* The patching thread. */
static void *
go_in_and_out(void *unused)
{
	(void)unused;
	while (!atomic_load(&ending)) {
		if (!lk_gate_enter(LK_GATE_OBJECT))
			continue;
		atomic_store(&works, true);
		lk_gate_change(LK_GATE_LIST);
		atomic_fetch_add(&entered, 1);
		atomic_store(&works, false);
		lk_gate_leave();
	}
	return NULL;
}

/* A forking thread.  Where the processor is taken from who is inside for longer than it is waited
 * for, the gate says so: that is no fault of it, and no closing that counts. */
static void *
close_and_open(void *unused)
{
	uintptr_t wrong = 0;
	unsigned int before;
	int i;

	(void)unused;
	for (i = 0; i < ROUNDS || atomic_load(&entered) == 0;) {
		if (lk_gate_close()) {
			before = atomic_load(&entered);
			wrong += atomic_load(&works) || atomic_load(&entered) != before;
			i++;
		}
		lk_gate_open();
		if (atomic_load(&entered) == 0)
			sched_yield();	/* its thread has yet to begin */
	}
	return (void *)wrong;
}

START_TEST(nobody_is_inside_when_it_is_closed)
{
	pthread_t inner, outer[2];
	void *wrong;
	int i;

	ck_assert_int_eq(pthread_create(&inner, NULL, go_in_and_out, NULL), 0);
	for (i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&outer[i], NULL, close_and_open, NULL), 0);
	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(pthread_join(outer[i], &wrong), 0);
		ck_assert_ptr_null(wrong);
	}
	atomic_store(&ending, true);
	ck_assert_int_eq(pthread_join(inner, NULL), 0);
	ck_assert_uint_gt(atomic_load(&entered), 0);
}
END_TEST

START_TEST(the_last_one_opens_it)
{
	ck_assert(lk_gate_close());
	ck_assert(lk_gate_close());
	lk_gate_open();
	ck_assert(!lk_gate_enter(LK_GATE_LIST));
	lk_gate_open();
	ck_assert(lk_gate_enter(LK_GATE_LIST));
	lk_gate_leave();
	ck_assert(lk_gate_close());
	ck_assert_int_eq(lk_gate_after_fork(), LK_GATE_NONE);
	ck_assert(lk_gate_enter(LK_GATE_LIST));		/* open in the child */
	lk_gate_leave();
}
END_TEST

START_TEST(who_does_not_leave_is_not_waited_for_for_ever)
{
	ck_assert(lk_gate_enter(LK_GATE_OBJECT));
	ck_assert(!lk_gate_close());
	lk_gate_change(LK_GATE_LIST);
	ck_assert(!lk_gate_close());
	ck_assert_int_eq(lk_gate_after_fork(), LK_GATE_LIST);
	ck_assert(lk_gate_close());
	ck_assert_int_eq(lk_gate_after_fork(), LK_GATE_NONE);
}
END_TEST

static Suite *
gate_suite(void)
{
	Suite *s = suite_create("gate");
	TCase *tc = tcase_create("gate");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, nobody_is_inside_when_it_is_closed);
	tcase_add_test(tc, the_last_one_opens_it);
	tcase_add_test(tc, who_does_not_leave_is_not_waited_for_for_ever);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {gate_suite, NULL};

	return lk_suites_run(suites);
}
