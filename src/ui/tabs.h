/* tabs.h - the views with their keys, and what the current one says about itself.  Room: ui. */
#ifndef LK_UI_TABS_H
#define LK_UI_TABS_H

struct lk_canvas;
struct lk_desk;

/* lk_tabs_draw - in one row, shortened as far as its columns ask for. */
void lk_tabs_draw(const struct lk_desk *d, struct lk_canvas *c, int row);

#endif
