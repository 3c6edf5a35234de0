/* Types: how much there is of which type, and what became more since an earlier look. */
#include "config.h"

#include <math.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "analysis/census.h"
#include "analysis/growth.h"
#include "base/attr.h"
#include "model/frozen.h"
#include "model/snapshot.h"
#include "util/text.h"

#include "ui/columns.h"
#include "ui/freeze.h"
#include "ui/view.h"
#include "ui/views/all.h"

#define WIDE_CELLS 62	/* of a sentence: here it says enough before it is cut */
#define WIDE_COLS 100	/* of the area */
#define OPEN_FROM 10	/* rows of the area that make room for what is open */
#define SITES_FROM 18	/* the same for who allocated the selected ones */
#define SITES_ROWS 4	/* with their rule */

struct types {
	const struct lk_snapshot *held, *held_before;	/* what the census points into */
	struct lk_census	 *census;		/* NULL: nothing was read */
	double			  shown_s;	/* when the heap was read that is shown */
	size_t			  preset;
	bool			  has_regex;
	regex_t			  regex;
};

/* What people look for, by the last word of a type's name; icase. */
static const struct {
	const char *name, *pattern;
} presets[] = {
	{"all types", NULL},
	{"connections", "conn(ection)?s?$|connectionpool|^(channel|client|.*session)$"},
	{"cursors", "cursor"},
	{"sockets", "socket|^stream(reader|writer)$|transport$"},
	{"files", "^(textiowrapper|buffered.*|fileio|bytesio|stringio|mmap|.*temporaryfile.*|"
	    ".*zipfile|tarfile|scandiriterator)$"},
	{"threads", "thread|^(r?lock|timer|_?local)$"},
	{"tasks", "task$|future$|coroutine|^async_gen|^(timer)?handle$"},
	{"frames", "^(frame|generator|coroutine|async_generator|cell)$"},
	{"tracebacks", "^traceback|^(stack|frame)summary$"},
	{"exceptions", "(error|exception|warning|exit|interrupt|iteration|fault)$"},
};

static const struct lk_census_row *
row_of(const struct lk_ask *ask)
{
	return ask->item;
}

/* ---- columns ------------------------------------------------------------------------- */

static void
name_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	lk_text_clean(row_of(ask)->name, out, out_bytes);
}

static void
count_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	lk_text_count(row_of(ask)->object_count, out, out_bytes);
}

static double
count_value(const struct lk_ask *ask)
{
	return row_of(ask)->object_count;
}

static void
delta_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	lk_text_count_signed(row_of(ask)->delta_count, out, out_bytes);
}

static double
delta_value(const struct lk_ask *ask)
{
	return row_of(ask)->delta_count;
}

static enum lk_role
delta_role(const struct lk_ask *ask)
{
	const struct lk_census_row *row = row_of(ask);

	if (row->suspect)
		return LK_ROLE_GROW;
	return row->delta_count < 0 ? LK_ROLE_SHRINK : LK_ROLE_INACTIVE;
}

static double
rate_value(const struct lk_ask *ask)
{
	const struct types *v = ask->state;
	double seconds = v->census != NULL ? v->census->seconds : NAN;

	return seconds >= 1 ? row_of(ask)->delta_count / seconds * 60 : NAN;
}

static void
rate_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	lk_text_count_signed(rate_value(ask), out, out_bytes);
}

static void
bytes_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	lk_text_bytes(row_of(ask)->bytes, out, out_bytes);
}

static double
bytes_value(const struct lk_ask *ask)
{
	return row_of(ask)->bytes;
}

static void
delta_bytes_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	lk_text_bytes_signed(row_of(ask)->delta_bytes, out, out_bytes);
}

static double
delta_bytes_value(const struct lk_ask *ask)
{
	return row_of(ask)->delta_bytes;
}

static void
garbage_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	lk_text_count(row_of(ask)->garbage_count, out, out_bytes);
}

static double
garbage_value(const struct lk_ask *ask)
{
	return row_of(ask)->garbage_count;
}

static enum lk_role
garbage_role(const struct lk_ask *ask)
{
	return row_of(ask)->garbage_count > 0 ? LK_ROLE_WARN : LK_ROLE_INACTIVE;
}

static void
cycles_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	lk_text_count(row_of(ask)->cyclic_count, out, out_bytes);
}

static double
cycles_value(const struct lk_ask *ask)
{
	return row_of(ask)->cyclic_count;
}

static enum lk_role
cycles_role(const struct lk_ask *ask)
{
	return row_of(ask)->cyclic_count > 0 ? LK_ROLE_MAIN : LK_ROLE_INACTIVE;
}

static const struct lk_column column_name = {
	.id = "type", .title = "TYPE", .width_cells = 13, .stretch = 1, .left = true, .name = true,
	.search = true, .text = name_text, .help = "Python type, with its module",
};
static const struct lk_column column_count = {
	.id = "count", .title = "N", .width_cells = 6, .text = count_text, .value = count_value,
	.help = "objects of it that the collector tracks, or that these hold",
};
static const struct lk_column column_delta = {
	.id = "delta", .title = "dN", .width_cells = 6, .text = delta_text, .value = delta_value,
	.role = delta_role, .help = "objects gained since the first freeze after the reference; "
	    "- there was none",
};
static const struct lk_column column_rate = {
	.id = "rate", .title = "RATE/m", .width_cells = 7, .drop = 3, .text = rate_text,
	.value = rate_value, .role = delta_role, .help = "dN per minute",
};
static const struct lk_column column_bytes = {
	.id = "bytes", .title = "BYTES", .width_cells = 7, .drop = 1, .text = bytes_text,
	.value = bytes_value, .help = "of the objects and their tables, not of what they hold",
};
static const struct lk_column column_delta_bytes = {
	.id = "delta-bytes", .title = "dBYTES", .width_cells = 7, .drop = 2,
	.text = delta_bytes_text, .value = delta_bytes_value, .role = delta_role,
	.help = "bytes gained since that freeze",
};
static const struct lk_column column_garbage = {
	.id = "garbage", .title = "GARBAGE", .width_cells = 7, .drop = 4, .text = garbage_text,
	.value = garbage_value, .role = garbage_role,
	.help = "objects that nothing holds, until the next collection",
};
static const struct lk_column column_cycles = {
	.id = "cycles", .title = "CYCLES", .width_cells = 6, .drop = 5, .text = cycles_text,
	.value = cycles_value, .role = cycles_role,
	.help = "objects that hold themselves over others",
};
static const struct lk_column *const types_columns[] = {
	&column_count, &column_delta, &column_rate, &column_bytes, &column_delta_bytes,
	&column_garbage, &column_cycles, &column_name, NULL,
};

/* ---- content ------------------------------------------------------------------------- */

static void
types_fini(struct lk_view *view)
{
	struct types *v = view->state;

	lk_census_free(v->census);
	lk_snapshot_put(v->held);
	lk_snapshot_put(v->held_before);
	if (v->has_regex)
		regfree(&v->regex);
}

static bool
passes_preset(const struct types *v, const char *name)
{
	char clean[LK_TABLE_TEXT_BYTES];
	const char *dot;

	if (!v->has_regex)
		return true;
	lk_text_clean(name, clean, sizeof(clean));
	dot = strrchr(clean, '.');
	return regexec(&v->regex, dot != NULL ? dot + 1 : clean, 0, NULL, 0) == 0;
}

static unsigned int
flags_of(const struct lk_census_row *row)
{
	return (row->suspect ? (unsigned int)LK_ROW_SUSPECT : 0) |
	    (row->gone ? (unsigned int)LK_ROW_GONE : 0) |
	    (row->fresh ? (unsigned int)LK_ROW_NEW : 0);
}

static struct lk_census *
census_of(const struct lk_session *s)
{
	const struct lk_snapshot *now = s->now;

	if (now == NULL || now->types_count == 0)
		return NULL;
	return lk_census_new(now->types[now->types_count - 1],
	    lk_census_then(now, lk_growth_resolve(now, s->reference), s->before));
}

/* A new reading begins with its answer, unless the operator has chosen a row. */
static void
select_answer(struct lk_view *view)
{
	const struct types *v = view->state;
	struct lk_table *t = view->table;

	if (v->census->answer == NULL || t->touched)
		return;
	for (size_t i = 0; i < t->count; i++) {
		if (t->rows[i].key != v->census->answer->key)
			continue;
		t->cursor = i;
		t->cursor_key = t->rows[i].key;
		t->touched = true;
	}
}

static void
types_update(struct lk_view *view)
{
	struct lk_session *s = view->session;
	struct types *v = view->state;
	struct lk_census *old = v->census;
	const struct lk_snapshot *held = v->held, *held_before = v->held_before;
	bool fresh;

	v->held = s->now != NULL ? lk_snapshot_get(s->now) : NULL;
	v->held_before = s->before != NULL ? lk_snapshot_get(s->before) : NULL;
	v->census = census_of(s);
	fresh = v->census != NULL && v->census->now->frozen.at_s != v->shown_s;
	if (fresh) {
		v->shown_s = v->census->now->frozen.at_s;
		view->table->frozen_until_ms = 0;
	}
	lk_table_begin(view->table);
	for (size_t i = 0; v->census != NULL && i < v->census->count; i++) {
		const struct lk_census_row *row = &v->census->rows[i];

		if (passes_preset(v, row->name))
			lk_table_add(view->table, row->key, row, flags_of(row));
	}
	lk_table_end(view->table, s->now_ms);
	if (fresh)
		select_answer(view);
	lk_census_free(old);
	lk_snapshot_put(held);
	lk_snapshot_put(held_before);
}

/* ---- the answer ------------------------------------------------------------------------ */

static const char *
last_word(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot != NULL && dot[1] != '\0' ? dot + 1 : name;
}

/* Who holds the objects of the type with this NAME, as far as that was asked; else the key. */
static void
holder_words(const struct lk_session *s, const char *name, char *out, size_t out_bytes)
{
	const char *asked = lk_source_held_name(name);
	const struct lk_held held = {LK_HELD_TYPE, asked != NULL ? asked : "", 0};

	lk_freeze_holder(asked != NULL ? lk_frozen_holders(s->now, &held) : NULL, out, out_bytes);
	if (out[0] == '\0')
		snprintf(out, out_bytes, "r: who holds them");
}

static void
put_answer(const struct lk_session *s, const struct lk_census *census, const char *name, bool brief,
    char *out, size_t out_bytes)
{
	const struct lk_census_row *row = census->answer;
	char count[LK_TEXT_BYTES], rate[LK_TEXT_BYTES], holder[LK_TABLE_TEXT_BYTES];

	if (census->seconds >= 1)
		lk_text_count_signed(row->delta_count / census->seconds * 60, rate, sizeof(rate));
	else
		lk_text_count_signed(row->delta_count, rate, sizeof(rate));
	snprintf(out, out_bytes, "%s %s, %s%s",
	    lk_freeze_count(row->object_count, count, sizeof(count)), name, rate,
	    census->seconds >= 1 ? "/min" : "");
	if (brief)
		return;
	holder_words(s, row->name, holder, sizeof(holder));
	snprintf(out + strlen(out), out_bytes - strlen(out), ", %s", holder);
}

/* The longest of the sentences that fits ROOM cells. */
static void
answer_text(const struct lk_session *s, const struct lk_census *census, const struct lk_canvas *c,
    int room, char *out, size_t out_bytes)
{
	char name[LK_TABLE_TEXT_BYTES];

	lk_text_clean(census->answer->name, name, sizeof(name));
	put_answer(s, census, name, false, out, out_bytes);
	if (lk_canvas_width(c, out) > room)
		put_answer(s, census, last_word(name), false, out, out_bytes);
	if (lk_canvas_width(c, out) > room && room < WIDE_CELLS)
		put_answer(s, census, last_word(name), true, out, out_bytes);
	lk_text_head(out, (size_t)room, out, out_bytes);
}

static void
draw_answer(const struct lk_view *view, struct lk_canvas *c, const struct lk_area *area)
{
	const struct types *v = view->state;
	const struct lk_census *census = v->census;
	const struct lk_frozen *f = &census->now->frozen;
	char text[2 * LK_TABLE_TEXT_BYTES], count[LK_TEXT_BYTES], bytes[LK_TEXT_BYTES];

	if (census->answer != NULL)
		answer_text(view->session, census, c, area->cols - 3, text, sizeof(text));
	else if (census->then != NULL)
		snprintf(text, sizeof(text), "no type gained objects since %s",
		    lk_text_clock(census->then->frozen.at_s, count, sizeof(count)));
	else
		snprintf(text, sizeof(text), "%s objects, %s; ^R again shows what grows",
		    lk_freeze_count(f->object_count, count, sizeof(count)),
		    lk_text_bytes(f->bytes, bytes, sizeof(bytes)));
	lk_canvas_text(c, area->row, area->col + 3, area->cols - 3, census->answer != NULL ?
	    LK_ROLE_TITLE : LK_ROLE_MAIN, text);
}

/* "34 sockets +2"; what is unknown is left out. */
static void
put_open(double now, double then, const char *what, char *out, size_t out_bytes)
{
	size_t used = strlen(out);

	if (isnan(now))
		return;
	used += (size_t)snprintf(out + used, out_bytes - used, "%s%.0f %s", used > 0 ? ", " : "",
	    now, what);
	if (now != then && !isnan(then) && used < out_bytes)
		snprintf(out + used, out_bytes - used, " %+.0f", now - then);
}

/* "; gc.garbage 12 Legacy, 3 Other"; nothing when there is none. */
static void
put_stuck(const struct lk_uncollectable *u, char *out, size_t out_bytes)
{
	size_t used = strlen(out);
	char name[LK_TABLE_TEXT_BYTES];

	for (uint32_t i = 0; u->object_count > 0 && i < u->count && used < out_bytes; i++) {
		lk_text_clean(last_word(u->list[i].name), name, sizeof(name));
		used += (size_t)snprintf(out + used, out_bytes - used, "%s%.0f %s",
		    i == 0 ? "; gc.garbage " : ", ", u->list[i].object_count, name);
	}
}

static void
draw_open(const struct lk_census *census, struct lk_canvas *c, const struct lk_area *area)
{
	bool wide = area->cols >= WIDE_COLS;
	const struct lk_frozen *f = &census->now->frozen;
	const struct lk_descriptors unknown = {NAN, NAN, NAN, NAN};
	const struct lk_descriptors *now = &census->now->descriptors;
	const struct lk_descriptors *then =
	    census->then != NULL ? &census->then->descriptors : &unknown;
	char open[128] = "", text[256], count[LK_TEXT_BYTES], bytes[LK_TEXT_BYTES];

	put_open(now->sockets, then->sockets, "sockets", open, sizeof(open));
	put_open(now->files, then->files, "files", open, sizeof(open));
	put_open(now->pipes, then->pipes, "pipes", open, sizeof(open));
	put_open(now->others, then->others, "other", open, sizeof(open));
	snprintf(text, sizeof(text), "open %s; ", open[0] != '\0' ? open : "unknown");
	if (isnan(f->garbage_count))
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "garbage unknown");
	else
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "garbage %s%s%s",
		    lk_freeze_count(f->garbage_count, count, sizeof(count)), wide ? ", " : "",
		    wide ? lk_text_bytes(f->garbage_bytes, bytes, sizeof(bytes)) : "");
	if (census->now->cycles.object_count > 0)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "; cycles %s",
		    lk_freeze_count(census->now->cycles.object_count, count, sizeof(count)));
	put_stuck(&census->now->uncollectable, text, sizeof(text));
	lk_canvas_text(c, area->row, area->col + 3, area->cols - 3,
	    census->now->uncollectable.object_count > 0 ? LK_ROLE_WARN : LK_ROLE_GRAPH_TEXT, text);
}

/* ---- who allocated the selected ones ------------------------------------------------------ */

static const struct lk_type *
selected_type(const struct lk_view *view)
{
	const struct lk_row_ref *row = lk_table_selected(view->table);

	return row != NULL ? ((const struct lk_census_row *)row->item)->type : NULL;
}

static const struct lk_frame *
frame_of(const struct lk_session *s, const struct lk_site *site)
{
	const struct lk_row *row = lk_snapshot_row(s->now->rows, s->now->row_count, site->stack);

	return row != NULL ? lk_growth_site(row->stack) : NULL;
}

static bool
is_same_line(const struct lk_frame *a, const struct lk_frame *b)
{
	return a != NULL && b != NULL && a->line == b->line &&
	    strcmp(a->function, b->function) == 0 && strcmp(a->file, b->file) == 0;
}

/* Of the sites of TYPE that are of the line of the one AT; 0: an earlier one has said it. */
static double
bytes_of_line(const struct lk_session *s, const struct lk_type *type, uint32_t at)
{
	const struct lk_frame *frame = frame_of(s, &type->sites[at]);
	double sum = type->sites[at].bytes;

	for (uint32_t i = 0; i < type->site_count; i++)
		if (i != at && is_same_line(frame_of(s, &type->sites[i]), frame)) {
			if (i < at)
				return 0;
			sum += type->sites[i].bytes;
		}
	return sum;
}

static void
site_text(const struct lk_session *s, const struct lk_site *site, double line_bytes, char *out,
    size_t out_bytes)
{
	const struct lk_frame *frame = frame_of(s, site);
	char function[LK_TABLE_TEXT_BYTES], place[LK_TABLE_TEXT_BYTES], bytes[LK_TEXT_BYTES];

	snprintf(out, out_bytes, "%7s ", lk_text_bytes(line_bytes, bytes, sizeof(bytes)));
	if (frame == NULL)
		snprintf(out + strlen(out), out_bytes - strlen(out), "a stack that is no more");
	else
		snprintf(out + strlen(out), out_bytes - strlen(out), "%s (%s)",
		    lk_columns_function(frame, function, sizeof(function)),
		    lk_columns_place(frame, place, sizeof(place)));
}

/* Why there is none, or how much of it is one sample. */
static void
none_text(const struct lk_type *type, char *out, size_t out_bytes)
{
	if (type == NULL)
		snprintf(out, out_bytes, "there is none now");
	else if (isnan(type->sample_count))
		snprintf(out, out_bytes, "not known of this freeze");
	else
		snprintf(out, out_bytes, "none of them is sampled");
}

static void
draw_sites(const struct lk_view *view, struct lk_canvas *c, const struct lk_area *area)
{
	const struct lk_type *type = selected_type(view);
	char text[3 * LK_TABLE_TEXT_BYTES];
	int row = area->row + 1;

	if (view->table->count == 0)
		return;
	snprintf(text, sizeof(text), type == NULL || !(type->sample_count > 0) ?
	    "who allocated these" : "who allocated these (%.0f samples live)",
	    type == NULL ? 0 : type->sample_count);
	lk_view_rule(c, area, area->row, text, view->session->ascii);
	if (type == NULL || type->site_count == 0) {
		none_text(type, text, sizeof(text));
		lk_canvas_text(c, area->row + 1, area->col + 3, area->cols - 4,
		    LK_ROLE_INACTIVE, text);
		return;
	}
	for (uint32_t i = 0; i < type->site_count && row < area->row + area->rows; i++) {
		double bytes = bytes_of_line(view->session, type, i);

		if (!(bytes > 0))
			continue;
		site_text(view->session, &type->sites[i], bytes, text, sizeof(text));
		lk_canvas_text(c, row++, area->col + 2, area->cols - 3, LK_ROLE_MAIN, text);
	}
}

static const struct lk_frame *
types_frame(const struct lk_view *view)
{
	const struct lk_type *type = selected_type(view);

	return type != NULL && type->site_count > 0 ? frame_of(view->session, &type->sites[0]) :
	    NULL;
}

static void
skip(struct lk_area *area, int rows)
{
	area->row += rows;
	area->rows -= rows;
}

static void
types_draw(struct lk_view *view, struct lk_canvas *c, const struct lk_area *area)
{
	const struct lk_session *s = view->session;
	const struct types *v = view->state;
	struct lk_area rest = *area, sites = *area;

	if (v->census == NULL) {
		lk_freeze_draw_nothing(s, c, area, true, "Enter reads the heap");
		return;
	}
	draw_answer(view, c, &rest);
	skip(&rest, 1);
	skip(&rest, lk_freeze_draw_head(s, &v->census->now->frozen, c, &rest, true));
	if (area->rows >= OPEN_FROM) {
		draw_open(v->census, c, &rest);
		skip(&rest, 1);
	}
	sites.rows = area->rows >= SITES_FROM ? SITES_ROWS : 0;
	rest.rows -= sites.rows;
	sites.row = rest.row + rest.rows;
	lk_table_draw(view->table, c, &rest);
	if (view->table->count == 0)
		lk_view_empty(c, &rest, "no type matches", "Esc shows all");
	if (sites.rows > 0)
		draw_sites(view, c, &sites);
}

/* ---- keys -------------------------------------------------------------------------------- */

static void
set_preset(struct lk_view *view, size_t preset)
{
	struct types *v = view->state;

	if (v->has_regex)
		regfree(&v->regex);
	v->preset = preset;
	v->has_regex = presets[preset].pattern != NULL &&
	    regcomp(&v->regex, presets[preset].pattern, REG_EXTENDED | REG_ICASE | REG_NOSUB) == 0;
	view->table->frozen_until_ms = 0;
	lk_session_say(view->session, LK_ROLE_MAIN, "%s", presets[preset].name);
}

static void
show_holders(struct lk_view *view)
{
	const struct lk_row_ref *row = lk_table_selected(view->table);
	const struct lk_census_row *type = row != NULL ? row->item : NULL;

	if (type == NULL)
		lk_session_say(view->session, LK_ROLE_WARN, "no type is selected");
	else
		lk_freeze_holders(view->session,
		    &(struct lk_held){.kind = LK_HELD_TYPE, .type = type->name}, type->name, false);
}

/* The lines that allocated most of the selected ones, as rows of Stacks. */
static void
show_sites(struct lk_view *view)
{
	struct lk_session *s = view->session;
	const struct types *v = view->state;
	const struct lk_type *type = selected_type(view);
	struct lk_session_sites *sites = &s->sites;

	if (type == NULL || type->site_count == 0) {
		lk_session_say(s, LK_ROLE_WARN, "no line is known: none of these is sampled; "
		    "r: who holds them");
		return;
	}
	lk_text_clean(type->name, sites->type, sizeof(sites->type));
	sites->at_s = v->census->now->frozen.at_s;
	for (sites->count = 0; sites->count < type->site_count &&
	    sites->count < LK_SESSION_SITES_MAX; sites->count++)
		sites->stacks[sites->count] = type->sites[sites->count].stack;
	s->wish_view = '1';
}

static bool
types_input(struct lk_view *view, enum lk_action action)
{
	const struct types *v = view->state;

	if (lk_freeze_input(view->session, action))
		return true;
	switch (action) {
	case LK_ACTION_RELOAD:
		lk_freeze_types(view->session);
		return true;
	case LK_ACTION_ENTER:
		if (v->census == NULL) {
			lk_freeze_types(view->session);
			return true;
		}
		show_sites(view);
		return true;
	case LK_ACTION_HOLDERS:
		show_holders(view);
		return true;
	case LK_ACTION_GROUP:
		set_preset(view, (v->preset + 1) % LK_COUNT_OF(presets));
		return true;
	case LK_ACTION_BACK:
	case LK_ACTION_BACK_OR_QUIT:
		if (v->preset == 0 || view->table->filter[0] != '\0')
			return false;
		set_preset(view, 0);
		return true;
	default:
		return false;
	}
}

/* "vs B1+3s": which freeze it is compared with, by the baseline before that. */
static void
then_text(const struct lk_session *s, const struct lk_types *then, char *out, size_t out_bytes)
{
	const struct lk_baseline *b =
	    s->before == NULL ? lk_snapshot_baseline(s->now, then->baseline) : NULL;
	char at[LK_TEXT_BYTES];

	if (b == NULL)
		snprintf(out, out_bytes, "vs %s",
		    lk_text_clock(then->frozen.at_s, at, sizeof(at)));
	else
		snprintf(out, out_bytes, "vs B%u+%s", b->id,
		    lk_text_duration(fmax(0, then->frozen.at_s - b->at_s), at, sizeof(at)));
}

static void
types_status(const struct lk_view *view, char *out, size_t out_bytes)
{
	const struct types *v = view->state;

	if (v->census == NULL)
		return;
	if (v->preset != 0)
		snprintf(out, out_bytes, "%s", presets[v->preset].name);
	else if (v->census->then != NULL)
		then_text(view->session, v->census->then, out, out_bytes);
	else
		snprintf(out, out_bytes, "%s", view->session->now->types_count == 1 ?
		    "first look" : "growth unknown");
}

const struct lk_view_ops lk_view_types = {
	.id = "types",
	.title = "Types",
	.short_title = "Type",
	.key = '4',
	.of_heap = true,
	.state_size = sizeof(struct types),
	.columns = types_columns,
	.sort = "delta-bytes",
	.fini = types_fini,
	.update = types_update,
	.draw = types_draw,
	.input = types_input,
	.status = types_status,
	.frame = types_frame,
};
