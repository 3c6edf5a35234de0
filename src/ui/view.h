/* view.h - a view is a table of functions; views.c lists them.  Room: ui. */
#ifndef LK_UI_VIEW_H
#define LK_UI_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/canvas.h"
#include "ui/keys.h"
#include "ui/session.h"
#include "ui/table.h"

struct lk_view;

struct lk_view_ops {
	const char	*id;		/* of keys and tests */
	const char	*title;		/* of its tab */
	const char	*short_title;	/* where tabs have little room */
	char		 key;
	bool		 without_process;	/* shows something when none is watched */
	bool		 of_heap;	/* which is that of one process: of a group one is chosen */
	size_t		 state_size;	/* zeroed memory at view->state */
	const struct lk_column *const *columns;	/* NULL: no table */
	const char	*sort;		/* id of the first sort column */

	/* All but draw may be NULL. */
	void	(*fini)(struct lk_view *view);
	/* It becomes visible: ask for what only this view needs. */
	void	(*enter)(struct lk_view *view);
	/* A new snapshot, reference, filter or grouping; fills the table.  Only when visible. */
	void	(*update)(struct lk_view *view);
	/* AREA has at least 3 rows and 20 columns. */
	void	(*draw)(struct lk_view *view, struct lk_canvas *c, const struct lk_area *area);
	/* Returns: true when ACTION was handled; else the table and then the app get it. */
	bool	(*input)(struct lk_view *view, enum lk_action action);
	/* The prompt with this purpose was answered. */
	void	(*answer)(struct lk_view *view, enum lk_ask_for purpose, const char *text);
	/* A word for the tabs line about what is shown; may leave OUT empty. */
	void	(*status)(const struct lk_view *view, char *out, size_t out_bytes);
	/* A frame that names the selected row; NULL: none. */
	const struct lk_frame *(*frame)(const struct lk_view *view);
};

struct lk_view {
	const struct lk_view_ops *ops;
	struct lk_session	*session;
	struct lk_table		*table;	/* what filter and movement go to; &own or the view's */
	struct lk_table		 own;
	void			*state;
};

/* init/fini - caller's storage.  Returns: 0 or -ENOMEM. */
int lk_view_init(struct lk_view *view, const struct lk_view_ops *ops, struct lk_session *session);
void lk_view_fini(struct lk_view *view);

/* What every view does unless it says otherwise. */
void lk_view_update(struct lk_view *view);
void lk_view_draw(struct lk_view *view, struct lk_canvas *c, const struct lk_area *area);
bool lk_view_input(struct lk_view *view, enum lk_action action);

/* lk_view_empty - a sentence in the middle of AREA: why there is nothing, what to do. */
void lk_view_empty(struct lk_canvas *c, const struct lk_area *area, const char *words,
    const char *hint);

/* lk_view_top - of COUNT lines without a selection the first one on a page of PAGE: TOP, or the one
 * that fills the page.  lk_view_scroll: *top moved by ACTION, at once within, as the footer tells
 * where that is before it is drawn.  Returns: false when it was another action. */
int lk_view_top(int top, int page, int count);
bool lk_view_scroll(int *top, int page, int count, enum lk_action action);

/* lk_view_rule - a dividing line with a title in it. */
void lk_view_rule(struct lk_canvas *c, const struct lk_area *area, int row, const char *title,
    bool ascii);

/* lk_views_all - NULL-terminated, in the order of their keys; help comes last. */
extern const struct lk_view_ops *const lk_views_all[];

/* lk_views_find - by key or by id; -1: none. */
int lk_views_find(char key);
int lk_views_find_id(const char *id);

#endif
