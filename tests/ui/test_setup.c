/* What the operator chose, and that it is the same the next time. */
#include "config.h"

#include <stdio.h>
#include <unistd.h>

#include "base/attr.h"
#include "ui/preferences.h"
#include "ui/setup.h"

#include "desk.h"

START_TEST(setup_is_kept)
{
	struct lk_session *s = &f.desk.session;
	struct lk_preferences c = {NULL};
	char folder[] = "/tmp/leaktop-setup-XXXXXX", path[64], value[LK_PREFERENCES_VALUE_BYTES];

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/config", folder);
	ck_assert_int_eq(lk_preferences_set(&c, "theme", "nord"), 0);
	ck_assert_int_eq(lk_preferences_write(&c, path), 0);
	lk_setup_read(s, &c, path);
	lk_preferences_fini(&c);
	fixture_play(&f, "+60 b +35 b +35 9 M S <Enter> jjj <Enter>");
	assert_shows("hidden");
	fixture_play(&f, "<Esc> <Esc> 1");
	ck_assert(!desk_shows("+/-     dN"));
	ck_assert_int_eq(lk_preferences_read(path, &c), 0);
	ck_assert(lk_preferences_get(&c, "theme", 0, value, sizeof(value)));
	ck_assert_str_eq(value, "nord");
	ck_assert(lk_preferences_get(&c, "interval", 0, value, sizeof(value)));
	ck_assert_str_eq(value, "2000");
	ck_assert(lk_preferences_get(&c, "mute.1", 0, value, sizeof(value)));
	ck_assert_str_eq(value, "shop.cart.price_key");
	desk_close();
	desk_open();
	lk_setup_read(s, &c, path);
	fixture_play(&f, "+1");
	ck_assert(!desk_shows("+/-     dN"));
	ck_assert_uint_eq(s->period_ms, 2000);
	ck_assert(lk_mutes_has(&s->mutes, "shop.cart.price_key"));
	lk_preferences_fini(&c);
	unlink(path);
	rmdir(folder);
}
END_TEST

START_TEST(columns_are_moved_and_units_chosen)
{
	struct lk_session *s = &f.desk.session;
	struct lk_preferences c = {NULL};
	char folder[] = "/tmp/leaktop-setup-XXXXXX", path[64], value[LK_PREFERENCES_VALUE_BYTES];

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/config", folder);
	lk_setup_read(s, &c, path);
	fixture_play(&f, "+5 S <");
	assert_shows("only columns can be moved");
	fixture_play(&f, "jj<");
	assert_shows("it is the first one");
	fixture_play(&f, "<End>>");
	assert_shows("it is the last one");
	fixture_play(&f, "<<<<<<");	/* LINE to the place behind dLIVE */
	assert_shows(">  Stacks: LINE");
	fixture_play(&f, "<Home>j<Enter> <Esc>");
	assert_shows("dLIVE LINE");
	assert_shows("sampler 524.3k");
	fixture_play(&f, "a");	/* what is not of that list stays in front */
	assert_shows("LIVE    +/-      N   ALLOC FREED LINE");
	fixture_play(&f, "aa");
	ck_assert_int_eq(lk_preferences_read(path, &c), 0);
	ck_assert(lk_preferences_get(&c, "columns", 0, value, sizeof(value)));
	ck_assert_str_eq(value, "delta line error objects rate survived trend site ");
	ck_assert(lk_preferences_get(&c, "units", 0, value, sizeof(value)));
	ck_assert_str_eq(value, "decimal");
	desk_close();
	desk_open();
	assert_shows("sampler 512K");
	lk_setup_read(s, &c, path);
	fixture_play(&f, "+1");
	assert_shows("dLIVE LINE");
	assert_shows("sampler 524.3k");
	fixture_play(&f, "Sj<Right>");	/* sizes are never cut, though their columns are narrow */
	assert_shows("bytes ");
	fixture_play(&f, "<Esc>");
	assert_shows("sampler 524288");
	lk_preferences_fini(&c);
	unlink(path);
	rmdir(folder);
}
END_TEST

START_TEST(a_bad_config_is_no_obstacle)
{
	static const char *const lines[] = {"interval=\"soon\"\n", "interval=\"1\"\n",
	    "hide=\"\"\n", "hide=\" , nonsense site line\"\n", "mute.1=\"\"\n",
	    "columns=\" , nonsense\"\n", "units=\"\"\n", "units=\"octets\"\n"};

	for (size_t i = 0; i < LK_COUNT_OF(lines); i++) {
		struct lk_preferences c = {(char *)(uintptr_t)lines[i]};

		lk_setup_read(&f.desk.session, &c, "");
		fixture_play(&f, "+1");
		ck_assert_uint_eq(f.desk.session.period_ms, 1000);
		assert_shows("SITE");		/* what names a row cannot be hidden */
		assert_shows("cart:88");
		ck_assert_uint_eq(f.desk.session.mutes.count, 0);
	}
	assert_shows("units are binary, decimal or bytes");
}
END_TEST

static Suite *
setup_suite(void)
{
	Suite *suite = suite_create("setup");
	TCase *tc = tcase_create("setup");

	tcase_add_checked_fixture(tc, desk_open, desk_close);
	tcase_add_test(tc, setup_is_kept);
	tcase_add_test(tc, columns_are_moved_and_units_chosen);
	tcase_add_test(tc, a_bad_config_is_no_obstacle);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {setup_suite, NULL};

	return lk_suites_run(suites);
}
