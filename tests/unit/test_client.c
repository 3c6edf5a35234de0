#include "config.h"

#include "suites.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <string.h>

#include "base/attr.h"
#include "client/source.h"
#include "leaktop/wire.h"
#include "model/snapshot.h"

static struct lk_source *source;
static int64_t now_ms;

static void
open_dummy(void)
{
	now_ms = 5000;
	ck_assert_int_eq(lk_source_open_dummy(7, &source), 0);
	ck_assert(!lk_source_dispatch(source, NULL, 0, now_ms));
}

static void
close_source(void)
{
	lk_source_close(source);
	source = NULL;
}

static void
tick(unsigned int count)
{
	while (count-- > 0) {
		now_ms += 1000;
		ck_assert(lk_source_dispatch(source, NULL, 0, now_ms));
	}
}

struct answer {
	unsigned int calls;
	bool ok;
	uint64_t number;
	char words[64];
};

static void
on_reply(void *ctx, bool ok, uint64_t number, const char *words)
{
	struct answer *a = ctx;

	a->calls++;
	a->ok = ok;
	a->number = number;
	strncpy(a->words, words, sizeof(a->words) - 1);
}

static struct answer
ask(enum lk_request_op op, uint64_t number, const char *text)
{
	struct lk_request r = {.op = op, .number = number, .text = text};
	struct answer a = {0};

	ck_assert_int_eq(lk_source_request(source, &r, on_reply, &a), 0);
	ck_assert_uint_eq(a.calls, 0);
	ck_assert(lk_source_dispatch(source, NULL, 0, now_ms));
	ck_assert_uint_eq(a.calls, 1);
	return a;
}

static double
live_of(const struct lk_row *row)
{
	double sum = 0;

	for (uint32_t i = 0; i < row->cell_count; i++)
		sum += row->cells[i].est_bytes;
	return sum;
}

START_TEST(a_dummy_is_a_running_shop)
{
	const struct lk_snapshot *s = lk_source_snapshot(source);

	ck_assert_ptr_nonnull(s);
	ck_assert_uint_eq(s->seq, 1);
	ck_assert_int_eq(s->process.pid, 41207);
	ck_assert_double_eq(s->at_s, 1700000000);
	ck_assert_int_eq(lk_source_state(source), LK_SOURCE_LIVE);
	ck_assert_str_eq(lk_source_words(source), "");
	ck_assert_uint_ge(s->row_count, 40);
	ck_assert_uint_eq(s->baseline_count, 3);
	ck_assert_str_eq(lk_snapshot_baseline(s, 1)->name, "warm");
	ck_assert(lk_snapshot_baseline(s, 3)->has_rows);
	ck_assert_uint_gt(s->containers.count, 5);
	ck_assert_uint_eq(s->series_count, 3);
	ck_assert(isfinite(s->memory.pymalloc_arena_bytes));
	ck_assert_double_gt(s->rss_bytes, s->est_live_bytes);
}
END_TEST

START_TEST(the_leaks_grow_and_the_rest_does_not)
{
	const struct lk_snapshot *before = lk_snapshot_get(lk_source_snapshot(source)), *after;
	const struct lk_row *leak, *startup;

	tick(120);
	after = lk_source_snapshot(source);
	ck_assert_double_eq(after->at_s - before->at_s, 120);
	ck_assert_uint_eq(after->seq, 121);
	leak = lk_snapshot_row(after->rows, after->row_count, 1);
	startup = lk_snapshot_row(after->rows, after->row_count, 3);
	/* 7.5 MiB a minute, 30 samples: five standard deviations */
	ck_assert_double_eq_tol(live_of(leak) -
	    live_of(lk_snapshot_row(before->rows, before->row_count, 1)), 15.7e6, 15e6);
	ck_assert_double_eq(live_of(startup),
	    live_of(lk_snapshot_row(before->rows, before->row_count, 3)));
	lk_snapshot_put(before);
}
END_TEST

START_TEST(a_seed_is_a_program)
{
	struct lk_source *twin = NULL, *other = NULL;
	const struct lk_snapshot *a, *b, *c;

	ck_assert_int_eq(lk_source_open_dummy(7, &twin), 0);
	ck_assert_int_eq(lk_source_open_dummy(8, &other), 0);
	a = lk_source_snapshot(source);
	b = lk_source_snapshot(twin);
	c = lk_source_snapshot(other);
	ck_assert_double_eq(a->est_live_bytes, b->est_live_bytes);
	ck_assert_double_eq(a->rss_bytes, b->rss_bytes);
	ck_assert_double_ne(a->est_live_bytes, c->est_live_bytes);
	lk_source_close(twin);
	lk_source_close(other);
}
END_TEST

START_TEST(rows_of_a_baseline_arrive_when_asked_for)
{
	struct answer a = ask(LK_REQUEST_BASELINE, 0, "evening");
	const struct lk_baseline *b;

	ck_assert(a.ok);
	ck_assert_uint_eq(a.number, 4);
	b = lk_snapshot_baseline(lk_source_snapshot(source), 4);
	ck_assert_str_eq(b->name, "evening");
	ck_assert(!b->has_rows);
	ck_assert_uint_eq(b->row_count, 0);
	ck_assert(ask(LK_REQUEST_BASELINE_ROWS, 4, NULL).ok);
	b = lk_snapshot_baseline(lk_source_snapshot(source), 4);
	ck_assert(b->has_rows);
	ck_assert_uint_gt(b->row_count, 40);
}
END_TEST

START_TEST(what_is_old_only_shrinks)
{
	const struct lk_snapshot *before = lk_snapshot_get(lk_source_snapshot(source)), *after;

	ck_assert(ask(LK_REQUEST_BASELINE, 0, NULL).ok);
	tick(50);
	after = lk_source_snapshot(source);
	for (uint32_t i = 0; i < before->row_count; i++) {
		const struct lk_row *old = &before->rows[i];
		const struct lk_row *now = lk_snapshot_row(after->rows, after->row_count,
		    old->stack->id);
		double kept = 0;

		for (uint32_t k = 0; k < now->cell_count; k++)
			kept += now->cells[k].epoch < 4 ? now->cells[k].est_bytes : 0;
		ck_assert_double_le(kept, live_of(old) + 1);
	}
	lk_snapshot_put(before);
}
END_TEST

START_TEST(baselines_are_renamed_dropped_and_limited)
{
	struct answer a;

	ck_assert(ask(LK_REQUEST_BASELINE_RENAME, 2, "busy").ok);
	ck_assert_str_eq(lk_snapshot_baseline(lk_source_snapshot(source), 2)->name, "busy");
	ck_assert(ask(LK_REQUEST_BASELINE_DROP, 2, NULL).ok);
	ck_assert_ptr_null(lk_snapshot_baseline(lk_source_snapshot(source), 2));
	a = ask(LK_REQUEST_BASELINE_DROP, 2, NULL);
	ck_assert(!a.ok);
	ck_assert_str_eq(a.words, "no such baseline");
	for (unsigned int i = 2; i < LK_WIRE_BASELINES_MAX; i++) {
		a = ask(LK_REQUEST_BASELINE, 0, NULL);
		ck_assert(a.ok);
		ck_assert_uint_eq(a.number, i + 2); /* a dropped id is not used again */
	}
	ck_assert(!ask(LK_REQUEST_BASELINE, 0, NULL).ok);
}
END_TEST

START_TEST(a_paused_dummy_samples_nothing)
{
	double total;

	ck_assert(ask(LK_REQUEST_PAUSE, 0, NULL).ok);
	total = lk_source_snapshot(source)->sampler.samples_total;
	ck_assert_int_eq(lk_source_snapshot(source)->sampler.state, LK_STATE_PAUSED);
	tick(3);
	ck_assert_double_eq(lk_source_snapshot(source)->sampler.samples_total, total);
	ck_assert(ask(LK_REQUEST_RESUME, 0, NULL).ok);
	tick(3);
	ck_assert_double_gt(lk_source_snapshot(source)->sampler.samples_total, total);
}
END_TEST

START_TEST(the_period_paces_the_ticks)
{
	int timeout_ms = -1;

	ck_assert(!ask(LK_REQUEST_PERIOD, 99, NULL).ok);
	ck_assert(ask(LK_REQUEST_PERIOD, 250, NULL).ok);
	ck_assert_uint_eq(lk_source_poll(source, NULL, 0, &timeout_ms), 0);
	ck_assert_int_eq(timeout_ms, 250);
	ck_assert(!lk_source_dispatch(source, NULL, 0, now_ms + 249));
	ck_assert(lk_source_dispatch(source, NULL, 0, now_ms + 250));
	timeout_ms = 100;
	lk_source_poll(source, NULL, 0, &timeout_ms);
	ck_assert_int_eq(timeout_ms, 100);
}
END_TEST

START_TEST(requests_queue_up_to_a_limit)
{
	struct lk_request r = {.op = LK_REQUEST_HISTORY};
	struct answer a = {0};
	unsigned int taken = 0;

	while (lk_source_request(source, &r, on_reply, &a) == 0)
		taken++;
	ck_assert_uint_ge(taken, 8);
	ck_assert_uint_lt(taken, 1000);
	lk_source_dispatch(source, NULL, 0, now_ms);
	ck_assert_uint_eq(a.calls, taken);
	r.op = (enum lk_request_op)99;
	ck_assert_int_eq(lk_source_request(source, &r, NULL, NULL), -EOPNOTSUPP);
}
END_TEST

START_TEST(asking_and_waiting)
{
	struct lk_request mark = {.op = LK_REQUEST_BASELINE};
	struct lk_request drop = {.op = LK_REQUEST_BASELINE_DROP, .number = 77};
	uint64_t id = 0, seq;

	ck_assert_int_eq(lk_source_ask(source, &mark, &id, 2000), 0);
	ck_assert_uint_eq(id, 4);
	ck_assert_int_eq(lk_source_ask(source, &drop, &id, 2000), -EREMOTEIO);
	ck_assert_str_eq(lk_source_words(source), "no such baseline");
	ck_assert_uint_eq(id, 4);
	seq = lk_source_snapshot(source)->seq;
	ck_assert_int_eq(lk_source_wait(source, 0, 0), 0);
	ck_assert_int_eq(lk_source_wait(source, seq + 1000, 20), -ETIMEDOUT);
	ck_assert_int_eq(lk_source_wait(source, seq, 5000), 0);
	ck_assert_uint_gt(lk_source_snapshot(source)->seq, seq);
}
END_TEST

static Suite *
dummy_suite(void)
{
	Suite *s = suite_create("dummy");
	TCase *tc = tcase_create("dummy");

	lk_source_close(NULL);
	tcase_add_checked_fixture(tc, open_dummy, close_source);
	tcase_add_test(tc, a_dummy_is_a_running_shop);
	tcase_add_test(tc, the_leaks_grow_and_the_rest_does_not);
	tcase_add_test(tc, a_seed_is_a_program);
	tcase_add_test(tc, rows_of_a_baseline_arrive_when_asked_for);
	tcase_add_test(tc, what_is_old_only_shrinks);
	tcase_add_test(tc, baselines_are_renamed_dropped_and_limited);
	tcase_add_test(tc, a_paused_dummy_samples_nothing);
	tcase_add_test(tc, the_period_paces_the_ticks);
	tcase_add_test(tc, requests_queue_up_to_a_limit);
	tcase_add_test(tc, asking_and_waiting);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {dummy_suite, NULL};

	return lk_suites_run(suites);
}
