#include "config.h"

#include "suites.h"

#include <math.h>
#include <string.h>

#include "analysis/diff.h"
#include "analysis/growth.h"
#include "analysis/verdict.h"
#include "base/attr.h"
#include "model/arena.h"

#include "fixture.h"

#define M 1048576.0

/* ---- verdict ------------------------------------------------------------ */

static struct lk_snapshot *s;

static void
setup(void)
{
	s = lk_fixture_new(10000);
}

static void
teardown(void)
{
	lk_snapshot_put(s);
}

/* Points a second apart that rise by so much each minute, with a saw tooth of 3 M. */
static void
history(uint32_t count, double rss_per_min, double live_per_min)
{
	struct lk_series *series = lk_arena_get(s->arena, 1, sizeof(*series));
	float *rss = lk_arena_get(s->arena, count, sizeof(*rss));
	float *live = lk_arena_get(s->arena, count, sizeof(*live));

	for (uint32_t i = 0; i < count; i++) {
		rss[i] = (float)(500 * M + rss_per_min * i / 60 + i * 7919 % 31 * M / 10);
		live[i] = (float)(300 * M + live_per_min * i / 60 + i * 104729 % 29 * M / 10);
	}
	*series = (struct lk_series){1, s->at_s, count, rss, live};
	s->series = series;
	s->series_count = 1;
	s->rss_bytes = (double)rss[count - 1];
	s->est_live_bytes = (double)live[count - 1];
}

static const struct {
	uint32_t count;
	double rss_per_min, live_per_min, limit_bytes;
	const char *start, *part;
} sentences[] = {
	{600, 15 * M, 14 * M, 2048 * M, "Python leak: +1", "; limit 2.00G in 1h3"},
	{600, 15 * M, 14 * M, NAN, "Python leak: +1", "% of RSS growth"},
	{600, 15 * M, 0, NAN, "RSS grows +1", "Python does not: native memory or fragmentation"},
	{600, 15 * M, 4 * M, 0x1p62, "RSS grows +1", "of it: native memory or fragmentation"},
	{600, 0, 0, 2048 * M, "not growing", ""},
	{600, -5 * M, -5 * M, 2048 * M, "not growing", ""},
	{600, 0, 6 * M, NAN, "Python grows +", "inside memory that the process already has"},
	{13, 15 * M, 15 * M, NAN, "warming up: 12s of data", ""},
};

START_TEST(the_sentence_fits_the_history)
{
	struct lk_verdict v;

	s->cgroup_limit_bytes = sentences[_i].limit_bytes;
	history(sentences[_i].count, sentences[_i].rss_per_min, sentences[_i].live_per_min);
	lk_verdict_of(s, &v);
	ck_assert_msg(strncmp(v.sentence, sentences[_i].start, strlen(sentences[_i].start)) == 0 &&
	    strstr(v.sentence, sentences[_i].part) != NULL, "%s", v.sentence);
	ck_assert_double_eq(v.warm_up_s, sentences[_i].count == 600 ? 0 : 48);
	ck_assert_int_eq(v.kind_bytes > 0, strncmp(v.sentence, "Python leak", 11) == 0);
	if (v.kind_bytes > 0)
		ck_assert_int_eq(v.sentence[v.kind_bytes], ':');
	if (sentences[_i].count == 600)
		ck_assert_double_eq_tol(v.rss_growth_bytes_per_min, sentences[_i].rss_per_min,
		    0.5 * M);
}
END_TEST

/* COUNT rows of domain native, which together rise by so much each minute for ten minutes. */
static void
native_rows(uint32_t count, double per_min)
{
	struct lk_row *rows = lk_arena_get(s->arena, count, sizeof(*rows));

	for (uint32_t i = 0; i < count; i++) {
		struct lk_stack *stack = lk_arena_get(s->arena, 1, sizeof(*stack));
		float *trend = lk_arena_get(s->arena, 60, sizeof(*trend));

		*stack = (struct lk_stack){.id = i + 1, .domain = LK_DOMAIN_NATIVE, .thread = ""};
		for (uint32_t k = 0; k < 60; k++)
			trend[k] = (float)(20 * M + per_min / count * k / 6);
		rows[i] = (struct lk_row){.stack = stack, .trend_count = 60, .trend_bytes = trend};
	}
	s->rows = rows;
	s->row_count = count;
	s->trend_step_s = 10;
}

static const struct {
	double rss_per_min, live_per_min, native_per_min;
	const char *start, *part;
	bool native;
} native_sentences[] = {
	{15 * M, 0, 14 * M, "Native leak: +14.0M/min, 9", "% of RSS growth", true},
	{15 * M, 6 * M, 9 * M, "Native leak: +9.0M/min, 6", "% of RSS growth", true},
	{15 * M, 9 * M, 6 * M, "Python leak: +", "% of RSS growth", false},
	{15 * M, 5 * M, 5 * M, "RSS grows +1", "% of it, native memory 3", false},
	{15 * M, 0, 5 * M, "RSS grows +1", "native memory 33% of it, Python does not", false},
	{15 * M, 0, 0, "RSS grows +1", "Python does not: native memory or fragm", false},
	{0, 0, 14 * M, "not growing", "", false},
};

START_TEST(a_native_leak_is_called_so)
{
	struct lk_verdict v;

	history(600, native_sentences[_i].rss_per_min, native_sentences[_i].live_per_min);
	native_rows(3, native_sentences[_i].native_per_min);
	lk_verdict_of(s, &v);
	ck_assert_msg(strncmp(v.sentence, native_sentences[_i].start,
	    strlen(native_sentences[_i].start)) == 0 &&
	    strstr(v.sentence, native_sentences[_i].part) != NULL, "%s", v.sentence);
	ck_assert_int_eq(v.is_native, native_sentences[_i].native);
	if (v.is_native)
		ck_assert_uint_eq(v.kind_bytes, strlen("Native leak"));
	ck_assert_double_eq_tol(v.native_growth_bytes_per_min,
	    native_sentences[_i].native_per_min, 0.1 * M);
}
END_TEST

/* A file may hold trends of any length, and stacks of different ones. */
START_TEST(native_trends_end_together)
{
	struct lk_verdict v;
	float *longer = lk_arena_get(s->arena, 5000, sizeof(*longer));
	struct lk_row *rows;

	history(600, 15 * M, 0);
	native_rows(2, 14 * M);
	for (uint32_t k = 0; k < 5000; k++)
		longer[k] = k % 7 == 0 ? NAN : 1;
	rows = (struct lk_row *)(uintptr_t)s->rows;
	rows[0].trend_bytes = longer;
	rows[0].trend_count = 5000;
	lk_verdict_of(s, &v);
	ck_assert_double_eq_tol(v.native_growth_bytes_per_min, 7 * M, 0.5 * M);
	rows[1].trend_bytes = NULL;
	rows[0].trend_count = 0;
	lk_verdict_of(s, &v);
	ck_assert(isnan(v.native_growth_bytes_per_min));
}
END_TEST

/* Courses of ten minutes, MiB at second I. */
static double
levels_off(uint32_t i)
{
	return i < 400 ? 0.25 * i : 100;
}

static double
begins_late(uint32_t i)
{
	return i < 500 ? 0 : 0.25 * (i - 500);
}

static double
grows_faster(uint32_t i)
{
	return 0.01 * i + begins_late(i);
}

static double
saw(uint32_t i)
{
	return 0.5 * (i % 170);
}

static double
one_tooth(uint32_t i)
{
	return i < 450 ? 0.2 * i : 0.2 * (i - 450);
}

static double
higher_teeth(uint32_t i)
{
	return 0.2 * i + 0.2 * (i % 100);
}

static double
bursts(uint32_t i)
{
	return 8.0 * (i / 100);
}

static double
steady_rise(uint32_t i)
{
	return 0.2 * i;
}

static double
slow_rise(uint32_t i)
{
	return 0.0035 * i;
}

static double
fills(uint32_t i)
{
	return 60 * (1 - exp(-(double)i / 200));
}

static double
untouched(uint32_t i)
{
	return 0.8 * i;
}

static double
flat(uint32_t i)
{
	return i % 7 * 0.02;
}

static const struct {
	double (*rss)(uint32_t), (*live)(uint32_t);
	enum lk_verdict_kind kind;
	const char *part;
	double per_min;	/* of RSS, MiB */
} courses[] = {
	{steady_rise, steady_rise, LK_VERDICT_PYTHON_LEAK, "100% of RSS growth", 12},
	{levels_off, levels_off, LK_VERDICT_ENDED, "any more: RSS +100.0M, then flat for 3m", 0},
	{levels_off, steady_rise, LK_VERDICT_INSIDE, "Python grows +12.0M/min inside", 0},
	{begins_late, begins_late, LK_VERDICT_PYTHON_LEAK, "Python leak: +1", 15},
	{grows_faster, grows_faster, LK_VERDICT_PYTHON_LEAK, "Python leak: +1", 15.6},
	{begins_late, flat, LK_VERDICT_GROWTH, "Python does not", 15},
	{saw, saw, LK_VERDICT_SAW_TOOTH, "rises and falls back by 8", NAN},
	{one_tooth, one_tooth, LK_VERDICT_STEADY, "not growing", NAN},
	{flat, saw, LK_VERDICT_SAW_TOOTH, "rises and falls back by 8", 0},
	{higher_teeth, higher_teeth, LK_VERDICT_PYTHON_LEAK, "Python leak: +1", NAN},
	{bursts, bursts, LK_VERDICT_PYTHON_LEAK, "100% of RSS growth", NAN},
	{slow_rise, flat, LK_VERDICT_GROWTH, "too few samples yet", 0.21},
	{steady_rise, untouched, LK_VERDICT_PYTHON_LEAK, "+48.0M/min, 25% of it in RSS yet", 12},
	{fills, fills, LK_VERDICT_SLOWING, "RSS grows ever slower: +1.", 1.3},
	{flat, fills, LK_VERDICT_SLOWING, "Python grows ever slower: +1.", 0},
	{flat, levels_off, LK_VERDICT_ENDED, "any more", 0},
	{flat, steady_rise, LK_VERDICT_INSIDE, "inside memory that the process already has", 0},
	{flat, flat, LK_VERDICT_STEADY, "not growing", 0},
};

START_TEST(each_course_has_its_name)
{
	struct lk_verdict v;
	float *rss, *live;

	history(600, 0, 0);
	rss = (float *)(uintptr_t)s->series[0].rss_bytes;
	live = (float *)(uintptr_t)s->series[0].live_bytes;
	for (uint32_t i = 0; i < 600; i++) {
		rss[i] = (float)(50 * M + courses[_i].rss(i) * M);
		live[i] = (float)(20 * M + courses[_i].live(i) * M);
	}
	s->rss_bytes = (double)rss[599];
	s->cgroup_limit_bytes = 2048 * M;
	s->sampler.interval_bytes = 512 << 10;
	lk_verdict_of(s, &v);
	ck_assert_msg(v.kind == courses[_i].kind && strstr(v.sentence, courses[_i].part) != NULL,
	    "%s: %s", lk_verdict_kind_name(v.kind), v.sentence);
	if (!isnan(courses[_i].per_min))
		ck_assert_double_eq_tol(v.rss_growth_bytes_per_min, courses[_i].per_min * M,
		    0.2 * M);
	ck_assert_int_eq(v.rss_grows, strstr(v.sentence, "limit 2.00G in") != NULL);
}
END_TEST

/* By how much a line of the program and one of its start grew, at the end of a trend of 120 s. */
static const struct {
	uint32_t points;	/* of the trends */
	double step_s;
	const char *line;	/* NULL: none */
} explanations[] = {
	{12, 10, "leak"}, {0, 10, "startup"}, {2, 10, "startup"}, {12, NAN, "startup"},
};

START_TEST(what_the_start_took_is_not_the_line)
{
	static struct lk_frame frames[] = {{.function = "startup"}, {.function = "leak"},
	    {.function = "noise"}};
	float trends[3][12];
	struct lk_growth rows[3];
	const struct lk_growth *line;
	struct lk_growth_set set = {.count = 3, .rows = rows};

	for (uint32_t i = 0; i < 12; i++) {
		trends[0][i] = (float)(i == 0 ? 0 : 90 * M);
		trends[1][i] = (float)(i * M);
		trends[2][i] = (float)(i % 2 * 3 * M);
	}
	for (uint32_t i = 0; i < 3; i++)
		rows[i] = (struct lk_growth){.frame = &frames[i], .significant = i < 2,
		    .live = {.bytes = trends[i][11] + 1, .variance = i == 2 ? 1e15 : 1e12},
		    .delta_bytes = i == 0 ? 90 * M : i == 1 ? 11 * M : 0,
		    .trend_count = explanations[_i].points,
		    .trend_bytes = explanations[_i].points > 0 ? trends[i] : NULL};
	line = lk_verdict_line(&set, explanations[_i].step_s);
	ck_assert_ptr_nonnull(line);
	ck_assert_str_eq(line->frame->function, explanations[_i].line);
	ck_assert_int_eq(isnan(lk_verdict_recent_per_min(&rows[1], explanations[_i].step_s)),
	    explanations[_i].points < 12 || isnan(explanations[_i].step_s));
	if (explanations[_i].points == 12 && !isnan(explanations[_i].step_s)) {
		ck_assert_double_eq_tol(lk_verdict_recent_per_min(&rows[0], 10), 0, 1);
		ck_assert_double_eq_tol(lk_verdict_recent_per_min(&rows[1], 10), 6 * M, 1);
	}
	rows[0].significant = rows[1].significant = false;
	rows[1].live.variance = 1e16;
	ck_assert_ptr_null(lk_verdict_line(&set, explanations[_i].step_s));
	set.count = 0;
	ck_assert_ptr_null(lk_verdict_line(&set, explanations[_i].step_s));
}
END_TEST

START_TEST(without_history_it_warms_up)
{
	struct lk_verdict v;

	lk_verdict_of(s, &v);
	ck_assert_str_eq(v.sentence, "warming up: 0s of data");
	ck_assert_double_eq(v.warm_up_s, 60);
	ck_assert(isnan(v.rss_growth_bytes_per_min));
	ck_assert(isnan(v.seconds_to_limit));
	ck_assert(isnan(v.native_bytes));
}
END_TEST

START_TEST(a_dormant_sampler_says_nothing_of_python)
{
	struct lk_verdict v;

	s->sampler.state = LK_STATE_DORMANT;
	lk_verdict_of(s, &v);
	ck_assert_str_eq(v.sentence, "the sampler is dormant: only RSS is known");
	ck_assert_double_eq(v.warm_up_s, 0);
	history(600, 15 * M, 0);
	lk_verdict_of(s, &v);
	ck_assert_ptr_nonnull(strstr(v.sentence, "RSS grows +1"));
	ck_assert_ptr_nonnull(strstr(v.sentence, "dormant"));
	ck_assert_ptr_null(strstr(v.sentence, "Python"));
}
END_TEST

/* A sampler that just started has one point in each coarse ring, and soon two. */
START_TEST(few_points_of_a_coarse_ring_are_no_past)
{
	static const float points[] = {4e8f, 5e8f};
	struct lk_series *series;
	struct lk_verdict v;

	history(121, 15 * M, 14 * M);
	series = lk_arena_get(s->arena, 2, sizeof(*series));
	series[0] = s->series[0];
	series[1] = (struct lk_series){600, s->at_s, (uint32_t)_i, points, points};
	s->series = series;
	s->series_count = 2;
	lk_verdict_of(s, &v);
	ck_assert_ptr_nonnull(strstr(v.sentence, "Python leak"));
}
END_TEST

START_TEST(wild_points_do_not_move_the_slope)
{
	struct lk_verdict v;
	float *rss;

	history(600, 0, 0);
	rss = (float *)(uintptr_t)s->series[0].rss_bytes;
	for (uint32_t i = 0; i < 600; i += 5)
		rss[i] = i > 300 ? 3e9f : NAN;
	lk_verdict_of(s, &v);
	ck_assert_str_eq(v.sentence, "not growing");
}
END_TEST

START_TEST(shares_add_up_to_rss)
{
	struct lk_verdict v;

	history(600, 0, 0);
	s->memory.at_s = s->at_s;
	s->memory.pymalloc_arena_bytes = 250 * M;
	s->memory.malloc_live_bytes = 90 * M;
	s->memory.malloc_free_bytes = 20 * M;
	s->memory.malloc_mmap_bytes = 10 * M;
	lk_verdict_of(s, &v);
	ck_assert_double_eq(v.python_bytes, s->est_live_bytes);
	ck_assert_double_eq_tol(v.python_bytes + v.fragmented_bytes + v.native_bytes +
	    v.other_bytes, s->rss_bytes, s->rss_bytes * 0.5);
	ck_assert_double_ge(v.fragmented_bytes, 20 * M);
	ck_assert_double_ge(v.other_bytes, 0);
}
END_TEST

/* What the heaps keep free is the most that fragmentation can be. */
START_TEST(what_is_free_tells_fragmentation_from_native_memory)
{
	struct lk_verdict v;

	history(600, 15 * M, 0);
	s->memory.at_s = s->at_s;
	s->memory.pymalloc_arena_bytes = 290 * M;
	s->memory.malloc_live_bytes = 150 * M;
	s->memory.malloc_free_bytes = 10 * M;
	s->memory.malloc_mmap_bytes = 10 * M;
	lk_verdict_of(s, &v);
	ck_assert_ptr_nonnull(strstr(v.sentence, "Python does not: native memory or fragm"));
	s->memory.pymalloc_arena_bytes = 10 * M;
	lk_verdict_of(s, &v);
	ck_assert_ptr_nonnull(strstr(v.sentence, "does not: native memory, not fragmentation"));
}
END_TEST

/* malloc's figure has what libraries took from malloc: it is not counted again. */
START_TEST(native_memory_is_counted_once)
{
	struct lk_verdict without, v;

	history(600, 0, 0);
	s->memory.at_s = s->at_s;
	s->memory.pymalloc_arena_bytes = 310 * M;
	s->memory.malloc_live_bytes = 390 * M;
	s->memory.malloc_free_bytes = 20 * M;
	s->memory.malloc_mmap_bytes = 10 * M;
	lk_verdict_of(s, &without);
	s->est_native_live_bytes = 70 * M;
	lk_verdict_of(s, &v);
	ck_assert_double_eq(v.native_bytes, without.native_bytes);
	ck_assert_double_eq(v.other_bytes, without.other_bytes);
	s->est_native_live_bytes = without.native_bytes + 5 * M; /* mappings, beside malloc */
	lk_verdict_of(s, &v);
	ck_assert_double_eq(v.native_bytes, without.native_bytes + 5 * M);
	ck_assert_double_eq(v.python_bytes, without.python_bytes);
}
END_TEST

/* ---- diff --------------------------------------------------------------- */

static struct lk_snapshot *a, *b;

static const struct fixture_cell cells_a[] = {
	{1, 0, 10}, {2, 0, 400}, {3, 0, 12}, {4, 0, 20}, {0, 0, 0},
};
static const struct fixture_cell cells_b[] = {
	{1, 0, 40}, {2, 0, 400}, {3, 0, 11}, {5, 0, 30}, {0, 0, 0},
};

static struct lk_snapshot *
diff_side(double at_s, const struct fixture_cell *cells, uint32_t first_id)
{
	struct lk_snapshot *side = lk_fixture_new(at_s);
	const struct lk_stack *stacks[5];
	static const char *const names[] = {"leak", "startup", "churn", "gone", "fresh"};

	for (uint32_t i = 0; i < 5; i++)
		stacks[i] = lk_fixture_stack(side, first_id + i, names[i], "app.py", 10 + i);
	side->rows = lk_fixture_rows(side, stacks, cells, 0, &side->row_count);
	side->rss_bytes = at_s * M;
	side->est_live_bytes = at_s * M / 2;
	return side;
}

static void
setup_diff(void)
{
	a = diff_side(100, cells_a, 1);
	b = diff_side(400, cells_b, 1);
}

static void
teardown_diff(void)
{
	lk_snapshot_put(a);
	lk_snapshot_put(b);
}

static const struct lk_difference *
named(const struct lk_diff *d, const char *function)
{
	for (size_t i = 0; i < d->count; i++)
		if (strcmp(d->rows[i].stack->frames[0].function, function) == 0)
			return &d->rows[i];
	ck_abort_msg("no %s", function);
	return NULL;
}

START_TEST(one_process_at_two_times)
{
	struct lk_diff *d = lk_diff_new(a, b);

	ck_assert(d->same_process);
	ck_assert_double_eq(d->seconds, 300);
	ck_assert_double_eq(d->delta_rss_bytes, 300 * M);
	ck_assert_uint_eq(d->count, 5);
	ck_assert_double_eq(named(d, "leak")->delta_bytes, 30 * T);
	ck_assert(named(d, "leak")->significant);
	ck_assert(named(d, "fresh")->only_b && named(d, "fresh")->significant);
	ck_assert(named(d, "gone")->only_a);
	ck_assert_double_eq(named(d, "gone")->delta_bytes, -20 * T);
	/* the 400 that stayed are known to have stayed */
	ck_assert_double_lt(named(d, "startup")->delta_error_bytes, 6 * T);
	ck_assert(!named(d, "churn")->significant);
	ck_assert_ptr_eq(d->rows[4].stack, named(d, "gone")->stack);
	lk_diff_free(d);
	lk_diff_free(NULL);
}
END_TEST

/* The stack of id 1 as a library's: the same function, called at ADDRESS. */
static void
make_native(struct lk_snapshot *side, uint64_t address)
{
	struct lk_stack *stack = (struct lk_stack *)(uintptr_t)side->rows[0].stack;
	struct lk_frame *frame = (struct lk_frame *)(uintptr_t)&stack->frames[0];

	stack->domain = LK_DOMAIN_NATIVE;
	*frame = (struct lk_frame){.function = "leak", .file = "/usr/lib/liba.so", .native = true,
	    .build_id = address > 0x2000 ? "bb" : "aa", .address = address};
}

/* Another build of a library has its functions elsewhere: names tell which are the same. */
START_TEST(native_stacks_are_the_same_by_name)
{
	struct lk_diff *d;

	make_native(a, 0x1234);
	make_native(b, 0x2345);
	b->process.pid = 2;
	d = lk_diff_new(a, b);
	ck_assert_uint_eq(d->count, 5);
	ck_assert_double_eq(named(d, "leak")->delta_bytes, 30 * T);
	lk_diff_free(d);
	((struct lk_stack *)(uintptr_t)b->rows[0].stack)->domain = LK_DOMAIN_RAW;
	d = lk_diff_new(a, b);
	ck_assert_uint_eq(d->count, 6); /* domains stay apart */
	lk_diff_free(d);
}
END_TEST

START_TEST(two_processes_with_other_ids)
{
	struct lk_diff *d;

	lk_snapshot_put(b);
	b = diff_side(400, cells_b, 101);
	b->process.pid = 2;
	d = lk_diff_new(a, b);
	ck_assert(!d->same_process);
	ck_assert_uint_eq(d->count, 5);
	ck_assert_double_eq(named(d, "leak")->delta_bytes, 30 * T);
	/* both were sampled apart: their variances add */
	ck_assert_double_gt(named(d, "startup")->delta_error_bytes, 50 * T);
	ck_assert(!named(d, "startup")->significant);
	lk_diff_free(d);
}
END_TEST

START_TEST(a_snapshot_against_itself)
{
	struct lk_diff *d = lk_diff_new(a, a);

	for (size_t i = 0; i < d->count; i++) {
		ck_assert_double_eq(d->rows[i].delta_bytes, 0);
		ck_assert(!d->rows[i].significant);
	}
	lk_diff_free(d);
}
END_TEST

/* What grew a little in each of many stacks grew much in their line. */
START_TEST(a_diff_by_line_adds_up_its_stacks)
{
	struct lk_stack *fresh = (struct lk_stack *)(uintptr_t)b->rows[3].stack;
	struct lk_frame *called = lk_arena_get(b->arena, 2, sizeof(*called));
	struct lk_diff *d;

	called[0] = b->rows[0].stack->frames[0];
	called[1] = (struct lk_frame){.function = "another", .file = "app.py", .line = 2};
	fresh->frames = called;
	d = lk_diff_new(a, b);
	ck_assert_uint_eq(d->count, 5);
	ck_assert_double_eq(d->rows[0].delta_bytes, 30 * T);
	lk_diff_free(d);
	d = lk_diff_by(a, b, LK_GROUP_LINE);
	ck_assert_uint_eq(d->count, 4);
	ck_assert_str_eq(d->rows[0].stack->frames[0].function, "leak");
	ck_assert_double_eq(d->rows[0].delta_bytes, 60 * T);
	ck_assert(d->rows[0].significant && !d->rows[0].only_b);
	lk_diff_free(d);
}
END_TEST

static Suite *
verdict_suite(void)
{
	Suite *suite = suite_create("verdict");
	TCase *tc = tcase_create("verdict");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, the_sentence_fits_the_history, 0, LK_COUNT_OF(sentences));
	tcase_add_test(tc, without_history_it_warms_up);
	tcase_add_test(tc, a_dormant_sampler_says_nothing_of_python);
	tcase_add_loop_test(tc, few_points_of_a_coarse_ring_are_no_past, 0, 3);
	tcase_add_test(tc, wild_points_do_not_move_the_slope);
	tcase_add_test(tc, shares_add_up_to_rss);
	tcase_add_test(tc, native_memory_is_counted_once);
	tcase_add_test(tc, what_is_free_tells_fragmentation_from_native_memory);
	tcase_add_loop_test(tc, a_native_leak_is_called_so, 0, LK_COUNT_OF(native_sentences));
	tcase_add_test(tc, native_trends_end_together);
	tcase_add_loop_test(tc, each_course_has_its_name, 0, LK_COUNT_OF(courses));
	tcase_add_loop_test(tc, what_the_start_took_is_not_the_line, 0,
	    LK_COUNT_OF(explanations));
	suite_add_tcase(suite, tc);
	return suite;
}

static Suite *
diff_suite(void)
{
	Suite *suite = suite_create("diff");
	TCase *tc = tcase_create("diff");

	tcase_add_checked_fixture(tc, setup_diff, teardown_diff);
	tcase_add_test(tc, one_process_at_two_times);
	tcase_add_test(tc, native_stacks_are_the_same_by_name);
	tcase_add_test(tc, two_processes_with_other_ids);
	tcase_add_test(tc, a_snapshot_against_itself);
	tcase_add_test(tc, a_diff_by_line_adds_up_its_stacks);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {verdict_suite, diff_suite, NULL};

	return lk_suites_run(suites);
}
