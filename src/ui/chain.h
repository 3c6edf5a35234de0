/* chain.h - the calls of a stack in a few rows of text.  Room: ui. */
#ifndef LK_UI_CHAIN_H
#define LK_UI_CHAIN_H

struct lk_area;
struct lk_canvas;
struct lk_stack;

/* lk_chain_draw - in AREA, outermost call first; what finds no room is left out there, and of many
 * native frames in a row all but the ends are.  Returns: the row behind it. */
int lk_chain_draw(struct lk_canvas *c, const struct lk_area *area, const struct lk_stack *stack);

#endif
