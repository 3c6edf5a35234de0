/* What attach reads of a process without touching it: here, of ourselves. */
#include "config.h"

#include "suites.h"

#include <gnu/libc-version.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "attach/subject.h"
#include "attach/versions.h"

START_TEST(the_highest_version_of_a_text)
{
	static const char text[] = "\0malloc\0GLIBC_2.2.5\0GLIBC_2.34\0GLIBC_2.17\0GLIBC_PRIVATE";

	ck_assert_uint_eq(lk_versions_highest(text, sizeof(text)), 34);
	ck_assert_uint_eq(lk_versions_highest("GLIBC_2.34", 9), 3);	/* cut off */
	ck_assert_uint_eq(lk_versions_highest("GLIBC_2.", 8), 0);
	ck_assert_uint_eq(lk_versions_highest("GLIBC_2.99999999999 GLIBC_2.7", 29), 7);
	ck_assert_uint_eq(lk_versions_highest("GLIBC_3.1 musl", 14), 0);
	ck_assert_uint_eq(lk_versions_highest("", 0), 0);
}
END_TEST

START_TEST(a_file_that_is_none_needs_nothing)
{
	ck_assert_uint_eq(lk_versions_needed("/nowhere/libleaktop-sampler.so"), 0);
	ck_assert_uint_eq(lk_versions_needed("/"), 0);
	ck_assert_uint_gt(lk_versions_needed("/proc/self/exe"), 0);
}
END_TEST

START_TEST(a_process_has_its_library)
{
	struct lk_subject s;
	unsigned int minor;

	ck_assert_int_eq(lk_subject_look(getpid(), &s), 0);
	ck_assert_int_eq(lk_subject_open(&s), 0);
	ck_assert_int_eq(sscanf(gnu_get_libc_version(), "2.%u", &minor), 1);
	ck_assert_uint_le(s.glibc, minor);	/* a version may bring no symbols */
	ck_assert_uint_ge(s.glibc + 4, minor);
	ck_assert_uint_ge(s.glibc, lk_versions_needed("/proc/self/exe"));
	ck_assert(!s.is_musl);
	ck_assert_ptr_null(s.missing);
	lk_subject_close(&s);
}
END_TEST

static Suite *
make(void)
{
	Suite *suite = suite_create("attach");
	TCase *c = tcase_create("look");

	tcase_add_test(c, the_highest_version_of_a_text);
	tcase_add_test(c, a_file_that_is_none_needs_nothing);
	tcase_add_test(c, a_process_has_its_library);
	suite_add_tcase(suite, c);
	return suite;
}

int
main(void)
{
	static Suite *(*const all[])(void) = {make, NULL};

	return lk_suites_run(all);
}
