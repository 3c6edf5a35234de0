#include "config.h"

#include "sampler/stage.h"

#include "base/clock.h"
#include "proto/emit.h"
#include "sampler/connection.h"
#include "sampler/marks.h"
#include "sampler/record.h"
#include "sampler/status.h"

/* 40 cells of at most 90 bytes each, and the totals: a row is below 4 kB. */
#define ROWS_PER_LINE	48u
#define MARK_ROWS_PER_LINE (ROWS_PER_LINE - LK_MARKS_SUMS_MAX)	/* the last has the sums, too */

bool
lk_stage_baselines(struct lk_connection *c)
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

static uint32_t
next_changed(const struct lk_connection *c, uint32_t from)
{
	while (from < c->stack_count &&
	    (atomic_load_explicit(&lk_record.stacks.stacks[from].version,
	    memory_order_relaxed) <= c->told_version || !lk_stage_knows(c, from)))
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
bool
lk_stage_live(struct lk_connection *c)
{
	uint32_t until = last_of_line(c);

	lk_emit_live_begin(&c->out, c->seq, lk_clock_wall_s(), until < c->stack_count);
	put_rows(c, until);
	lk_emit_list_end(&c->out);
	return until == c->stack_count;
}

bool
lk_stage_tick(struct lk_connection *c)
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

bool
lk_stage_rows(struct lk_connection *c)
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
