#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ui/freeze.h"
#include "ui/view.h"
#include "ui/views/all.h"

const struct lk_view_ops *const lk_views_all[] = {
	&lk_view_processes,
	&lk_view_stacks,
	&lk_view_tree,
	&lk_view_source,
	&lk_view_types,
	&lk_view_containers,
	&lk_view_memory,
	&lk_view_baselines,
	&lk_view_suspects,
	&lk_view_workers,
	&lk_view_referrers,
	&lk_view_setup,
	&lk_view_help,
	NULL,
};

int
lk_views_find(char key)
{
	for (int i = 0; lk_views_all[i] != NULL; i++)
		if (lk_views_all[i]->key == key)
			return i;
	return -1;
}

int
lk_views_find_id(const char *id)
{
	for (int i = 0; lk_views_all[i] != NULL; i++)
		if (strcmp(lk_views_all[i]->id, id) == 0)
			return i;
	return -1;
}

int
lk_view_init(struct lk_view *view, const struct lk_view_ops *ops, struct lk_session *session)
{
	static const struct lk_column *const no_columns[] = {NULL};

	memset(view, 0, sizeof(*view));
	view->ops = ops;
	view->session = session;
	view->state = calloc(1, ops->state_size > 0 ? ops->state_size : 1);
	if (view->state == NULL)
		return -ENOMEM;
	lk_table_init(&view->own, ops->columns != NULL ? ops->columns : no_columns, session,
	    view->state, ops->sort);
	view->table = &view->own;
	return 0;
}

void
lk_view_fini(struct lk_view *view)
{
	if (view->ops != NULL && view->ops->fini != NULL)
		view->ops->fini(view);
	lk_table_fini(&view->own);
	free(view->state);
	memset(view, 0, sizeof(*view));
}

void
lk_view_update(struct lk_view *view)
{
	if (view->ops->update != NULL)
		view->ops->update(view);
}

void
lk_view_draw(struct lk_view *view, struct lk_canvas *c, const struct lk_area *area)
{
	if (view->ops->of_heap && lk_session_is_group(view->session))
		lk_freeze_draw_choice(c, area);
	else
		view->ops->draw(view, c, area);
}

bool
lk_view_input(struct lk_view *view, enum lk_action action)
{
	if (view->ops->of_heap && lk_freeze_choose(view->session, view->ops->key, action))
		return true;
	if (view->ops->input != NULL && view->ops->input(view, action))
		return true;
	return view->table->columns[0] != NULL &&
	    lk_table_input(view->table, action, view->session->now_ms);
}

void
lk_view_empty(struct lk_canvas *c, const struct lk_area *area, const char *words,
    const char *hint)
{
	int row = area->row + area->rows / 3;

	lk_canvas_text(c, row, area->col + 3, area->cols - 3, LK_ROLE_MAIN, words);
	if (hint != NULL)
		lk_canvas_text(c, row + 1, area->col + 3, area->cols - 3, LK_ROLE_INACTIVE, hint);
}

int
lk_view_top(int top, int page, int count)
{
	if (top > count - page)
		top = count - page;
	return top > 0 ? top : 0;
}

bool
lk_view_scroll(int *top, int page, int count, enum lk_action action)
{
	int to = *top;

	switch (action) {
	case LK_ACTION_UP:
		to--;
		break;
	case LK_ACTION_DOWN:
		to++;
		break;
	case LK_ACTION_PAGE_UP:
		to -= page;
		break;
	case LK_ACTION_PAGE_DOWN:
		to += page;
		break;
	case LK_ACTION_FIRST:
		to = 0;
		break;
	case LK_ACTION_LAST:
		to = count;
		break;
	default:
		return false;
	}
	*top = lk_view_top(to, page, count);
	return true;
}

void
lk_view_rule(struct lk_canvas *c, const struct lk_area *area, int row, const char *title,
    bool ascii)
{
	const char *glyph = ascii ? "-" : "─";

	lk_canvas_fill(c, row, area->col, area->cols, LK_ROLE_LINE, glyph);
	lk_canvas_text(c, row, area->col + 1, area->cols - 2, LK_ROLE_TITLE, " ");
	lk_canvas_text(c, row, area->col + 2, area->cols - 4, LK_ROLE_TITLE, title);
	lk_canvas_text(c, row, area->col + 2 + lk_canvas_width(c, title), 1, LK_ROLE_TITLE, " ");
}
