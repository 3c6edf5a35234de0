#include "config.h"

#include "ui/tabs.h"

#include <stdio.h>
#include <string.h>

#include "model/snapshot.h"

#include "ui/desk.h"

static bool
has_tab(const struct lk_desk *d, const struct lk_view_ops *ops)
{
	if (strcmp(ops->id, "processes") == 0)
		return d->session.scan != NULL;
	if (d->session.source == NULL)
		return false;
	if (strcmp(ops->id, "workers") == 0)
		return (d->session.now != NULL && d->session.now->member_count > 0) ||
		    d->group_pid != 0;
	return strcmp(ops->id, "help") != 0 && strcmp(ops->id, "referrers") != 0 &&
	    strcmp(ops->id, "setup") != 0;
}

static void
upper(const char *text, char *out, size_t out_bytes)
{
	size_t i;

	for (i = 0; text[i] != '\0' && i + 1 < out_bytes; i++)
		out[i] = (char)(text[i] >= 'a' && text[i] <= 'z' ? text[i] - 'a' + 'A' : text[i]);
	out[i] = '\0';
}

static void
status_text(const struct lk_desk *d, char *out, size_t out_bytes)
{
	const struct lk_view *view = &d->views[d->current];
	char words[128] = "";

	if (view->ops->status != NULL)
		view->ops->status(view, words, sizeof(words));
	if (view->table->filter[0] != '\0')
		snprintf(out, out_bytes, "%s%s%zu of %zu: %.40s", words,
		    words[0] != '\0' ? "  " : "", view->table->count, view->table->all_count,
		    view->table->filter);
	else
		snprintf(out, out_bytes, "%s", words);
}

/* Cells of all titles, each with its key and a space. */
static int
full_width(const struct lk_desk *d, const struct lk_canvas *c)
{
	int width = 1;

	for (int i = 0; i < d->view_count; i++)
		if (has_tab(d, d->views[i].ops) || i == d->current)
			width += lk_canvas_width(c, d->views[i].ops->title) + 2;
	return width;
}

/* Short titles where there is little room, also for what is said beside them. */
void
lk_tabs_draw(const struct lk_desk *d, struct lk_canvas *c, int row)
{
	char title[32], status[256];
	int col = 1, width;
	bool brief;

	status_text(d, status, sizeof(status));
	brief = full_width(d, c) + lk_canvas_width(c, status) + 2 > c->cols;
	for (int i = 0; i < d->view_count; i++) {
		const struct lk_view_ops *ops = d->views[i].ops;
		bool here = i == d->current;
		char key[2] = {ops->key, '\0'};
		enum lk_role role = here ? LK_ROLE_TITLE : LK_ROLE_INACTIVE;

		if (!has_tab(d, ops) && !here)
			continue;
		snprintf(title, sizeof(title), "%s", brief ? ops->short_title : ops->title);
		if (here)
			upper(title, title, sizeof(title));
		col += lk_canvas_text(c, row, col, 1, role, key);
		width = lk_canvas_text(c, row, col, c->cols - col, role, title);
		if (here)
			lk_canvas_select(c, row, col - 1, width + 1);
		col += width + 1;
	}
	width = lk_canvas_width(c, status);
	if (width > 0 && col + 1 < c->cols)
		lk_canvas_right(c, row, col + 1, c->cols - col - 2, LK_ROLE_GRAPH_TEXT, status);
}
