#include "config.h"

#include "ui/chain.h"

#include <stdio.h>

#include "analysis/growth.h"
#include "model/snapshot.h"

#include "ui/canvas.h"
#include "ui/columns.h"

#define CHAIN_MAX	40	/* pieces of the chain that are tried */
#define NATIVE_SHOWN	3	/* of native frames in a row */
#define MORE_CELLS	13	/* "(123 more) > " */

/* One piece of the chain: a frame, or how many native ones are left out (frame NULL). */
struct link {
	const struct lk_frame	*frame;
	uint32_t		 folded;
};

struct chain {
	struct link		 links[CHAIN_MAX];	/* innermost first */
	uint32_t		 count;
	uint32_t		 more;			/* frames outside of those */
	const struct lk_frame	*site;
};

/* How many native frames follow each other from there on. */
static uint32_t
native_run(const struct lk_stack *stack, uint32_t from)
{
	uint32_t count = 0;

	while (from + count < stack->frame_count && stack->frames[from + count].native)
		count++;
	return count;
}

/* Of many native frames in a row the innermost and the outermost say most: where the memory was
 * taken, and what was called.  So the line of Python outside of them stays in sight. */
static void
chain_of(const struct lk_stack *stack, struct chain *out)
{
	uint32_t i = 0;

	out->count = 0;
	out->site = lk_growth_site(stack);
	while (i < stack->frame_count && out->count + NATIVE_SHOWN + 1 < CHAIN_MAX) {
		uint32_t run = native_run(stack, i);

		if (run > NATIVE_SHOWN) {
			out->links[out->count++] = (struct link){&stack->frames[i], 0};
			out->links[out->count++] = (struct link){&stack->frames[i + 1], 0};
			out->links[out->count++] = (struct link){NULL, run - NATIVE_SHOWN};
			i += run - 1;
		}
		out->links[out->count++] = (struct link){&stack->frames[i++], 0};
	}
	out->more = stack->frame_count - i;
}

static void
chain_piece(const struct link *link, bool last, char *out, size_t out_bytes)
{
	char function[LK_TABLE_TEXT_BYTES];

	if (link->frame == NULL) {
		snprintf(out, out_bytes, "(%u native) >", link->folded);
		return;
	}
	lk_columns_function(link->frame, function, sizeof(function));
	if (link->frame->line > 0)
		snprintf(out, out_bytes, "%.120s:%u%s", function, link->frame->line,
		    last ? "" : " >");
	else
		snprintf(out, out_bytes, "%.120s%s", function, last ? "" : " >");
}

/* Rows that it takes when it is drawn COLS wide. */
static int
rows_of_chain(const struct lk_canvas *c, const struct chain *chain, int cols)
{
	int rows = 1, col = chain->more > 0 ? MORE_CELLS : 0;

	for (uint32_t i = chain->count; i-- > 0;) {
		char piece[LK_TABLE_TEXT_BYTES];
		int width;

		chain_piece(&chain->links[i], i == 0, piece, sizeof(piece));
		width = lk_canvas_width(c, piece);
		if (col > 0 && col + width > cols) {
			rows++;
			col = 0;
		}
		col += width + 1;
	}
	return rows;
}

/* Leaves out the outermost pieces until the rest fits. */
static void
fit_chain(const struct lk_canvas *c, struct chain *chain, int rows, int cols)
{
	while (chain->count > 1 && rows_of_chain(c, chain, cols) > rows) {
		const struct link *last = &chain->links[--chain->count];

		chain->more += last->frame != NULL ? 1 : last->folded;
	}
}

/* What names the row stands out; native frames stand back. */
static enum lk_role
role_of(const struct link *link, const struct lk_frame *site)
{
	if (link->frame == NULL)
		return LK_ROLE_INACTIVE;
	if (link->frame == site)
		return LK_ROLE_TITLE;
	return link->frame->native ? LK_ROLE_INACTIVE : LK_ROLE_MAIN;
}

int
lk_chain_draw(struct lk_canvas *c, const struct lk_area *area, const struct lk_stack *stack)
{
	int row = area->row, col = area->col;
	char piece[LK_TABLE_TEXT_BYTES];
	struct chain chain;

	chain_of(stack, &chain);
	fit_chain(c, &chain, area->rows, area->cols);
	if (chain.more > 0) {
		snprintf(piece, sizeof(piece), "(%u more) >", chain.more);
		col += lk_canvas_text(c, row, col, area->cols, LK_ROLE_INACTIVE, piece) + 1;
	}
	for (uint32_t i = chain.count; i-- > 0;) {
		int width;

		chain_piece(&chain.links[i], i == 0, piece, sizeof(piece));
		width = lk_canvas_width(c, piece);
		if (col > area->col && col + width > area->col + area->cols) {
			row++;
			col = area->col;
		}
		if (row >= area->row + area->rows)
			break;
		lk_canvas_text(c, row, col, area->col + area->cols - col,
		    role_of(&chain.links[i], chain.site), piece);
		col += width + 1;
	}
	return row + 1;
}
