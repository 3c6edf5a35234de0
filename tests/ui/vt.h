/* vt.h - a strict terminal: what it is sent becomes a grid, and what is not in the short list of
 * sequences that leaktop's terminals share is kept as a complaint. */
#ifndef LK_TESTS_UI_VT_H
#define LK_TESTS_UI_VT_H

#include <stdbool.h>
#include <stddef.h>

#define VT_ROWS_MAX	64
#define VT_COLS_MAX	256
#define VT_CELL_BYTES	20

enum vt_attribute { VT_BOLD = 1, VT_DIM = 2, VT_UNDERLINE = 4, VT_REVERSE = 8 };

struct vt_pen {
	int		fg, bg;		/* -1: the terminal's own */
	unsigned int	attributes;
};

struct vt_cell {
	char		text[VT_CELL_BYTES];	/* "" behind a wide character */
	struct vt_pen	pen;
};

struct vt {
	int		rows, cols;
	bool		utf8;
	int		row, col;
	bool		wrap_due;	/* the last column is filled; the next character wraps */
	struct vt_pen	pen;
	int		top, bottom;	/* scrolling region, inclusive */
	bool		line_drawing, shifted;
	struct vt_cell	grid[VT_ROWS_MAX][VT_COLS_MAX];
	char		sequence[64];	/* [sequence_bytes] of an unfinished one */
	size_t		sequence_bytes;
	char		last[VT_CELL_BYTES];
	char		complaint[128];	/* the first one; "" none */
};

void vt_init(struct vt *vt, int rows, int cols, bool utf8);
void vt_feed(struct vt *vt, const char *bytes, size_t count);

#endif
