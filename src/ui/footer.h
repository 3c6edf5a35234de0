/* footer.h - message, prompt or advice, and keys, at the bottom of the screen.  Room: ui. */
#ifndef LK_UI_FOOTER_H
#define LK_UI_FOOTER_H

struct lk_canvas;
struct lk_desk;

/* lk_footer_draw - Returns: rows used, 1 or 2. */
int lk_footer_draw(const struct lk_desk *d, struct lk_canvas *c);

#endif
