/* Help: the key table and the columns of all views, as text. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "ui/view.h"
#include "ui/views/all.h"

#define LINES_MAX	256
#define NAME_CELLS	14

struct help_line {
	char	name[64];
	const char *text;
	enum lk_role role;
};

struct help {
	struct help_line lines[LINES_MAX];
	int		 count, top, page;
};

static void
add(struct help *v, const char *name, const char *text, enum lk_role role)
{
	struct help_line *line = &v->lines[v->count];

	if (v->count == LINES_MAX)
		return;
	snprintf(line->name, sizeof(line->name), "%s", name);
	line->text = text;
	line->role = role;
	v->count++;
}

static void
add_keys(struct help *v, const char *view, const char *title)
{
	size_t count;
	const struct lk_binding *all = lk_keys_all(&count);
	struct help_line *last = NULL;
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		char name[16];

		if ((view == NULL) != (all[i].view == NULL) ||
		    (view != NULL && strcmp(view, all[i].view) != 0))
			continue;
		if (!any)
			add(v, title, "", LK_ROLE_HEADING);
		any = true;
		lk_keys_name(all[i].key, name, sizeof(name));
		if (all[i].help != NULL) {
			add(v, name, all[i].help, LK_ROLE_MAIN);
			last = &v->lines[v->count - 1];
		} else if (last != NULL && strlen(last->name) + strlen(name) + 2 <
		    sizeof(last->name)) {
			strcat(last->name, " ");
			strcat(last->name, name);
		}
	}
}

static void
add_columns(struct help *v, const struct lk_view_ops *ops)
{
	char title[64];

	if (ops->columns == NULL)
		return;
	snprintf(title, sizeof(title), "Columns of %s", ops->title);
	add(v, title, "", LK_ROLE_HEADING);
	for (int i = 0; ops->columns[i] != NULL; i++)
		if (ops->columns[i]->help != NULL)
			add(v, ops->columns[i]->title, ops->columns[i]->help, LK_ROLE_MAIN);
}

static void
build(struct help *v)
{
	v->count = 0;
	add(v, "Markers", "", LK_ROLE_HEADING);
	add(v, ">", "the selected row: it keeps its row, not its place", LK_ROLE_MAIN);
	add(v, "!", "suspect: grows beyond its error and never gives back", LK_ROLE_MAIN);
	add(v, "+", "new since the reference", LK_ROLE_MAIN);
	add(v, "-", "alive at the reference, gone now", LK_ROLE_MAIN);
	add(v, "PPFNO", "behind Why: RSS of Python, free but kept, native, other",
	    LK_ROLE_MAIN);
	add(v, "Sampler", "", LK_ROLE_HEADING);
	add(v, "512K", "mean bytes between samples; more when it would cost too much",
	    LK_ROLE_MAIN);
	add(v, "d0.5", "share of time in which small blocks are seen; same reason",
	    LK_ROLE_MAIN);
	add(v, "cost", "of the process's time, all the sampler does", LK_ROLE_MAIN);
	add(v, "lost", "samples lost for want of room or time", LK_ROLE_MAIN);
	add_keys(v, NULL, "Keys everywhere");
	for (int i = 0; lk_views_all[i] != NULL; i++) {
		char title[64];

		snprintf(title, sizeof(title), "Keys in %s", lk_views_all[i]->title);
		add_keys(v, lk_views_all[i]->id, title);
		add_columns(v, lk_views_all[i]);
	}
}

static void
help_enter(struct lk_view *view)
{
	struct help *v = view->state;

	build(v);
	v->top = 0;
}

static void
help_draw(struct lk_view *view, struct lk_canvas *c, const struct lk_area *area)
{
	struct help *v = view->state;

	v->page = area->rows;
	v->top = lk_view_top(v->top, v->page, v->count);
	for (int i = 0; i < area->rows && v->top + i < v->count; i++) {
		const struct help_line *line = &v->lines[v->top + i];
		bool heading = line->role == LK_ROLE_HEADING;

		lk_canvas_text(c, area->row + i, area->col + (heading ? 1 : 3),
		    heading ? area->cols - 2 : NAME_CELLS - 1,
		    heading ? LK_ROLE_HEADING : LK_ROLE_HIGH, line->name);
		lk_canvas_text(c, area->row + i, area->col + 3 + NAME_CELLS,
		    area->cols - 3 - NAME_CELLS, line->role, line->text);
	}
}

static bool
help_input(struct lk_view *view, enum lk_action action)
{
	struct help *v = view->state;

	return lk_view_scroll(&v->top, v->page, v->count, action);
}

static void
help_status(const struct lk_view *view, char *out, size_t out_bytes)
{
	const struct help *v = view->state;
	int last = v->top + v->page < v->count ? v->top + v->page : v->count;

	if (v->page > 0)
		snprintf(out, out_bytes, "%d-%d of %d", v->top + 1, last, v->count);
}

const struct lk_view_ops lk_view_help = {
	.id = "help",
	.title = "Help",
	.short_title = "Help",
	.key = '?',
	.without_process = true,
	.state_size = sizeof(struct help),
	.enter = help_enter,
	.draw = help_draw,
	.input = help_input,
	.status = help_status,
};
