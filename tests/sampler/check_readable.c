/* What can be read is asked of the kernel page by page, each once, and not for ever. */
#include "config.h"

#include <sys/mman.h>

#include <check.h>

#include "sampler/core/readable.h"

#include "suites.h"

#define PAGE	4096u
#define PAGES	100u

static char *base;

static void
start(void)
{
	base = mmap(NULL, PAGE * PAGES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
	    0);
	ck_assert_ptr_ne(base, MAP_FAILED);
}

START_TEST(a_page_is_asked_for_once)
{
	struct lk_readable walk = {{0}, 0, 0};
	uint32_t i;

	for (i = 0; i < 1000; i++)
		ck_assert(lk_readable_bytes(&walk, base + i * 4, 32));
	ck_assert_uint_eq(walk.calls, 1);
	ck_assert(lk_readable_bytes(&walk, base + PAGE - 8, 16));
	ck_assert_uint_eq(walk.calls, 2);
}
END_TEST

START_TEST(what_cannot_be_read_is_told)
{
	struct lk_readable walk = {{0}, 0, 0};

	ck_assert(!lk_readable_bytes(&walk, NULL, 8));
	ck_assert(!lk_readable_bytes(&walk, (const void *)100, 8));
	ck_assert_int_eq(mprotect(base + PAGE, PAGE, PROT_NONE), 0);
	ck_assert(lk_readable_bytes(&walk, base + PAGE - 8, 8));
	ck_assert(!lk_readable_bytes(&walk, base + PAGE - 8, 9));
	ck_assert(!lk_readable_bytes(&walk, base + PAGE + 8, 8));
	ck_assert(lk_readable_bytes(&walk, base + PAGE * 2, 8));
}
END_TEST

START_TEST(too_many_pages_are_no_longer_asked_for)
{
	struct lk_readable walk = {{0}, 0, 0};
	uint32_t i;

	for (i = 0; i < PAGES; i++)
		ck_assert_int_eq(lk_readable_bytes(&walk, base + PAGE * i, 8),
		    i < LK_READABLE_CALLS_MAX);
	ck_assert_uint_eq(walk.calls, LK_READABLE_CALLS_MAX);
}
END_TEST

static Suite *
readable_suite(void)
{
	Suite *s = suite_create("readable");
	TCase *tc = tcase_create("readable");

	tcase_add_checked_fixture(tc, start, NULL);
	tcase_add_test(tc, a_page_is_asked_for_once);
	tcase_add_test(tc, what_cannot_be_read_is_told);
	tcase_add_test(tc, too_many_pages_are_no_longer_asked_for);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {readable_suite, NULL};

	return lk_suites_run(suites);
}
