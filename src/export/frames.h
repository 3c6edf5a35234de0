/* frames.h - the frames of all stacks, each with a number, and how they are called.
 * Room: export, private to it. */
#ifndef LK_EXPORT_FRAMES_H
#define LK_EXPORT_FRAMES_H

#include <stddef.h>
#include <stdint.h>

struct lk_frame;
struct lk_stack;

#define LK_FRAMES_NONE UINT32_MAX
#define LK_FRAMES_LABEL_BYTES 1024

/* Zeroed at first. */
struct lk_frames {
	uint32_t count, room, slot_count;
	const struct lk_frame **list;	/* [count], by number; borrowed from the snapshot */
	uint32_t *slots;		/* number + 1; 0: free */
};

/* lk_frames_number - of FRAME, which is borrowed: frames with the same texts have the same number,
 * from 0 in the order in which they are met.  Returns: LK_FRAMES_NONE without memory. */
uint32_t lk_frames_number(struct lk_frames *frames, const struct lk_frame *frame);
void lk_frames_free(struct lk_frames *frames);

/* lk_frames_depth, lk_frames_at - a stack from outside in, never empty: one that lost its outermost
 * frames begins with one that says so, and one without any has one that says that. */
uint32_t lk_frames_depth(const struct lk_stack *stack);
const struct lk_frame *lk_frames_at(const struct lk_stack *stack, uint32_t depth);

/* lk_frames_label - "shop.cart.price_key (/srv/shop/cart.py:88)", without what is unknown; cleaned,
 * at most OUT_BYTES with the NUL. */
void lk_frames_label(const struct lk_frame *frame, char *out, size_t out_bytes);

#endif
