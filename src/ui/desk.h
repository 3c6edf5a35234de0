/* desk.h - the whole screen without a terminal: session, views, keys in, canvas out.
 * Room: ui.  app.c puts it on a tty; tests and screens use it as it is. */
#ifndef LK_UI_DESK_H
#define LK_UI_DESK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/canvas.h"
#include "ui/session.h"
#include "ui/view.h"

#define LK_DESK_VIEWS_MAX	16
#define LK_DESK_BACK_MAX	8

/* What a key asks of the terminal or of the program. */
enum lk_desk_wish {
	LK_DESK_NOTHING, LK_DESK_QUIT, LK_DESK_SUSPEND, LK_DESK_REDRAW, LK_DESK_COPY,
	LK_DESK_THEME, LK_DESK_SCREEN, LK_DESK_EXPORT,
};

/* How a process of the list is opened; lk_source_open_live behind it, or a test's. */
typedef int (*lk_desk_open_fn)(void *ctx, const struct lk_process *process,
    struct lk_source **out);

struct lk_desk {
	struct lk_session	 session;
	struct lk_view		 views[LK_DESK_VIEWS_MAX];	/* [view_count] as lk_views_all */
	int			 view_count;
	int			 current;
	int			 back[LK_DESK_BACK_MAX];	/* [back_count] where Esc goes */
	int			 back_count;
	int64_t			 scanned_ms;	/* when the processes were listed; < 0: never */
	struct lk_process	*successor;	/* owned: of what has ended; pid 0: none */
	int64_t			 sought_ms;	/* when it was looked for */
	int64_t			 play_ms;	/* when the next moment of a recording is due */
	lk_desk_open_fn		 open;
	void			*open_ctx;
	const struct lk_group_finder *finder;	/* of groups; NULL: this host; not owned */
	bool			 from_list;	/* back from a process leads to the list */
	int			 group_pid;	/* back from a worker leads to its group; 0: none */
	bool			 stale_view;	/* the view's content must be made anew */
	const struct lk_snapshot *judged;	/* of lk_session_judge, not held */
	uint64_t		 judged_seq;
	uint32_t		 judged_reference, judged_until;
	enum lk_source_state	 drawn_state;
};

/* init/fini - caller's storage.  Returns: 0 or -ENOMEM. */
int lk_desk_init(struct lk_desk *d);
void lk_desk_fini(struct lk_desk *d);

/* lk_desk_watch - look at this source, in Stacks. */
void lk_desk_watch(struct lk_desk *d, struct lk_source *take_source);

/* lk_desk_tick - time has passed, data may have come: take it.
 * Returns: true when the screen must be drawn anew. */
bool lk_desk_tick(struct lk_desk *d, int64_t now_ms, double wall_s);

/* lk_desk_timeout - milliseconds until tick has something to do; -1: never. */
int lk_desk_timeout(const struct lk_desk *d, int64_t now_ms);

/* lk_desk_key - one key; what it asks of the terminal. */
enum lk_desk_wish lk_desk_key(struct lk_desk *d, int key);

/* lk_desk_show - the view with this id; remembers where Esc goes if DRILL. */
void lk_desk_show(struct lk_desk *d, const char *id, bool drill);

/* lk_desk_draw - all of it, on a canvas of any size. */
void lk_desk_draw(struct lk_desk *d, struct lk_canvas *c);

/* lk_desk_row_text - the selected row, for the clipboard. */
void lk_desk_row_text(const struct lk_desk *d, char *out, size_t out_bytes);

#endif
