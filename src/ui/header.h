/* header.h - what stands above every view: who and how.  tabs.h and footer.h are the rest of the
 * frame.  Room: ui. */
#ifndef LK_UI_HEADER_H
#define LK_UI_HEADER_H

struct lk_canvas;
struct lk_desk;
struct lk_session;

#define LK_HEADER_MIN_ROWS	10
#define LK_HEADER_MIN_COLS	40
#define LK_HEADER_FULL_ROWS	14	/* from here on 3 rows and a message row */

/* lk_header_draw - identity and state, sizes and rates, the verdict.
 * Returns: rows used: 3, or 2 on low screens. */
int lk_header_draw(const struct lk_session *s, struct lk_canvas *c);

/* lk_header_summary - all that fits where nothing fits: one line. */
void lk_header_summary(const struct lk_session *s, struct lk_canvas *c);

#endif
