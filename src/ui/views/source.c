/* Source: a file with what each line holds beside it. */
#include "config.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/growth.h"
#include "analysis/lines.h"
#include "base/attr.h"
#include "model/snapshot.h"
#include "util/text.h"

#include "ui/columns.h"
#include "ui/listing.h"
#include "ui/view.h"
#include "ui/views/all.h"

struct source_row {
	uint32_t		 number;
	const char		*code;
	const struct lk_line	*bytes;		/* NULL: nothing */
	bool			 wanted;
};

struct source {
	struct lk_listing	 listing;
	struct lk_line		*lines;		/* [line_count] */
	size_t			 line_count;
	struct source_row	*rows;		/* [row_count] */
	size_t			 row_count;
	int			 skip_cells;	/* scrolled to the right */
	bool			 waiting;	/* the rows of the reference are on their way */
	char			 shown[LK_SESSION_FILE_BYTES];
	uint32_t		 shown_line;
};

static const struct source_row *
row_of(const struct lk_ask *ask)
{
	return ask->item;
}

static void
delta_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	if (row_of(ask)->bytes != NULL)
		lk_text_bytes_signed(row_of(ask)->bytes->delta_bytes, out, out_bytes);
}

static enum lk_role
delta_role(const struct lk_ask *ask)
{
	const struct lk_line *bytes = row_of(ask)->bytes;

	if (bytes == NULL || fabs(bytes->delta_bytes) <= bytes->delta_error_bytes)
		return LK_ROLE_INACTIVE;
	return bytes->delta_bytes > 0 ? LK_ROLE_GROW : LK_ROLE_SHRINK;
}

static void
live_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	if (row_of(ask)->bytes != NULL)
		lk_text_bytes(row_of(ask)->bytes->live_bytes, out, out_bytes);
}

static void
rate_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	if (row_of(ask)->bytes != NULL)
		lk_text_bytes_signed(row_of(ask)->bytes->rate_bytes_per_min, out, out_bytes);
}

static void
number_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	snprintf(out, out_bytes, "%u", row_of(ask)->number);
}

static void
code_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	const struct source *v = ask->state;
	const char *code = row_of(ask)->code;

	for (int skip = v->skip_cells; skip > 0 && *code != '\0'; skip--)
		do
			code++;
		while (((unsigned char)*code & 0xc0) == 0x80);
	snprintf(out, out_bytes, "%s", code);
}

static enum lk_role
quiet_role(const struct lk_ask *ask)
{
	(void)ask;
	return LK_ROLE_INACTIVE;
}

static enum lk_role
code_role(const struct lk_ask *ask)
{
	return row_of(ask)->wanted ? LK_ROLE_TITLE : LK_ROLE_MAIN;
}

static const struct lk_column column_delta = {
	.id = "delta", .title = "dBYTES", .width_cells = 8, .text = delta_text, .role = delta_role,
	.help = "live bytes allocated by this line gained since the reference",
};
static const struct lk_column column_live = {
	.id = "live", .title = "LIVE", .width_cells = 7, .drop = 2, .text = live_text,
	.help = "live bytes allocated by this line",
};
static const struct lk_column column_rate = {
	.id = "rate", .title = "RATE/m", .width_cells = 7, .drop = 1, .text = rate_text,
	.role = delta_role, .help = "dBYTES per minute since the reference",
};
static const struct lk_column column_number = {
	.id = "number", .title = "LINE", .width_cells = 5, .text = number_text, .role = quiet_role,
	.help = "line number",
};
static const struct lk_column column_code = {
	.id = "code", .title = "CODE", .width_cells = 16, .stretch = 1, .left = true,
	.search = true, .text = code_text, .role = code_role,
	.help = "the file as it is on this machine now",
};
static const struct lk_column *const source_columns[] = {
	&column_delta, &column_live, &column_rate, &column_number, &column_code, NULL,
};

static void
source_fini(struct lk_view *view)
{
	struct source *v = view->state;

	lk_listing_fini(&v->listing);
	free(v->lines);
	free(v->rows);
}

static const struct lk_line *
line_at(const struct source *v, uint32_t number)
{
	for (size_t i = 0; i < v->line_count; i++)
		if (v->lines[i].line == number)
			return &v->lines[i];
	return NULL;
}

/* All lines of the file; without the file, those that hold something. */
static void
make_rows(struct source *v, uint32_t wanted)
{
	size_t count = v->listing.count > 0 ? v->listing.count : v->line_count;
	struct source_row *rows = calloc(count + 1, sizeof(*rows));

	free(v->rows);
	v->rows = rows;
	v->row_count = rows != NULL ? count : 0;
	for (size_t i = 0; i < v->row_count; i++) {
		uint32_t number = v->listing.count > 0 ? (uint32_t)i + 1 : v->lines[i].line;

		rows[i].number = number;
		rows[i].code = lk_listing_line(&v->listing, number);
		rows[i].bytes = NULL;
		rows[i].wanted = number == wanted;
	}
	for (size_t i = 0; i < v->line_count && v->row_count > 0; i++) {
		size_t at = v->listing.count > 0 ? v->lines[i].line - 1 : i;

		if (v->lines[i].line > 0 && at < v->row_count)
			rows[at].bytes = line_at(v, v->lines[i].line);
	}
}

/* The reference's rows are fetched by whoever needs them first; here they must be there. */
static void
read_lines(struct lk_view *view)
{
	struct lk_session *s = view->session;
	struct source *v = view->state;
	struct lk_growth_set *set;

	free(v->lines);
	v->lines = NULL;
	v->line_count = 0;
	set = lk_session_growth(s, LK_GROUP_LINE);
	v->waiting = set == NULL;
	if (set != NULL)
		v->lines = lk_lines_of(set, s->file, &v->line_count);
	lk_growth_free(set);
}

static void
source_update(struct lk_view *view)
{
	struct lk_session *s = view->session;
	struct source *v = view->state;
	bool moved = strcmp(v->shown, s->file) != 0 || v->shown_line != s->line;

	if (s->file[0] == '\0' || s->now == NULL)
		return;
	lk_listing_load(&v->listing, s->file, s->now);
	read_lines(view);
	make_rows(v, s->line);
	lk_table_begin(view->table);
	for (size_t i = 0; i < v->row_count; i++)
		lk_table_add(view->table, v->rows[i].number, &v->rows[i],
		    v->rows[i].wanted ? LK_ROW_SUSPECT : 0);
	if (moved) {
		view->table->cursor_key = s->line;
		view->table->touched = true;
		view->table->top = s->line > view->table->page / 2 ?
		    s->line - view->table->page / 2 : 0;
		snprintf(v->shown, sizeof(v->shown), "%s", s->file);
		v->shown_line = s->line;
		v->skip_cells = 0;
	}
	lk_table_end(view->table, s->now_ms);
}

static void
describe(const struct lk_view *view, char *out, size_t out_bytes, enum lk_role *role)
{
	const struct lk_session *s = view->session;
	const struct source *v = view->state;
	char file[LK_TABLE_TEXT_BYTES];

	*role = LK_ROLE_TITLE;
	lk_text_clean(s->file, file, sizeof(file));
	if (v->listing.error != 0) {
		*role = LK_ROLE_WARN;
		snprintf(out, out_bytes, "%s is not readable here: %s", file,
		    strerror(v->listing.error));
	} else if (lk_listing_is_newer(&v->listing, s->now)) {
		*role = LK_ROLE_WARN;
		snprintf(out, out_bytes, "%s CHANGED after the process started: lines may be off",
		    file);
	} else {
		snprintf(out, out_bytes, "%s", file);
	}
}

static void
source_draw(struct lk_view *view, struct lk_canvas *c, const struct lk_area *area)
{
	const struct lk_session *s = view->session;
	const struct source *v = view->state;
	struct lk_area table = *area;
	char text[LK_TABLE_TEXT_BYTES * 2];
	enum lk_role role;

	if (s->file[0] == '\0' || s->now == NULL) {
		lk_view_empty(c, area, "no line chosen", "Enter on a row of Stacks opens its line");
		return;
	}
	describe(view, text, sizeof(text), &role);
	lk_canvas_text(c, area->row, area->col + 3, area->cols - 3, role, text);
	table.row++;
	table.rows--;
	lk_table_draw(view->table, c, &table);
	if (v->row_count == 0)
		lk_view_empty(c, &table, "nothing of this file is known", NULL);
}

static void
jump(struct lk_view *view, int step)
{
	struct lk_table *t = view->table;

	for (size_t i = 1; i <= t->count; i++) {
		size_t at = step > 0 ? (t->cursor + i) % t->count :
		    (t->cursor + t->count - i) % t->count;
		const struct source_row *row = t->rows[at].item;

		if (row->bytes == NULL)
			continue;
		t->cursor = at;
		t->cursor_key = t->rows[at].key;
		t->touched = true;
		return;
	}
	lk_session_say(view->session, LK_ROLE_MAIN, "no line of this file holds memory");
}

static bool
source_input(struct lk_view *view, enum lk_action action)
{
	struct source *v = view->state;

	switch (action) {
	case LK_ACTION_HOT_NEXT:
		jump(view, 1);
		return true;
	case LK_ACTION_HOT_PREVIOUS:
		jump(view, -1);
		return true;
	case LK_ACTION_LEFT:
		v->skip_cells = v->skip_cells > 8 ? v->skip_cells - 8 : 0;
		return true;
	case LK_ACTION_RIGHT:
		v->skip_cells += v->skip_cells < 400 ? 8 : 0;
		return true;
	case LK_ACTION_RELOAD:
		lk_listing_fini(&v->listing);
		source_update(view);
		return true;
	case LK_ACTION_ENTER:
		return true;
	default:
		return false;
	}
}

const struct lk_view_ops lk_view_source = {
	.id = "source",
	.title = "Source",
	.short_title = "Src",
	.key = '3',
	.state_size = sizeof(struct source),
	.columns = source_columns,
	.fini = source_fini,
	.update = source_update,
	.draw = source_draw,
	.input = source_input,
};
