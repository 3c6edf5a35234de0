/* header.h - what stands around every view: who and how (top), tabs, message and keys (bottom).
 * Room: ui. */
#ifndef LK_UI_HEADER_H
#define LK_UI_HEADER_H

struct lk_canvas;
struct lk_desk;
struct lk_session;

#define LK_HEADER_MIN_ROWS	10
#define LK_HEADER_MIN_COLS	40

/* lk_header_draw - identity and state, sizes and rates, the verdict.
 * Returns: rows used: 3, or 2 on low screens. */
int lk_header_draw(const struct lk_session *s, struct lk_canvas *c);

/* lk_header_tabs - the views with their keys, and what the current one says about itself. */
void lk_header_tabs(const struct lk_desk *d, struct lk_canvas *c, int row);

/* lk_header_footer - message or prompt, and keys, at the bottom.  Returns: rows used, 1 or 2. */
int lk_header_footer(const struct lk_desk *d, struct lk_canvas *c);

/* lk_header_summary - all that fits where nothing fits: one line. */
void lk_header_summary(const struct lk_session *s, struct lk_canvas *c);

#endif
