/* What keys do: views, references, baselines, drill-down and back, prompts, read-only. */
#include "config.h"

#include <stdio.h>

#include "base/attr.h"
#include "client/source.h"
#include "model/snapshot.h"
#include "util/text.h"

#include "desk.h"

START_TEST(digits_and_tab_choose_views)
{
	ck_assert_str_eq(desk_view(), "stacks");
	fixture_play(&f, "5");
	ck_assert_str_eq(desk_view(), "containers");
	fixture_play(&f, "<Tab>");
	ck_assert_str_eq(desk_view(), "memory");
	fixture_play(&f, "<S-Tab> <S-Tab> <S-Tab>");
	ck_assert_str_eq(desk_view(), "source");
	fixture_play(&f, "7");	/* not in this release */
	ck_assert_str_eq(desk_view(), "source");
	assert_shows("no such key");
}
END_TEST

START_TEST(a_paused_screen_looks_back)
{
	double now_s, then_s;

	fixture_play(&f, "+95 Z");
	now_s = f.desk.session.now->at_s;
	fixture_play(&f, ",,,");
	then_s = f.desk.session.now->at_s;
	ck_assert_double_le(then_s, now_s - 20);
	ck_assert_double_ge(then_s, now_s - 40);
	assert_shows("PAUSED 2");
	fixture_play(&f, "9");
	assert_shows("cart:88");
	fixture_play(&f, "+30 1");	/* the sampler goes on, the past does not */
	ck_assert_double_eq(f.desk.session.now->at_s, then_s);
	fixture_play(&f, "................");
	ck_assert_double_ge(f.desk.session.now->at_s, now_s + 30);
	assert_shows("this is now");
	fixture_play(&f, ",,,,,,,,,,,,,,,,,,");
	assert_shows("nothing older was kept");
	fixture_play(&f, "Z +2");
	ck_assert(!desk_shows("PAUSED"));
	ck_assert_double_ge(f.desk.session.now->at_s, now_s + 32);
}
END_TEST

START_TEST(a_filter_knows_fields)
{
	static const struct {
		const char *filter, *there, *gone;
	} filters[] = {
		{"file:cart.py", "cart:88", "log:41"},
		{"func:price_key", "cart:88", "log:41"},
		{"mod:shop.log", "log:41", "cart:88"},
		{"domain:native", "libssl", "cart:88"},
		{"!file:cart.py", "log:41", "cart:88"},
		{"file:!cart.py", "log:41", "cart:88"},
		{"thread:Main_&_file:~log\\.py$", "log:41", "cart:88"},
		{"file:shop_&_!func:price_&_!func:refresh", "log:41", "cart:88"},
	};

	for (size_t i = 0; i < LK_COUNT_OF(filters); i++) {
		char script[128];

		snprintf(script, sizeof(script), "+2 /%s<Enter>", filters[i].filter);
		fixture_play(&f, script);
		ck_assert_msg(desk_shows(filters[i].there) && !desk_lists(filters[i].gone),
		    "%s:\n%s", filters[i].filter, desk_screen());
		fixture_play(&f, "<Esc>");
	}
	fixture_play(&f, "/file:~(<Enter>");
	ck_assert(f.desk.views[f.desk.current].table->filter_bad);
}
END_TEST

START_TEST(own_lines_stand_for_libraries)
{
	size_t lines;

	fixture_play(&f, "+2");
	lines = desk_table()->all_count;
	ck_assert(desk_lists("raw_decode"));
	fixture_play(&f, "l");
	ck_assert(!desk_lists("raw_decode"));
	ck_assert(desk_lists("cart:71"));	/* which called it */
	ck_assert_uint_lt(desk_table()->all_count, lines);
	fixture_play(&f, "l");
	ck_assert_uint_eq(desk_table()->all_count, lines);
}
END_TEST

START_TEST(a_baseline_becomes_the_reference)
{
	uint32_t before = f.desk.session.now->baseline_count;

	fixture_play(&f, "+10 b +1");
	ck_assert_uint_eq(f.desk.session.now->baseline_count, before + 1);
	assert_shows("marked: growth now counts from here");
	assert_shows("ref B4 1s ago");
	fixture_play(&f, "+5 Bcarts_500<Enter> +1");
	ck_assert_uint_eq(f.desk.session.now->baseline_count, before + 2);
	assert_shows("ref B5 'carts 500'");
	fixture_play(&f, "Bnever<Esc> +1");
	ck_assert_uint_eq(f.desk.session.now->baseline_count, before + 2);
}
END_TEST

START_TEST(brackets_move_the_reference)
{
	fixture_play(&f, "[ [ +1");
	assert_shows("ref B1 'warm'");
	fixture_play(&f, "[");
	assert_shows("growth since start");
	fixture_play(&f, "[ +1");
	assert_shows("ref start");
	ck_assert_uint_gt(desk_table()->count, 0);
	fixture_play(&f, "]]]]");
	assert_shows("ref B3");
	fixture_play(&f, "b +1");	/* the newest is followed again */
	assert_shows("ref B4");
}
END_TEST

START_TEST(the_leak_is_the_first_row_and_suspect)
{
	fixture_play(&f, "+60 b +120 b +120");
	assert_shows(">!");
	ck_assert_uint_ne(lk_table_selected(desk_table())->flags & LK_ROW_SUSPECT, 0);
	ck_assert(strstr(desk_screen(), "cart.price_key") < strstr(desk_screen(), "Context.push"));
}
END_TEST

START_TEST(enter_opens_the_line_and_escape_comes_back)
{
	fixture_play(&f, "+60 <Enter>");
	ck_assert_str_eq(desk_view(), "source");
	assert_shows("/srv/shop/shop/cart.py is not readable here");
	assert_shows("88");
	fixture_play(&f, "<Esc>");
	ck_assert_str_eq(desk_view(), "stacks");
	fixture_play(&f, "5 +2 v");
	ck_assert_str_eq(desk_view(), "source");
	fixture_play(&f, "q");
	ck_assert_str_eq(desk_view(), "containers");
	ck_assert_int_eq(f.wish, LK_DESK_NOTHING);
	fixture_play(&f, "q");
	ck_assert_int_eq(f.wish, LK_DESK_QUIT);
}
END_TEST

START_TEST(a_filter_narrows_and_escape_widens)
{
	size_t all;

	fixture_play(&f, "+5");
	all = desk_table()->count;
	fixture_play(&f, "/cart");
	ck_assert_uint_lt(desk_table()->count, all);	/* while it is typed */
	fixture_play(&f, "<Enter>");
	assert_shows(": cart");
	fixture_play(&f, "<Esc>");
	ck_assert_uint_eq(desk_table()->count, all);
	fixture_play(&f, "/~(a<Enter>");
	assert_shows("not a regular expression");
	ck_assert_uint_eq(desk_table()->count, all);
}
END_TEST

START_TEST(grouping_cycles_and_keeps_the_sum)
{
	static const char *const groups[] = {"function", "file", "type", "stack", "thread",
	    "domain", "own line", "line"};

	fixture_play(&f, "+5");
	for (size_t i = 0; i < LK_COUNT_OF(groups); i++) {
		char words[64];

		fixture_play(&f, "t");
		snprintf(words, sizeof(words), "by %s", groups[i]);
		assert_shows(words);
		ck_assert_uint_gt(desk_table()->count, 0);
	}
}
END_TEST

START_TEST(types_are_those_of_the_scan)
{
	fixture_play(&f, "+5 ttt");
	assert_shows("not read yet");
	assert_shows("^R reads of which types");
	fixture_play(&f, "<C-r> +4");
	assert_shows("types as of the scan at ");
	assert_shows("(unknown)");
	assert_shows("shop.cart.Price");
	fixture_play(&f, "/type:Price<Enter>");
	ck_assert_uint_eq(desk_table()->count, 1);
	fixture_play(&f, "r +4");
	ck_assert_str_eq(desk_view(), "referrers");
	assert_shows("shop.cart._PRICES");
	fixture_play(&f, "<Esc><Esc>");
	/* Esc gives up a reading before it leaves anything */
	fixture_play(&f, "<C-r> +1");
	assert_shows("Esc gives up");
	fixture_play(&f, "<Esc> +1");
	ck_assert_str_eq(desk_view(), "stacks");
	assert_shows("not read again: given up");
	assert_shows("by type");
}
END_TEST

START_TEST(a_trend_is_zoomed)
{
	fixture_play(&f, "+5 z");
	assert_shows("last 10 minutes");
	assert_shows("cart:88, live");
	assert_shows("B3");
	fixture_play(&f, "j");
	assert_shows("log:41, live");
	fixture_play(&f, "kj+++");
	assert_shows("last minute");
	fixture_play(&f, "-----------");
	assert_shows("all of Python, live, last week");
	fixture_play(&f, "z");
	assert_shows("log:41, live, last minute");
	fixture_play(&f, "tttttt");	/* other rows: one that has a trend of its own or has not */
	ck_assert_str_eq(desk_view(), "stacks");
	fixture_play(&f, "<Esc>");
	ck_assert(strstr(desk_screen(), "last minute") == NULL);
	fixture_play(&f, "6 +2 z");
	assert_shows("RSS, last 10 minutes");
	assert_shows("Python live, est., last 10 minutes");
	fixture_play(&f, "q");
	ck_assert_str_eq(desk_view(), "memory");
	ck_assert_int_eq(f.wish, LK_DESK_NOTHING);
	assert_shows("pymalloc arenas");
}
END_TEST

static double
live_now(void)
{
	struct lk_growth_set *set = lk_session_growth(&f.desk.session, LK_GROUP_STACK);
	double sum = 0;

	for (size_t i = 0; i < set->count; i++)
		sum += set->rows[i].live.bytes;
	lk_growth_free(set);
	return sum;
}

START_TEST(the_tree_goes_through_time_too)
{
	char newest[LK_TEXT_BYTES], then[LK_TEXT_BYTES];

	fixture_play(&f, "+300 2a +6 Z");
	lk_text_bytes(live_now(), newest, sizeof(newest));
	assert_shows(newest);
	fixture_play(&f, ",,,,,,,,,,,,,,,,,,,,");
	lk_text_bytes(live_now(), then, sizeof(then));
	ck_assert_str_ne(newest, then);
	assert_shows(then);
	ck_assert(!desk_shows(newest));
	fixture_play(&f, "t");		/* as boxes, too */
	assert_shows(then);
	fixture_play(&f, "t....................");
	assert_shows(newest);
}
END_TEST

START_TEST(the_past_is_measured_from_baselines_that_were_asked_later)
{
	struct lk_session *s = &f.desk.session;
	const struct lk_request mark = {.op = LK_REQUEST_BASELINE};
	struct lk_growth_set *set;

	fixture_play(&f, "+5 [[[[[[");
	ck_assert_int_eq(lk_source_request(s->source, &mark, NULL, NULL), 0);
	fixture_play(&f, "+60 ]]]]]]");	/* now its rows are asked for */
	assert_shows("ref B4");
	fixture_play(&f, "+3 Z,,,");
	ck_assert(!lk_snapshot_baseline(s->now, 4)->has_rows);
	assert_shows("ref B4");
	set = lk_session_growth(s, LK_GROUP_LINE);
	ck_assert_uint_eq(set->reference, 4);
	lk_growth_free(set);
	/* the tree opens what waits in it, when what knew the baseline has been replaced since */
	fixture_play(&f, "2 +60 *");
	ck_assert_uint_gt(desk_table()->count, 3);
	/* of one whose rows nobody has it is said what is shown instead, until they are there */
	fixture_play(&f, "Z +1 [[[[[[");
	ck_assert_int_eq(lk_source_request(s->source, &mark, NULL, NULL), 0);
	fixture_play(&f, "+30 Z");
	s->reference = LK_REFERENCE_NEWEST;
	set = lk_session_growth(s, LK_GROUP_LINE);
	ck_assert_uint_eq(set->reference, 0);
	lk_growth_free(set);
	ck_assert(s->lost_reference);
	lk_desk_draw(&f.desk, &f.canvas);
	assert_shows("ref start");
	fixture_play(&f, "+2");
	assert_shows("ref B5");
	ck_assert(!s->lost_reference && s->paused);
}
END_TEST

START_TEST(two_moments_make_a_diff)
{
	fixture_play(&f, "8 j _ j _ <Enter>");
	ck_assert_str_eq(desk_view(), "stacks");
	assert_shows("growth from B1 'warm' to B2 '+500 carts'");
	ck_assert_uint_eq(f.desk.session.reference, 1);
	ck_assert_uint_eq(f.desk.session.until, 2);
	ck_assert_uint_gt(desk_table()->count, 0);
	fixture_play(&f, "<Esc>");
	ck_assert_str_eq(desk_view(), "baselines");
}
END_TEST

START_TEST(a_baseline_is_renamed)
{
	fixture_play(&f, "8 j R<C-u>cold<Enter> +1");
	assert_shows("cold");
	fixture_play(&f, "g R");
	assert_shows("only baselines have names");
	fixture_play(&f, "q");
}
END_TEST

START_TEST(the_matrix_knows_leaks_from_churn)
{
	fixture_play(&f, "+60 b +120 b +120 8");
	assert_shows("LEAK steady");
	assert_shows("churn");
	fixture_play(&f, "a jj <Enter>");
	ck_assert_str_eq(desk_view(), "source");
}
END_TEST

START_TEST(read_only_touches_nothing)
{
	uint32_t before = f.desk.session.now->baseline_count;

	f.desk.session.readonly = true;
	fixture_play(&f, "b +2");
	assert_shows("--readonly");
	fixture_play(&f, "Bx<Enter> +2 8 j R");
	ck_assert_uint_eq(f.desk.session.now->baseline_count, before);
	ck_assert(!f.desk.session.prompt.open);
}
END_TEST

START_TEST(a_paused_screen_holds_still)
{
	uint64_t seq;

	fixture_play(&f, "+2 Z");
	seq = f.desk.session.now->seq;
	assert_shows("PAUSED");
	fixture_play(&f, "+10");
	ck_assert_uint_eq(f.desk.session.now->seq, seq);
	fixture_play(&f, "Z +1");
	ck_assert_uint_gt(f.desk.session.now->seq, seq);
}
END_TEST

START_TEST(the_minimum_length_is_asked_for)
{
	fixture_play(&f, "5 +1 m5000<Enter> +1");
	assert_shows("len>=5000");
	fixture_play(&f, "mx<Enter>");
	assert_shows("a length is a number");
}
END_TEST

START_TEST(terminal_wishes_are_passed_on)
{
	static const struct {
		const char *key;
		enum lk_desk_wish wish;
	} wishes[] = {
		{"<C-z>", LK_DESK_SUSPEND}, {"<C-l>", LK_DESK_REDRAW}, {"y", LK_DESK_COPY},
		{"T", LK_DESK_THEME}, {"X", LK_DESK_SCREEN}, {"x", LK_DESK_EXPORT},
		{"<F10>", LK_DESK_QUIT}, {"<C-c>", LK_DESK_QUIT},
	};
	char row[1024];

	fixture_play(&f, "+5");
	for (size_t i = 0; i < LK_COUNT_OF(wishes); i++) {
		fixture_play(&f, wishes[i].key);
		ck_assert_int_eq(f.wish, wishes[i].wish);
	}
	lk_desk_row_text(&f.desk, row, sizeof(row));
	ck_assert_ptr_nonnull(strchr(row, '\t'));
}
END_TEST

/* The footer is drawn before the view, and must not tell of lines that are none. */
START_TEST(pages_end_where_their_lines_do)
{
	static const char *const pages[] = {"?", "6"};

	for (size_t i = 0; i < LK_COUNT_OF(pages); i++) {
		fixture_play(&f, pages[i]);
		fixture_play(&f, "+1 <Up>");
		assert_shows(" 1-1");
		fixture_play(&f, "G <Down> <Down> <PgUp> <PgUp> <PgUp> <PgUp> <PgUp> <PgUp>");
		fixture_play(&f, "<PgUp> <PgUp> <PgUp> <PgUp> <PgUp> <PgUp> <PgUp> <PgUp>");
		assert_shows(" 1-1");
		fixture_play(&f, "<Esc>");
	}
}
END_TEST

START_TEST(hostile_names_cannot_draw)
{
	static const char *const views[] = {"1", "5", "8", "4<Enter> +5", "4/odd<Enter>r +5",
	    "4<Esc>/~^str<Enter>r +5"};

	fixture_play(&f, "+60 b +60");
	for (size_t i = 0; i < LK_COUNT_OF(views); i++) {
		fixture_play(&f, views[i]);
		for (const char *c = desk_screen(); *c != '\0'; c++)
			ck_assert_msg((unsigned char)*c >= 0x20 || *c == '\n', "control %02x", *c);
	}
}
END_TEST

START_TEST(a_native_row_leads_to_its_line_of_python)
{
	fixture_play(&f, "+60 b +60 /images.resize<Enter>");
	assert_shows("_resize [_imaging]");
	fixture_play(&f, "<Enter>");
	ck_assert_str_eq(desk_view(), "source");
	ck_assert_str_eq(f.desk.session.file, "/srv/shop/shop/images.py");
	ck_assert_uint_eq(f.desk.session.line, 31);
	fixture_play(&f, "1 <Esc> /libssl<Enter> <Enter>");
	ck_assert_str_eq(desk_view(), "stacks");
	assert_shows("no source line is known for this row");
}
END_TEST

static Suite *
desk_suite(void)
{
	Suite *suite = suite_create("desk");
	TCase *tc = tcase_create("desk");

	tcase_add_checked_fixture(tc, desk_open, desk_close);
	tcase_add_test(tc, digits_and_tab_choose_views);
	tcase_add_test(tc, a_paused_screen_looks_back);
	tcase_add_test(tc, a_filter_knows_fields);
	tcase_add_test(tc, own_lines_stand_for_libraries);
	tcase_add_test(tc, a_baseline_becomes_the_reference);
	tcase_add_test(tc, brackets_move_the_reference);
	tcase_add_test(tc, the_leak_is_the_first_row_and_suspect);
	tcase_add_test(tc, enter_opens_the_line_and_escape_comes_back);
	tcase_add_test(tc, a_filter_narrows_and_escape_widens);
	tcase_add_test(tc, grouping_cycles_and_keeps_the_sum);
	tcase_add_test(tc, types_are_those_of_the_scan);
	tcase_add_test(tc, a_trend_is_zoomed);
	tcase_add_test(tc, the_tree_goes_through_time_too);
	tcase_add_test(tc, the_past_is_measured_from_baselines_that_were_asked_later);
	tcase_add_test(tc, two_moments_make_a_diff);
	tcase_add_test(tc, a_baseline_is_renamed);
	tcase_add_test(tc, the_matrix_knows_leaks_from_churn);
	tcase_add_test(tc, read_only_touches_nothing);
	tcase_add_test(tc, a_paused_screen_holds_still);
	tcase_add_test(tc, the_minimum_length_is_asked_for);
	tcase_add_test(tc, terminal_wishes_are_passed_on);
	tcase_add_test(tc, pages_end_where_their_lines_do);
	tcase_add_test(tc, hostile_names_cannot_draw);
	tcase_add_test(tc, a_native_row_leads_to_its_line_of_python);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {desk_suite, NULL};

	return lk_suites_run(suites);
}
