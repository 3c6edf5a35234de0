/* A live source against a fake sampler in the same process, with a fake clock: nothing here
 * waits.  What the fake has said is in the socket when dispatch looks. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <check.h>

#include "base/attr.h"
#include "client/elf_symbols.h"
#include "client/source.h"
#include "leaktop/wire.h"
#include "model/arena.h"
#include "model/snapshot.h"

#include "fake.h"
#include "golden.h"

#define STARTED "1763640000.125"

static struct fake fake;
static struct lk_source *source;
static int64_t now_ms;

/* the last reply that came */
static int reply_count;
static bool reply_ok;
static uint64_t reply_number;
static char reply_words[256];

static void
on_reply(void *ctx, bool ok, uint64_t number, const char *words)
{
	ck_assert_ptr_eq(ctx, &fake);
	reply_count++;
	reply_ok = ok;
	reply_number = number;
	snprintf(reply_words, sizeof(reply_words), "%s", words);
}

static bool
step(int64_t pass_ms)
{
	now_ms += pass_ms;
	return lk_source_dispatch(source, NULL, 0, now_ms);
}

static void
open_for(int pid)
{
	ck_assert_int_eq(lk_source_open_live(fake.path, pid, 1000, &source), 0);
	ck_assert_int_eq(lk_source_state(source), LK_SOURCE_CONNECTING);
	ck_assert_ptr_null(lk_source_snapshot(source));
}

static void
set_up(void)
{
	now_ms = 1000;
	reply_count = 0;
	fake_open(&fake);
	open_for(getpid());
}

static void
tear_down(void)
{
	lk_source_close(source);
	fake_close(&fake);
}

/* The four requests that every connection starts with have the ids FIRST .. FIRST + 3. */
static void
say_first_replies(int first)
{
	char line[80];

	for (int i = 0; i < 4; i++) {
		snprintf(line, sizeof(line), "{\"t\":\"reply\",\"id\":%d,\"ok\":true}\n",
			 first + i);
		fake_say_text(&fake, line);
	}
}

static void
say_state(void)
{
	fake_say_golden(&fake, "baselines");
	fake_say_golden(&fake, "names");
	fake_say_golden(&fake, "live");
	fake_say_golden(&fake, "tick");
}

/* From the dial to the first picture. */
static void
bring_up(int first_id)
{
	step(0);
	fake_accept(&fake);
	fake_say_text(&fake, fake_hello(getpid(), STARTED));
	step(0);
	fake_hear(&fake);
	say_state();
	say_first_replies(first_id);
	ck_assert(step(0));
	ck_assert_int_eq(lk_source_state(source), LK_SOURCE_LIVE);
	ck_assert_ptr_nonnull(lk_source_snapshot(source));
}

START_TEST(first_picture_is_whole)
{
	const struct lk_snapshot *s;
	const struct lk_row *row;

	bring_up(1);
	ck_assert_ptr_nonnull(strstr(fake.heard, "\"op\":\"subscribe\",\"period_ms\":1000"));
	ck_assert_ptr_nonnull(strstr(fake.heard, "\"history\""));
	ck_assert_ptr_nonnull(strstr(fake.heard, "\"trends\""));
	ck_assert_ptr_nonnull(strstr(fake.heard, "\"memory\""));
	s = lk_source_snapshot(source);
	ck_assert_uint_eq(s->seq, 1);
	ck_assert_int_eq(s->process.pid, getpid());
	ck_assert_str_eq(s->process.python, "3.11.2");
	ck_assert_ptr_nonnull(strstr(s->process.command, "check_live"));
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

	length += (size_t)sprintf(talk, "%s", fake_hello(getpid(), STARTED));
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
		open_for(getpid());
		step(0);
		fake_accept(&fake);
		fake_say(&fake, talk, cut);
		step(0);
		ck_assert_msg((lk_source_snapshot(source) == NULL) == (cut < length),
			      "half a picture at %zu", cut);
		fake_say(&fake, talk + cut, length - cut);
		step(0);
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

	bring_up(1);
	fake_say_golden(&fake, "live-more");
	fake_say_golden(&fake, "baselines-empty");
	ck_assert(!step(0));
	ck_assert_uint_eq(lk_source_snapshot(source)->seq, 1);
	fake_say_golden(&fake, "live-empty");
	fake_say_golden(&fake, "tick-unknown");
	ck_assert(step(0));
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

START_TEST(silence_is_stale_after_three_periods)
{
	int timeout_ms = -1;
	struct pollfd fd;

	bring_up(1);
	ck_assert_uint_eq(lk_source_poll(source, &fd, 1, &timeout_ms), 1);
	ck_assert_int_eq(timeout_ms, 3000);
	ck_assert(!step(2999));
	ck_assert_int_eq(lk_source_state(source), LK_SOURCE_LIVE);
	ck_assert(step(1));
	ck_assert_int_eq(lk_source_state(source), LK_SOURCE_STALE);
	ck_assert_ptr_nonnull(lk_source_snapshot(source));
	fake_say_golden(&fake, "live-empty");
	fake_say_golden(&fake, "tick");
	ck_assert(step(10));
	ck_assert_int_eq(lk_source_state(source), LK_SOURCE_LIVE);
	ck_assert_str_eq(lk_source_words(source), "");
}
END_TEST

START_TEST(a_line_that_never_ends_is_stale_not_stuck)
{
	bring_up(1);
	fake_say_text(&fake, "{\"t\":\"live\",\"seq\":13,");
	step(100);
	step(3000);
	ck_assert_int_eq(lk_source_state(source), LK_SOURCE_STALE);
}
END_TEST

START_TEST(lost_connection_comes_back)
{
	int timeout_ms = -1;

	bring_up(1);
	fake_hang_up(&fake);
	ck_assert(step(0));
	ck_assert_int_eq(lk_source_state(source), LK_SOURCE_LOST);
	ck_assert_uint_eq(lk_source_snapshot(source)->row_count, 2);
	ck_assert_uint_eq(lk_source_poll(source, NULL, 0, &timeout_ms), 0);
	ck_assert_int_eq(timeout_ms, 100);
	step(99);
	ck_assert_int_eq(fake_is_dialled(&fake), 0);
	now_ms++;
	bring_up(5);
	ck_assert_uint_eq(lk_source_snapshot(source)->seq, 2);
}
END_TEST

static const char *const garbage[] = {
    "\n",
    "{\"t\":\"live\",\"seq\":13\n",
    "\377\376\n",
    "{\"t\":\"live\",\"seq\":1,\"at\":1,\"more\":false,\"rows\":[[77,1,1,1,[]]]}\n",
    "{\"t\":\"names\",\"strings\":[],\"frames\":[[9,99,99,1]],\"stacks\":[]}\n",
    "{\"t\":\"names\",\"strings\":[],\"frames\":[],\"stacks\":[[9,\"obj\",1,0,[99]]]}\n",
    "{\"t\":\"names\",\"strings\":[],\"frames\":[],\"stacks\":[[9,\"weather\",1,0,[]]]}\n",
    "{\"t\":\"reply\",\"id\":99,\"ok\":true}\n",
};

START_TEST(garbage_ends_the_connection_and_backs_off)
{
	bring_up(1);
	fake_say_text(&fake, garbage[_i]);
	ck_assert(step(0));
	ck_assert_int_eq(lk_source_state(source), LK_SOURCE_LOST);
	for (int64_t backoff_ms = 100; backoff_ms <= 3200; backoff_ms *= 2) {
		step(backoff_ms - 1);
		ck_assert_int_eq(fake_is_dialled(&fake), 0);
		step(1);
		fake_accept(&fake);
		fake_say_text(&fake, garbage[_i]);
		step(0);
		ck_assert_int_eq(lk_source_state(source), LK_SOURCE_LOST);
	}
	now_ms += 3200;
	bring_up(5);
}
END_TEST

START_TEST(a_flood_without_a_line_end_is_cut_off)
{
	char part[4096];

	memset(part, 'x', sizeof(part));
	bring_up(1);
	for (size_t sum = 0; sum < LK_WIRE_LINE_MAX; sum += sizeof(part)) {
		ck_assert_int_eq(lk_source_state(source), LK_SOURCE_LIVE);
		fake_say(&fake, part, sizeof(part));
		step(0);
	}
	ck_assert_int_eq(lk_source_state(source), LK_SOURCE_LOST);
}
END_TEST

START_TEST(an_ended_process_is_gone)
{
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		pause();
		_exit(0);
	}
	lk_source_close(source);
	open_for(child);
	step(0);
	fake_accept(&fake);
	fake_say_text(&fake, fake_hello(child, STARTED));
	say_state();
	step(0);
	ck_assert_int_eq(lk_source_state(source), LK_SOURCE_LIVE);
	kill(child, SIGKILL);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	fake_say_golden(&fake, "bye");
	step(0);
	ck_assert_int_eq(lk_source_state(source), LK_SOURCE_GONE);
	ck_assert_ptr_nonnull(lk_source_snapshot(source));
	ck_assert(!step(10000));
	ck_assert_int_eq(fake_is_dialled(&fake), 0);
}
END_TEST

START_TEST(another_start_time_is_gone)
{
	char line[1024];
	char *field;

	step(0);
	fake_accept(&fake);
	strcpy(line, fake_hello(getpid(), STARTED));
	field = strstr(line, "\"start_time\":") + 13;
	*field = *field == '9' ? '1' : '9';
	fake_say_text(&fake, line);
	step(0);
	ck_assert_int_eq(lk_source_state(source), LK_SOURCE_GONE);
}
END_TEST

START_TEST(refusals_say_why)
{
	static const struct {
		const char *say, *words;
	} cases[] = {
	    {"{\"t\":\"bye\",\"reason\":\"not permitted\"}\n", "refused this user"},
	    {"{\"t\":\"bye\",\"reason\":\"limit\"}\n", "already serves 8 clients"},
	};
	char line[1024];

	for (size_t i = 0; i < LK_COUNT_OF(cases); i++) {
		lk_source_close(source);
		open_for(getpid());
		step(0);
		fake_accept(&fake);
		fake_say_text(&fake, cases[i].say);
		step(0);
		ck_assert_int_eq(lk_source_state(source), LK_SOURCE_REFUSED);
		ck_assert_ptr_nonnull(strstr(lk_source_words(source), cases[i].words));
	}
	now_ms += 5000; /* who was one too many may come again */
	bring_up(1);
	lk_source_close(source);
	open_for(getpid());
	step(0);
	fake_accept(&fake);
	strcpy(line, fake_hello(getpid(), STARTED));
	strstr(line, "\"protocol\":1")[11] = '2';
	fake_say_text(&fake, line);
	step(0);
	ck_assert_int_eq(lk_source_state(source), LK_SOURCE_REFUSED);
	ck_assert_ptr_nonnull(strstr(lk_source_words(source), "protocol 2"));
}
END_TEST

START_TEST(requests_are_answered_in_order)
{
	const struct lk_request mark = {.op = LK_REQUEST_BASELINE, .text = "warm"};
	const struct lk_request drop = {.op = LK_REQUEST_BASELINE_DROP, .number = 9};

	ck_assert_int_eq(lk_source_request(source, &mark, on_reply, &fake), -ENOTCONN);
	bring_up(1);
	ck_assert_int_eq(lk_source_request(source, &mark, on_reply, &fake), 0);
	ck_assert_int_eq(lk_source_request(source, &drop, on_reply, &fake), 0);
	step(0);
	ck_assert_str_eq(fake_hear(&fake), "{\"id\":5,\"op\":\"baseline\",\"name\":\"warm\"}\n"
					   "{\"id\":6,\"op\":\"baseline.drop\",\"baseline\":9}\n");
	ck_assert_int_eq(reply_count, 0);
	fake_say_text(&fake, "{\"t\":\"reply\",\"id\":5,\"ok\":true,\"baseline\":3}\n");
	step(0);
	ck_assert_int_eq(reply_count, 1);
	ck_assert(reply_ok);
	ck_assert_uint_eq(reply_number, 3);
	fake_say_text(&fake, "{\"t\":\"reply\",\"id\":6,\"ok\":false,\"code\":\"bad-argument\","
			     "\"error\":\"no baseline 9\\u001b[2J\"}\n");
	step(0);
	ck_assert_int_eq(reply_count, 2);
	ck_assert(!reply_ok);
	ck_assert_str_eq(reply_words, "no baseline 9?[2J");
}
END_TEST

START_TEST(a_lost_connection_answers_who_waits)
{
	const struct lk_request memory = {.op = LK_REQUEST_MEMORY};

	bring_up(1);
	for (int i = 0; i < 64; i++)
		ck_assert_int_eq(lk_source_request(source, &memory, on_reply, &fake), 0);
	ck_assert_int_eq(lk_source_request(source, &memory, on_reply, &fake), -ENOSPC);
	fake_hang_up(&fake);
	step(0);
	ck_assert_int_eq(reply_count, 64);
	ck_assert(!reply_ok);
}
END_TEST

START_TEST(what_was_asked_for_is_in_the_picture_when_the_answer_comes)
{
	const struct lk_request rows = {.op = LK_REQUEST_BASELINE_ROWS, .number = 1};
	const struct lk_snapshot *s;

	bring_up(1);
	fake_say_golden(&fake, "history");
	fake_say_golden(&fake, "trends");
	fake_say_golden(&fake, "memory");
	fake_say_golden(&fake, "containers");
	fake_say_golden(&fake, "events");
	ck_assert_int_eq(lk_source_request(source, &rows, on_reply, &fake), 0);
	fake_say_golden(&fake, "baseline");
	fake_say_text(&fake, "{\"t\":\"reply\",\"id\":5,\"ok\":true}\n");
	step(0);
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
	ck_assert_int_eq(lk_source_request(source, &rows, on_reply, &fake), 0);
	fake_say_golden(&fake, "baseline");
	fake_say_text(&fake, "{\"t\":\"reply\",\"id\":5,\"ok\":true}\n");
	step(0);
	fake_hear(&fake);
}

/* Stack 2 was let go of: what comes anew is stack 1, then a new one. */
START_TEST(after_a_reset_all_comes_anew)
{
	const struct lk_snapshot *s, *before;

	bring_up(1);
	say_rows_of_a_baseline();
	before = lk_snapshot_get(lk_source_snapshot(source));
	fake_say_text(&fake, "{\"t\":\"reset\"}\n"
	    "{\"t\":\"names\",\"strings\":[[1,\"kept\"],[7,\"new\"]],"
	    "\"frames\":[[1,1,1,3],[8,7,7,4]],"
	    "\"stacks\":[[1,\"obj\",1,0,[1]],[9,\"mem\",7,0,[8]]]}\n"
	    "{\"t\":\"live\",\"seq\":13,\"at\":1763640062.250,\"more\":false,"
	    "\"rows\":[[9,8.0,1.0,1,[[1,1,8.0,1.0,1.0]]],[1,16.0,2.0,2,[]]]}\n");
	fake_say_golden(&fake, "memory");
	ck_assert(!step(0));	/* not before the tick */
	ck_assert_ptr_nonnull(strstr(fake_hear(&fake), "\"baseline.rows\",\"baseline\":1"));
	fake_say_golden(&fake, "tick");
	ck_assert(step(0));
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
	step(0);
	fake_accept(&fake);
	fake_say_text(&fake, fake_hello(getpid(), STARTED));
	fake_say_text(&fake, "{\"t\":\"reset\"}\n{\"t\":\"reset\",\"more\":1}\n");
	fake_say_golden(&fake, "baselines");
	fake_say_golden(&fake, "names");
	fake_say_golden(&fake, "live");
	fake_say_golden(&fake, "tick");
	step(0);
	ck_assert_uint_eq(lk_source_snapshot(source)->row_count, 2);
	fake_say_text(&fake, "{\"t\":\"reset\"}\n");
	fake_say_golden(&fake, "live");	/* of names it does not know any more */
	step(0);
	ck_assert_int_eq(lk_source_state(source), LK_SOURCE_LOST);
	ck_assert_uint_eq(lk_source_snapshot(source)->row_count, 2);
}
END_TEST

START_TEST(history_goes_on_with_the_ticks)
{
	const struct lk_series *series;

	bring_up(1);
	fake_say_golden(&fake, "history");
	fake_say_golden(&fake, "live-empty");
	fake_say_golden(&fake, "tick-unknown"); /* at 1763640062.250, the ring ended at 61 */
	step(0);
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
	step(0);
	return lk_source_snapshot(source)->rows[2].stack->frames;
}

START_TEST(native_frames_get_their_symbols)
{
	struct lk_elf_symbols *elf;
	const struct lk_frame *frames;
	uintptr_t base, address;

	bring_up(1);
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
	ck_assert_ptr_nonnull(strstr(frames[0].function, "check_live+0x"));
}
END_TEST

static void
fetch_baseline_rows(void)
{
	const struct lk_request rows = {.op = LK_REQUEST_BASELINE_ROWS, .number = 1};

	bring_up(1);
	lk_source_request(source, &rows, on_reply, &fake);
	fake_say_golden(&fake, "baseline");
	fake_say_text(&fake, "{\"t\":\"reply\",\"id\":5,\"ok\":true}\n");
	step(0);
	ck_assert(lk_source_snapshot(source)->baselines[0].has_rows);
	fake_say_golden(&fake, "baselines"); /* the list again: what was fetched stays */
	step(0);
	ck_assert(lk_source_snapshot(source)->baselines[0].has_rows);
	ck_assert_uint_eq(lk_source_snapshot(source)->baselines[0].rows[0].stack->id, 1);
	fake_hang_up(&fake);
	step(0);
	step(100);
	fake_accept(&fake);
}

START_TEST(rows_of_baselines_are_fetched_again_after_a_reconnect)
{
	fetch_baseline_rows();
	fake_say_text(&fake, fake_hello(getpid(), STARTED));
	step(0);
	ck_assert_ptr_nonnull(strstr(fake_hear(&fake), "\"baseline.rows\",\"baseline\":1"));
}
END_TEST

START_TEST(a_restarted_sampler_has_other_baselines)
{
	fetch_baseline_rows();
	fake_say_text(&fake, fake_hello(getpid(), "1763649999.000"));
	step(0);
	ck_assert_ptr_nonnull(strstr(fake_hear(&fake), "\"subscribe\""));
	ck_assert_ptr_null(strstr(fake.heard, "baseline.rows"));
}
END_TEST

START_TEST(a_kept_picture_outlives_the_source)
{
	const struct lk_snapshot *kept;

	bring_up(1);
	fake_say_golden(&fake, "containers");
	fake_say_golden(&fake, "trends");
	step(0);
	kept = lk_snapshot_get(lk_source_snapshot(source));
	fake_say_golden(&fake, "live-more");
	fake_say_golden(&fake, "live-empty");
	fake_say_golden(&fake, "tick-unknown");
	step(0);
	lk_source_close(source);
	open_for(getpid());
	ck_assert_str_eq(kept->rows[0].stack->frames[0].file, "/srv/shop/cart.py");
	ck_assert_double_eq(kept->rows[0].est_allocated_bytes, 5242880);
	ck_assert_str_eq(kept->containers.list[0].type, "dict");
	lk_snapshot_put(kept);
}
END_TEST

START_TEST(no_socket_yet_is_connecting)
{
	lk_source_close(source);
	ck_assert_int_eq(lk_source_open_live("/tmp/lk-fake-none/s", getpid(), 1000, &source), 0);
	step(0);
	ck_assert_int_eq(lk_source_state(source), LK_SOURCE_CONNECTING);
	ck_assert_ptr_nonnull(strstr(lk_source_words(source), "leaktop run"));
}
END_TEST

START_TEST(what_cannot_be_opened_leaves_out_alone)
{
	char path[200];
	struct lk_source *untouched = source;

	memset(path, 'p', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	ck_assert_int_eq(lk_source_open_live(path, 1, 1000, &untouched), -ENAMETOOLONG);
	ck_assert_int_eq(lk_source_open_live("x", 1, 99, &untouched), -EINVAL);
	ck_assert_ptr_eq(untouched, source);
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
	step(0);
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
	bring_up(1);
	say_many_names(line);
	say_many_rows(line, MANY);
	fake_say_golden(&fake, "tick-unknown");
	step(0);
	ck_assert_uint_eq(lk_source_snapshot(source)->row_count, MANY + 2);
	start_ms = cpu_ms();
	for (int i = 0; i < TICKS; i++) {
		say_many_rows(line, CHANGED);
		fake_say_golden(&fake, "tick-unknown");
		step(0);
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

static void
add_tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, first_picture_is_whole);
	tcase_add_test(tc, any_cut_gives_the_same_picture);
	tcase_add_test(tc, open_state_is_not_shown);
	tcase_add_test(tc, silence_is_stale_after_three_periods);
	tcase_add_test(tc, a_line_that_never_ends_is_stale_not_stuck);
	tcase_add_test(tc, lost_connection_comes_back);
	tcase_add_loop_test(tc, garbage_ends_the_connection_and_backs_off, 0, LK_COUNT_OF(garbage));
	tcase_add_test(tc, a_flood_without_a_line_end_is_cut_off);
	tcase_add_test(tc, an_ended_process_is_gone);
	tcase_add_test(tc, another_start_time_is_gone);
	tcase_add_test(tc, refusals_say_why);
	tcase_add_test(tc, requests_are_answered_in_order);
	tcase_add_test(tc, a_lost_connection_answers_who_waits);
	tcase_add_test(tc, what_was_asked_for_is_in_the_picture_when_the_answer_comes);
	tcase_add_test(tc, after_a_reset_all_comes_anew);
	tcase_add_test(tc, a_reset_at_any_time_is_fine);
	tcase_add_test(tc, history_goes_on_with_the_ticks);
	tcase_add_test(tc, native_frames_get_their_symbols);
	tcase_add_test(tc, rows_of_baselines_are_fetched_again_after_a_reconnect);
	tcase_add_test(tc, a_restarted_sampler_has_other_baselines);
	tcase_add_test(tc, a_kept_picture_outlives_the_source);
	tcase_add_test(tc, ten_thousand_stacks_cost_little);
	tcase_add_test(tc, no_socket_yet_is_connecting);
	tcase_add_test(tc, what_cannot_be_opened_leaves_out_alone);
}

int
main(void)
{
	Suite *suite = suite_create("live");
	TCase *tc = tcase_create("live");
	SRunner *runner = srunner_create(suite);
	int failed;

	add_tests(tc);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
