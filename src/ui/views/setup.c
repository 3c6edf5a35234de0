/* Setup: what the operator prefers; kept in the config as soon as it is changed. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "util/text.h"

#include "ui/setup.h"
#include "ui/view.h"
#include "ui/views/all.h"

#define ROWS_MAX	(LK_TABLE_COLUMNS_MAX + 2)

enum setting { SETTING_COLUMN, SETTING_PERIOD, SETTING_UNITS };

struct setup_row {
	enum setting		 setting;
	const struct lk_column	*column;	/* of Stacks; NULL for another setting */
	const char		*name, *help;
};

struct setup {
	struct setup_row rows[ROWS_MAX];
	size_t		 count;
};

static const struct setup_row *
row_of(const struct lk_ask *ask)
{
	return ask->item;
}

static void
name_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	const struct setup_row *row = row_of(ask);

	if (row->column != NULL)
		snprintf(out, out_bytes, "Stacks: %s", row->column->title);
	else
		snprintf(out, out_bytes, "%s", row->name);
}

static void
value_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	const struct setup_row *row = row_of(ask);

	if (row->column != NULL)
		snprintf(out, out_bytes, "%s", row->column->search ? "always" :
		    lk_setup_hides(&ask->session->setup, row->column) ? "hidden" : "shown");
	else if (row->setting == SETTING_UNITS)
		snprintf(out, out_bytes, "%s", lk_text_unit_name(lk_text_used_unit()));
	else
		lk_text_duration(ask->session->period_ms / 1000.0, out, out_bytes);
}

static void
help_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	const struct setup_row *row = row_of(ask);

	snprintf(out, out_bytes, "%s", row->column != NULL ? row->column->help : row->help);
}

static enum lk_role
help_role(const struct lk_ask *ask)
{
	(void)ask;
	return LK_ROLE_INACTIVE;
}

static const struct lk_column column_name = {
	.id = "name", .title = "SETTING", .width_cells = 16, .left = true, .search = true,
	.text = name_text, .help = "what can be chosen",
};
static const struct lk_column column_value = {
	.id = "value", .title = "VALUE", .width_cells = 8, .left = true, .text = value_text,
	.help = "Enter or Right changes it",
};
static const struct lk_column column_help = {
	.id = "help", .title = "", .width_cells = 10, .stretch = 1, .drop = 1, .left = true,
	.text = help_text, .role = help_role,
};
static const struct lk_column *const setup_columns[] = {
	&column_name, &column_value, &column_help, NULL,
};

static void
setup_update(struct lk_view *view)
{
	struct setup *v = view->state;
	const struct lk_column *columns[LK_TABLE_COLUMNS_MAX + 1];

	v->count = 0;
	v->rows[v->count++] = (struct setup_row){.setting = SETTING_PERIOD, .name = "update every",
	    .help = "Left and Right; everywhere , and ."};
	v->rows[v->count++] = (struct setup_row){.setting = SETTING_UNITS, .name = "units",
	    .help = "binary: K is 1024; decimal: k is 1000; bytes: all digits"};
	lk_setup_order(&view->session->setup, lk_view_stacks.columns, columns);
	for (size_t i = 0; columns[i] != NULL && v->count < ROWS_MAX; i++)
		v->rows[v->count++] = (struct setup_row){.column = columns[i]};
	view->table->frozen_until_ms = 0;	/* a column that was moved is seen to move */
	lk_table_begin(view->table);
	for (size_t i = 0; i < v->count; i++)
		lk_table_add(view->table, v->rows[i].column != NULL ?
		    (uint64_t)(uintptr_t)v->rows[i].column : (uint64_t)v->rows[i].setting,
		    &v->rows[i], 0);
	lk_table_end(view->table, view->session->now_ms);
}

static void
setup_draw(struct lk_view *view, struct lk_canvas *c, const struct lk_area *area)
{
	const struct lk_session *s = view->session;
	struct lk_area table = *area;
	char path[LK_TABLE_TEXT_BYTES], text[LK_TABLE_TEXT_BYTES];

	lk_text_tail(s->setup.path, 60, path, sizeof(path));
	if (s->setup.path[0] == '\0')
		snprintf(text, sizeof(text), "not kept: there is no home for a config");
	else
		snprintf(text, sizeof(text), "kept in %.300s", path);
	lk_text_clean(text, text, sizeof(text));
	lk_canvas_text(c, area->row, area->col + 3, area->cols - 3, LK_ROLE_GRAPH_TEXT, text);
	lk_canvas_text(c, area->row + 1, area->col + 3, area->cols - 3, LK_ROLE_INACTIVE,
	    "< > move a column; T the next theme; M in Suspects is kept too");
	table.row += 2;
	table.rows -= 2;
	lk_table_draw(view->table, c, &table);
}

static void
change_period(struct lk_session *s, int step)
{
	static const unsigned int periods[] = {250, 500, 1000, 2000, 5000, 10000, 30000};
	int at = 0;

	while (at + 1 < (int)LK_COUNT_OF(periods) && periods[at] < s->period_ms)
		at++;
	at = (at + step + (int)LK_COUNT_OF(periods)) % (int)LK_COUNT_OF(periods);
	s->period_ms = periods[at];
	if (s->source != NULL)
		lk_session_refresh(s, LK_REQUEST_PERIOD, s->period_ms);
}

static void
change_units(int step)
{
	int unit = (int)lk_text_used_unit() + step + LK_TEXT_UNIT_COUNT;

	lk_text_use_unit((enum lk_text_unit)(unit % LK_TEXT_UNIT_COUNT));
}

/* In the list up is left. */
static void
move_column(struct lk_view *view, const struct setup_row *row, int step)
{
	struct lk_session *s = view->session;

	if (row->column == NULL)
		lk_session_say(s, LK_ROLE_WARN, "only columns can be moved");
	else if (!lk_setup_move(&s->setup, lk_view_stacks.columns, row->column, step))
		lk_session_say(s, LK_ROLE_WARN, "it is the %s one", step < 0 ? "first" : "last");
	else {
		view->table->touched = true;	/* the selection goes with it */
		lk_setup_keep(s, NULL, NULL);
	}
}

static bool
setup_input(struct lk_view *view, enum lk_action action)
{
	const struct lk_row_ref *selected = lk_table_selected(view->table);
	const struct setup_row *row = selected != NULL ? selected->item : NULL;
	int step = action == LK_ACTION_LEFT ? -1 : 1;

	if (row != NULL && (action == LK_ACTION_MOVE_LEFT || action == LK_ACTION_MOVE_RIGHT)) {
		move_column(view, row, action == LK_ACTION_MOVE_LEFT ? -1 : 1);
		return true;
	}
	if (row == NULL || (action != LK_ACTION_ENTER && action != LK_ACTION_TAG &&
	    action != LK_ACTION_LEFT && action != LK_ACTION_RIGHT))
		return false;
	if (row->column != NULL && row->column->search)
		lk_session_say(view->session, LK_ROLE_WARN, "it names the row");
	else if (row->column != NULL)
		lk_setup_toggle(&view->session->setup, row->column);
	else if (row->setting == SETTING_UNITS)
		change_units(step);
	else
		change_period(view->session, step);
	lk_setup_keep(view->session, NULL, NULL);
	return true;
}

const struct lk_view_ops lk_view_setup = {
	.id = "setup",
	.title = "Setup",
	.short_title = "Set",
	.key = 'S',
	.without_process = true,
	.state_size = sizeof(struct setup),
	.columns = setup_columns,
	.update = setup_update,
	.draw = setup_draw,
	.input = setup_input,
};
