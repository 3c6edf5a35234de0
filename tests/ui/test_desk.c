/* What keys do: views, references, baselines, drill-down and back, prompts, read-only. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "client/source.h"
#include "client/source_ops.h"
#include "model/snapshot.h"
#include "ui/columns.h"
#include "ui/listing.h"
#include "ui/preferences.h"
#include "ui/setup.h"
#include "ui/spark.h"
#include "util/clock.h"
#include "util/text.h"

#include "fixture.h"

static struct fixture f;

static void
open_dummy(void)
{
	fixture_open(&f, 24, 80, true, false);
}

static void
open_list(void)
{
	fixture_open(&f, 24, 80, true, true);
}

static void
close_fixture(void)
{
	fixture_close(&f);
}

static const char *
view(void)
{
	return f.desk.views[f.desk.current].ops->id;
}

static struct lk_table *
table(void)
{
	return f.desk.views[f.desk.current].table;
}

/* The whole screen as one text. */
static const char *
screen(void)
{
	static char text[1 << 16];
	size_t length = 0;

	fixture_play(&f, "");
	for (int row = 0; row < f.canvas.rows; row++) {
		lk_canvas_row_text(&f.canvas, row, text + length, sizeof(text) - length - 1);
		length += strlen(text + length);
		text[length++] = '\n';
	}
	text[length] = '\0';
	return text;
}

static bool
shows(const char *words)
{
	return strstr(screen(), words) != NULL;
}

/* Some row of the table, not only one of those on the screen. */
static bool
table_has(const char *words)
{
	struct lk_table *t = table();
	char row[LK_TABLE_TEXT_BYTES * 4];
	size_t cursor = t->cursor;
	bool found = false;

	for (t->cursor = 0; t->cursor < t->count && !found; t->cursor++) {
		lk_table_row_text(t, row, sizeof(row));
		found = strstr(row, words) != NULL;
	}
	t->cursor = cursor;
	return found;
}

#define assert_shows(words) ck_assert_msg(shows(words), "no \"%s\" in\n%s", words, screen())

START_TEST(digits_and_tab_choose_views)
{
	ck_assert_str_eq(view(), "stacks");
	fixture_play(&f, "5");
	ck_assert_str_eq(view(), "containers");
	fixture_play(&f, "<Tab>");
	ck_assert_str_eq(view(), "memory");
	fixture_play(&f, "<S-Tab> <S-Tab> <S-Tab>");
	ck_assert_str_eq(view(), "source");
	fixture_play(&f, "7");	/* not in this release */
	ck_assert_str_eq(view(), "source");
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
	ck_assert(!shows("PAUSED"));
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
		ck_assert_msg(shows(filters[i].there) && !table_has(filters[i].gone), "%s:\n%s",
		    filters[i].filter, screen());
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
	lines = table()->all_count;
	ck_assert(table_has("raw_decode"));
	fixture_play(&f, "l");
	ck_assert(!table_has("raw_decode"));
	ck_assert(table_has("cart:71"));	/* which called it */
	ck_assert_uint_lt(table()->all_count, lines);
	fixture_play(&f, "l");
	ck_assert_uint_eq(table()->all_count, lines);
}
END_TEST

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
	ck_assert(!shows("+/-     dN"));
	ck_assert_int_eq(lk_preferences_read(path, &c), 0);
	ck_assert(lk_preferences_get(&c, "theme", 0, value, sizeof(value)));
	ck_assert_str_eq(value, "nord");
	ck_assert(lk_preferences_get(&c, "interval", 0, value, sizeof(value)));
	ck_assert_str_eq(value, "2000");
	ck_assert(lk_preferences_get(&c, "mute.1", 0, value, sizeof(value)));
	ck_assert_str_eq(value, "shop.cart.price_key");
	close_fixture();
	open_dummy();
	lk_setup_read(s, &c, path);
	fixture_play(&f, "+1");
	ck_assert(!shows("+/-     dN"));
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
	close_fixture();
	open_dummy();
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

START_TEST(no_key_is_advertised_that_does_nothing)
{
	size_t count;
	const struct lk_binding *all = lk_keys_all(&count);

	for (size_t i = 0; i < count; i++) {
		ck_assert_ptr_nonnull(lk_keys_find(all[i].view, all[i].key));
		if (all[i].action == LK_ACTION_VIEW)
			ck_assert_int_ge(lk_views_find((char)all[i].key), 0);
		if (all[i].view != NULL)
			ck_assert_int_ge(lk_views_find_id(all[i].view), 0);
		ck_assert(all[i].key != LK_KEY_CTRL('s') && all[i].key != LK_KEY_CTRL('q'));
		for (size_t k = i + 1; k < count; k++)
			ck_assert(all[i].key != all[k].key || all[i].view != all[k].view);
	}
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
	ck_assert_uint_gt(table()->count, 0);
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
	ck_assert_uint_ne(lk_table_selected(table())->flags & LK_ROW_SUSPECT, 0);
	ck_assert(strstr(screen(), "cart.price_key") < strstr(screen(), "Context.push"));
}
END_TEST

START_TEST(enter_opens_the_line_and_escape_comes_back)
{
	fixture_play(&f, "+60 <Enter>");
	ck_assert_str_eq(view(), "source");
	assert_shows("/srv/shop/shop/cart.py is not readable here");
	assert_shows("88");
	fixture_play(&f, "<Esc>");
	ck_assert_str_eq(view(), "stacks");
	fixture_play(&f, "5 +2 v");
	ck_assert_str_eq(view(), "source");
	fixture_play(&f, "q");
	ck_assert_str_eq(view(), "containers");
	ck_assert_int_eq(f.wish, LK_DESK_NOTHING);
	fixture_play(&f, "q");
	ck_assert_int_eq(f.wish, LK_DESK_QUIT);
}
END_TEST

START_TEST(a_filter_narrows_and_escape_widens)
{
	size_t all;

	fixture_play(&f, "+5");
	all = table()->count;
	fixture_play(&f, "/cart");
	ck_assert_uint_lt(table()->count, all);	/* while it is typed */
	fixture_play(&f, "<Enter>");
	assert_shows(": cart");
	fixture_play(&f, "<Esc>");
	ck_assert_uint_eq(table()->count, all);
	fixture_play(&f, "/~(a<Enter>");
	assert_shows("not a regular expression");
	ck_assert_uint_eq(table()->count, all);
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
		ck_assert_uint_gt(table()->count, 0);
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
	ck_assert_uint_eq(table()->count, 1);
	fixture_play(&f, "r +4");
	ck_assert_str_eq(view(), "referrers");
	assert_shows("shop.cart._PRICES");
	fixture_play(&f, "<Esc><Esc>");
	/* Esc gives up a reading before it leaves anything */
	fixture_play(&f, "<C-r> +1");
	assert_shows("Esc gives up");
	fixture_play(&f, "<Esc> +1");
	ck_assert_str_eq(view(), "stacks");
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
	ck_assert_str_eq(view(), "stacks");
	fixture_play(&f, "<Esc>");
	ck_assert(strstr(screen(), "last minute") == NULL);
	fixture_play(&f, "6 +2 z");
	assert_shows("RSS, last 10 minutes");
	assert_shows("Python live, est., last 10 minutes");
	fixture_play(&f, "q");
	ck_assert_str_eq(view(), "memory");
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
	ck_assert(!shows(newest));
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
	ck_assert_uint_gt(table()->count, 3);
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
	ck_assert_str_eq(view(), "stacks");
	assert_shows("growth from B1 'warm' to B2 '+500 carts'");
	ck_assert_uint_eq(f.desk.session.reference, 1);
	ck_assert_uint_eq(f.desk.session.until, 2);
	ck_assert_uint_gt(table()->count, 0);
	fixture_play(&f, "<Esc>");
	ck_assert_str_eq(view(), "baselines");
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
	ck_assert_str_eq(view(), "source");
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

START_TEST(hostile_names_cannot_draw)
{
	static const char *const views[] = {"1", "5", "8", "4<Enter> +5", "4/odd<Enter>r +5",
	    "4<Esc>/~^str<Enter>r +5"};

	fixture_play(&f, "+60 b +60");
	for (size_t i = 0; i < LK_COUNT_OF(views); i++) {
		fixture_play(&f, views[i]);
		for (const char *c = screen(); *c != '\0'; c++)
			ck_assert_msg((unsigned char)*c >= 0x20 || *c == '\n', "control %02x", *c);
	}
}
END_TEST

/* ---- what happens to a connection ------------------------------------------- */

/* A source that is in the state it is told, over the pictures of the dummy. */
struct puppet {
	struct lk_source     source;
	struct lk_source    *dummy;
	enum lk_source_state state;
	const char	    *native;	/* instead of the dummy's; NULL: that */
	const struct lk_sampler_event *events;	/* as native */
	uint32_t	     event_count;
	const struct lk_gc_pauses *pauses;	/* as native */
	size_t		     moment, moment_count;	/* 0: there is one moment only */
};

static size_t
puppet_poll(struct lk_source *s, struct pollfd *fds, size_t max, int *timeout_ms)
{
	(void)s;
	(void)fds;
	(void)max;
	(void)timeout_ms;
	return 0;
}

static bool
puppet_dispatch(struct lk_source *s, const struct pollfd *fds, size_t count, int64_t now_ms)
{
	struct puppet *p = (struct puppet *)s;
	bool changed = lk_source_dispatch(p->dummy, fds, count, now_ms);
	struct lk_snapshot *now = (struct lk_snapshot *)(uintptr_t)lk_source_snapshot(p->dummy);

	if (p->native != NULL)
		now->sampler.native = p->native;
	if (p->events != NULL) {
		now->events = p->events;
		now->event_count = p->event_count;
	}
	if (p->pauses != NULL)
		now->memory.gc_pauses = *p->pauses;
	return changed;
}

static const struct lk_snapshot *
puppet_snapshot(const struct lk_source *s)
{
	return lk_source_snapshot(((const struct puppet *)s)->dummy);
}

static enum lk_source_state
puppet_state(const struct lk_source *s)
{
	return ((const struct puppet *)s)->state;
}

static const char *
puppet_words(const struct lk_source *s)
{
	(void)s;
	return "because \033[2Jof it, and because of many other things that are told at length";
}

static int
puppet_request(struct lk_source *s, const struct lk_request *request, lk_reply_fn fn, void *ctx)
{
	const struct puppet *p = (const struct puppet *)s;

	if (p->state == LK_SOURCE_OFFLINE)
		return -EOPNOTSUPP;
	return p->state != LK_SOURCE_LIVE ? -ENOTCONN :
	    lk_source_request(p->dummy, request, fn, ctx);
}

static void
puppet_close(struct lk_source *s)
{
	lk_source_close(((struct puppet *)s)->dummy);
	free(s);
}

static const struct lk_source_reading *
puppet_reading(const struct lk_source *s)
{
	return lk_source_reading(((const struct puppet *)s)->dummy);
}

static size_t
puppet_moments(const struct lk_source *s, size_t *at)
{
	const struct puppet *p = (const struct puppet *)s;

	*at = p->moment;
	return p->moment_count > 0 ? p->moment_count : 1;
}

/* As a recording does it: as far as there are any.  A minute lies between two. */
static int
puppet_step(struct lk_source *s, int step)
{
	struct puppet *p = (struct puppet *)s;
	size_t was = p->moment;

	if (p->moment_count == 0)
		return -EOPNOTSUPP;
	if (step < 0)
		p->moment -= p->moment < (size_t)-step ? p->moment : (size_t)-step;
	else
		p->moment = p->moment + (size_t)step < p->moment_count ?
		    p->moment + (size_t)step : p->moment_count - 1;
	return p->moment != was ? 0 : -ERANGE;
}

static const struct lk_source_ops puppet_ops = {
	.moments = puppet_moments, .step = puppet_step,
	.id = "puppet", .poll = puppet_poll, .dispatch = puppet_dispatch,
	.snapshot = puppet_snapshot, .state = puppet_state, .words = puppet_words,
	.request = puppet_request, .reading = puppet_reading, .close = puppet_close,
};

static struct puppet *
watch_puppet(enum lk_source_state state)
{
	struct puppet *p = calloc(1, sizeof(*p));

	ck_assert_ptr_nonnull(p);
	lk_source_init(&p->source, &puppet_ops);
	p->state = state;
	ck_assert_int_eq(lk_source_open_dummy(3, &p->dummy), 0);
	lk_desk_watch(&f.desk, &p->source);
	return p;
}

static const struct {
	enum lk_source_state state;
	const char *word;
	bool explained;
} states[] = {
	{LK_SOURCE_CONNECTING, "CONNECTING", true}, {LK_SOURCE_LIVE, "LIVE", false},
	{LK_SOURCE_STALE, "STALE", true}, {LK_SOURCE_LOST, "LOST", true},
	{LK_SOURCE_GONE, "GONE", true}, {LK_SOURCE_OFFLINE, "FILE", true},
	{LK_SOURCE_REFUSED, "REFUSED", true},
};

START_TEST(a_state_is_said_and_the_numbers_stay)
{
	struct puppet *p = watch_puppet(LK_SOURCE_LIVE);

	fixture_play(&f, "+5");
	assert_shows("cart.price_key");
	p->state = states[_i].state;
	ck_assert(lk_desk_tick(&f.desk, f.now_ms, 0) == (p->state != LK_SOURCE_LIVE));
	assert_shows(states[_i].word);
	ck_assert(shows("because ?[2Jof it") == states[_i].explained);
	assert_shows("cart.price_key");
	assert_shows("41207");
	if (p->state == LK_SOURCE_LOST || p->state == LK_SOURCE_GONE) {
		fixture_play(&f, "b");
		assert_shows("not connected");
	}
	if (p->state == LK_SOURCE_OFFLINE) {
		fixture_play(&f, "b");
		assert_shows("no live process");
	}
}
END_TEST

START_TEST(what_is_missing_of_native_memory_is_said)
{
	struct puppet *p = watch_puppet(LK_SOURCE_LIVE);

	fixture_play(&f, "+2");
	ck_assert(!shows("libunwind") && !shows("not counted"));
	p->native = "python";
	fixture_play(&f, "+2 8");
	assert_shows("native frames off: leaktop run --native=stacks");
	fixture_play(&f, "6");
	assert_shows("run --native=stacks for them");
	p->native = "off";
	fixture_play(&f, "+2");
	assert_shows("not counted by this sampler");
	fixture_play(&f, "9");
	assert_shows("native memory is not counted");
}
END_TEST

START_TEST(the_log_of_the_sampler_is_on_the_memory_screen)
{
	static const struct lk_sampler_event events[] = {
		{0, "started", 0}, {60, "native-refused", 0x7f00}, {120, "no\tsuch\x1b[2Jcode", 7}};
	struct puppet *p = watch_puppet(LK_SOURCE_LIVE);

	p->events = events;
	p->event_count = LK_COUNT_OF(events);
	fixture_play(&f, "+2 6 <End>");
	assert_shows("sampler's log");
	assert_shows("an object could not be hooked, at 0x7f00");
	assert_shows("no such?[2Jcode 7");
	assert_shows("sampling began");
}
END_TEST

static const struct {
	struct lk_gc_pauses pauses;
	enum lk_source_state state;
	const char *first, *second;
} pauses[] = {
	{{42.3, 5241, 402, 7, 341e3, 96e3, 8.2e3, 2, 11.4e3, false}, LK_SOURCE_LIVE,
	    "0.8% of 42s; longest 96ms +-8.2ms, generation 2",
	    "7 of 402 runs seen by looks 8.1ms apart; others < 11ms"},
	{{42.3, 5241, 0, 0, 0, NAN, NAN, NAN, 0, false}, LK_SOURCE_LIVE,
	    "0.0% of 42s", "0 of 0 runs seen by looks 8.1ms apart"},
	{{7500, 0, 31e3, 30.5e3, 1e6, 1.234e6, 0, 1, 420, true}, LK_SOURCE_OFFLINE,
	    "0.0% of 2h05m; longest 1.23s, generation 1",
	    "31.0k runs, timed by Python itself; others < 420us"},
	{{3, 300, 1, 1, 9e9, 9e9, 120, NAN, 0, false}, LK_SOURCE_LIVE,
	    "longest 2h30m +-120us", "1 of 1 runs seen by looks 10ms apart"},
	{{NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, false}, LK_SOURCE_LIVE,
	    "time in it, est.", "not known yet: looked at while this is shown"},
	{{NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, false}, LK_SOURCE_OFFLINE,
	    "time in it, est.", "unknown: nobody looked when this was taken"},
};

START_TEST(how_long_the_collector_collects_is_on_the_memory_screen)
{
	struct puppet *p = watch_puppet(LK_SOURCE_LIVE);

	p->pauses = &pauses[_i].pauses;
	fixture_play(&f, "+2");
	p->state = pauses[_i].state;
	fixture_play(&f, "6 +2 <End>");
	assert_shows(pauses[_i].first);
	assert_shows(pauses[_i].second);
	ck_assert(shows("time in it, est.") == !pauses[_i].pauses.exact);
}
END_TEST

START_TEST(a_native_row_leads_to_its_line_of_python)
{
	fixture_play(&f, "+60 b +60 /images.resize<Enter>");
	assert_shows("_resize [_imaging]");
	fixture_play(&f, "<Enter>");
	ck_assert_str_eq(view(), "source");
	ck_assert_str_eq(f.desk.session.file, "/srv/shop/shop/images.py");
	ck_assert_uint_eq(f.desk.session.line, 31);
	fixture_play(&f, "1 <Esc> /libssl<Enter> <Enter>");
	ck_assert_str_eq(view(), "stacks");
	assert_shows("no source line is known for this row");
}
END_TEST

/* ---- frozen heaps ------------------------------------------------------------ */

START_TEST(the_heap_is_read_only_when_a_key_asks)
{
	fixture_play(&f, "4 +10");
	ck_assert_str_eq(view(), "types");
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
	ck_assert_uint_gt(table()->count, 20);
}
END_TEST

START_TEST(escape_gives_a_freeze_up)
{
	fixture_play(&f, "4<Enter> +2 <Esc> +1");
	ck_assert_ptr_null(lk_source_reading(f.desk.session.source));
	ck_assert_str_eq(view(), "types");
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
	ck_assert_str_eq(view(), "referrers");
	fixture_play(&f, "+5");
	assert_shows("shop.cart.Price are held by shop.cart._PRICES");
	assert_shows("98%");
	assert_shows("a name of a module");
	fixture_play(&f, "j");
	assert_shows("local variable");
	fixture_play(&f, "j");
	assert_shows("the next collection frees them");
	fixture_play(&f, "<Esc>");
	ck_assert_str_eq(view(), "types");
	assert_shows("shop.cart.Price, +16.5k/min, held by shop.cart._PRICES");
	fixture_play(&f, "<Enter> +1");
	ck_assert_str_eq(view(), "stacks");
	assert_shows("what allocated most of shop.cart.Price, by the scan at ");
	ck_assert_uint_eq(table()->all_count, 2);
	fixture_play(&f, "<Enter> <Esc>");	/* to the source and back */
	ck_assert_uint_eq(table()->all_count, 2);
	fixture_play(&f, "<Esc>");
	ck_assert_str_eq(view(), "types");
	fixture_play(&f, "<Enter> +1 1 +1");	/* 1: all of them */
	ck_assert_uint_gt(table()->all_count, 2);
	fixture_play(&f, "4 r");	/* known already: it is not frozen again */
	ck_assert_str_eq(view(), "referrers");
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
	ck_assert(!shows("sku-104"));
	f.desk.session.to_file = false;
	fixture_play(&f, "j");		/* of that one alone */
	ck_assert(!shows("sku-104"));
	fixture_play(&f, "k");
	assert_shows("sku-104");
	fixture_play(&f, "<C-r> +2");	/* another list */
	ck_assert(!shows("sku-104"));
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
	all = table()->count;
	for (size_t i = 0; i < LK_COUNT_OF(shown); i++) {
		fixture_play(&f, "t");
		assert_shows(shown[i]);
		ck_assert_uint_ge(table()->count, 1);
		ck_assert_uint_le(table()->count, 4);
	}
	fixture_play(&f, "<Esc>");
	ck_assert_uint_eq(table()->count, all);
	fixture_play(&f, "t/HTTPS<Enter>");
	ck_assert_uint_eq(table()->count, 1);
	fixture_play(&f, "<Esc>");
	ck_assert_uint_eq(table()->count, 2);
}
END_TEST

START_TEST(holders_of_a_stack_and_of_a_container)
{
	fixture_play(&f, "+60 b +60 r +5");
	ck_assert_str_eq(view(), "referrers");
	assert_shows("sampled objects of cart:88 are held by shop.cart._PR");
	assert_shows("398 of 412 samples");
	fixture_play(&f, "5 +1 r +5");
	ck_assert_str_eq(view(), "referrers");
	assert_shows("dict 0x7f2a10004000 is held by");
	fixture_play(&f, "<Esc>");
	ck_assert_str_eq(view(), "containers");
}
END_TEST

START_TEST(without_a_live_process_nothing_is_frozen)
{
	struct puppet *p = watch_puppet(LK_SOURCE_LIVE);

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
	ck_assert_uint_gt(table()->count, 20);
	p->state = LK_SOURCE_OFFLINE;
	fixture_play(&f, "r");
	assert_shows("not in this file: who holds these");
	fixture_play(&f, "4<C-r>");
	assert_shows("this is a file");
	watch_puppet(LK_SOURCE_OFFLINE);
	fixture_play(&f, "4");
	assert_shows("not in this file: no types");
}
END_TEST

START_TEST(a_recording_is_played)
{
	struct puppet *p = watch_puppet(LK_SOURCE_OFFLINE);

	fixture_play(&f, "+1 Z");
	assert_shows("it stands still");
	ck_assert(!f.desk.session.paused && !shows("PAUSED"));
	p->moment_count = 5;
	p->moment = 4;
	fixture_play(&f, "+10");
	assert_shows("go through the recording");
	fixture_play(&f, ",");
	ck_assert_uint_eq(p->moment, 3);
	fixture_play(&f, ".");
	ck_assert_uint_eq(p->moment, 4);
	fixture_play(&f, "Z");		/* at its end it begins again */
	assert_shows("PLAYING");
	ck_assert_uint_eq(p->moment, 0);
	ck_assert_int_ge(lk_desk_timeout(&f.desk, f.now_ms), 0);
	ck_assert_int_le(lk_desk_timeout(&f.desk, f.now_ms), 1000);
	fixture_play(&f, "+2");
	ck_assert_uint_eq(p->moment, 2);
	fixture_play(&f, "Z +5");
	ck_assert(!shows("PLAYING"));
	ck_assert_uint_eq(p->moment, 2);
	fixture_play(&f, "Z +1 ,");	/* by hand: it stops */
	ck_assert_uint_eq(p->moment, 2);
	ck_assert(!shows("PLAYING"));
	fixture_play(&f, "Z +3");
	assert_shows("that was the last moment");
	ck_assert(!shows("PLAYING"));
	ck_assert_uint_eq(p->moment, 4);
}
END_TEST

START_TEST(two_files_are_a_diff)
{
	size_t lines;

	watch_puppet(LK_SOURCE_OFFLINE);
	f.desk.session.before = lk_snapshot_get(f.desk.session.now != NULL ? f.desk.session.now :
	    lk_source_snapshot(f.desk.session.source));
	fixture_play(&f, "+120");
	assert_shows(">");
	assert_shows("A live  B live");
	ck_assert(strstr(screen(), "cart.price_key") != NULL);
	lines = table()->count;
	fixture_play(&f, "tt");	/* files */
	assert_shows("/cart.py");
	ck_assert_uint_lt(table()->count, lines);
	fixture_play(&f, "t");	/* types: nobody asked before these files were written */
	assert_shows("not in this file: no types");
	fixture_play(&f, "ttt");	/* domains */
	ck_assert_uint_le(table()->count, 4);
	ck_assert_uint_gt(table()->count, 0);
	fixture_play(&f, "8");
	assert_shows("two files: 1 Stacks shows what grew from A to B");
}
END_TEST

/* ---- the list ---------------------------------------------------------------- */

START_TEST(a_process_opens_and_q_returns_to_the_list)
{
	ck_assert_str_eq(view(), "processes");
	fixture_play(&f, "1");
	ck_assert_str_eq(view(), "processes");
	assert_shows("choose a process first");
	fixture_play(&f, "<Enter> +1");
	ck_assert_str_eq(view(), "stacks");
	assert_shows("41207");
	fixture_play(&f, "q");
	ck_assert_str_eq(view(), "processes");
	ck_assert_int_eq(f.wish, LK_DESK_NOTHING);
	ck_assert_ptr_null(f.desk.session.source);
	fixture_play(&f, "q");
	ck_assert_int_eq(f.wish, LK_DESK_QUIT);
}
END_TEST

START_TEST(without_a_sampler_it_is_said_what_to_do)
{
	fixture_play(&f, "/unattended<Enter> <Enter>");
	ck_assert_str_eq(view(), "processes");
	assert_shows("A puts it in");
}
END_TEST

static int attached_pid, looked_pid, attach_result;

static int
attach(void *ctx, int pid, bool perform, char *words, size_t words_bytes)
{
	(void)ctx;
	*(perform ? &attached_pid : &looked_pid) = pid;
	snprintf(words, words_bytes, attach_result < 0 ? "it is stopped by a signal" :
	    "counts since 12:00:00");
	return attach_result;
}

static void
select_unattended(int result)
{
	attached_pid = looked_pid = 0;
	attach_result = result;
	f.desk.session.attach = attach;
	fixture_play(&f, "/unattended<Enter>");
}

START_TEST(A_asks_before_it_attaches)
{
	select_unattended(0);
	fixture_play(&f, "A");
	ck_assert_int_eq(looked_pid, 977);
	assert_shows("977: stop a thread for milliseconds");
	fixture_play(&f, "n<Enter>");
	assert_shows("977 is left alone");
	fixture_play(&f, "A<Enter>");
	ck_assert_int_eq(attached_pid, 0);
	fixture_play(&f, "Ay<Enter>");
	ck_assert_int_eq(attached_pid, 977);
	ck_assert_str_eq(view(), "stacks");	/* and it is opened */
	assert_shows("counts since 12:00:00");
}
END_TEST

START_TEST(A_says_why_it_does_not_attach)
{
	select_unattended(-EPERM);
	fixture_play(&f, "A");
	assert_shows("it is stopped by a signal");
	ck_assert(!f.desk.session.prompt.open);
	f.desk.session.readonly = true;
	looked_pid = 0;
	fixture_play(&f, "A");
	assert_shows("--readonly");
	ck_assert_int_eq(looked_pid, 0);
	f.desk.session.readonly = false;
	fixture_play(&f, "<Esc>/gunicorn<Enter>A");
	assert_shows("has the sampler");
}
END_TEST

START_TEST(workers_fold_into_their_sum)
{
	fixture_play(&f, "_");
	assert_shows("2 workers");
	assert_shows("3.62G");
	fixture_play(&f, "_");
	ck_assert_uint_eq(table()->count, 5);
}
END_TEST

/* ---- small parts ------------------------------------------------------------- */

static const struct {
	const char *file, *module;
} modules[] = {
	{"/srv/shop/shop/cart.py", "shop.cart"}, {"/usr/lib/python3.11/threading.py", "threading"},
	{"/usr/lib/python3.11/json/__init__.py", "json"}, {"app.py", "app"}, {"/app.py", "app"},
	{"<frozen importlib._bootstrap>", "importlib._bootstrap"}, {"<frozen >", "<frozen >"},
	{"<string>", "<string>"},
	{"/x/site-packages/six.py", "six"}, {"", ""},
};

START_TEST(modules_are_named)
{
	char out[128];

	ck_assert_str_eq(lk_columns_module(modules[_i].file, out, sizeof(out)), modules[_i].module);
}
END_TEST

static const struct {
	const char *name, *file, *function, *place;
} functions[] = {
	{"price_key", "/srv/shop/cart.py", "shop.cart.price_key", "cart:7"},
	{"Cart.add.<locals>.<listcomp>", "/srv/shop/cart.py", "shop.cart.Cart.add[listcomp]",
	    "cart:7"},
	{"traced.<locals>.inner", "app.py", "app.traced.inner", "app:7"},
	{"f.<locals>.<lambda>.<locals>.<genexpr>", "app.py", "app.f[lambda][genexpr]", "app:7"},
	{"<module>", "/srv/shop/cart.py", "shop.cart[module]", "cart:7"},
	{"<module>", "", "<module>", "-:7"},
	{"load.<broken", "app.py", "app.load.<broken", "app:7"},
	{"exec", "<frozen importlib._bootstrap>", "importlib._bootstrap.exec", "_bootstrap:7"},
};

START_TEST(functions_are_named)
{
	const struct lk_frame frame = {.function = functions[_i].name, .file = functions[_i].file,
	    .line = 7};
	char out[128];

	ck_assert_str_eq(lk_columns_function(&frame, out, sizeof(out)), functions[_i].function);
	ck_assert_str_eq(lk_columns_place(&frame, out, sizeof(out)), functions[_i].place);
}
END_TEST

static const struct {
	const char *name, *file, *function, *place;
} natives[] = {
	{"xmlNewDoc", "/usr/lib/libxml2.so.2.9.14", "xmlNewDoc [libxml2]", "libxml2.so.2.9.14"},
	{"libxml2.so.2.9.14+0x1a2b", "/usr/lib/libxml2.so.2.9.14", "[libxml2]+0x1a2b",
	    "libxml2.so.2.9.14"},
	{"f+0x1a2b", "/usr/lib/libxml2.so.2", "f+0x1a2b [libxml2]", "libxml2.so.2"},
	{"_resize", "/x/_imaging.cpython-311-x86_64-linux-gnu.so", "_resize [_imaging]",
	    "_imaging.cpython-311-x86_64-linux-gnu.so"},
	{"run\033[2J", "/usr/bin/python3.11", "run?[2J [python3.11]", "python3.11"},
	{"(code outside of any file)", "", "(code outside of any file)", "-"},
};

START_TEST(native_functions_are_named)
{
	const struct lk_frame frame = {.function = natives[_i].name, .file = natives[_i].file,
	    .native = true};
	char out[128];

	ck_assert_str_eq(lk_columns_function(&frame, out, sizeof(out)), natives[_i].function);
	ck_assert_str_eq(lk_columns_place(&frame, out, sizeof(out)), natives[_i].place);
}
END_TEST

static const struct {
	const char *command, *shown;
} commands[] = {
	{"/usr/bin/python3 /usr/bin/gunicorn shop.wsgi -w 3", "gunicorn shop.wsgi -w 3"},
	{"python3 -m flask run", "python3 -m flask run"},
	{"/usr/bin/celery worker", "celery worker"},
	{"python3", "python3"}, {"", ""}, {"/ /", "/ /"},
};

START_TEST(commands_are_shortened)
{
	ck_assert_str_eq(lk_columns_command(commands[_i].command), commands[_i].shown);
}
END_TEST

START_TEST(sparks_rise_to_the_right)
{
	const float rising[] = {1, 2, 3, 4, 5, 6, 7, 8}, flat[] = {5, 5, 5};
	const float holes[] = {1, __builtin_nanf(""), 9};
	char text[64];

	lk_spark_text(rising, 8, 8, true, text, sizeof(text));
	ck_assert_str_eq(text, ".:-=+*##");
	lk_spark_text(flat, 3, 5, true, text, sizeof(text));
	ck_assert_str_eq(text, "  ===");
	lk_spark_text(holes, 3, 3, true, text, sizeof(text));
	ck_assert_str_eq(text, ". #");
	lk_spark_text(NULL, 0, 3, true, text, sizeof(text));
	ck_assert_str_eq(text, "   ");
}
END_TEST

START_TEST(a_listing_reads_regular_files_only)
{
	char path[] = "/tmp/leaktop-listing-XXXXXX";
	struct lk_snapshot now = {.origin = "live", .process.pid = (int)getpid()};
	struct lk_listing l = {.count = 0};
	int fd = mkstemp(path);

	ck_assert_int_eq(write(fd, "one\n\ttwo \033[2J\nthree", 19), 19);
	close(fd);
	ck_assert_int_eq(lk_listing_load(&l, path, &now), 0);
	ck_assert_uint_eq(l.count, 3);
	ck_assert_str_eq(lk_listing_line(&l, 2), " two ?[2J");
	ck_assert_str_eq(lk_listing_line(&l, 4), "");
	ck_assert_str_eq(lk_listing_line(&l, 0), "");
	unlink(path);
	ck_assert_int_eq(mkfifo(path, 0600), 0);	/* nobody will ever write to it */
	lk_listing_fini(&l);
	ck_assert_int_lt(lk_listing_load(&l, path, &now), 0);
	unlink(path);
	ck_assert_int_lt(lk_listing_load(&l, "/dev/zero", &now), 0);
	ck_assert_uint_eq(l.count, 0);
	ck_assert_int_lt(lk_listing_load(&l, "/tmp", &now), 0);
	ck_assert_int_lt(lk_listing_load(&l, "", &now), 0);
	lk_listing_fini(&l);
}
END_TEST

/* The sampler counts from when it came; a file may have changed before that. */
START_TEST(a_file_is_newer_than_the_process_not_than_the_sampler)
{
	struct lk_snapshot now = {.origin = "live", .process.pid = (int)getpid(),
	    .process.start_time = 1000 * (uint64_t)sysconf(_SC_CLK_TCK)};
	double began_s = lk_clock_began_s(now.process.start_time);
	struct lk_listing l = {.modified_s = began_s + 5};

	now.sampler.started_at_s = began_s + 100;
	ck_assert(lk_listing_is_newer(&l, &now));
	l.modified_s = began_s - 5;
	ck_assert(!lk_listing_is_newer(&l, &now));
	l.modified_s = began_s + 5;
	now.origin = "from-elsewhere.json";	/* another machine's ticks */
	ck_assert(!lk_listing_is_newer(&l, &now));
	l.modified_s = began_s + 101;
	ck_assert(lk_listing_is_newer(&l, &now));
	now.sampler.started_at_s = 0;
	ck_assert(!lk_listing_is_newer(&l, &now));
}
END_TEST

static TCase *
desk_case(void)
{
	TCase *tc = tcase_create("desk");

	tcase_add_checked_fixture(tc, open_dummy, close_fixture);
	tcase_add_test(tc, digits_and_tab_choose_views);
	tcase_add_test(tc, a_paused_screen_looks_back);
	tcase_add_test(tc, a_filter_knows_fields);
	tcase_add_test(tc, setup_is_kept);
	tcase_add_test(tc, columns_are_moved_and_units_chosen);
	tcase_add_test(tc, a_bad_config_is_no_obstacle);
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
	tcase_add_test(tc, hostile_names_cannot_draw);
	tcase_add_loop_test(tc, a_state_is_said_and_the_numbers_stay, 0,
	    (int)LK_COUNT_OF(states));
	tcase_add_test(tc, what_is_missing_of_native_memory_is_said);
	tcase_add_test(tc, the_log_of_the_sampler_is_on_the_memory_screen);
	tcase_add_loop_test(tc, how_long_the_collector_collects_is_on_the_memory_screen, 0,
	    (int)LK_COUNT_OF(pauses));
	tcase_add_test(tc, a_native_row_leads_to_its_line_of_python);
	tcase_add_test(tc, the_heap_is_read_only_when_a_key_asks);
	tcase_add_test(tc, escape_gives_a_freeze_up);
	tcase_add_test(tc, the_answer_names_the_leaking_type_and_its_holder);
	tcase_add_test(tc, contents_are_shown_when_that_was_confirmed);
	tcase_add_test(tc, growth_of_types_counts_from_the_reference);
	tcase_add_test(tc, presets_narrow_and_escape_widens);
	tcase_add_test(tc, holders_of_a_stack_and_of_a_container);
	tcase_add_test(tc, without_a_live_process_nothing_is_frozen);
	tcase_add_test(tc, a_recording_is_played);
	tcase_add_test(tc, two_files_are_a_diff);
	return tc;
}

static TCase *
list_case(void)
{
	TCase *tc = tcase_create("list");

	tcase_add_checked_fixture(tc, open_list, close_fixture);
	tcase_add_test(tc, a_process_opens_and_q_returns_to_the_list);
	tcase_add_test(tc, without_a_sampler_it_is_said_what_to_do);
	tcase_add_test(tc, workers_fold_into_their_sum);
	tcase_add_test(tc, A_asks_before_it_attaches);
	tcase_add_test(tc, A_says_why_it_does_not_attach);
	return tc;
}

static TCase *
parts_case(void)
{
	TCase *tc = tcase_create("parts");

	tcase_add_test(tc, no_key_is_advertised_that_does_nothing);
	tcase_add_loop_test(tc, modules_are_named, 0, (int)LK_COUNT_OF(modules));
	tcase_add_loop_test(tc, functions_are_named, 0, (int)LK_COUNT_OF(functions));
	tcase_add_loop_test(tc, native_functions_are_named, 0, (int)LK_COUNT_OF(natives));
	tcase_add_loop_test(tc, commands_are_shortened, 0, (int)LK_COUNT_OF(commands));
	tcase_add_test(tc, sparks_rise_to_the_right);
	tcase_add_test(tc, a_listing_reads_regular_files_only);
	tcase_add_test(tc, a_file_is_newer_than_the_process_not_than_the_sampler);
	return tc;
}

int
main(void)
{
	Suite *suite = suite_create("desk");
	SRunner *runner;
	int failed;

	suite_add_tcase(suite, desk_case());
	suite_add_tcase(suite, list_case());
	suite_add_tcase(suite, parts_case());
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
