/* The pictures of a live source: what of a conversation is in them, and when. */
#include "config.h"

#include <fcntl.h>
#include <link.h>
#include <math.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/attr.h"
#include "client/elf_symbols.h"
#include "client/source.h"
#include "leaktop/wire.h"
#include "model/arena.h"
#include "model/snapshot.h"

#include "golden.h"
#include "live.h"

START_TEST(first_picture_is_whole)
{
	const struct lk_snapshot *s;
	const struct lk_row *row;

	live_bring_up(1);
	ck_assert_ptr_nonnull(strstr(fake.heard, "\"op\":\"subscribe\",\"period_ms\":1000"));
	ck_assert_ptr_nonnull(strstr(fake.heard, "\"history\""));
	ck_assert_ptr_nonnull(strstr(fake.heard, "\"trends\""));
	ck_assert_ptr_nonnull(strstr(fake.heard, "\"memory\""));
	s = lk_source_snapshot(source);
	ck_assert_uint_eq(s->seq, 1);
	ck_assert_int_eq(s->process.pid, getpid());
	ck_assert_str_eq(s->process.python, "3.11.2");
	ck_assert_ptr_nonnull(strstr(s->process.command, "check_picture"));
	ck_assert_double_eq(s->rss_bytes, 190840832);
	ck_assert_uint_eq(s->row_count, 2);
	row = lk_snapshot_row(s->rows, s->row_count, 1);
	ck_assert_uint_eq(row->cell_count, 2);
	ck_assert_double_eq(row->cells[1].est_bytes, 2621440);
	ck_assert_str_eq(row->stack->frames[0].function, "shop.cart.price_key");
	ck_assert_uint_eq(row->stack->frames[1].line, 52);
	ck_assert_str_eq(row->stack->thread, "MainThread");
	ck_assert_uint_eq(s->baseline_count, 2);
	ck_assert_str_eq(s->baselines[0].name, "warm");
	ck_assert(!s->baselines[0].has_rows);
	ck_assert(isnan(s->memory.at_s));
	ck_assert_uint_eq(s->series_count, 1);
}
END_TEST

/* The whole first conversation in two parts, cut at every byte. */
START_TEST(any_cut_gives_the_same_picture)
{
	static const char *const names[] = {"baselines", "names", "live", "tick"};
	char talk[8192];
	size_t length = 0;

	length += (size_t)sprintf(talk, "%s", fake_hello(getpid(), LIVE_STARTED));
	for (size_t i = 0; i < LK_COUNT_OF(names); i++) {
		size_t n;
		char *line = lk_golden_read("golden", names[i], &n);

		memcpy(talk + length, line, n);
		length += n;
		free(line);
	}
	for (size_t cut = 0; cut <= length; cut++) {
		const struct lk_snapshot *s;

		lk_source_close(source);
		live_open_for(getpid());
		live_step(0);
		fake_accept(&fake);
		fake_say(&fake, talk, cut);
		live_step(0);
		ck_assert_msg((lk_source_snapshot(source) == NULL) == (cut < length),
		    "half a picture at %zu", cut);
		fake_say(&fake, talk + cut, length - cut);
		live_step(0);
		s = lk_source_snapshot(source);
		ck_assert_ptr_nonnull(s);
		ck_assert_uint_eq(s->row_count, 2);
		ck_assert_double_eq(s->est_live_bytes, 4718592);
	}
}
END_TEST

START_TEST(open_state_is_not_shown)
{
	const struct lk_snapshot *s;

	live_bring_up(1);
	fake_say_golden(&fake, "live-more");
	fake_say_golden(&fake, "baselines-empty");
	ck_assert(!live_step(0));
	ck_assert_uint_eq(lk_source_snapshot(source)->seq, 1);
	fake_say_golden(&fake, "live-empty");
	fake_say_golden(&fake, "tick-unknown");
	ck_assert(live_step(0));
	s = lk_source_snapshot(source);
	ck_assert_uint_eq(s->seq, 2);
	ck_assert_uint_eq(s->baseline_count, 0);
	ck_assert_int_eq(s->sampler.state, LK_STATE_PAUSED);
	ck_assert_str_eq(s->sampler.reason, "paused by a client");
	ck_assert_double_eq(lk_snapshot_row(s->rows, s->row_count, 1)->est_allocated_bytes,
	    5767168);
	ck_assert_double_eq(lk_snapshot_row(s->rows, s->row_count, 2)->est_allocated_bytes,
	    1048576);
}
END_TEST

START_TEST(what_was_asked_for_is_in_the_picture_when_the_answer_comes)
{
	const struct lk_request rows = {.op = LK_REQUEST_BASELINE_ROWS, .number = 1};
	const struct lk_snapshot *s;

	live_bring_up(1);
	fake_say_golden(&fake, "history");
	fake_say_golden(&fake, "trends");
	fake_say_golden(&fake, "memory");
	fake_say_golden(&fake, "containers");
	fake_say_golden(&fake, "events");
	ck_assert_int_eq(lk_source_request(source, &rows, live_on_reply, &fake), 0);
	fake_say_golden(&fake, "baseline");
	fake_say_text(&fake, "{\"t\":\"reply\",\"id\":5,\"ok\":true}\n");
	live_step(0);
	ck_assert_int_eq(reply_count, 1);
	s = lk_source_snapshot(source);
	ck_assert(s->baselines[0].has_rows);
	ck_assert_uint_eq(s->baselines[0].row_count, 2);
	ck_assert_double_eq(s->baselines[0].rows[1].cells[0].est_bytes, 524288);
	ck_assert_uint_eq(s->series_count, 4);
	ck_assert(isnan(s->series[0].rss_bytes[1]));
	ck_assert_double_eq(s->trend_step_s, 10);
	ck_assert_uint_eq(s->rows[0].trend_count, 4);
	ck_assert_float_eq(s->rows[0].trend_bytes[3], 4718592);
	ck_assert_double_eq(s->memory.uss_bytes, 184549376);
	ck_assert_double_eq(s->memory.gc[2].uncollectable, 2);
	ck_assert_double_eq(s->memory.gc_pauses.longest_us, 84000.3);
	ck_assert(!s->memory.gc_pauses.exact);
	ck_assert_uint_eq(s->containers.count, 2);
	ck_assert_str_eq(s->containers.list[0].owner, "shop.cart._PRICES");
	ck_assert_uint_eq(s->containers.list[0].stack->id, 1);
	ck_assert_ptr_null(s->containers.list[1].stack);
	ck_assert_uint_eq(s->event_count, 3);
	ck_assert_str_eq(s->events[0].code, "started");
	ck_assert_double_eq(s->events[1].at_s, 1763640031);
	ck_assert_uint_eq(s->events[1].value, 1048576);
}
END_TEST

static void
say_rows_of_a_baseline(void)
{
	const struct lk_request rows = {.op = LK_REQUEST_BASELINE_ROWS, .number = 1};

	fake_say_golden(&fake, "containers");
	fake_say_golden(&fake, "trends");
	ck_assert_int_eq(lk_source_request(source, &rows, live_on_reply, &fake), 0);
	fake_say_golden(&fake, "baseline");
	fake_say_text(&fake, "{\"t\":\"reply\",\"id\":5,\"ok\":true}\n");
	live_step(0);
	fake_hear(&fake);
}

/* Stack 2 was let go of: what comes anew is stack 1, then a new one. */
START_TEST(after_a_reset_all_comes_anew)
{
	const struct lk_snapshot *s, *before;

	live_bring_up(1);
	say_rows_of_a_baseline();
	before = lk_snapshot_get(lk_source_snapshot(source));
	fake_say_text(&fake, "{\"t\":\"reset\"}\n"
	    "{\"t\":\"names\",\"strings\":[[1,\"kept\"],[7,\"new\"]],"
	    "\"frames\":[[1,1,1,3],[8,7,7,4]],"
	    "\"stacks\":[[1,\"obj\",1,0,[1]],[9,\"mem\",7,0,[8]]]}\n"
	    "{\"t\":\"live\",\"seq\":13,\"at\":1763640062.250,\"more\":false,"
	    "\"rows\":[[9,8.0,1.0,1,[[1,1,8.0,1.0,1.0]]],[1,16.0,2.0,2,[]]]}\n");
	fake_say_golden(&fake, "memory");
	ck_assert(!live_step(0));	/* not before the tick */
	ck_assert_ptr_nonnull(strstr(fake_hear(&fake), "\"baseline.rows\",\"baseline\":1"));
	fake_say_golden(&fake, "tick");
	ck_assert(live_step(0));
	s = lk_source_snapshot(source);
	ck_assert_uint_eq(s->row_count, 2);
	ck_assert_uint_eq(s->rows[0].stack->id, 1);
	ck_assert_str_eq(s->rows[0].stack->frames[0].function, "kept");
	ck_assert_uint_eq(s->rows[0].cell_count, 0);
	ck_assert_uint_eq(s->rows[0].trend_count, 4);
	ck_assert_uint_eq(s->rows[1].stack->id, 9);
	ck_assert_str_eq(s->rows[1].stack->thread, "new");
	ck_assert_uint_eq(s->baselines[0].rows[1].stack->id, 2);	/* as it was fetched */
	ck_assert_str_eq(s->containers.list[0].stack->frames[0].function, "shop.cart.price_key");
	ck_assert_uint_eq(before->rows[1].stack->id, 2);
	ck_assert_str_eq(before->rows[0].stack->frames[0].function, "shop.cart.price_key");
	lk_snapshot_put(before);
}
END_TEST

/* It means nothing to a client without a picture yet, and twice is once. */
START_TEST(a_reset_at_any_time_is_fine)
{
	live_step(0);
	fake_accept(&fake);
	fake_say_text(&fake, fake_hello(getpid(), LIVE_STARTED));
	fake_say_text(&fake, "{\"t\":\"reset\"}\n{\"t\":\"reset\",\"more\":1}\n");
	fake_say_golden(&fake, "baselines");
	fake_say_golden(&fake, "names");
	fake_say_golden(&fake, "live");
	fake_say_golden(&fake, "tick");
	live_step(0);
	ck_assert_uint_eq(lk_source_snapshot(source)->row_count, 2);
	fake_say_text(&fake, "{\"t\":\"reset\"}\n");
	fake_say_golden(&fake, "live");	/* of names it does not know any more */
	live_step(0);
	ck_assert_int_eq(lk_source_state(source), LK_SOURCE_LOST);
	ck_assert_uint_eq(lk_source_snapshot(source)->row_count, 2);
}
END_TEST

START_TEST(history_goes_on_with_the_ticks)
{
	const struct lk_series *series;

	live_bring_up(1);
	fake_say_golden(&fake, "history");
	fake_say_golden(&fake, "live-empty");
	fake_say_golden(&fake, "tick-unknown"); /* at 1763640062.250, the ring ended at 61 */
	live_step(0);
	series = &lk_source_snapshot(source)->series[0];
	ck_assert_uint_eq(series->count, 4);
	ck_assert_double_eq(series->end_s, 1763640062);
	ck_assert_float_eq(series->rss_bytes[3], 190840832);
	ck_assert_float_eq(series->live_bytes[3], 0);
}
END_TEST

static int
base_of_program(struct dl_phdr_info *info, size_t size, void *base)
{
	(void)size;
	*(uintptr_t *)base = info->dlpi_addr;
	return 1; /* the program is the first */
}

/* What the client shows for a native frame in this very program. */
static const struct lk_frame *
say_native_frame(const char *build_id, uintptr_t address)
{
	char program[512] = "", line[2048];

	ck_assert_int_gt(readlink("/proc/self/exe", program, sizeof(program) - 1), 0);
	snprintf(line, sizeof(line),
	    "{\"t\":\"names\",\"strings\":[[9,\"%s\"],[10,\"%s\"]],"
	    "\"frames\":[[5,9,10,%lu,1]],"
	    "\"stacks\":[[4,\"native\",1,0,[5,2]]]}\n",
	    build_id, program, (unsigned long)address);
	fake_say_text(&fake, line);
	fake_say_text(&fake, "{\"t\":\"live\",\"seq\":13,\"at\":1763640062.250,\"more\":false,"
	    "\"rows\":[[4,8.0,1.0,1,[[0,1,8.0,1.0,1.0]]]]}\n");
	fake_say_golden(&fake, "tick");
	live_step(0);
	return lk_source_snapshot(source)->rows[2].stack->frames;
}

START_TEST(native_frames_get_their_symbols)
{
	struct lk_elf_symbols *elf;
	const struct lk_frame *frames;
	uintptr_t base, address;

	live_bring_up(1);
	ck_assert_str_eq(lk_source_snapshot(source)->sampler.native, "stacks");
	ck_assert_double_eq(lk_source_snapshot(source)->est_native_live_bytes, 1048576);
	dl_iterate_phdr(base_of_program, &base);
	address = (uintptr_t)fake_open - base + 1;
	ck_assert_int_eq(
	    lk_elf_symbols_open(open("/proc/self/exe", O_RDONLY | O_CLOEXEC), &elf), 0);
	frames = say_native_frame(lk_elf_symbols_build_id(elf), address);
	ck_assert_str_eq(frames[0].function, "fake_open");
	ck_assert(frames[0].native);
	ck_assert_str_eq(frames[0].build_id, lk_elf_symbols_build_id(elf));
	ck_assert_uint_eq(frames[0].address, address);
	ck_assert_uint_eq(frames[0].line, 0);
	ck_assert(!frames[1].native);
	ck_assert_str_eq(frames[1].file, "/srv/shop/views.py");
	lk_elf_symbols_close(elf);
	frames = say_native_frame("00ff", address); /* not this build */
	ck_assert_ptr_nonnull(strstr(frames[0].function, "check_picture+0x"));
}
END_TEST

START_TEST(a_kept_picture_outlives_the_source)
{
	const struct lk_snapshot *kept;

	live_bring_up(1);
	fake_say_golden(&fake, "containers");
	fake_say_golden(&fake, "trends");
	live_step(0);
	kept = lk_snapshot_get(lk_source_snapshot(source));
	fake_say_golden(&fake, "live-more");
	fake_say_golden(&fake, "live-empty");
	fake_say_golden(&fake, "tick-unknown");
	live_step(0);
	lk_source_close(source);
	live_open_for(getpid());
	ck_assert_str_eq(kept->rows[0].stack->frames[0].file, "/srv/shop/cart.py");
	ck_assert_double_eq(kept->rows[0].est_allocated_bytes, 5242880);
	ck_assert_str_eq(kept->containers.list[0].type, "dict");
	lk_snapshot_put(kept);
}
END_TEST

/* ---- many stacks --------------------------------------------------------- */

#define MANY	  10000
#define CHANGED	  500 /* rows that move every second */
#define TICKS	  20
#define LINE_ROWS 1000

static void
step_said(const char *line)
{
	fake_say_text(&fake, line);
	live_step(0);
}

static void
say_many_names(char *line)
{
	for (int first = 1; first <= MANY; first += LINE_ROWS) {
		char *end = stpcpy(line, "{\"t\":\"names\",\"strings\":[],\"frames\":[");

		for (int i = first; i < first + LINE_ROWS; i++)
			end += sprintf(end, "%s[%d,2,3,%d]", i == first ? "" : ",", 100 + i, i);
		end = stpcpy(end, "],\"stacks\":[");
		for (int i = first; i < first + LINE_ROWS; i++)
			end += sprintf(end, "%s[%d,\"obj\",1,0,[%d,1,2,3,1,2,3,1]]",
			    i == first ? "" : ",", 100 + i, 100 + i);
		strcpy(end, "]}\n");
		step_said(line);
	}
}

static void
say_many_rows(char *line, int count)
{
	for (int first = 1; first <= count; first += CHANGED) {
		char *end = stpcpy(line, "{\"t\":\"live\",\"seq\":13,\"at\":1763640062.250,"
		    "\"more\":false,\"rows\":[");

		for (int i = first; i < first + CHANGED; i++)
			end +=
			    sprintf(end, "%s[%d,%d.0,2.0,3,[[0,1,4.0,5.0,6.0],[1,1,4.0,5.0,6.0]]]",
			    i == first ? "" : ",", 100 + i, i);
		strcpy(end, "]}\n");
		step_said(line);
	}
}

static double
cpu_ms(void)
{
	struct timespec at;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
	return (double)at.tv_sec * 1e3 + (double)at.tv_nsec / 1e6;
}

START_TEST(ten_thousand_stacks_cost_little)
{
	char *line = malloc(LK_WIRE_LINE_MAX);
	const struct lk_snapshot *s;
	double start_ms, per_tick_ms;

	ck_assert_ptr_nonnull(line);
	live_bring_up(1);
	say_many_names(line);
	say_many_rows(line, MANY);
	fake_say_golden(&fake, "tick-unknown");
	live_step(0);
	ck_assert_uint_eq(lk_source_snapshot(source)->row_count, MANY + 2);
	start_ms = cpu_ms();
	for (int i = 0; i < TICKS; i++) {
		say_many_rows(line, CHANGED);
		fake_say_golden(&fake, "tick-unknown");
		live_step(0);
	}
	per_tick_ms = (cpu_ms() - start_ms) / TICKS;
	printf("%d stacks, %d of them changed: %.2f ms a tick, the test's own half included\n",
	    MANY, CHANGED, per_tick_ms);
	s = lk_source_snapshot(source);
	ck_assert_double_eq(lk_snapshot_row(s->rows, s->row_count, 100 + MANY)->est_allocated_bytes,
	    MANY);
	/* rows and cells are copied, names are shared: eight frames each would be 2 MB more */
	ck_assert_uint_lt(lk_arena_bytes(s->arena),
	    MANY * (sizeof(struct lk_row) + 2 * sizeof(struct lk_cell)) * 11 / 10 +
	    (128u << 10));
	/* aimed at 10 ms, which is 1 % at 1 Hz; valgrind and sanitizers are many times slower */
	ck_assert_double_lt(per_tick_ms, 500);
	free(line);
}
END_TEST

static Suite *
picture_suite(void)
{
	Suite *suite = suite_create("picture");
	TCase *tc = tcase_create("picture");

	tcase_add_checked_fixture(tc, live_set_up, live_tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, first_picture_is_whole);
	tcase_add_test(tc, any_cut_gives_the_same_picture);
	tcase_add_test(tc, open_state_is_not_shown);
	tcase_add_test(tc, what_was_asked_for_is_in_the_picture_when_the_answer_comes);
	tcase_add_test(tc, after_a_reset_all_comes_anew);
	tcase_add_test(tc, a_reset_at_any_time_is_fine);
	tcase_add_test(tc, history_goes_on_with_the_ticks);
	tcase_add_test(tc, native_frames_get_their_symbols);
	tcase_add_test(tc, a_kept_picture_outlives_the_source);
	tcase_add_test(tc, ten_thousand_stacks_cost_little);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {picture_suite, NULL};

	return lk_suites_run(suites);
}
