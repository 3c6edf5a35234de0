/* suites.h - what the unit test programs share: a list of suites and how to run it. */
#ifndef LK_TESTS_UNIT_SUITES_H
#define LK_TESTS_UNIT_SUITES_H

#ifdef NDEBUG
#error "tests need their assertions"
#endif

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* lk_suites_run - every suite of the NULL-terminated list; the program's exit status. */
static inline int
lk_suites_run(Suite *(*const *make)(void))
{
	SRunner *runner = srunner_create(NULL);
	int failed;

	for (; *make != NULL; make++)
		srunner_add_suite(runner, (*make)());
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* lk_suites_in_valgrind - where some of what the sampler does cannot be done, or seems a fault. */
static inline bool
lk_suites_in_valgrind(void)
{
	const char *preloaded = getenv("LD_PRELOAD");

	return preloaded != NULL && strstr(preloaded, "vgpreload") != NULL;
}

/* lk_suites_rounds - how often to do what COUNT times would take minutes under valgrind. */
static inline uint32_t
lk_suites_rounds(uint32_t count)
{
	return lk_suites_in_valgrind() ? count / 10 : count;
}

#endif
