#include "config.h"

#include "ui/table.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "util/text.h"

#include "ui/session.h"
#include "ui/table_order.h"

#define SEARCH_BYTES	2048	/* of a row: what filter and search look at */
#define MARKER_CELLS	3	/* '>' or tag, '!' or sign, a space */

/* ---- content --------------------------------------------------------------- */

void
lk_table_init(struct lk_table *t, const struct lk_column *const *columns,
    const struct lk_session *session, const void *state, const char *sort)
{
	memset(t, 0, sizeof(*t));
	t->columns = columns;
	t->session = session;
	t->state = state;
	t->sort = -1;
	t->page = 10;
	for (int i = 0; sort != NULL && columns[i] != NULL; i++)
		if (strcmp(columns[i]->id, sort) == 0)
			t->sort = i;
}

void
lk_table_fini(struct lk_table *t)
{
	lk_filter_forget(&t->parsed);
	free(t->rows);
	free(t->old);
	memset(t, 0, sizeof(*t));
}

/* The rows change places: what was shown becomes the memory of its order. */
void
lk_table_begin(struct lk_table *t)
{
	struct lk_row_ref *rows = t->old;
	size_t capacity = t->old_capacity;

	t->old = t->rows;
	t->old_count = t->count;
	t->old_capacity = t->capacity;
	t->rows = rows;
	t->capacity = capacity;
	t->count = 0;
	t->all_count = 0;
	for (size_t i = 0; i < t->old_count; i++) {
		t->old[i].order = (uint32_t)i;
		t->old[i].item = NULL;
	}
}

void
lk_table_cell_text(const struct lk_table *t, const struct lk_column *column, const void *item,
    char *out, size_t out_bytes)
{
	const struct lk_ask ask = {t->session, t->state, column, item};

	out[0] = '\0';
	if (item != NULL)
		column->text(&ask, out, out_bytes);
	else if (column->heading != NULL)
		column->heading(&ask, out, out_bytes);
	else
		snprintf(out, out_bytes, "%s", column->title);
}

/* The text that filter and search look at. */
static void
search_text(const struct lk_table *t, const void *item, char *out, size_t out_bytes)
{
	size_t length = 0;

	out[0] = '\0';
	for (int i = 0; t->columns[i] != NULL; i++) {
		size_t room = out_bytes - length;

		if (!t->columns[i]->search)
			continue;
		if (room < 3)
			return;
		lk_table_cell_text(t, t->columns[i], item, out + length,
		    room - 1 < LK_TABLE_TEXT_BYTES ? room - 1 : LK_TABLE_TEXT_BYTES);
		length += strlen(out + length);
		out[length++] = ' ';
		out[length] = '\0';
	}
}

struct candidate {
	const struct lk_table	*table;
	const void		*item;
	char			 text[SEARCH_BYTES];
};

static const char *
field_text(void *ctx, const char *field)
{
	struct candidate *row = ctx;
	const struct lk_ask ask = {row->table->session, row->table->state, NULL, row->item};

	row->text[0] = '\0';
	if (*field == '\0')
		search_text(row->table, row->item, row->text, sizeof(row->text));
	else
		row->table->field(&ask, field, row->text, sizeof(row->text));
	return row->text;
}

static bool
matches(const struct lk_table *t, const void *item)
{
	struct candidate row;

	row.table = t;
	row.item = item;
	return lk_filter_matches(&t->parsed, field_text, &row);
}

void
lk_table_add(struct lk_table *t, uint64_t key, const void *item, unsigned int flags)
{
	t->all_count++;
	if (t->filter[0] != '\0' && !matches(t, item))
		return;
	if (t->count == t->capacity) {
		size_t capacity = t->capacity > 0 ? t->capacity * 2 : 64;
		struct lk_row_ref *rows = realloc(t->rows, capacity * sizeof(*rows));

		if (rows == NULL)
			return;		/* all_count shows that rows are missing */
		t->rows = rows;
		t->capacity = capacity;
	}
	t->rows[t->count].key = key;
	t->rows[t->count].item = item;
	t->rows[t->count].flags = flags;
	t->rows[t->count].order = (uint32_t)t->count;
	t->count++;
}

/* ---- order ----------------------------------------------------------------- */

static void
follow_selection(struct lk_table *t)
{
	if (t->count == 0) {
		t->cursor = 0;
		return;
	}
	if (!t->touched)
		t->cursor = 0;
	for (size_t i = 0; t->touched && i < t->count; i++)
		if (t->rows[i].key == t->cursor_key) {
			t->cursor = i;
			return;
		}
	if (t->cursor >= t->count)
		t->cursor = t->count - 1;
	t->cursor_key = t->rows[t->cursor].key;
}

void
lk_table_end(struct lk_table *t, int64_t now_ms)
{
	lk_table_order_sort(t);
	if (t->count > 0 && t->old_count > 0 && now_ms < t->frozen_until_ms)
		lk_table_order_keep(t);
	follow_selection(t);
}

/* ---- selection ------------------------------------------------------------- */

const struct lk_row_ref *
lk_table_selected(const struct lk_table *t)
{
	return t->cursor < t->count ? &t->rows[t->cursor] : NULL;
}

static void
move_to(struct lk_table *t, size_t row)
{
	if (t->count == 0)
		return;
	t->cursor = row < t->count ? row : t->count - 1;
	t->cursor_key = t->rows[t->cursor].key;
	t->touched = true;
}

void
lk_table_hold(struct lk_table *t, int64_t now_ms)
{
	t->frozen_until_ms = t->follows ? 0 : now_ms + LK_TABLE_FREEZE_MS;
}

static void
resort(struct lk_table *t)
{
	lk_table_order_sort(t);
	follow_selection(t);
}

static bool
hits(const struct lk_table *t, size_t row)
{
	char text[SEARCH_BYTES];

	search_text(t, t->rows[row].item, text, sizeof(text));
	return strcasestr(text, t->search) != NULL;
}

/* STEP +1 or -1, beginning SKIP rows from the selection, once around. */
static bool
search_from(struct lk_table *t, int step, size_t skip)
{
	if (t->search[0] == '\0' || t->count == 0)
		return false;
	for (size_t i = skip; i < t->count + skip; i++) {
		size_t row = step > 0 ? (t->cursor + i) % t->count :
		    (t->cursor + 2 * t->count - i % t->count) % t->count;

		if (hits(t, row)) {
			move_to(t, row);
			return true;
		}
	}
	return false;
}

bool
lk_table_find(struct lk_table *t, const char *text)
{
	snprintf(t->search, sizeof(t->search), "%s", text);
	return search_from(t, 1, 0);
}

static void
sort_by_next(struct lk_table *t, int step)
{
	int count = 0;

	while (t->columns[count] != NULL)
		count++;
	t->sort = (t->sort + step + count) % count;
	if (t->sort < 0)
		t->sort = 0;
	t->inverted = false;
	resort(t);
}

static bool
move(struct lk_table *t, enum lk_action action)
{
	size_t page = t->page > 1 ? t->page - 1 : 1;

	switch (action) {
	case LK_ACTION_UP:
		move_to(t, t->cursor > 0 ? t->cursor - 1 : 0);
		return true;
	case LK_ACTION_DOWN:
		move_to(t, t->cursor + 1);
		return true;
	case LK_ACTION_PAGE_UP:
		move_to(t, t->cursor > page ? t->cursor - page : 0);
		return true;
	case LK_ACTION_PAGE_DOWN:
		move_to(t, t->cursor + page);
		return true;
	case LK_ACTION_FIRST:
		move_to(t, 0);
		t->touched = false;	/* back to following whatever is first */
		return true;
	case LK_ACTION_LAST:
		move_to(t, t->count > 0 ? t->count - 1 : 0);
		return true;
	default:
		return false;
	}
}

bool
lk_table_input(struct lk_table *t, enum lk_action action, int64_t now_ms)
{
	lk_table_hold(t, now_ms);
	switch (action) {
	case LK_ACTION_SORT_NEXT:
		sort_by_next(t, 1);
		return true;
	case LK_ACTION_SORT_PREVIOUS:
		sort_by_next(t, -1);
		return true;
	case LK_ACTION_FOLLOW:
		t->follows = !t->follows;
		t->frozen_until_ms = 0;
		return true;
	case LK_ACTION_INVERT:
		t->inverted = !t->inverted;
		resort(t);
		return true;
	case LK_ACTION_SEARCH_NEXT:
		search_from(t, 1, 1);
		return true;
	case LK_ACTION_SEARCH_PREVIOUS:
		search_from(t, -1, 1);
		return true;
	default:
		return move(t, action);
	}
}

int
lk_table_filter(struct lk_table *t, const char *text)
{
	char words[128];
	int rc = lk_filter_parse(&t->parsed, text, t->fields, words, sizeof(words));

	t->filter_bad = rc < 0;
	t->frozen_until_ms = 0;
	snprintf(t->filter, sizeof(t->filter), "%s", text);
	return rc;
}

void
lk_table_row_text(const struct lk_table *t, char *out, size_t out_bytes)
{
	const struct lk_row_ref *row = lk_table_selected(t);
	size_t length = 0;

	out[0] = '\0';
	for (int i = 0; row != NULL && t->columns[i] != NULL; i++) {
		char text[LK_TABLE_TEXT_BYTES];

		lk_table_cell_text(t, t->columns[i], row->item, text, sizeof(text));
		length += (size_t)snprintf(out + length, out_bytes - length, "%s%s",
		    i > 0 ? "\t" : "", text);
		if (length >= out_bytes)
			return;
	}
}

/* ---- drawing --------------------------------------------------------------- */

struct layout {
	int	col[LK_TABLE_COLUMNS_MAX];
	int	width[LK_TABLE_COLUMNS_MAX];	/* 0: dropped */
	int	count;
};

static int
total_width(const struct layout *l)
{
	int total = MARKER_CELLS;

	for (int i = 0; i < l->count; i++)
		total += l->width[i] > 0 ? l->width[i] + 1 : 0;
	return total - 1;
}

static bool
drop_one(const struct lk_table *t, struct layout *l)
{
	int worst = -1;

	for (int i = 0; i < l->count; i++)
		if (l->width[i] > 0 && t->columns[i]->drop > 0 &&
		    (worst < 0 || t->columns[i]->drop > t->columns[worst]->drop))
			worst = i;
	if (worst < 0)
		return false;
	l->width[worst] = 0;
	return true;
}

static void
stretch(const struct lk_table *t, struct layout *l, int left)
{
	int shares = 0, last = -1, given = 0;

	for (int i = 0; i < l->count; i++)
		if (l->width[i] > 0 && t->columns[i]->stretch > 0) {
			shares += t->columns[i]->stretch;
			last = i;
		}
	if (shares == 0 || left <= 0)
		return;
	for (int i = 0; i < l->count; i++) {
		int more = left * t->columns[i]->stretch / shares;

		if (l->width[i] == 0)
			continue;
		l->width[i] += more;
		given += more;
	}
	l->width[last] += left - given;
}

/* Sizes that are written out are as wide as they are: cut, they would read as others. */
static void
widen(const struct lk_table *t, struct layout *l)
{
	for (size_t i = t->top; i < t->count && i < t->top + t->page; i++)
		for (int k = 0; k < l->count; k++) {
			const struct lk_column *column = t->columns[k];
			char text[LK_TABLE_TEXT_BYTES];
			int cells;

			if (column->left || column->stretch > 0)
				continue;
			lk_table_cell_text(t, column, t->rows[i].item, text, sizeof(text));
			cells = (int)strlen(text);
			l->width[k] = cells > l->width[k] ? cells : l->width[k];
		}
}

static void
lay_out(const struct lk_table *t, int cols, struct layout *l)
{
	int at = MARKER_CELLS;

	memset(l, 0, sizeof(*l));
	while (t->columns[l->count] != NULL && l->count < LK_TABLE_COLUMNS_MAX) {
		l->width[l->count] = t->columns[l->count]->width_cells;
		l->count++;
	}
	if (lk_text_used_unit() == LK_TEXT_WHOLE)
		widen(t, l);
	while (total_width(l) > cols && drop_one(t, l))
		;
	stretch(t, l, cols - total_width(l));
	for (int i = 0; i < l->count; i++) {
		l->col[i] = at;
		at += l->width[i] > 0 ? l->width[i] + 1 : 0;
	}
}

/* "price_key[listcomp]", "price_key:88": the kind of part goes before the name does; the line
 * stays. */
static const char *
shorten_name(const struct lk_canvas *c, const char *text, int width, char *out, size_t out_bytes)
{
	const char *line = strrchr(text, ':'), *part = strchr(text, '[');
	char name[LK_TABLE_TEXT_BYTES];
	size_t used;
	int cells;

	if (line == NULL)
		line = text + strlen(text);
	cells = width - lk_canvas_width(c, line);
	if (cells <= 0)
		return lk_text_tail(text, (size_t)width, out, out_bytes);
	if (part == NULL || part == text || part > line)
		part = line;
	snprintf(name, sizeof(name), "%.*s", (int)(part - text), text);
	lk_text_head(name, (size_t)cells, out, out_bytes);
	used = strlen(out);
	snprintf(out + used, out_bytes - used, "%s", line);
	return out;
}

/* "django.db.models.base.Model.save", "/srv/shop/shop/cart.py": whole words go from the left as
 * long as that leaves something, and only then characters. */
static const char *
shorten(const struct lk_canvas *c, const struct lk_column *column, const char *text, int width,
    char *out, size_t out_bytes)
{
	const char *rest = text, *end;
	int between = *text == '/' ? '/' : '.';

	while ((end = strchr(rest, between)) != NULL && end[1] != '\0' &&
	    end[1] != '<' && end[1] != between) {
		rest = end + 1;
		if (lk_canvas_width(c, rest) <= width)
			return rest;
	}
	return column->name && between == '.' ? shorten_name(c, rest, width, out, out_bytes) :
	    lk_text_tail(rest, (size_t)width, out, out_bytes);
}

static void
draw_cell(struct lk_canvas *c, int row, int col, int width, const struct lk_column *column,
    enum lk_role role, const char *text)
{
	char shorter[LK_TABLE_TEXT_BYTES];

	if ((column->tail || column->name) && lk_canvas_width(c, text) > width)
		text = shorten(c, column, text, width, shorter, sizeof(shorter));
	if (column->left)
		lk_canvas_text(c, row, col, width, role, text);
	else
		lk_canvas_right(c, row, col, width, role, text);
}

static void
draw_titles(const struct lk_table *t, struct lk_canvas *c, const struct lk_area *area,
    const struct layout *l)
{
	const char *down = t->session->ascii ? "v" : "▾", *up = t->session->ascii ? "^" : "▴";

	for (int i = 0; i < l->count; i++) {
		const struct lk_column *column = t->columns[i];
		char title[LK_TABLE_TEXT_BYTES], marked[LK_TABLE_TEXT_BYTES + 4];
		bool falls = (column->value != NULL) != t->inverted;

		if (l->width[i] == 0)
			continue;
		lk_table_cell_text(t, column, NULL, title, sizeof(title));
		snprintf(marked, sizeof(marked), "%s%s", i != t->sort ? "" : falls ? down : up,
		    title);
		draw_cell(c, area->row, area->col + l->col[i], l->width[i], column,
		    i == t->sort ? LK_ROLE_HIGH : LK_ROLE_HEADING, marked);
	}
}

static enum lk_role
row_role(const struct lk_row_ref *row)
{
	return row->flags & LK_ROW_GONE ? LK_ROLE_GONE :
	    row->flags & LK_ROW_DIM ? LK_ROLE_INACTIVE : LK_ROLE_MAIN;
}

static void
draw_row(const struct lk_table *t, struct lk_canvas *c, const struct lk_area *area, int at,
    const struct layout *l, size_t index)
{
	const struct lk_row_ref *row = &t->rows[index];
	bool selected = index == t->cursor;
	char marker[MARKER_CELLS];

	marker[0] = selected ? '>' : ' ';
	marker[1] = row->flags & LK_ROW_SUSPECT ? '!' : row->flags & LK_ROW_TAG_A ? 'A' :
	    row->flags & LK_ROW_TAG_B ? 'B' : row->flags & LK_ROW_GONE ? '-' :
	    row->flags & LK_ROW_NEW ? '+' : ' ';
	marker[2] = '\0';
	if (marker[0] != ' ')
		lk_canvas_text(c, at, area->col, 1, LK_ROLE_HIGH, marker);
	if (marker[1] != ' ')
		lk_canvas_text(c, at, area->col + 1, 1, row->flags & LK_ROW_SUSPECT ?
		    LK_ROLE_SUSPECT : LK_ROLE_BASELINE, marker + 1);
	for (int i = 0; i < l->count; i++) {
		const struct lk_column *column = t->columns[i];
		const struct lk_ask ask = {t->session, t->state, column, row->item};
		char text[LK_TABLE_TEXT_BYTES];

		if (l->width[i] == 0)
			continue;
		lk_table_cell_text(t, column, row->item, text, sizeof(text));
		draw_cell(c, at, area->col + l->col[i], l->width[i], column,
		    column->role != NULL ? column->role(&ask) : row_role(row), text);
	}
	if (selected)
		lk_canvas_select(c, at, area->col, area->cols);
}

void
lk_table_draw(struct lk_table *t, struct lk_canvas *c, const struct lk_area *area)
{
	struct layout l;
	size_t page = area->rows > 1 ? (size_t)area->rows - 1 : 0;

	t->page = page;
	if (page == 0)
		return;
	if (t->cursor < t->top)
		t->top = t->cursor;
	if (t->cursor >= t->top + page)
		t->top = t->cursor - page + 1;
	if (t->top + page > t->count)
		t->top = t->count > page ? t->count - page : 0;
	lay_out(t, area->cols, &l);
	draw_titles(t, c, area, &l);
	for (size_t i = 0; i < page && t->top + i < t->count; i++)
		draw_row(t, c, area, area->row + 1 + (int)i, &l, t->top + i);
}
