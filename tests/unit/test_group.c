/* Groups of processes: three made-up ones whose numbers are known, added. */
#include "config.h"

#include "suites.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "analysis/growth.h"
#include "analysis/share.h"
#include "base/attr.h"
#include "client/discover.h"
#include "client/source.h"
#include "client/source_ops.h"
#include "model/snapshot.h"

#define MASTER	2000000001	/* no pid of this host can be that large */
#define PERIOD_MS 1000

enum mood { WELL, DEAD, SILENT, STOPPED, DEAF };

/* A dummy that can end, or fall silent: what it does then is seen later.  One that is stopped does
 * nothing, and one that is deaf neither, but that is not known yet. */
struct mortal {
	struct lk_source base;
	struct lk_source *inner;
	const enum mood *mood;
	const struct lk_snapshot *held;	/* what was seen last */
};

static struct lk_process processes[4];
static enum mood moods[4];
static struct mortal *mortals[4];
static int process_count;
static struct lk_source *group;
static int64_t now_ms;

static struct lk_source *
inner_of(const struct lk_source *s)
{
	return ((const struct mortal *)s)->inner;
}

static size_t
mortal_poll(struct lk_source *s, struct pollfd *fds, size_t max, int *timeout_ms)
{
	return lk_source_poll(inner_of(s), fds, max, timeout_ms);
}

static bool
mortal_dispatch(struct lk_source *s, const struct pollfd *fds, size_t count, int64_t at_ms)
{
	struct mortal *m = (struct mortal *)s;
	bool changed = (*m->mood == WELL || *m->mood == SILENT) &&
	    lk_source_dispatch(m->inner, fds, count, at_ms);

	if (*m->mood != WELL)
		return false;
	lk_snapshot_put(m->held);
	m->held = lk_snapshot_get(lk_source_snapshot(m->inner));
	return changed;
}

static const struct lk_snapshot *
mortal_snapshot(const struct lk_source *s)
{
	return ((const struct mortal *)s)->held;
}

static enum lk_source_state
mortal_state(const struct lk_source *s)
{
	static const enum lk_source_state states[] = {LK_SOURCE_LIVE, LK_SOURCE_GONE,
	    LK_SOURCE_STALE, LK_SOURCE_STALE, LK_SOURCE_LIVE};

	return states[*((const struct mortal *)s)->mood];
}

static const char *
mortal_words(const struct lk_source *s)
{
	return lk_source_words(inner_of(s));
}

static int
mortal_request(struct lk_source *s, const struct lk_request *request, lk_reply_fn fn, void *ctx)
{
	return lk_source_request(inner_of(s), request, fn, ctx);
}

static const struct lk_source_reading *
mortal_reading(const struct lk_source *s)
{
	return lk_source_reading(inner_of(s));
}

static void
mortal_close(struct lk_source *s)
{
	lk_source_close(inner_of(s));
	lk_snapshot_put(((struct mortal *)s)->held);
	free(s);
}

static const struct lk_source_ops mortal_ops = {
	.id = "mortal", .poll = mortal_poll, .dispatch = mortal_dispatch,
	.snapshot = mortal_snapshot, .state = mortal_state, .words = mortal_words,
	.request = mortal_request, .reading = mortal_reading, .close = mortal_close,
};

static int
scan(void *ctx, int64_t at_ms, const struct lk_process **out)
{
	(void)ctx;
	(void)at_ms;
	*out = processes;
	return process_count;
}

static int
open_mortal(void *ctx, const struct lk_process *process, struct lk_source **out)
{
	struct mortal *m = calloc(1, sizeof(*m));

	(void)ctx;
	lk_source_init(&m->base, &mortal_ops);
	m->mood = &moods[process - processes];
	mortals[process - processes] = m;
	ck_assert_int_eq(lk_source_open_dummy((uint32_t)process->pid, &m->inner), 0);
	m->held = lk_snapshot_get(lk_source_snapshot(m->inner));
	*out = &m->base;
	return 0;
}

static void
add_process(int pid, int ppid, bool has_sampler)
{
	processes[process_count] = (struct lk_process){.pid = pid, .ppid = ppid,
	    .start_time = (uint64_t)process_count + 1, .has_sampler = has_sampler,
	    .why_not = "not started under leaktop run"};
	process_count++;
}

static void
pass(int seconds)
{
	for (int i = 0; i < seconds; i++) {
		now_ms += PERIOD_MS;
		lk_source_dispatch(group, NULL, 0, now_ms);
	}
}

static void
open_group(void)
{
	const struct lk_group_finder finder = {scan, NULL, open_mortal, NULL};

	process_count = 0;
	memset(moods, 0, sizeof(moods));
	now_ms = 5000;
	add_process(MASTER, 1, false);
	add_process(7, MASTER, true);
	add_process(8, 7, true);	/* below a worker: of the group, too */
	ck_assert_int_eq(lk_source_open_group(MASTER, PERIOD_MS, &finder, &group), 0);
	pass(2);
}

static void
close_group(void)
{
	lk_source_close(group);
	group = NULL;
}

static const struct lk_snapshot *
now(void)
{
	return lk_source_snapshot(group);
}

static const struct lk_member *
member(int pid)
{
	for (uint32_t i = 0; i < now()->member_count; i++)
		if (now()->members[i].pid == pid)
			return &now()->members[i];
	return NULL;
}

static struct lk_estimate
all_of(const struct lk_snapshot *s)
{
	struct lk_estimate sum = {0};

	for (uint32_t i = 0; i < s->row_count; i++)
		for (uint32_t k = 0; k < s->rows[i].cell_count; k++)
			lk_estimate_add(&sum, &s->rows[i].cells[k]);
	return sum;
}

static void
near(double a, double b)
{
	ck_assert_msg(fabs(a - b) <= 1e-6 * fabs(b) + 1e-6, "%g, not %g", a, b);
}

static void
on_reply(void *ctx, bool ok, uint64_t number, const char *words)
{
	*(bool *)ctx = ok;
	(void)number;
	(void)words;
}

static bool
ask(enum lk_request_op op, uint64_t number)
{
	bool ok = false;

	ck_assert_int_eq(lk_source_request(group, &(struct lk_request){.op = op, .number = number},
	    on_reply, &ok), 0);
	pass(2);
	return ok;
}

/* Sums of cells, of each row by its frames, of variances, of numbers. */
static void
assert_sums(void)
{
	struct lk_estimate whole = all_of(now()), parts = {0};
	double rss = 0, live = 0;
	uint32_t counted = 0;

	for (uint32_t i = 0; i < now()->member_count; i++) {
		const struct lk_snapshot *part = now()->members[i].part;
		struct lk_estimate one;

		if (part == NULL)
			continue;
		one = all_of(part);
		counted++;
		parts.sampled_count += one.sampled_count;
		parts.bytes += one.bytes;
		parts.objects += one.objects;
		parts.variance += one.variance;
		rss += part->rss_bytes;
		live += part->est_live_bytes;
	}
	ck_assert_uint_gt(counted, 0);
	ck_assert_uint_eq(whole.sampled_count, parts.sampled_count);
	near(whole.bytes, parts.bytes);
	near(whole.objects, parts.objects);
	near(whole.variance, parts.variance);
	near(now()->rss_bytes, rss);
	near(now()->est_live_bytes, live);
	for (uint32_t i = 1; i < now()->row_count; i++)
		ck_assert_uint_gt(now()->rows[i].stack->id, now()->rows[i - 1].stack->id);
}

START_TEST(the_whole_is_the_sum_of_its_parts)
{
	open_group();
	ck_assert_int_eq(lk_source_state(group), LK_SOURCE_LIVE);
	ck_assert_int_eq(now()->process.pid, MASTER);
	ck_assert_uint_eq(now()->member_count, 3);
	ck_assert_int_eq(member(MASTER)->state, LK_MEMBER_BARE);
	ck_assert_str_eq(member(MASTER)->why, "not started under leaktop run");
	ck_assert_int_eq(member(8)->state, LK_MEMBER_LIVE);
	assert_sums();
	/* the dummies run the same program: a stack of both is one row */
	ck_assert_uint_lt(now()->row_count,
	    member(7)->part->row_count + member(8)->part->row_count);
	pass(30);
	assert_sums();
	ck_assert_uint_gt(now()->series_count, 0);
	near(now()->series[0].rss_bytes[now()->series[0].count - 1] / now()->rss_bytes, 1);
	close_group();
}
END_TEST

/* What each has of a row adds to the row, of growth since a baseline of the group too. */
START_TEST(shares_add_to_the_row)
{
	struct lk_growth_set *set;
	uint32_t missing, id;

	open_group();
	ck_assert(ask(LK_REQUEST_BASELINE, 0));
	ck_assert_uint_gt(now()->baseline_count, 0);
	id = now()->baselines[now()->baseline_count - 1].id;
	ck_assert_ptr_null(lk_growth_new(now(), id, 0, LK_GROUP_LINE, &missing));
	ck_assert_uint_eq(missing, id);
	ck_assert(ask(LK_REQUEST_BASELINE_ROWS, id));
	pass(60);
	set = lk_growth_new(now(), id, 0, LK_GROUP_LINE, &missing);
	ck_assert_ptr_nonnull(set);
	ck_assert_uint_gt(set->count, 10);
	for (size_t i = 0; i < set->count; i++) {
		double live = 0, delta = 0;

		for (uint32_t k = 0; k < now()->member_count; k++) {
			struct lk_share share;

			if (now()->members[k].part == NULL)
				continue;
			ck_assert_int_eq(lk_share_of_row(now()->members[k].part, &set->rows[i], id,
			    0, LK_GROUP_LINE, &share), 0);
			live += share.live_bytes;
			delta += share.delta_bytes;
		}
		near(live, set->rows[i].live.bytes);
		/* in one what was born, in another what died: the sum of both is the same */
		near(delta + 1e9, set->rows[i].delta_bytes + 1e9);
	}
	lk_growth_free(set);
	ck_assert(ask(LK_REQUEST_BASELINE_DROP, id));
	ck_assert_ptr_null(lk_snapshot_baseline(now(), id));
	close_group();
}
END_TEST

/* What one had at the baseline went with it: that is in the growth of the sum. */
START_TEST(one_that_ends_leaves_the_sum)
{
	struct lk_estimate before;
	struct lk_growth_set *set;
	double gone_bytes, delta = 0;
	uint32_t missing, id;

	open_group();
	ck_assert(ask(LK_REQUEST_BASELINE, 0));
	id = now()->baselines[now()->baseline_count - 1].id;
	ck_assert(ask(LK_REQUEST_BASELINE_ROWS, id));
	before = all_of(now());
	gone_bytes = all_of(member(8)->part).bytes;
	moods[2] = DEAD;
	process_count = 2;
	pass(1);
	ck_assert_int_eq(member(8)->state, LK_MEMBER_GONE);
	ck_assert_ptr_null(member(8)->part);
	ck_assert_int_eq(now()->members[now()->member_count - 1].pid, 8);
	ck_assert_uint_eq(now()->ended_count, 1);
	assert_sums();
	ck_assert_ptr_nonnull(lk_snapshot_baseline(now(), id));
	set = lk_growth_new(now(), id, 0, LK_GROUP_DOMAIN, &missing);
	ck_assert_ptr_nonnull(set);
	for (size_t i = 0; i < set->count; i++)
		delta += set->rows[i].delta_bytes;
	ck_assert_double_lt(delta, -0.5 * gone_bytes);
	lk_growth_free(set);
	/* another takes its place */
	add_process(9, MASTER, true);
	moods[2] = WELL;
	pass(3);
	ck_assert_int_eq(member(9)->state, LK_MEMBER_LIVE);
	ck_assert(member(9)->joined && !member(7)->joined);
	assert_sums();
	ck_assert_double_gt(all_of(now()).bytes, 0.5 * before.bytes);
	moods[1] = moods[2] = DEAD;
	process_count = 0;
	pass(3);
	ck_assert_int_eq(lk_source_state(group), LK_SOURCE_GONE);
	ck_assert_int_eq(lk_source_request(group, &(struct lk_request){.op = LK_REQUEST_MEMORY},
	    NULL, NULL), -ENOTCONN);
	close_group();
}
END_TEST

/* ---- members that do not answer -------------------------------------------- */

struct said {
	int replies;
	bool ok;
	uint64_t number;
	char words[256];
};

static void
remember(void *ctx, bool ok, uint64_t number, const char *words)
{
	struct said *said = ctx;

	said->replies++;
	said->ok = ok;
	said->number = number;
	snprintf(said->words, sizeof(said->words), "%s", words);
}

static struct said
tell(enum lk_request_op op, uint64_t number, const char *text)
{
	struct said said = {0};
	const struct lk_request request = {.op = op, .number = number, .text = text};

	ck_assert_int_eq(lk_source_request(group, &request, remember, &said), 0);
	for (int i = 0; i < 4 && said.replies == 0; i++)
		pass(1);
	ck_assert_int_eq(said.replies, 1);
	pass(1);
	return said;
}

static double
growth_since(uint32_t id)
{
	uint32_t missing;
	struct lk_growth_set *set = lk_growth_new(now(), id, 0, LK_GROUP_LINE, &missing);
	double sum = 0;

	ck_assert_ptr_nonnull(set);
	for (size_t i = 0; i < set->count; i++)
		sum += set->rows[i].delta_bytes;
	lk_growth_free(set);
	return sum;
}

static struct lk_share
share_of(int pid, uint32_t id)
{
	struct lk_share share;

	ck_assert_int_eq(lk_share_of_all(member(pid)->part, id, 0, &share), 0);
	return share;
}

static const struct lk_baseline *
baseline(uint32_t id)
{
	const struct lk_baseline *b = lk_snapshot_baseline(now(), id);

	ck_assert_ptr_nonnull(b);
	return b;
}

/* The dummies have baselines of their own, which are in the way. */
static void
open_bare_group(void)
{
	open_group();
	while (now()->baseline_count > 0)
		ck_assert(tell(LK_REQUEST_BASELINE_DROP, now()->baselines[0].id, NULL).ok);
}

static uint32_t
mark(const char *name)
{
	struct said said = tell(LK_REQUEST_BASELINE, 0, name);

	ck_assert(said.ok);
	ck_assert_str_eq(said.words, "");
	ck_assert_uint_eq(said.number, now()->baselines[now()->baseline_count - 1].id);
	return (uint32_t)said.number;
}

/* Likewise while 8 does not hear it. */
static uint32_t
mark_without_8(const char *name)
{
	struct said said = tell(LK_REQUEST_BASELINE, 0, name);

	ck_assert(said.ok);
	ck_assert_str_eq(said.words, "8 does not answer: marked there when it does");
	ck_assert_uint_eq(said.number, now()->baselines[now()->baseline_count - 1].id);
	return (uint32_t)said.number;
}

/* 8 is silent when one is marked: its growth is unknown and in no sum, until it is heard again;
 * then it is marked there too, and it is said how much later. */
START_TEST(one_that_is_silent_misses_a_baseline)
{
	uint32_t id;

	open_bare_group();
	moods[2] = SILENT;
	pass(3);
	id = mark_without_8("warm");
	ck_assert(tell(LK_REQUEST_BASELINE_ROWS, id, NULL).ok);
	pass(30);
	ck_assert_int_eq(member(8)->state, LK_MEMBER_SILENT);
	ck_assert_uint_eq(lk_snapshot_silent(now()), 1);
	ck_assert_str_eq(baseline(id)->name, "warm");
	ck_assert_uint_eq(baseline(id)->missed_count, 1);
	ck_assert_uint_eq(baseline(id)->late_count, 0);
	near(growth_since(id), share_of(7, id).delta_bytes);
	ck_assert(isnan(share_of(8, id).delta_bytes) && share_of(8, id).live_bytes > 0);
	assert_sums();
	moods[2] = WELL;
	pass(6);
	ck_assert_uint_eq(now()->baseline_count, 1);
	ck_assert_uint_eq(baseline(id)->missed_count, 0);
	ck_assert_uint_eq(baseline(id)->late_count, 1);
	ck_assert_double_gt(baseline(id)->late_s, 30);
	ck_assert_double_lt(baseline(id)->late_s, 40);
	pass(30);
	near(share_of(7, id).delta_bytes + share_of(8, id).delta_bytes, growth_since(id));
	ck_assert_double_gt(share_of(8, id).delta_bytes, 0);
	close_group();
}
END_TEST

/* The next one after one that was missed is of all again. */
START_TEST(one_that_was_silent_marks_the_next)
{
	uint32_t first, second;

	open_bare_group();
	moods[2] = SILENT;
	first = mark_without_8(NULL);
	pass(10);
	moods[2] = WELL;
	pass(20);
	second = mark(NULL);
	ck_assert_uint_eq(now()->baseline_count, 2);
	ck_assert_uint_eq(baseline(first)->late_count, 1);
	ck_assert_uint_eq(baseline(second)->late_count + baseline(second)->missed_count, 0);
	assert_sums();
	close_group();
}
END_TEST

/* The one that it knows is not taken for the next, however near they are. */
START_TEST(one_that_is_silent_misses_the_second_of_two)
{
	uint32_t first, second;

	open_bare_group();
	first = mark(NULL);
	moods[2] = SILENT;
	second = mark_without_8(NULL);
	ck_assert_double_lt(baseline(second)->at_s - baseline(first)->at_s, 5);
	pass(10);
	ck_assert_uint_eq(baseline(first)->missed_count, 0);
	ck_assert_uint_eq(baseline(second)->missed_count, 1);
	moods[2] = WELL;
	pass(10);
	ck_assert_uint_eq(now()->baseline_count, 2);
	ck_assert_uint_eq(baseline(first)->late_count, 0);
	ck_assert_uint_eq(baseline(second)->late_count, 1);
	assert_sums();
	close_group();
}
END_TEST

/* What is said to one that is silent is told when it answers: the last name, and what is gone. */
START_TEST(one_that_is_silent_is_told_later)
{
	const struct lk_snapshot *own;
	uint32_t first, second;
	struct said said;

	open_bare_group();
	first = mark("a");
	pass(10);
	second = mark("b");
	moods[2] = SILENT;
	said = tell(LK_REQUEST_BASELINE_RENAME, first, "first");
	ck_assert(said.ok);
	ck_assert_str_eq(said.words, "8 does not answer: told when it does");
	ck_assert(tell(LK_REQUEST_BASELINE_RENAME, first, "last").ok);
	ck_assert(tell(LK_REQUEST_BASELINE_DROP, second, NULL).ok);
	ck_assert_uint_eq(now()->baseline_count, 1);
	pass(10);
	moods[2] = WELL;
	pass(4);
	own = lk_source_snapshot(mortals[2]->inner);
	ck_assert_uint_eq(own->baseline_count, 1);
	ck_assert_str_eq(own->baselines[0].name, "last");
	ck_assert_uint_eq(now()->baseline_count, 1);
	ck_assert_str_eq(baseline(first)->name, "last");
	close_group();
}
END_TEST

/* Rows are fetched from it as soon as it answers, though nobody asks again. */
START_TEST(one_that_is_silent_is_asked_for_rows_later)
{
	uint32_t id;

	open_bare_group();
	id = mark(NULL);
	moods[2] = SILENT;
	ck_assert(tell(LK_REQUEST_BASELINE_ROWS, id, NULL).ok);
	pass(3);
	ck_assert_uint_eq(baseline(id)->missed_count, 1);
	near(growth_since(id), share_of(7, id).delta_bytes);
	moods[2] = WELL;
	pass(20);
	ck_assert_uint_eq(baseline(id)->missed_count, 0);
	near(share_of(7, id).delta_bytes + share_of(8, id).delta_bytes, growth_since(id));
	close_group();
}
END_TEST

/* It was thought to be well when it was asked: whoever asked does not wait for ever. */
START_TEST(one_that_falls_silent_is_not_waited_for)
{
	const struct lk_request request = {.op = LK_REQUEST_BASELINE};
	struct said said = {0};

	open_bare_group();
	moods[2] = DEAF;
	ck_assert_int_eq(lk_source_request(group, &request, remember, &said), 0);
	pass(2);
	ck_assert_int_eq(said.replies, 0);
	moods[2] = STOPPED;
	pass(1);
	ck_assert_int_eq(said.replies, 1);
	ck_assert(said.ok);
	ck_assert_str_eq(said.words, "8 does not answer: marked there when it does");
	moods[2] = WELL;
	pass(10);
	ck_assert_uint_eq(now()->baseline_count, 1);
	ck_assert_uint_eq(now()->baselines[0].missed_count, 0);
	ck_assert_int_eq(said.replies, 1);
	moods[2] = DEAF;
	ck_assert_int_eq(lk_source_request(group, &request, remember, &said), 0);
	pass(2);
	moods[2] = DEAD;
	process_count = 2;
	pass(2);
	ck_assert_int_eq(said.replies, 2);
	ck_assert(said.ok);
	close_group();
}
END_TEST

/* A baseline that one of many has is its own; what most have is the group's, and those that lack it
 * are left alone: nobody asked for it here. */
START_TEST(a_baseline_of_one_is_not_that_of_all)
{
	const struct lk_request request = {.op = LK_REQUEST_BASELINE};
	uint32_t own;

	open_group();
	add_process(9, MASTER, true);
	pass(4);
	while (now()->baseline_count > 0)
		ck_assert(tell(LK_REQUEST_BASELINE_DROP, now()->baselines[0].id, NULL).ok);
	pass(10);
	ck_assert_int_eq(lk_source_request(mortals[1]->inner, &request, NULL, NULL), 0);
	pass(20);
	ck_assert_uint_eq(now()->baseline_count, 0);
	own = lk_source_snapshot(mortals[3]->inner)->baseline_count;
	ck_assert_int_eq(lk_source_request(mortals[1]->inner, &request, NULL, NULL), 0);
	ck_assert_int_eq(lk_source_request(mortals[2]->inner, &request, NULL, NULL), 0);
	pass(20);
	ck_assert_uint_eq(now()->baseline_count, 1);
	ck_assert_uint_eq(now()->baselines[0].missed_count, 1);
	ck_assert_uint_eq(lk_source_snapshot(mortals[3]->inner)->baseline_count, own);
	close_group();
}
END_TEST

START_TEST(a_heap_is_that_of_one)
{
	open_group();
	ck_assert(!ask(LK_REQUEST_TYPES, 0));
	ck_assert(!ask(LK_REQUEST_CONTAINERS, 0));
	ck_assert_int_eq(lk_source_request(group, &(struct lk_request){.op = LK_REQUEST_GIVE_UP},
	    NULL, NULL), -ENOENT);
	close_group();
}
END_TEST

static Suite *
suite_group(void)
{
	Suite *suite = suite_create("group");
	TCase *tc = tcase_create("group");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, the_whole_is_the_sum_of_its_parts);
	tcase_add_test(tc, shares_add_to_the_row);
	tcase_add_test(tc, one_that_ends_leaves_the_sum);
	tcase_add_test(tc, one_that_is_silent_misses_a_baseline);
	tcase_add_test(tc, one_that_was_silent_marks_the_next);
	tcase_add_test(tc, one_that_is_silent_misses_the_second_of_two);
	tcase_add_test(tc, one_that_is_silent_is_told_later);
	tcase_add_test(tc, one_that_is_silent_is_asked_for_rows_later);
	tcase_add_test(tc, one_that_falls_silent_is_not_waited_for);
	tcase_add_test(tc, a_baseline_of_one_is_not_that_of_all);
	tcase_add_test(tc, a_heap_is_that_of_one);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {suite_group, NULL};

	return lk_suites_run(suites);
}
