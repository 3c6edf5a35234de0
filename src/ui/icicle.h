/* icicle.h - a tree of calls as boxes: a row for each depth, as wide as the bytes below.
 * Room: ui. */
#ifndef LK_UI_ICICLE_H
#define LK_UI_ICICLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/keys.h"

struct lk_area;
struct lk_canvas;
struct lk_tree;
struct lk_tree_node;

#define LK_ICICLE_BOXES_MAX	1024
#define LK_ICICLE_LABEL_BYTES	512

struct lk_icicle_box {
	uint32_t	node;
	int		parent;		/* index of a box; -1: none */
	int		row, col, width;
};

struct lk_icicle {
	struct lk_icicle_box boxes[LK_ICICLE_BOXES_MAX];	/* [count], of the last draw */
	int		     count;
	uint32_t	     selected;	/* a node */
};

/* lk_icicle_value - what counts of a node: growth, or live bytes; less than nothing is nothing. */
double lk_icicle_value(const struct lk_tree_node *node, bool by_live);

/* lk_icicle_skip - below NODE: the next one where calls part or something was allocated; *folded
 * is how many were passed.  Of an inverted tree NODE itself: it says what allocated. */
uint32_t lk_icicle_skip(struct lk_tree *t, uint32_t node, bool by_live, uint32_t *folded);

/* lk_icicle_label - "price_key:88", "(3) price_key:88", cleaned; at most LK_ICICLE_LABEL_BYTES. */
char *lk_icicle_label(const struct lk_tree *t, uint32_t node, uint32_t folded, char *out);

/* lk_icicle_draw - everything below NODE; children should be sorted. */
void lk_icicle_draw(struct lk_icicle *v, struct lk_tree *t, uint32_t node, bool by_live,
    struct lk_canvas *c, const struct lk_area *area);

/* lk_icicle_input - moves between the boxes of the last draw.  Returns: true when ACTION did. */
bool lk_icicle_input(struct lk_icicle *v, enum lk_action action);

#endif
