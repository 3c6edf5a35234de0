/* Stacks: what grew since the reference, by the line (or function, ...) that allocated it. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/growth.h"
#include "analysis/share.h"
#include "analysis/typed.h"
#include "base/attr.h"
#include "model/frozen.h"
#include "model/snapshot.h"
#include "util/text.h"

#include "ui/chain.h"
#include "ui/columns.h"
#include "ui/freeze.h"
#include "ui/listing.h"
#include "ui/setup.h"
#include "ui/view.h"
#include "ui/views/all.h"
#include "ui/zoom.h"

#define SUSPECT_SHARE	0.05	/* of all growth */
#define DETAIL_ROWS	6	/* with its rule */
#define DETAIL_FROM	14	/* rows of the area that make room for it */

enum mode { MODE_DELTA, MODE_ABSOLUTE, MODE_RATE, MODE_COUNT };

struct stacks {
	struct lk_growth_set	 *set;
	const struct lk_snapshot *held;	/* what the set's rows point into */
	const struct lk_snapshot *held_before;
	enum mode		  mode;
	const struct lk_column	 *shown[LK_TABLE_COLUMNS_MAX + 1];	/* of its columns */
	struct lk_listing	  listing;
	struct lk_zoom		  zoom;
};

static const struct lk_column *const delta_columns[] = {
	&lk_column_delta, &lk_column_error, &lk_column_objects, &lk_column_rate,
	&lk_column_survived, &lk_column_trend, &lk_column_site, &lk_column_line, NULL,
};
static const struct lk_column *const absolute_columns[] = {
	&lk_column_live, &lk_column_live_error, &lk_column_live_objects, &lk_column_allocated,
	&lk_column_freed, &lk_column_trend, &lk_column_site, &lk_column_line, NULL,
};
static const struct lk_column *const rate_columns[] = {
	&lk_column_rate, &lk_column_delta, &lk_column_allocated_rate, &lk_column_survived,
	&lk_column_trend, &lk_column_site, &lk_column_line, NULL,
};

static const struct {
	const struct lk_column *const	*columns;
	const char			*name;
} modes[MODE_COUNT] = {
	[MODE_DELTA] = {delta_columns, "growth"},
	[MODE_ABSOLUTE] = {absolute_columns, "absolute"},
	[MODE_RATE] = {rate_columns, "rates"},
};

static const char *const groups[LK_GROUP_COUNT] = {
	[LK_GROUP_LINE] = "line", [LK_GROUP_OWN] = "own line",
	[LK_GROUP_FUNCTION] = "function", [LK_GROUP_FILE] = "file",
	[LK_GROUP_TYPE] = "type",
	[LK_GROUP_STACK] = "stack", [LK_GROUP_THREAD] = "thread", [LK_GROUP_DOMAIN] = "domain",
};
static const enum lk_group cycle[] = {LK_GROUP_LINE, LK_GROUP_FUNCTION, LK_GROUP_FILE,
    LK_GROUP_TYPE, LK_GROUP_STACK, LK_GROUP_THREAD, LK_GROUP_DOMAIN, LK_GROUP_OWN};

static void
stacks_fini(struct lk_view *view)
{
	struct stacks *v = view->state;

	lk_growth_free(v->set);
	lk_snapshot_put(v->held);
	lk_snapshot_put(v->held_before);
	lk_listing_fini(&v->listing);
}

static unsigned int
flags_of(const struct lk_growth *g, double total, bool diff)
{
	unsigned int flags = 0;

	if (g->gone)
		flags |= LK_ROW_GONE;
	if (!g->significant)
		flags |= LK_ROW_DIM;	/* within its error: what grew stands out */
	if (g->fresh && g->significant)
		flags |= LK_ROW_NEW;
	if (g->significant && g->delta_bytes > SUSPECT_SHARE * total &&
	    (diff || (g->interval_count > 0 && g->survived_count == g->interval_count)))
		flags |= LK_ROW_SUSPECT;
	return flags;
}

/* Sorted by the same one as before, where that is still there. */
static void
choose_columns(struct lk_view *view)
{
	struct stacks *v = view->state;
	struct lk_table *t = view->table;
	const struct lk_column *sorted = t->sort >= 0 ? t->columns[t->sort] : NULL;

	lk_setup_columns(&view->session->setup, modes[v->mode].columns, v->shown);
	t->columns = v->shown;
	for (int i = 0; v->shown[i] != NULL; i++)
		if (v->shown[i] == sorted) {
			t->sort = i;
			return;
		}
	t->sort = 0;
}

/* Of one type, the stacks that allocated its objects: each is a row. */
static enum lk_group
group_of(const struct lk_session *s)
{
	return s->sites.count > 0 ? LK_GROUP_STACK : s->group;
}

static bool
is_wanted(const struct lk_session *s, const struct lk_growth *g)
{
	uint32_t i = 0;

	while (i < s->sites.count && s->sites.stacks[i] != g->stack->id)
		i++;
	return s->sites.count == 0 || i < s->sites.count;
}

static void
stacks_update(struct lk_view *view)
{
	struct lk_session *s = view->session;
	struct stacks *v = view->state;
	struct lk_growth_set *set = lk_session_growth(s, group_of(s));
	const struct lk_snapshot *held = v->held, *held_before = v->held_before;
	double total;

	if (set == NULL && s->now != NULL)
		return;			/* rows of the baseline are on their way: keep the old */
	v->held = s->now != NULL ? lk_snapshot_get(s->now) : NULL;
	v->held_before = s->before != NULL ? lk_snapshot_get(s->before) : NULL;
	total = lk_session_total(set);
	choose_columns(view);
	lk_table_begin(view->table);
	for (size_t i = 0; set != NULL && i < set->count; i++)
		if (is_wanted(s, &set->rows[i]))
			lk_table_add(view->table, set->rows[i].key, &set->rows[i],
			    flags_of(&set->rows[i], total, s->before != NULL) &
			    ~(v->mode == MODE_ABSOLUTE ? (unsigned int)LK_ROW_DIM : 0));
	lk_table_end(view->table, s->now_ms);
	lk_growth_free(v->set);
	lk_snapshot_put(held);
	lk_snapshot_put(held_before);
	v->set = set;
}

/* ---- the selected stack ---------------------------------------------------- */

static void
draw_code(struct lk_view *view, struct lk_canvas *c, const struct lk_area *area, int row,
    const struct lk_frame *frame)
{
	struct stacks *v = view->state;
	const struct lk_snapshot *now = view->session->now;
	const char *code;
	char number[16], file[LK_TABLE_TEXT_BYTES];
	int col = area->col;

	if (frame == NULL || frame->file == NULL || now == NULL)
		return;
	if (frame->native) {
		lk_text_clean(frame->file, file, sizeof(file));
		lk_canvas_text(c, row, col, area->cols, LK_ROLE_HEADING, file);
		return;
	}
	if (lk_listing_load(&v->listing, frame->file, now) < 0) {
		lk_text_clean(frame->file, file, sizeof(file));
		col += lk_canvas_text(c, row, col, area->cols, LK_ROLE_HEADING, file);
		lk_canvas_text(c, row, col + 1, area->col + area->cols - col - 1, LK_ROLE_INACTIVE,
		    "(not readable here)");
		return;
	}
	code = lk_listing_line(&v->listing, frame->line);
	snprintf(number, sizeof(number), "%u  ", frame->line);
	col += lk_canvas_text(c, row, col, 12, LK_ROLE_HEADING, number);
	lk_canvas_text(c, row, col, area->col + area->cols - col, LK_ROLE_HIGH,
	    code + strspn(code, " "));
}

static bool
is_by_type(const struct lk_session *s)
{
	return group_of(s) == LK_GROUP_TYPE;
}

/* "obj", "native", or how much is native of a row that has both. */
static void
domain_text(const struct lk_growth *g, char *out, size_t out_bytes)
{
	char native[LK_TEXT_BYTES];

	if (g->native_bytes > 0 && g->native_bytes < g->live.bytes)
		snprintf(out, out_bytes, "%s, %s native",
		    g->stack->domain == LK_DOMAIN_NATIVE ? "mixed" :
		    lk_domain_name(g->stack->domain),
		    lk_text_bytes(g->native_bytes, native, sizeof(native)));
	else
		snprintf(out, out_bytes, "%s", lk_domain_name(g->stack->domain));
}

static void
facts_text(const struct lk_growth *g, const struct lk_snapshot *now, char *out, size_t out_bytes)
{
	char live[LK_TEXT_BYTES], error[LK_TEXT_BYTES], objects[LK_TEXT_BYTES];
	char freed[LK_TEXT_BYTES], domain[2 * LK_TEXT_BYTES];
	int length;

	domain_text(g, domain, sizeof(domain));
	length = snprintf(out, out_bytes, "live %s +/-%s, %s objects (%s)",
	    lk_text_bytes(g->live.bytes, live, sizeof(live)),
	    lk_text_bytes(g->live_error_bytes, error, sizeof(error)),
	    lk_text_count(g->live.objects, objects, sizeof(objects)), domain);
	if (!isnan(g->est_freed_bytes))
		length += snprintf(out + length, out_bytes - (size_t)length,
		    "; %s of all it allocated is freed",
		    lk_text_percent(g->est_freed_bytes, g->est_allocated_bytes, freed,
		    sizeof(freed)));
	if (g->native_bytes > 0 && now != NULL && strcmp(now->sampler.native, "python") == 0)
		snprintf(out + length, out_bytes - (size_t)length,
		    "; native frames off: leaktop run --native=stacks");
}

/* Of a group of processes, whose types are not known: each has a heap of its own. */
static bool
is_group(const struct lk_session *s, const struct stacks *v)
{
	return lk_session_is_group(s) && v->held != NULL && v->held->member_count > 0 &&
	    s->group != LK_GROUP_TYPE;
}

/* "41207 +12.1M  41208 +9.3M", of the selected row: its growth, or in absolute mode what is
 * alive; the oldest first. */
static void
draw_workers(struct lk_view *view, struct lk_canvas *c, const struct lk_area *area, int row,
    const struct lk_growth *g)
{
	const struct lk_session *s = view->session;
	const struct stacks *v = view->state;
	const struct lk_snapshot *now = v->held;
	int col = area->col, end = area->col + area->cols;
	bool live = v->mode == MODE_ABSOLUTE;

	col += lk_canvas_text(c, row, col, end - col, LK_ROLE_HEADING,
	    live ? "live of each " : "growth of each ");
	for (uint32_t i = 0; i < now->member_count && col < end; i++) {
		const struct lk_member *m = &now->members[i];
		char text[64], bytes[LK_TEXT_BYTES];
		struct lk_share share;

		if (m->part == NULL || lk_share_of_row(m->part, g, s->reference, s->until,
		    s->group, &share) < 0)
			continue;
		if (live)
			lk_text_bytes(share.live_bytes, bytes, sizeof(bytes));
		else
			lk_text_bytes_signed(share.delta_bytes, bytes, sizeof(bytes));
		snprintf(text, sizeof(text), " %d %s", m->pid, bytes);
		if (lk_canvas_width(c, text) > end - col - 9 && i + 1 < now->member_count) {
			lk_canvas_text(c, row, col, end - col, LK_ROLE_INACTIVE, " w: more");
			return;
		}
		col += lk_canvas_text(c, row, col, end - col, !live && share.significant ?
		    (share.delta_bytes > 0 ? LK_ROLE_GROW : LK_ROLE_SHRINK) : LK_ROLE_MAIN, text);
	}
}

static void
draw_detail(struct lk_view *view, struct lk_canvas *c, const struct lk_area *area)
{
	const struct lk_row_ref *row = lk_table_selected(view->table);
	const struct lk_growth *g = row != NULL ? row->item : NULL;
	const struct stacks *v = view->state;
	struct lk_area inner = {area->row + 1, area->col + 2, area->rows - 3, area->cols - 3};
	char text[LK_TABLE_TEXT_BYTES];

	if (g == NULL)
		return;
	if (is_group(view->session, v)) {
		draw_workers(view, c, &inner, area->row + 1, g);
		inner.row++;
		inner.rows--;
	}
	snprintf(text, sizeof(text), g->stack_count > 1 ?
	    "heaviest of %u stacks, outermost first" : "selected stack, outermost first",
	    g->stack_count);
	lk_view_rule(c, area, area->row, text, view->session->ascii);
	if (lk_canvas_width(c, text) + 20 < area->cols)
		lk_canvas_right(c, area->row, area->col, area->cols - 1, LK_ROLE_HIGH,
		    " z:zoom v:source ");
	lk_chain_draw(c, &inner, g->stack);
	draw_code(view, c, &inner, area->row + area->rows - 2, lk_growth_site(g->stack));
	if (is_by_type(view->session) && g->type == NULL)
		snprintf(text, sizeof(text), "allocated since, no object itself, "
		    "or beyond the first lines of its type");
	else
		facts_text(g, view->session->now, text, sizeof(text));
	lk_canvas_text(c, area->row + area->rows - 1, inner.col, inner.cols, LK_ROLE_INACTIVE,
	    text);
}

static void
draw_dormant(const struct lk_snapshot *now, struct lk_canvas *c, const struct lk_area *area)
{
	char reason[LK_TABLE_TEXT_BYTES] = "";

	lk_text_clean(now->sampler.reason != NULL ? now->sampler.reason : "", reason,
	    sizeof(reason));
	lk_view_empty(c, area, "the sampler is dormant: no line of this process is counted",
	    reason);
	lk_canvas_text(c, area->row + area->rows / 3 + 2, area->col + 3, area->cols - 3,
	    LK_ROLE_MAIN, "6 Memory still works; start the service again once that is mended");
}

static void
draw_zoom(const struct lk_view *view, struct lk_canvas *c, const struct lk_area *area)
{
	const struct stacks *v = view->state;
	const struct lk_row_ref *row = lk_table_selected(view->table);

	lk_zoom_draw_row(&v->zoom, view->session, row != NULL ? row->item : NULL, c, area);
}

static bool
lacks_types(const struct lk_session *s)
{
	return is_by_type(s) && s->now != NULL && lk_typed_reading(s->now) == NULL;
}

/* What rows by type know, and since when.  Returns: rows used. */
static int
draw_reading(const struct lk_session *s, struct lk_canvas *c, const struct lk_area *area)
{
	const struct lk_types *types = lk_typed_reading(s->now);
	struct lk_area below = {area->row + 1, area->col, area->rows - 1, area->cols};
	const char *again = lk_source_state(s->source) == LK_SOURCE_OFFLINE ? "" :
	    "; ^R scans again";
	char text[LK_TABLE_TEXT_BYTES], at[LK_TEXT_BYTES], ago[LK_TEXT_BYTES];

	lk_text_clock(types->frozen.at_s, at, sizeof(at));
	lk_text_duration(fmax(0, s->now->at_s - types->frozen.at_s), ago, sizeof(ago));
	snprintf(text, sizeof(text), "types as of the scan at %s, %s ago%s%s", at, ago,
	    types->frozen.complete ? "" : ", INCOMPLETE", again);
	if (lk_canvas_width(c, text) > area->cols - 3)
		snprintf(text, sizeof(text), "types of %s%s%s", at,
		    types->frozen.complete ? "" : ", INCOMPLETE", again);
	lk_canvas_text(c, area->row, area->col + 3, area->cols - 3,
	    types->frozen.complete ? LK_ROLE_GRAPH_TEXT : LK_ROLE_WARN, text);
	return 1 + lk_freeze_draw_progress(s, c, &below, true);
}

/* Of which type these are.  Returns: rows used. */
static int
draw_sites(const struct lk_session *s, struct lk_canvas *c, const struct lk_area *area)
{
	char text[LK_TABLE_TEXT_BYTES + LK_SESSION_NAME_BYTES], at[LK_TEXT_BYTES];
	const char *dot = strrchr(s->sites.type, '.');

	lk_text_clock(s->sites.at_s, at, sizeof(at));
	snprintf(text, sizeof(text), "what allocated most of %s, by the scan at %s; Esc: back",
	    s->sites.type, at);
	if (lk_canvas_width(c, text) > area->cols - 3 && dot != NULL)
		snprintf(text, sizeof(text), "what allocated most of %s, by the scan at %s",
		    dot + 1, at);
	lk_canvas_text(c, area->row, area->col + 3, area->cols - 3, LK_ROLE_TITLE, text);
	return 1;
}

static void
draw_no_row(const struct lk_session *s, struct lk_canvas *c, const struct lk_area *area)
{
	if (s->sites.count > 0)
		lk_view_empty(c, area, "these stacks have nothing alive any more, or are filtered",
		    "Esc goes back");
	else
		lk_view_empty(c, area, "no row matches the filter", "Esc clears it");
}

/* What stands in the place of the table, and why; false: nothing does. */
static bool
draw_instead(struct lk_view *view, struct lk_canvas *c, const struct lk_area *area)
{
	const struct lk_session *s = view->session;
	const struct stacks *v = view->state;
	bool is_empty = v->set == NULL || v->set->count == 0;

	if (is_empty && s->now == NULL)
		lk_view_empty(c, area, "waiting for the first numbers", NULL);
	else if (is_empty && s->now->sampler.state == LK_STATE_DORMANT)
		draw_dormant(s->now, c, area);
	else if (is_empty)
		lk_view_empty(c, area, "nothing was sampled yet",
		    "samples come every few hundred KiB of allocations");
	else if (lacks_types(s) && lk_session_is_group(s))
		lk_freeze_draw_choice(c, area);
	else if (lacks_types(s))
		lk_freeze_draw_nothing(s, c, area, true, "^R reads of which types they are");
	else if (v->zoom.open && area->rows < LK_ZOOM_BESIDE_FROM)
		draw_zoom(view, c, area);
	else
		return false;
	return true;
}

/* Rows below the table, of the zoomed trend or of the selected row. */
static int
detail_rows(const struct lk_session *s, const struct stacks *v, int rows)
{
	int detail = v->zoom.open ? rows * 3 / 5 : rows >= 30 ? DETAIL_ROWS + 4 :
	    rows >= DETAIL_FROM ? DETAIL_ROWS : 0;

	return detail > 0 && is_group(s, v) ? detail + 1 : detail;
}

static void
stacks_draw(struct lk_view *view, struct lk_canvas *c, const struct lk_area *area)
{
	const struct lk_session *s = view->session;
	const struct stacks *v = view->state;
	struct lk_area table = *area, below = *area;
	int detail;

	if (draw_instead(view, c, area))
		return;
	detail = detail_rows(s, v, area->rows);
	if (is_by_type(s) || s->sites.count > 0) {
		int used = (is_by_type(s) ? draw_reading : draw_sites)(s, c, &table);

		table.row += used;
		table.rows -= used;
	}
	table.rows -= detail;
	below.row = table.row + table.rows;
	below.rows = detail;
	lk_table_draw(view->table, c, &table);
	if (view->table->count == 0)
		draw_no_row(s, c, &table);
	if (v->zoom.open)
		draw_zoom(view, c, &below);
	else if (detail > 0)
		draw_detail(view, c, &below);
}

/* ---- keys ------------------------------------------------------------------ */

static void
next_group(struct lk_session *s)
{
	size_t at = 0;

	while (at < LK_COUNT_OF(cycle) && cycle[at] != s->group)
		at++;
	s->group = cycle[(at + 1) % LK_COUNT_OF(cycle)];
	lk_session_say(s, LK_ROLE_MAIN, "grouped by %s", groups[s->group]);
}

static void
next_mode(struct lk_view *view)
{
	struct stacks *v = view->state;

	v->mode = (v->mode + 1) % MODE_COUNT;
	view->table->columns = modes[v->mode].columns;
	view->table->sort = 0;
	view->table->inverted = false;
	view->table->frozen_until_ms = 0;
	lk_session_say(view->session, LK_ROLE_MAIN, "%s", modes[v->mode].name);
}

/* Of a row that is several stacks: of the heaviest one. */
static void
field_text(const struct lk_ask *ask, const char *field, char *out, size_t out_bytes)
{
	const struct lk_growth *g = ask->item;
	const struct lk_frame *frame = g->frame;

	if (strcmp(field, "func") == 0)
		lk_columns_function(frame, out, out_bytes);
	else if (strcmp(field, "file") == 0)
		lk_text_clean(frame != NULL && frame->file != NULL ? frame->file : "", out,
		    out_bytes);
	else if (strcmp(field, "mod") == 0)
		lk_columns_module(frame != NULL && frame->file != NULL ? frame->file : "", out,
		    out_bytes);
	else if (strcmp(field, "type") == 0)
		lk_text_clean(g->type != NULL ? g->type : "", out, out_bytes);
	else if (strcmp(field, "thread") == 0)
		lk_text_clean(g->stack->thread != NULL ? g->stack->thread : "", out, out_bytes);
	else
		snprintf(out, out_bytes, "%s", lk_domain_name(g->stack->domain));
}

static const struct lk_frame *
stacks_frame(const struct lk_view *view)
{
	const struct lk_row_ref *row = lk_table_selected(view->table);
	const struct lk_growth *g = row != NULL ? row->item : NULL;

	return g != NULL ? g->frame : NULL;
}

/* Of a row that is several stacks: of what the heaviest one allocated. */
static void
show_holders(struct lk_view *view)
{
	const struct lk_row_ref *row = lk_table_selected(view->table);
	const struct lk_growth *g = row != NULL ? row->item : NULL;
	char place[LK_TABLE_TEXT_BYTES], label[LK_TABLE_TEXT_BYTES + 32];

	if (g == NULL)
		return;
	if (g->type != NULL) {
		lk_freeze_holders(view->session,
		    &(struct lk_held){.kind = LK_HELD_TYPE, .type = g->type}, g->type, false);
		return;
	}
	lk_columns_place(lk_growth_site(g->stack), place, sizeof(place));
	snprintf(label, sizeof(label), "sampled objects of %s", place);
	lk_freeze_holders(view->session,
	    &(struct lk_held){.kind = LK_HELD_STACK, .type = "", .number = g->stack->id}, label,
	    false);
}

/* All of them again. */
static void
widen(struct lk_view *view)
{
	if (view->session->sites.count == 0)
		return;
	view->session->sites.count = 0;
	view->table->touched = false;
	view->table->frozen_until_ms = 0;
}

static void
group_own(struct lk_session *s)
{
	s->group = s->group == LK_GROUP_OWN ? LK_GROUP_LINE : LK_GROUP_OWN;
	lk_session_say(s, LK_ROLE_MAIN, "grouped by %s", groups[s->group]);
}

static bool
stacks_input(struct lk_view *view, enum lk_action action)
{
	struct stacks *v = view->state;

	if (is_by_type(view->session) && (lk_freeze_input(view->session, action) ||
	    lk_freeze_choose(view->session, '1', action)))
		return true;
	if (lk_zoom_input(&v->zoom, action))
		return true;
	switch (action) {
	case LK_ACTION_BACK:
	case LK_ACTION_BACK_OR_QUIT:
		if (view->table->filter[0] == '\0')
			widen(view);
		return false;
	case LK_ACTION_RELOAD:
		if (!is_by_type(view->session))
			return false;
		lk_freeze_types(view->session);
		return true;
	case LK_ACTION_GROUP:
		widen(view);
		next_group(view->session);
		view->table->frozen_until_ms = 0;
		view->table->touched = false;
		return true;
	case LK_ACTION_OWN:
		widen(view);
		group_own(view->session);
		view->table->frozen_until_ms = 0;
		return true;
	case LK_ACTION_MODE:
		next_mode(view);
		return true;
	case LK_ACTION_ENTER:
		lk_session_show_source(view->session, stacks_frame(view));
		return true;
	case LK_ACTION_HOLDERS:
		show_holders(view);
		return true;
	default:
		return false;
	}
}

static void
stacks_enter(struct lk_view *view)
{
	static const char *const fields[] = {"func", "file", "mod", "thread", "domain",
	    "type", NULL};

	view->table->fields = fields;
	view->table->field = field_text;
	if (view->session->sites.count > 0)
		view->table->touched = false;	/* of the rows before */
	lk_session_refresh(view->session, LK_REQUEST_TRENDS, 0);
}

static void
stacks_status(const struct lk_view *view, char *out, size_t out_bytes)
{
	const struct stacks *v = view->state;

	snprintf(out, out_bytes, "by %s", groups[group_of(view->session)]);
	if (v->mode != MODE_DELTA)
		snprintf(out, out_bytes, "%s by %s", modes[v->mode].name,
		    groups[group_of(view->session)]);
}

const struct lk_view_ops lk_view_stacks = {
	.id = "stacks",
	.title = "Stacks",
	.short_title = "Stk",
	.key = '1',
	.state_size = sizeof(struct stacks),
	.columns = delta_columns,
	.sort = "delta",
	.fini = stacks_fini,
	.enter = stacks_enter,
	.update = stacks_update,
	.draw = stacks_draw,
	.input = stacks_input,
	.status = stacks_status,
	.frame = stacks_frame,
};
