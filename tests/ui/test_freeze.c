/* Frozen heaps: when the heap is read, what of it is shown, and where it leads. */
#include "config.h"

#include "base/attr.h"
#include "client/source.h"
#include "model/snapshot.h"

#include "puppet.h"

START_TEST(the_heap_is_read_only_when_a_key_asks)
{
	fixture_play(&f, "4 +10");
	ck_assert_str_eq(desk_view(), "types");
	ck_assert_uint_eq(f.desk.session.now->types_count, 0);
	assert_shows("not read yet");
	fixture_play(&f, "<Enter> +1");
	assert_shows("Esc gives up");
	assert_shows("####");
	fixture_play(&f, "1 +1");	/* and nothing waits for it */
	assert_shows("cart.price_key");
	fixture_play(&f, "4 +3");
	ck_assert_uint_eq(f.desk.session.now->types_count, 1 + 3);
	assert_shows("vs B3+2s");	/* what the sampler kept for the baselines */
	assert_shows("pause 1.");
	assert_shows("copied 3.0M");
	ck_assert_uint_gt(desk_table()->count, 20);
}
END_TEST

START_TEST(escape_gives_a_freeze_up)
{
	fixture_play(&f, "4<Enter> +2 <Esc> +1");
	ck_assert_ptr_null(lk_source_reading(f.desk.session.source));
	ck_assert_str_eq(desk_view(), "types");
	assert_shows("given up");
	ck_assert_uint_eq(f.desk.session.now->types_count, 0);
	fixture_play(&f, "<C-r> +5");
	ck_assert_uint_eq(f.desk.session.now->types_count, 1 + 3);
	fixture_play(&f, "<C-r><C-r>");
	assert_shows("the heap is being read");
}
END_TEST

START_TEST(the_answer_names_the_leaking_type_and_its_holder)
{
	fixture_play(&f, "4<Enter> +60 <C-r> +5");
	assert_shows("shop.cart.Price, +16.5k/min, r: who holds them");
	assert_shows(" vs B3+2s");
	fixture_play(&f, "r");		/* the selection begins at the answer */
	ck_assert_str_eq(desk_view(), "referrers");
	fixture_play(&f, "+5");
	assert_shows("shop.cart.Price are held by shop.cart._PRICES");
	assert_shows("98%");
	assert_shows("a name of a module");
	fixture_play(&f, "j");
	assert_shows("local variable");
	fixture_play(&f, "j");
	assert_shows("the next collection frees them");
	fixture_play(&f, "<Esc>");
	ck_assert_str_eq(desk_view(), "types");
	assert_shows("shop.cart.Price, +16.5k/min, held by shop.cart._PRICES");
	fixture_play(&f, "<Enter> +1");
	ck_assert_str_eq(desk_view(), "stacks");
	assert_shows("what allocated most of shop.cart.Price, by the scan at ");
	ck_assert_uint_eq(desk_table()->all_count, 2);
	fixture_play(&f, "<Enter> <Esc>");	/* to the source and back */
	ck_assert_uint_eq(desk_table()->all_count, 2);
	fixture_play(&f, "<Esc>");
	ck_assert_str_eq(desk_view(), "types");
	fixture_play(&f, "<Enter> +1 1 +1");	/* 1: all of them */
	ck_assert_uint_gt(desk_table()->all_count, 2);
	fixture_play(&f, "4 r");	/* known already: it is not frozen again */
	ck_assert_str_eq(desk_view(), "referrers");
	ck_assert_ptr_null(lk_source_reading(f.desk.session.source));
	fixture_play(&f, "<C-r>");
	ck_assert_ptr_nonnull(lk_source_reading(f.desk.session.source));
}
END_TEST

START_TEST(contents_are_shown_when_that_was_confirmed)
{
	fixture_play(&f, "5 +2 K");
	assert_shows("the process logs it; y/n");
	fixture_play(&f, "n<Enter> +1");
	assert_shows("nothing was shown");
	ck_assert_ptr_null(lk_source_revealed(f.desk.session.source));
	f.desk.session.readonly = true;
	fixture_play(&f, "K");
	assert_shows("--readonly");
	ck_assert(!f.desk.session.prompt.open);
	f.desk.session.readonly = false;
	fixture_play(&f, "Ky<Enter> +1");
	assert_shows("('sku-104', 'eur', 7)");
	f.desk.session.to_file = true;
	assert_shows("what a container holds is written into no file");
	ck_assert(!desk_shows("sku-104"));
	f.desk.session.to_file = false;
	fixture_play(&f, "j");		/* of that one alone */
	ck_assert(!desk_shows("sku-104"));
	fixture_play(&f, "k");
	assert_shows("sku-104");
	fixture_play(&f, "<C-r> +2");	/* another list */
	ck_assert(!desk_shows("sku-104"));
}
END_TEST

START_TEST(growth_of_types_counts_from_the_reference)
{
	fixture_play(&f, "4<Enter> +5 b +1");
	assert_shows("growth unknown");		/* nothing was read since B4 */
	fixture_play(&f, "<C-r> +5");
	assert_shows("growth unknown");		/* nor before this */
	fixture_play(&f, "<C-r> +5");
	assert_shows(" vs B4+");
	fixture_play(&f, "[ +1");
	assert_shows(" vs B3+2s");
}
END_TEST

START_TEST(presets_narrow_and_escape_widens)
{
	static const char *const shown[] = {"sqlite3.Connection", "sqlite3.Cursor", "socket.socket",
	    "_io.TextIOWrapper", "threading.Thread", "asyncio.Task", "frame", "traceback",
	    "KeyError"};
	size_t all;

	fixture_play(&f, "4<Enter> +5");
	all = desk_table()->count;
	for (size_t i = 0; i < LK_COUNT_OF(shown); i++) {
		fixture_play(&f, "t");
		assert_shows(shown[i]);
		ck_assert_uint_ge(desk_table()->count, 1);
		ck_assert_uint_le(desk_table()->count, 4);
	}
	fixture_play(&f, "<Esc>");
	ck_assert_uint_eq(desk_table()->count, all);
	fixture_play(&f, "t/HTTPS<Enter>");
	ck_assert_uint_eq(desk_table()->count, 1);
	fixture_play(&f, "<Esc>");
	ck_assert_uint_eq(desk_table()->count, 2);
}
END_TEST

START_TEST(holders_of_a_stack_and_of_a_container)
{
	fixture_play(&f, "+60 b +60 r +5");
	ck_assert_str_eq(desk_view(), "referrers");
	assert_shows("sampled objects of cart:88 are held by shop.cart._PR");
	assert_shows("398 of 412 samples");
	fixture_play(&f, "5 +1 r +5");
	ck_assert_str_eq(desk_view(), "referrers");
	assert_shows("dict 0x7f2a10004000 is held by");
	fixture_play(&f, "<Esc>");
	ck_assert_str_eq(desk_view(), "containers");
}
END_TEST

START_TEST(without_a_live_process_nothing_is_frozen)
{
	struct puppet *p = puppet_watch(LK_SOURCE_LIVE);

	f.desk.session.readonly = true;
	fixture_play(&f, "+2 4<Enter> +1");
	assert_shows("--readonly: the process is not frozen");
	ck_assert_ptr_null(lk_source_reading(f.desk.session.source));
	f.desk.session.readonly = false;
	p->state = LK_SOURCE_LOST;
	fixture_play(&f, "<Enter>");
	assert_shows("heap not read:");
	p->state = LK_SOURCE_LIVE;
	fixture_play(&f, "<Enter> +5");
	ck_assert_uint_gt(desk_table()->count, 20);
	p->state = LK_SOURCE_OFFLINE;
	fixture_play(&f, "r");
	assert_shows("not in this file: who holds these");
	fixture_play(&f, "4<C-r>");
	assert_shows("this is a file");
	puppet_watch(LK_SOURCE_OFFLINE);
	fixture_play(&f, "4");
	assert_shows("not in this file: no types");
}
END_TEST

static Suite *
freeze_suite(void)
{
	Suite *suite = suite_create("freeze");
	TCase *tc = tcase_create("freeze");

	tcase_add_checked_fixture(tc, desk_open, desk_close);
	tcase_add_test(tc, the_heap_is_read_only_when_a_key_asks);
	tcase_add_test(tc, escape_gives_a_freeze_up);
	tcase_add_test(tc, the_answer_names_the_leaking_type_and_its_holder);
	tcase_add_test(tc, contents_are_shown_when_that_was_confirmed);
	tcase_add_test(tc, growth_of_types_counts_from_the_reference);
	tcase_add_test(tc, presets_narrow_and_escape_widens);
	tcase_add_test(tc, holders_of_a_stack_and_of_a_container);
	tcase_add_test(tc, without_a_live_process_nothing_is_frozen);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {freeze_suite, NULL};

	return lk_suites_run(suites);
}
