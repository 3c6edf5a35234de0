/* Stacks come and go: a million of them, and a new leak is still named by its own; what is let
 * go of stays counted, in baselines too; no id means two things; at every moment the tables are
 * whole. */
#include "config.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>

#include "base/attr.h"
#include "leaktop/sampler.h"
#include "sampler/core/countdown.h"
#include "sampler/core/history.h"
#include "sampler/core/turnover.h"
#include "sampler/marks.h"
#include "sampler/record.h"
#include "sampler/status.h"
#include "sampler/tend.h"

#include "fake_python.h"
#include "suites.h"

#define MILLION		1000000u
#define OBJ		2u
#define LARGE		(1u << 30)	/* bytes; far above any interval: estimated exactly */
#define LEAK_FUNCTION	900001u

static void
start(uint64_t memory_bytes)
{
	ck_assert_int_eq(lk_record_init(memory_bytes, 1024, getpid(), true), 0);
	lk_record.thread_state = fake_python_thread_state;
	lk_record.active = true;
	lk_status.mode = "slots";
}

static void
start_small(void)
{
	start(LK_MEMORY_MIN_BYTES);
}

static void *
address(uint64_t i)
{
	return (void *)(UINT64_C(0x7e0000000010) + i * 64);
}

static void
sample_at(uint64_t function, uint64_t line, uint64_t i, size_t bytes)
{
	const uint64_t keys[] = {function << 24 | line, UINT64_C(1) << 24 | 1};

	fake_python_at(keys, 2);
	lk_record.sink.sampled(OBJ, address(i), bytes, (double)lk_record.interval_bytes);
}

static void
drop(uint64_t i)
{
	uint32_t found = lk_live_claim(&lk_record.live, address(i));

	ck_assert_uint_ne(found, LK_LIVE_NONE);
	lk_record.sink.ended(found);
}

/* ---- the tables ------------------------------------------------------------------------ */

static uint32_t
serial_of(uint32_t stack)
{
	return lk_record.stacks.stack_serial[stack];
}

/* "function:line" of the innermost frame. */
static const char *
name_of(uint32_t stack)
{
	static char name[96];
	const struct lk_stacks *s = &lk_record.stacks;
	const struct lk_frame_entry *frame = &s->frames[s->nodes[s->stacks[stack].leaf].frame];
	size_t length;
	const char *function = lk_strings_get(&s->strings, frame->function, &length);

	snprintf(name, sizeof(name), "%.*s:%u", (int)length, function, frame->line);
	return name;
}

/* What is counted in all rows. */
struct totals {
	double	 allocated_bytes, allocated_objects, live_bytes, variance;
	uint64_t allocated_count, live_count;
};

static struct totals
totals(void)
{
	struct totals t = {0};
	struct lk_mark_row row;
	uint32_t i, k;

	lk_tend_settle();
	for (i = 0; i < lk_record.stacks.stack_count; i++) {
		if (serial_of(i) == 0)
			continue;
		lk_marks_now(i, UINT32_MAX, &row);
		t.allocated_bytes += row.row.allocated_bytes;
		t.allocated_objects += row.row.allocated_objects;
		t.allocated_count += row.row.allocated_count;
		for (k = 0; k < row.cell_count; k++) {
			t.live_bytes += row.cells[k].bytes;
			t.live_count += row.cells[k].count;
			t.variance += row.cells[k].variance;
		}
	}
	return t;
}

static bool
is_near(double a, double b)
{
	return fabs(a - b) <= 1e-9 * (fabs(a) + fabs(b));
}

static void
ck_same_totals(const struct totals *a, const struct totals *b)
{
	ck_assert_uint_eq(a->allocated_count, b->allocated_count);
	ck_assert_uint_eq(a->live_count, b->live_count);
	ck_assert(is_near(a->allocated_bytes, b->allocated_bytes));
	ck_assert(is_near(a->allocated_objects, b->allocated_objects));
	ck_assert(is_near(a->live_bytes, b->live_bytes));
}

/* How many hold each entry, counted anew; those that stick hold themselves. */
struct holders {
	uint16_t *nodes, *frames, *names;
};

static void
count_holders(const struct lk_stacks *s, struct holders *h)
{
	uint32_t i;

	for (i = 0; i < s->stack_count; i++) {
		if (s->stack_serial[i] == 0)
			continue;
		h->names[s->stacks[i].thread]++;
		if (s->stacks[i].leaf != LK_STACKS_NONE)
			h->nodes[s->stacks[i].leaf]++;
	}
	for (i = 0; i < s->node_count; i++) {
		if (s->nodes[i].frame == LK_STACKS_NONE)
			continue;
		h->frames[s->nodes[i].frame]++;
		if (s->nodes[i].parent != LK_STACKS_NONE)
			h->nodes[s->nodes[i].parent]++;
	}
	for (i = 0; i < s->frame_count; i++) {
		if (s->frame_serial[i] == 0)
			continue;
		h->names[s->frames[i].function & ~LK_FRAME_NATIVE]++;
		h->names[s->frames[i].file]++;
	}
}

static bool
are_equal(const uint16_t *counted, const uint16_t *kept, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count; i++)
		if (kept[i] != UINT16_MAX && kept[i] != counted[i])
			return false;
	return true;
}

static bool
are_of_frames(const struct lk_stacks *s)
{
	uint32_t i;

	for (i = 0; i < s->node_count; i++)
		if (s->nodes[i].frame != LK_STACKS_NONE &&
		    s->frame_serial[s->nodes[i].frame] == 0)
			return false;
	return true;
}

static uint32_t
used_of(const uint32_t *index, uint32_t mask)
{
	uint32_t i, used = 0;

	for (i = 0; i <= mask; i++)
		used += index[i] != 0;
	return used;
}

static bool
tables_are_whole(void)
{
	const struct lk_stacks *s = &lk_record.stacks;
	struct holders h = {calloc(s->node_capacity, 2), calloc(s->frame_capacity, 2),
	    calloc(s->strings.capacity, 2)};
	bool whole;

	count_holders(s, &h);
	whole = are_equal(h.nodes, s->node_holders, s->node_count) &&
	    are_equal(h.frames, s->frame_holders, s->frame_count) &&
	    are_equal(h.names, s->strings.holders, s->strings.count) && are_of_frames(s) &&
	    used_of(s->stack_index, s->stack_mask) == s->stack_used &&
	    used_of(s->node_index, s->node_mask) == s->node_used &&
	    used_of(s->frame_index, s->frame_mask) == s->frame_used &&
	    used_of(s->strings.index, s->strings.index_mask) == s->strings.used;
	free(h.nodes);
	free(h.frames);
	free(h.names);
	return whole;
}

/* What each serial was called when it was seen first. */
static char *named;
#define NAME_BYTES	32u

static void
note_names(void)
{
	uint32_t i;

	for (i = 0; i < lk_record.stacks.stack_count; i++) {
		char *kept = named + (size_t)serial_of(i) * NAME_BYTES;

		if (serial_of(i) == 0)
			continue;
		if (kept[0] == '\0')
			snprintf(kept, NAME_BYTES, "%s", name_of(i));
		if (strncmp(kept, name_of(i), NAME_BYTES - 1) != 0)
			ck_abort_msg("%u was %s, is %s", serial_of(i), kept, name_of(i));
	}
}

static uint64_t seconds;

static uint32_t
turn_over(void)
{
	return lk_tend_turn_over(++seconds * 1000000000, NULL, NULL);
}

/* ---- dead ones go ----------------------------------------------------------------------- */

/* The row of the one stack that is called NAME; LK_STACKS_NONE: there is none. */
static uint32_t
find(const char *name)
{
	uint32_t i, found = LK_STACKS_NONE;

	for (i = 0; i < lk_record.stacks.stack_count; i++) {
		if (serial_of(i) == 0 || strcmp(name_of(i), name) != 0)
			continue;
		ck_assert_uint_eq(found, LK_STACKS_NONE);
		found = i;
	}
	return found;
}

static void
ck_counts(const char *name, uint64_t allocated, uint64_t live)
{
	struct lk_mark_row row;
	uint32_t found = find(name), k;
	double bytes = 0;

	ck_assert_msg(found != LK_STACKS_NONE, "%s has no row", name);
	lk_marks_now(found, UINT32_MAX, &row);
	for (k = 0; k < row.cell_count; k++)
		bytes += row.cells[k].bytes;
	ck_assert_uint_eq(row.row.allocated_count, allocated);
	ck_assert_double_eq(row.row.allocated_bytes, (double)allocated * LARGE);
	ck_assert_double_eq(bytes, (double)live * LARGE);
}

/* A million stacks, each of one sample that dies soon; 50 that are alive from the beginning; in the
 * end one that leaks. */
START_TEST(a_leak_after_a_million_stacks_has_its_own_row)
{
	const uint64_t alive = 200, kept = 50, leaked = 300, first = MILLION,
	    passing = lk_suites_rounds(MILLION);
	struct totals t;
	uint64_t i, passes = 0, ended = 0;
	uint32_t serial;

	named = calloc(MILLION + 1000, NAME_BYTES);
	start(_i == 0 ? LK_MEMORY_MIN_BYTES : LK_MEMORY_DEFAULT_BYTES);
	for (i = 0; i < kept; i++)
		sample_at(LEAK_FUNCTION + 1, i, first + i, LARGE);
	serial = serial_of(find("f900002:7"));
	for (i = 0; i < passing; i++) {
		sample_at(2 + i / 1000, i % 1000, i, LARGE);
		if (i >= alive)
			drop(i - alive);
		if (i % 250 == 0) {
			uint32_t n = turn_over();

			passes += n != 0;
			ended += n;
			if (n != 0 && passes % 16 == 0)
				note_names();
		}
	}
	ck_assert_uint_eq(lk_record.stacks.overflow_count, 0);
	for (i = 0; i < leaked; i++)
		sample_at(LEAK_FUNCTION, 7, first + kept + i, LARGE);
	ck_counts("f900001:7", leaked, leaked);
	ck_assert_uint_eq(serial_of(find("f900002:7")), serial);
	ck_counts("f900002:7", 1, 1);
	ck_counts("(stacks no longer alive):0", ended, 0);
	t = totals();
	ck_assert_uint_eq(t.allocated_count, passing + kept + leaked);
	ck_assert_double_eq(t.allocated_bytes, (double)(passing + kept + leaked) * LARGE);
	ck_assert_double_eq(t.live_bytes, (double)(alive + kept + leaked) * LARGE);
	ck_assert_double_eq(lk_tend_live_bytes(), t.live_bytes);
	ck_assert(tables_are_whole());
	note_names();
	printf("%lu stacks ended in %lu passes; the lock was held for %lu ns at most\n",
	    (unsigned long)ended, (unsigned long)passes,
	    (unsigned long)lk_tend_turn_over_longest_ns());
	free(named);
}
END_TEST

/* The stacks that were seen lately stay, those of long ago go. */
START_TEST(the_ones_that_were_quiet_longest_go_first)
{
	const uint32_t half = lk_record.stacks.stack_capacity / 2;
	uint32_t i;

	for (i = 0; !lk_turnover_is_due(&lk_record.stacks); i++) {
		sample_at(2, i, i, LARGE);
		drop(i);
		lk_tend_settle();
		sample_at(3, i % 50, MILLION, LARGE);	/* again and again */
		drop(MILLION);
		lk_tend_settle();
	}
	ck_assert_uint_gt(turn_over(), half / 2);
	ck_assert_uint_le(lk_record.stacks.stack_used, half + half / 8);
	ck_assert_uint_eq(find("f2:0"), LK_STACKS_NONE);
	ck_assert_uint_eq(find("f2:10"), LK_STACKS_NONE);
	ck_assert_uint_ne(find("f3:0"), LK_STACKS_NONE);
	ck_assert_uint_ne(find("f3:49"), LK_STACKS_NONE);
	ck_assert(tables_are_whole());
	sample_at(2, 0, 0, LARGE);	/* comes again, as a new one */
	ck_counts("f2:0", 1, 1);
}
END_TEST

/* What found no room when the tables were full finds some later. */
START_TEST(what_found_no_room_is_named_later)
{
	uint32_t i;

	for (i = 0; lk_record.stacks.overflow_count == 0; i++) {
		sample_at(2, i, i, LARGE);
		drop(i);
		lk_tend_settle();
	}
	sample_at(LEAK_FUNCTION, 1, MILLION, LARGE);
	ck_assert_uint_eq(find("f900001:1"), LK_STACKS_NONE);
	turn_over();
	sample_at(LEAK_FUNCTION, 1, MILLION + 1, LARGE);
	ck_counts("f900001:1", 1, 1);
	ck_counts("(no room for more stacks):0", lk_record.stacks.overflow_count, 1);
	ck_assert(tables_are_whole());
}
END_TEST

/* Long names fill the table of names before that of stacks. */
START_TEST(names_and_frames_make_room_too)
{
	const struct lk_strings *names = &lk_record.stacks.strings;
	uint64_t i;

	for (i = 0; i < 100000; i++) {
		sample_at(i + 10, 1, i, LARGE);	/* a name of its own each */
		drop(i);
		if (i % 50 == 0)
			turn_over();
	}
	lk_tend_settle();
	ck_assert_uint_eq(names->rejected_count, 0);
	ck_assert_uint_eq(lk_record.stacks.overflow_count, 0);
	ck_assert_uint_le(names->used, names->capacity);
	ck_assert(tables_are_whole());
	sample_at(LEAK_FUNCTION, 3, MILLION, LARGE);
	ck_counts("f900001:3", 1, 1);
}
END_TEST

/* ---- live ones merge --------------------------------------------------------------------- */

/* Everything holds something: those with the fewest bytes make room, a leak stays. */
START_TEST(when_all_are_alive_the_smallest_merge)
{
	struct totals before, after;
	uint64_t i, leak = 2 * MILLION;
	uint32_t used;

	for (i = 0; !lk_turnover_is_due(&lk_record.stacks); i++) {
		sample_at(2 + i % 3, i / 3, i, i % 3 == 0 ? LARGE : 2 * (size_t)LARGE);
		if (i % 7 == 0)
			sample_at(LEAK_FUNCTION, 1, leak++, LARGE);
	}
	before = totals();
	used = lk_record.stacks.stack_used;
	ck_assert_uint_gt(turn_over(), used / 10);
	after = totals();
	ck_same_totals(&before, &after);
	ck_assert(is_near(before.variance, after.variance));
	ck_assert_uint_le(lk_record.stacks.stack_used, lk_record.stacks.stack_capacity / 4 * 3 + 1);
	ck_assert(tables_are_whole());
	ck_counts("f900001:1", leak - 2 * MILLION, leak - 2 * MILLION);
	ck_assert_uint_ne(find("f3:0"), LK_STACKS_NONE);	/* of two */
	ck_assert_uint_ne(find("(no room for more stacks):0"), LK_STACKS_NONE);
	for (; i-- > 0;)
		drop(i);
	while (leak-- > 2 * MILLION)
		drop(leak);
	after = totals();
	ck_assert_uint_eq(after.live_count, 0);
	ck_assert_double_eq(after.live_bytes, 0);
	ck_assert_double_eq(lk_tend_live_bytes(), 0);
}
END_TEST

/* Stacks that came and died while a pass went on are room, too: nothing that lives merges. */
START_TEST(nothing_merges_as_long_as_dead_ones_are_there)
{
	static struct lk_turnover pass;
	uint64_t i;

	for (i = 0; i < 20; i++)
		sample_at(LEAK_FUNCTION, i, 2 * MILLION + i, LARGE);
	for (i = 0; !lk_turnover_is_due(&lk_record.stacks); i++) {
		sample_at(2, i, i, LARGE);
		drop(i);
		lk_tend_settle();
	}
	lk_turnover_begin(&pass, &lk_record.stacks, &lk_record.live, LK_STACKS_NO_ROOM);
	while (lk_turnover_step(&pass))
		continue;
	ck_assert_uint_eq(pass.ended_count, 0);
	ck_assert_uint_gt(turn_over(), 0);
	for (i = 0; i < 20; i++)
		ck_assert_uint_ne(lk_record.live.samples[i].stack,
		    find("(no room for more stacks):0"));
	ck_counts("f900001:19", 1, 1);
	ck_assert(tables_are_whole());
}
END_TEST

/* By the definition: the samples' own parts, and for each slot of time the square of its sum. */
static double
variance_of(uint32_t stack, const uint32_t *slot_of, uint32_t shift)
{
	static double slots[4096];
	const struct lk_live *live = &lk_record.live;
	double variance = 0;
	uint32_t i;

	memset(slots, 0, sizeof(slots));
	for (i = 0; i < live->used_count; i++) {
		const struct lk_sample *s = &live->samples[i];

		if (!s->used || s->stack != stack)
			continue;
		variance += s->variance;
		slots[slot_of[(s->address - (uintptr_t)address(0)) / 64]] += lk_clusters_bytes(s);
	}
	for (i = 0; i < LK_COUNT_OF(slots); i++)
		variance += lk_clusters_factor(shift) * slots[i] * slots[i];
	return variance;
}

/* At a duty of a quarter, samples of one slot of time belong together wherever they are counted. */
START_TEST(merged_samples_keep_their_clusters)
{
	static uint32_t slot_of[8192];
	uint32_t i, room, k;
	struct lk_mark_row row;
	double variance = 0;

	for (i = 0; !lk_turnover_is_due(&lk_record.stacks); i++) {
		slot_of[i] = 1 + i / 20 % 300;
		atomic_store(&lk_record.duty, lk_record_duty_word(slot_of[i], 2));
		sample_at(2, i, i, 1 << 20);
	}
	ck_assert_uint_gt(turn_over(), 0);
	room = find("(no room for more stacks):0");
	ck_assert_uint_ne(room, LK_STACKS_NONE);
	lk_marks_now(room, UINT32_MAX, &row);
	for (k = 0; k < row.cell_count; k++)
		variance += row.cells[k].variance;
	ck_assert_uint_gt(row.row.allocated_count, 20);
	ck_assert(is_near(variance, variance_of(room, slot_of, 2)));
}
END_TEST

/* ---- baselines, trends ----------------------------------------------------------------------- */

struct mark_totals {
	double	 allocated, bytes, variance;
	uint32_t rows, count;
};

static struct mark_totals
mark_totals(const struct lk_mark *mark, uint32_t folds)
{
	static struct lk_mark_row sums[LK_MARKS_SUMS_MAX];
	struct mark_totals t = {0};
	struct lk_mark_row row;
	uint32_t i, k, n = lk_marks_sums(mark, folds, sums);
	size_t at = 0;

	for (; lk_marks_row(mark, folds, &at, &row); t.rows++) {
		t.allocated += row.row.allocated_bytes;
		for (k = 0; k < row.cell_count; k++) {
			t.bytes += row.cells[k].bytes;
			t.variance += row.cells[k].variance;
			t.count += row.cells[k].count;
		}
	}
	for (i = 0; i < n; i++) {
		t.allocated += sums[i].row.allocated_bytes;
		for (k = 0; k < sums[i].cell_count; k++) {
			t.bytes += sums[i].cells[k].bytes;
			t.variance += sums[i].cells[k].variance;
			t.count += sums[i].cells[k].count;
			ck_assert(k == 0 || sums[i].cells[k - 1].epoch < sums[i].cells[k].epoch);
		}
	}
	return t;
}

static void
ck_same_mark(const struct mark_totals *a, const struct mark_totals *b)
{
	ck_assert_uint_eq(a->count, b->count);
	ck_assert(is_near(a->allocated, b->allocated));
	ck_assert(is_near(a->bytes, b->bytes));
	ck_assert(is_near(a->variance, b->variance));
}

/* What a baseline held of stacks that ended is in the row they are counted under now, in one
 * that is read in several goes it stays where it was when that began. */
START_TEST(baselines_stay_right)
{
	struct mark_totals before, after, old;
	const struct lk_mark *mark;
	uint32_t i, n, folds;

	for (n = 0; n < lk_record.stacks.stack_capacity / 2; n++)
		sample_at(2, n, n, LARGE);
	ck_assert_int_eq(lk_marks_add("first", 0), 1);
	for (i = 0; i < n / 2; i++)
		sample_at(2, i, MILLION + i, LARGE);	/* a second epoch */
	ck_assert_int_eq(lk_marks_add("second", 0), 2);
	mark = lk_marks_find(2);
	folds = lk_marks_folds();
	before = mark_totals(mark, folds);
	for (i = 0; i < n; i++)
		drop(i);
	for (i = 0; i < n / 2; i++)
		drop(MILLION + i);
	for (i = 0; lk_marks_folds() == folds; i++) {
		sample_at(3, i, i, LARGE);
		drop(i);
		if (i % 20 == 0)
			turn_over();
	}
	after = mark_totals(mark, lk_marks_folds());
	old = mark_totals(mark, folds);
	ck_same_mark(&before, &after);
	ck_same_mark(&before, &old);
	ck_assert_uint_eq(old.rows, before.rows);
	ck_assert_uint_lt(after.rows, before.rows / 2);
	before = mark_totals(lk_marks_find(1), folds);
	after = mark_totals(lk_marks_find(1), lk_marks_folds());
	ck_same_mark(&before, &after);
	ck_assert_int_eq(lk_marks_add("third", 0), 3);
}
END_TEST

static double
live_of(const void *ctx, uint32_t stack)
{
	(void)ctx;
	return lk_tend_stack_live_bytes(stack);
}

static void
forget(void *ctx, uint32_t stack)
{
	lk_history_drop(ctx, stack);
}

/* A place in the table that is another stack's now has no trend of the one before. */
START_TEST(trends_end_with_their_stacks)
{
	static struct lk_history history;
	uint32_t i, k;

	ck_assert_int_eq(lk_history_init(&history, &lk_record.pages), 0);
	for (i = 0; i < 100; i++)
		sample_at(2, i, i, LARGE);
	lk_history_trends(&history, 10, 10, lk_tend_stack_count(), live_of, NULL);
	for (i = 0; i < 100; i++)
		drop(i);
	for (i = 0; !lk_turnover_is_due(&lk_record.stacks); i++) {
		sample_at(3, i, i, LARGE);
		drop(i);
		lk_tend_settle();
	}
	ck_assert_uint_gt(lk_tend_turn_over(++seconds * 1000000000, forget, &history), 0);
	ck_assert_uint_eq(find("f2:5"), LK_STACKS_NONE);
	for (k = 0; k < LK_HISTORY_STACKS; k++)
		ck_assert(history.trends[k].stack == UINT32_MAX ||
		    serial_of(history.trends[k].stack) != 0);
}
END_TEST

/* ---- forks and threads meanwhile ------------------------------------------------------------ */

static atomic_bool ended;

static void *
turn_over_for_long(void *unused)
{
	(void)unused;
	while (!atomic_load(&ended)) {
		lk_tend_settle();
		turn_over();
	}
	return NULL;
}

static void *
sample_for_long(void *seed)
{
	uint64_t random = (uint64_t)(uintptr_t)seed, base = MILLION * (uint64_t)(uintptr_t)seed, i;

	for (i = 0; !atomic_load(&ended); i++) {
		sample_at(2 + lk_countdown_random(&random) % 200,
		    lk_countdown_random(&random) % 1000, base + i % 300, LARGE);
	}
	return NULL;
}

static void
in_parent(void)
{
	lk_tend_after_fork(false);
}

static void
in_child(void)
{
	lk_tend_after_fork(true);
	alarm(60);
}

/* Every row of the baseline is of a stack that is there; a child that began anew has none. */
static bool
baseline_is_whole(void)
{
	const struct lk_mark *mark = lk_marks_at(0);
	struct lk_mark_row row;
	size_t at = 0;

	while (mark != NULL && lk_marks_row(mark, lk_marks_folds(), &at, &row))
		if (serial_of(row.index) != row.row.stack)
			return false;
	return true;
}

/* The child inherits whole tables, half a pass or not, and goes on turning them over. */
static bool
child_goes_on(void)
{
	uint64_t i;

	if (!tables_are_whole() || !baseline_is_whole())
		return false;
	for (i = 0; i < 20000; i++) {
		sample_at(300 + i / 1000, i % 1000, i % 100, LARGE);
		if (i % 100 == 0)
			turn_over();
	}
	turn_over();
	sample_at(LEAK_FUNCTION, 5, MILLION, LARGE);
	return find("f900001:5") != LK_STACKS_NONE && tables_are_whole() && baseline_is_whole();
}

/* The sanitizers' allocators keep the locks that other threads had when one of them forked. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FORKS 0
#else
#define FORKS 40
#endif

static uint32_t
serials_so_far(void)
{
	uint32_t serials;

	lk_spin_take(&lk_record.lock);
	serials = lk_record.stacks.stack_serials;
	lk_spin_give(&lk_record.lock);
	return serials;
}

START_TEST(hooks_and_forks_meanwhile)
{
	pthread_t threads[3];
	int i, status;

	pthread_atfork(lk_tend_before_fork, in_parent, in_child);
	for (i = 0; i < 1000; i++)
		sample_at(2, (uint64_t)i, (uint64_t)i, LARGE);
	ck_assert_int_eq(lk_marks_add("before", 0), 1);
	for (i = 0; i < 1000; i++)
		drop((uint64_t)i);
	pthread_create(&threads[0], NULL, turn_over_for_long, NULL);
	for (i = 1; i < 3; i++)
		pthread_create(&threads[i], NULL, sample_for_long, (void *)(uintptr_t)i);
	for (i = 0; i < (int)lk_suites_rounds(FORKS); i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(!child_goes_on());
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert_int_eq(status, 0);
	}
	while (serials_so_far() < lk_record.stacks.stack_capacity * 10)
		usleep(1000);	/* poll: until the others have done as much */
	atomic_store(&ended, true);
	for (i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	ck_assert(tables_are_whole());
	ck_assert(baseline_is_whole());
	ck_assert_uint_eq(totals().allocated_count, lk_record.stats.samples);
}
END_TEST

static Suite *
turnover_suite(void)
{
	Suite *s = suite_create("turnover");
	TCase *tc = tcase_create("turnover"), *large = tcase_create("million");

	tcase_add_checked_fixture(tc, start_small, NULL);
	tcase_set_timeout(tc, 120);
	tcase_set_timeout(large, 120);
	tcase_add_loop_test(large, a_leak_after_a_million_stacks_has_its_own_row, 0, 2);
	tcase_add_test(tc, the_ones_that_were_quiet_longest_go_first);
	tcase_add_test(tc, what_found_no_room_is_named_later);
	tcase_add_test(tc, names_and_frames_make_room_too);
	tcase_add_test(tc, when_all_are_alive_the_smallest_merge);
	tcase_add_test(tc, nothing_merges_as_long_as_dead_ones_are_there);
	tcase_add_test(tc, merged_samples_keep_their_clusters);
	tcase_add_test(tc, baselines_stay_right);
	tcase_add_test(tc, trends_end_with_their_stacks);
	tcase_add_test(tc, hooks_and_forks_meanwhile);
	suite_add_tcase(s, large);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {turnover_suite, NULL};

	return lk_suites_run(suites);
}
