#include "config.h"

#include "sampler/stages.h"

#include <errno.h>
#include <string.h>

#include "base/attr.h"
#include "base/clock.h"
#include "leaktop/sampler.h"
#include "proto/emit.h"
#include "sampler/connection.h"
#include "sampler/core/events.h"
#include "sampler/core/history.h"
#include "sampler/freeze/answer.h"
#include "sampler/freezer.h"
#include "sampler/heap/containers.h"
#include "sampler/marks.h"
#include "sampler/record.h"
#include "sampler/scan.h"
#include "sampler/status.h"
#include "sampler/tend.h"

/* A line is ended when it has this much: the longest single item that may follow (a stack
 * of 128 frames, a name of 1 kB with every byte escaped) still fits. */
#define LINE_ENOUGH	(LK_WIRE_LINE_MAX / 4)

#define LK_GC_HEAD	16	/* an object tracked by the collector starts behind it */
#define DEBUG_WORDS_BYTES 16	/* PYTHONMALLOC=debug: a size, a letter and a fence */
#define CONTAINER_MAX_BYTES 8192u	/* names escaped, 32 baselines */
/* 40 cells of at most 90 bytes each, and the totals: a row is below 4 kB. */
#define ROWS_PER_LINE	48u
#define MARK_ROWS_PER_LINE (ROWS_PER_LINE - LK_MARKS_SUMS_MAX)	/* the last has the sums, too */

#define BASELINE_MIN_LENGTH	1000u
#define TYPES_PER_LINE	200u	/* a name with every byte escaped is 1 kB */

enum stage { STAGE_END, STAGE_RESET, STAGE_BASELINES, STAGE_NAMES, STAGE_LIVE, STAGE_TICK,
	STAGE_ROWS, STAGE_WAIT_SCAN, STAGE_CONTAINERS, STAGE_HISTORY, STAGE_TRENDS, STAGE_MEMORY,
	STAGE_EVENTS, STAGE_WAIT_FREEZE, STAGE_FROZEN, STAGE_TYPES, STAGE_REFERRERS,
	STAGE_REPLY, STAGE_COUNT };

static const uint8_t program_tick[] = {STAGE_RESET, STAGE_BASELINES, STAGE_NAMES, STAGE_LIVE,
	STAGE_TICK, STAGE_END};
static const uint8_t program_rows[] = {STAGE_NAMES, STAGE_ROWS, STAGE_REPLY, STAGE_END};
static const uint8_t program_containers[] = {STAGE_WAIT_SCAN, STAGE_NAMES, STAGE_CONTAINERS,
	STAGE_REPLY, STAGE_END};
static const uint8_t program_history[] = {STAGE_HISTORY, STAGE_REPLY, STAGE_END};
static const uint8_t program_trends[] = {STAGE_NAMES, STAGE_TRENDS, STAGE_REPLY, STAGE_END};
static const uint8_t program_memory[] = {STAGE_MEMORY, STAGE_REPLY, STAGE_END};
static const uint8_t program_events[] = {STAGE_EVENTS, STAGE_REPLY, STAGE_END};

static const uint8_t program_types[] = {STAGE_WAIT_FREEZE, STAGE_FROZEN, STAGE_TYPES, STAGE_REPLY,
	STAGE_END};

static const uint8_t program_referrers[] = {STAGE_WAIT_FREEZE, STAGE_FROZEN, STAGE_REFERRERS,
	STAGE_REPLY, STAGE_END};

static const char *const domain_names[] = {"raw", "mem", "obj", "native"};

static const struct lk_history *history;
static uint32_t scans_done;		/* walks that ended */
static bool baseline_wants_scan;	/* a mark has no containers yet */
static uint32_t baseline_scan_mark;
static uint64_t scan_min_length;	/* of the walk under way */
static uint32_t freezes_done;		/* freezes that ended */

void
lk_stages_history(const struct lk_history *h)
{
	history = h;
}

/* ---- ids on the wire are serials: they begin at 1 and do not come again ------- */

static uint32_t
wire_string(uint32_t string)
{
	return atomic_load_explicit(&lk_record.stacks.strings.serial[string],
	    memory_order_relaxed);
}

static uint32_t
wire_frame(uint32_t frame)
{
	return atomic_load_explicit(&lk_record.stacks.frame_serial[frame], memory_order_relaxed);
}

static uint32_t
wire_stack(uint32_t stack)
{
	return atomic_load_explicit(&lk_record.stacks.stack_serial[stack], memory_order_relaxed);
}

/* Whether this connection has STACK's name. */
static bool
knows(const struct lk_connection *c, uint32_t stack)
{
	uint32_t serial = stack < c->stack_count ? wire_stack(stack) : 0;

	return serial != 0 && serial <= c->told.stacks;
}

/* ---- stages: true when done ------------------------------------------------ */

static bool
stage_baselines(struct lk_connection *c)
{
	const struct lk_mark *mark;
	uint32_t i;

	if (c->told_baselines == lk_marks_version())
		return true;
	lk_emit_baselines_begin(&c->out);
	for (i = 0; (mark = lk_marks_at(i)) != NULL; i++)
		lk_emit_baselines_item(&c->out, i == 0, mark->id, mark->name, mark->at_s,
		    mark->rss_bytes, mark->live_bytes, mark->interval_bytes);
	lk_emit_list_end(&c->out);
	c->told_baselines = lk_marks_version();
	return true;
}

/* From here on all is said anew: of what was let go of nothing more is heard, by anyone who drops
 * what he has. */
static bool
stage_reset(struct lk_connection *c)
{
	if (!c->reset_due)
		return true;
	c->reset_due = false;
	if (c->told.stacks == 0)
		return true;	/* nothing was said yet */
	lk_emit_reset(&c->out);
	c->told = (struct lk_connection_names){0, 0, 0};
	c->told_version = 0;
	return true;
}

/* SERIAL of an entry, read without the lock: a hook may be making it.  The entry is whole when its
 * serial is there. */
static bool
is_to_be_told(const _Atomic uint32_t *serial, uint32_t told, uint32_t until)
{
	uint32_t value = atomic_load_explicit(serial, memory_order_acquire);

	return value > told && value <= until;
}

static void
put_strings(struct lk_connection *c, uint32_t count, size_t stop)
{
	const struct lk_strings *strings = &lk_record.stacks.strings;
	const char *s;
	size_t length;
	bool first = true;
	uint32_t i;

	for (; c->index.strings < count && c->out.length < stop; c->index.strings++) {
		i = c->index.strings;
		if (!is_to_be_told(&strings->serial[i], c->told.strings, c->telling.strings))
			continue;
		s = lk_strings_get(strings, i, &length);
		lk_emit_names_string(&c->out, first, wire_string(i), s, length);
		first = false;
	}
}

static void
put_frame(struct lk_connection *c, bool first, uint32_t frame)
{
	const struct lk_frame_entry *f = &lk_record.stacks.frames[frame];
	uint32_t function = wire_string(f->function & ~LK_FRAME_NATIVE);

	if (f->function & LK_FRAME_NATIVE)
		lk_emit_names_native_frame(&c->out, first, wire_frame(frame), function,
		    wire_string(f->file), f->line);
	else
		lk_emit_names_frame(&c->out, first, wire_frame(frame), function,
		    wire_string(f->file), f->line);
}

static void
put_frames(struct lk_connection *c, uint32_t count, size_t stop)
{
	bool first = true;

	for (; c->index.frames < count && c->out.length < stop; c->index.frames++) {
		if (!is_to_be_told(&lk_record.stacks.frame_serial[c->index.frames],
		    c->told.frames, c->telling.frames))
			continue;
		put_frame(c, first, c->index.frames);
		first = false;
	}
}

static void
put_stack(struct lk_connection *c, bool first, uint32_t stack)
{
	const struct lk_stack_entry *e = &lk_record.stacks.stacks[stack];
	uint32_t frames[LK_FRAMES_MAX], n, node;

	for (n = 0, node = e->leaf; node != LK_STACKS_NONE && n < LK_FRAMES_MAX;
	    node = lk_record.stacks.nodes[node].parent)
		frames[n++] = wire_frame(lk_record.stacks.nodes[node].frame);
	lk_emit_names_stack(&c->out, first, wire_stack(stack), domain_names[e->domain],
	    wire_string(e->thread), e->flags, frames, n);
}

static void
put_stacks(struct lk_connection *c, uint32_t count, size_t stop)
{
	bool first = true;

	for (; c->index.stacks < count && c->out.length < stop; c->index.stacks++) {
		if (!is_to_be_told(&lk_record.stacks.stack_serial[c->index.stacks],
		    c->told.stacks, c->telling.stacks))
			continue;
		put_stack(c, first, c->index.stacks);
		first = false;
	}
}

/* The version is read together with the serials: what changes later, stacks that are not
 * named yet among it, has a larger one and is in the next tick.
 * All strings of a frame are there before the frame, all frames of a stack before the stack:
 * serials read together, under the lock, never leave one out. */
static void
begin_names(struct lk_connection *c, struct lk_connection_names *counts)
{
	const struct lk_stacks *s = &lk_record.stacks;
	struct lk_connection_names until;
	uint64_t version;

	lk_spin_take(&lk_record.lock);
	version = s->change_count;
	until = (struct lk_connection_names){s->strings.last_serial, s->frame_serials,
	    s->stack_serials};
	*counts = (struct lk_connection_names){s->strings.count, s->frame_count, s->stack_count};
	lk_spin_give(&lk_record.lock);
	if (c->telling_names)
		return;
	c->telling_names = true;
	c->telling_version = version;
	c->telling = until;
	c->index = (struct lk_connection_names){0, 0, 0};
}

static bool
is_told(const struct lk_connection_names *told, const struct lk_connection_names *until)
{
	return told->strings == until->strings && told->frames == until->frames &&
	    told->stacks == until->stacks;
}

static bool
stage_names(struct lk_connection *c)
{
	struct lk_connection_names counts;
	size_t stop = c->out.length + LINE_ENOUGH;

	lk_tend_settle();
	begin_names(c, &counts);
	if (!is_told(&c->told, &c->telling)) {
		lk_emit_names_begin(&c->out);
		put_strings(c, counts.strings, stop);
		lk_emit_names_frames(&c->out);
		if (c->index.strings >= counts.strings)
			put_frames(c, counts.frames, stop);
		lk_emit_names_stacks(&c->out);
		if (c->index.frames >= counts.frames)
			put_stacks(c, counts.stacks, stop);
		lk_emit_list_end(&c->out);
		if (c->index.stacks < counts.stacks)
			return false;
	}
	c->told = c->telling;
	c->stack_count = counts.stacks;
	c->telling_names = false;
	return true;
}

static uint32_t
next_changed(const struct lk_connection *c, uint32_t from)
{
	while (from < c->stack_count &&
	    (atomic_load_explicit(&lk_record.stacks.stacks[from].version,
	    memory_order_relaxed) <= c->told_version || !knows(c, from)))
		from++;
	return from;
}

/* Does any stack remain after the rows that fit this line?  A row is at most ROW_MAX, so
 * counting that many rows ahead decides before the line begins. */
static uint32_t
last_of_line(const struct lk_connection *c)
{
	uint32_t at = c->cursor, rows = 0, last = c->stack_count;

	for (at = next_changed(c, at); at < c->stack_count; at = next_changed(c, at + 1))
		if (++rows > ROWS_PER_LINE)
			return at;
	return last;
}

static void
put_rows(struct lk_connection *c, uint32_t until)
{
	struct lk_mark_row row;
	bool first = true;

	for (c->cursor = next_changed(c, c->cursor); c->cursor < until;
	    c->cursor = next_changed(c, c->cursor + 1)) {
		lk_marks_now(c->cursor, UINT32_MAX, &row);
		lk_emit_row(&c->out, first, &row.row, row.cells, row.cell_count);
		first = false;
	}
}

/* Only stacks whose names this connection has; a younger one is in the next tick. */
static bool
stage_live(struct lk_connection *c)
{
	uint32_t until = last_of_line(c);

	lk_emit_live_begin(&c->out, c->seq, lk_clock_wall_s(), until < c->stack_count);
	put_rows(c, until);
	lk_emit_list_end(&c->out);
	return until == c->stack_count;
}

static bool
stage_tick(struct lk_connection *c)
{
	struct lk_emit_tick tick;

	c->told_version = c->telling_version;
	lk_status_tick(&tick);
	tick.seq = c->seq;
	lk_emit_tick(&c->out, &tick);
	return true;
}

static void
put_sums(struct lk_connection *c, bool first, const struct lk_mark *mark)
{
	static struct lk_mark_row sums[LK_MARKS_SUMS_MAX];
	uint32_t count = lk_marks_sums(mark, c->mark_folds, sums), i;

	for (i = 0; i < count; i++)
		lk_emit_row(&c->out, first && i == 0, &sums[i].row, sums[i].cells,
		    sums[i].cell_count);
}

static bool
stage_rows(struct lk_connection *c)
{
	const struct lk_mark *mark = lk_marks_find(c->mark_id);
	struct lk_mark_row row;
	size_t ahead = c->mark_cursor;
	uint32_t n = 0;
	bool more = false;

	if (c->mark_cursor == 0)
		c->mark_folds = lk_marks_folds();
	while (mark != NULL && !more && lk_marks_row(mark, c->mark_folds, &ahead, &row))
		more = ++n > MARK_ROWS_PER_LINE;
	lk_emit_baseline_begin(&c->out, c->mark_id, more);
	for (n = 0; mark != NULL && n < MARK_ROWS_PER_LINE &&
	    lk_marks_row(mark, c->mark_folds, &c->mark_cursor, &row); n++)
		lk_emit_row(&c->out, n == 0, &row.row, row.cells, row.cell_count);
	if (mark != NULL && !more)
		put_sums(c, n == 0, mark);
	lk_emit_list_end(&c->out);
	return !more;
}

void
lk_stages_refuse(struct lk_connection *c, const char *code, const char *words)
{
	lk_emit_refusal(&c->out, true, c->reply_id, code, words);
	c->stage = NULL;
}

static const char *
why_no_scan(int rc)
{
	if (lk_status.dormant_reason != NULL)
		return lk_status.dormant_reason;
	return rc == -ENOTSUP ? "this Python has no GIL: its containers cannot be walked" :
	    "no thread for the walk";
}

/* A walk that began before the request may have a larger minimum; then wait for the next. */
static bool
stage_wait_scan(struct lk_connection *c)
{
	int rc;

	if (c->scan_number != 0)
		return scans_done >= c->scan_number;
	if (!lk_scan_is_running()) {
		rc = lk_scan_start(c->min_length);
		if (rc < 0) {
			lk_stages_refuse(c, "unavailable", why_no_scan(rc));
			return false;
		}
		scan_min_length = c->min_length;
		c->scan_number = scans_done + 1;
	} else if (scan_min_length <= c->min_length) {
		c->scan_number = scans_done + 1;
	}
	return false;	/* not ours: ask again when it has ended */
}

/* Where the items came from, or the object itself.  A debug allocator hands out what follows its
 * own words in the block that it was given. */
static uint32_t
stack_of(const struct lk_connection *c, const struct lk_container_found *f)
{
	const uint64_t blocks[] = {f->storage, f->storage - DEBUG_WORDS_BYTES,
	    f->address - LK_GC_HEAD, f->address - LK_GC_HEAD - DEBUG_WORDS_BYTES};
	uint32_t stack;
	size_t i;

	for (i = 0; i < LK_COUNT_OF(blocks); i++) {
		stack = lk_tend_stack_at((const void *)(uintptr_t)blocks[i]);
		if (stack != LK_STACKS_NONE && knows(c, stack))
			return stack;
	}
	return LK_STACKS_NONE;
}

static void
put_container(struct lk_connection *c, bool first, const struct lk_container_found *f)
{
	const struct lk_mark *mark;
	uint32_t i, stack = stack_of(c, f);
	uint64_t length;
	bool first_then = true;

	lk_emit_container(&c->out, first, f->address, f->type_name, f->length,
	    f->shallow_bytes, stack != LK_STACKS_NONE ? (int64_t)wire_stack(stack) : -1,
	    f->owner[0] == '\0' ? NULL : f->owner);
	for (i = 0; (mark = lk_marks_at(i)) != NULL; i++) {
		if (!lk_marks_length(mark, f->address, f->type, &length))
			continue;
		lk_emit_container_then(&c->out, first_then, mark->id, length);
		first_then = false;
	}
	lk_emit_container_end(&c->out);
}

static bool
stage_containers(struct lk_connection *c)
{
	const struct lk_containers_scan *scan = lk_scan_result();
	struct lk_emit_containers m;
	size_t stop = c->out.length + LK_WIRE_LINE_MAX - CONTAINER_MAX_BYTES;
	uint32_t i, sent = 0;

	if (scan == NULL) {
		lk_stages_refuse(c, "busy", "the walk was interrupted; ask again");
		return false;
	}
	m = (struct lk_emit_containers){lk_clock_wall_s(), (double)scan->scan_ns / 1e6,
	    (double)scan->longest_slice_ns / 1e3, scan->objects, c->min_length, scan->complete};
	lk_emit_containers_begin(&c->out, &m);
	for (i = 0; i < scan->count && sent < c->limit && c->out.length < stop; i++)
		if (scan->found[i].length >= c->min_length)
			put_container(c, sent++ == 0, &scan->found[i]);
	lk_emit_list_end(&c->out);
	return true;
}

static bool
stage_history(struct lk_connection *c)
{
	const struct lk_point *point;
	uint32_t r, i;

	lk_emit_history_begin(&c->out, c->reply_id);
	for (r = 0; r < LK_HISTORY_RINGS; r++) {
		lk_emit_history_ring(&c->out, r == 0, history->rings[r].step_s,
		    history->rings[r].end_s);
		for (i = 0; i < history->rings[r].count; i++) {
			point = lk_history_point(&history->rings[r], i);
			lk_emit_history_point(&c->out, i == 0, (double)point->rss_bytes,
			    (double)point->live_bytes);
		}
		lk_emit_ring_end(&c->out);
	}
	lk_emit_list_end(&c->out);
	return true;
}

static bool
stage_trends(struct lk_connection *c)
{
	float bytes[LK_HISTORY_TREND_POINTS];
	const struct lk_trend *t;
	bool first = true;
	uint32_t i, n;

	lk_emit_trends_begin(&c->out, LK_HISTORY_TREND_STEP_S, history->trend_end_s);
	for (i = 0; i < LK_HISTORY_STACKS; i++) {
		t = &history->trends[i];
		if (!knows(c, t->stack))
			continue;
		for (n = 0; n < history->trend_count; n++)
			bytes[n] = lk_history_trend_point(history, t, n);
		lk_emit_trends_row(&c->out, first, wire_stack(t->stack), bytes, n);
		first = false;
	}
	lk_emit_list_end(&c->out);
	return true;
}

static bool
stage_memory(struct lk_connection *c)
{
	struct lk_emit_memory m;

	lk_status_memory(&m);
	lk_emit_memory(&c->out, &m);
	return true;
}

static bool
stage_events(struct lk_connection *c)
{
	uint64_t n = lk_events_count(), i = n > LK_EVENTS_KEPT ? n - LK_EVENTS_KEPT : 0;
	const struct lk_event *event;
	bool first = true;

	lk_emit_events_begin(&c->out);
	for (; i < n; i++) {
		event = lk_events_get(i);
		if (event == NULL)
			continue;
		lk_emit_event(&c->out, first, event->at_s, event->code, event->value);
		first = false;
	}
	lk_emit_list_end(&c->out);
	return true;
}

/* ---- the frozen heap ------------------------------------------------------------ */

static void
put_progress(struct lk_connection *c)
{
	uint64_t done, found;

	lk_freezer_progress(&done, &found);
	if (done == c->told_done)
		return;
	c->told_done = done;
	lk_emit_progress(&c->out, c->reply_id, done, found);
}

/* One that is under way serves who asks the same meanwhile, too. */
static bool
stage_wait_freeze(struct lk_connection *c)
{
	if (c->scan_number == 0) {
		if (lk_freezer_is_running() && !lk_freezer_serves(c->holders_of))
			return false;	/* after that one */
		if (!lk_freezer_is_running() && lk_freezer_start(c->holders_of) < 0) {
			lk_stages_refuse(c, "unavailable", lk_status.dormant_reason != NULL ?
			    lk_status.dormant_reason : lk_freezer_words());
			return false;
		}
		c->scan_number = freezes_done + 1;
		return false;
	}
	if (freezes_done >= c->scan_number)
		return true;
	put_progress(c);
	return false;
}

/* The answer that C waited for; NULL when there is none, or no longer: then C was told. */
static const struct lk_freeze *
freeze_of(struct lk_connection *c)
{
	const struct lk_freeze *f = lk_freezer_result();

	if (freezes_done != c->scan_number || lk_freezer_is_running() ||
	    !lk_freezer_serves(c->holders_of)) {
		lk_stages_refuse(c, "busy", "another freeze has begun; ask again");
		return NULL;
	}
	if (f == NULL)
		lk_stages_refuse(c, "unavailable", lk_freezer_words());
	return f;
}

static bool
stage_frozen(struct lk_connection *c)
{
	const struct lk_freeze *f = freeze_of(c);
	const struct lk_answer *a;

	if (f == NULL)
		return false;
	a = f->answer;
	lk_emit_frozen(&c->out, &(struct lk_emit_frozen){.at_s = f->at_s,
	    .pause_us = (double)f->pause_ns / 1e3, .walk_ms = (double)a->walk_ns / 1e6,
	    .copied_bytes = f->copied_bytes, .table_bytes = a->table_bytes,
	    .objects = a->objects, .bytes = a->bytes, .types = a->type_count,
	    .garbage_objects = a->knows_garbage ? a->garbage_objects : LK_EMIT_UNKNOWN,
	    .garbage_bytes = a->knows_garbage ? a->garbage_bytes : LK_EMIT_UNKNOWN,
	    .complete = !a->no_room && !a->was_collecting,
	    .reason = a->no_room ? "there are more objects than there is memory to number them" :
	    a->was_collecting ? "a collection was under way" : ""});
	return true;
}

static bool
stage_types(struct lk_connection *c)
{
	const struct lk_freeze *f = freeze_of(c);
	const struct lk_answer_type *t;
	uint32_t last, until, i;

	if (f == NULL)
		return false;
	last = f->answer->types_kept < c->limit ? f->answer->types_kept : c->limit;
	until = last - c->cursor > TYPES_PER_LINE ? c->cursor + TYPES_PER_LINE : last;
	lk_emit_types_begin(&c->out, until < last);
	for (i = c->cursor; i < until; i++) {
		t = &f->answer->types[i];
		lk_emit_type(&c->out, i == c->cursor, &(struct lk_emit_type){t->name, t->objects,
		    t->bytes, t->garbage_objects, t->garbage_bytes});
	}
	lk_emit_list_end(&c->out);
	c->cursor = until;
	return until == last;
}

static bool
stage_referrers(struct lk_connection *c)
{
	const struct lk_freeze *f = freeze_of(c);
	const struct lk_answer_holder *h;
	uint32_t i;

	if (f == NULL)
		return false;
	if (!f->answer->knows_holders) {
		lk_stages_refuse(c, "unavailable", "too little memory to find the holders");
		return false;
	}
	lk_emit_referrers_begin(&c->out, c->holders_of, f->answer->held_objects,
	    f->answer->held_bytes, f->answer->holder_count);
	for (i = 0; i < f->answer->holders_kept && i < c->limit; i++) {
		h = &f->answer->holders[i];
		lk_emit_referrer(&c->out, i == 0, h->path, h->objects, h->bytes,
		    f->answer->knows_retained ? h->retained_bytes : LK_EMIT_UNKNOWN);
	}
	lk_emit_list_end(&c->out);
	return true;
}

static bool
stage_reply(struct lk_connection *c)
{
	lk_emit_reply(&c->out, c->reply_id);
	return true;
}

static bool (*const stages[STAGE_COUNT])(struct lk_connection *) = {
	[STAGE_RESET] = stage_reset,
	[STAGE_BASELINES] = stage_baselines,
	[STAGE_NAMES] = stage_names,
	[STAGE_LIVE] = stage_live,
	[STAGE_TICK] = stage_tick,
	[STAGE_ROWS] = stage_rows,
	[STAGE_WAIT_SCAN] = stage_wait_scan,
	[STAGE_CONTAINERS] = stage_containers,
	[STAGE_HISTORY] = stage_history,
	[STAGE_TRENDS] = stage_trends,
	[STAGE_MEMORY] = stage_memory,
	[STAGE_EVENTS] = stage_events,
	[STAGE_WAIT_FREEZE] = stage_wait_freeze,
	[STAGE_FROZEN] = stage_frozen,
	[STAGE_TYPES] = stage_types,
	[STAGE_REFERRERS] = stage_referrers,
	[STAGE_REPLY] = stage_reply,
};

static const uint8_t *const programs[LK_PROGRAM_COUNT] = {
	[LK_PROGRAM_TICK] = program_tick,
	[LK_PROGRAM_ROWS] = program_rows,
	[LK_PROGRAM_CONTAINERS] = program_containers,
	[LK_PROGRAM_HISTORY] = program_history,
	[LK_PROGRAM_TRENDS] = program_trends,
	[LK_PROGRAM_MEMORY] = program_memory,
	[LK_PROGRAM_EVENTS] = program_events,
	[LK_PROGRAM_TYPES] = program_types,
	[LK_PROGRAM_REFERRERS] = program_referrers,
};

void
lk_stages_begin(struct lk_connection *c, enum lk_program program)
{
	c->stage = programs[program];
	c->cursor = 0;
	c->mark_cursor = 0;
	c->scan_number = 0;
	c->told_done = 0;
}

bool
lk_stages_run(struct lk_connection *c)
{
	size_t before = c->out.length;
	const uint8_t *stage = c->stage;

	if (!stages[*stage](c))
		return c->out.length != before;
	c->stage = stage[1] == STAGE_END ? NULL : stage + 1;
	c->cursor = 0;
	return true;
}

void
lk_stages_frozen(uint32_t number)
{
	freezes_done = number;
}

bool
lk_stages_wait_frozen(const struct lk_connection *c)
{
	return c->stage != NULL && *c->stage == STAGE_WAIT_FREEZE;
}

/* ---- walks -------------------------------------------------------------------- */

void
lk_stages_want_scan(void)
{
	baseline_wants_scan = true;
	lk_stages_scanned(0);
}

static void
keep_for_baseline(void)
{
	static struct lk_mark_container list[LK_CONTAINERS_KEPT];
	const struct lk_containers_scan *scan = lk_scan_result();
	struct lk_mark *mark = lk_marks_find(baseline_scan_mark);
	uint32_t i;

	baseline_scan_mark = 0;
	if (scan == NULL || mark == NULL)
		return;
	for (i = 0; i < scan->count; i++)
		list[i] = (struct lk_mark_container){scan->found[i].address,
		    scan->found[i].length, scan->found[i].type};
	lk_marks_containers(mark, list, scan->count);
}

void
lk_stages_scanned(uint32_t number)
{
	uint32_t newest = 0, i;

	if (number != 0) {
		scans_done = number;
		if (baseline_scan_mark != 0)
			keep_for_baseline();
	}
	if (!baseline_wants_scan || lk_scan_is_running())
		return;
	for (i = 0; lk_marks_at(i) != NULL; i++)
		newest = lk_marks_at(i)->id;
	if (lk_scan_start(BASELINE_MIN_LENGTH) == 0) {
		scan_min_length = BASELINE_MIN_LENGTH;
		baseline_scan_mark = newest;
	}
	baseline_wants_scan = false;
}
