/* canvas.h - a grid of styled cells that views draw on.
 * Room: ui.  Knows no terminal: tty.c shows it, tests and `X` dump it as text. */
#ifndef LK_UI_CANVAS_H
#define LK_UI_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "ui/theme.h"

#define LK_CANVAS_CELL_BYTES	16	/* a character with its combining marks, and the NUL */
#define LK_CANVAS_ROWS_MAX	512
#define LK_CANVAS_COLS_MAX	1024

struct lk_canvas_cell {
	char	text[LK_CANVAS_CELL_BYTES];
	uint8_t	width_cells;	/* 1 or 2; 0: covered by the wide character to its left */
	uint8_t	role;		/* enum lk_role */
	bool	selected;
};

struct lk_canvas {
	int	rows, cols;
	bool	utf8;		/* false: what is not ASCII is drawn as '?' */
	struct lk_canvas_cell *cells;	/* [rows * cols] */
};

/* A part of the canvas.  Drawing functions clip to it. */
struct lk_area {
	int	row, col, rows, cols;
};

/* lk_canvas_resize - new size, blank; sizes are held within the limits above.
 * C starts zeroed.  Returns: 0 or -ENOMEM (the old grid stays). */
int lk_canvas_resize(struct lk_canvas *c, int rows, int cols);
void lk_canvas_fini(struct lk_canvas *c);

/* lk_canvas_erase - spaces in the main style everywhere. */
void lk_canvas_erase(struct lk_canvas *c);

/* lk_canvas_text - put TEXT (UTF-8) at ROW, COL, clipped to MAX_CELLS and the canvas.
 * Controls and broken UTF-8 become '?'.
 * Returns: how many cells it took. */
int lk_canvas_text(struct lk_canvas *c, int row, int col, int max_cells, enum lk_role role,
    const char *text);

/* The same, right-aligned in WIDTH cells; text too long loses its end. */
int lk_canvas_right(struct lk_canvas *c, int row, int col, int width_cells, enum lk_role role,
    const char *text);

/* lk_canvas_fill - CELLS times the one-cell GLYPH. */
void lk_canvas_fill(struct lk_canvas *c, int row, int col, int cells, enum lk_role role,
    const char *glyph);

/* lk_canvas_select - mark a run of cells as selected: the bar of the current row. */
void lk_canvas_select(struct lk_canvas *c, int row, int col, int cells);

/* lk_canvas_row_text - one row as UTF-8 without trailing spaces; cut at OUT_BYTES. */
void lk_canvas_row_text(const struct lk_canvas *c, int row, char *out, size_t out_bytes);

/* lk_canvas_dump - all rows, one per line.  ROLES: instead of the text, one letter per
 * cell for its role (lk_role_letter), upper case where selected. */
int lk_canvas_dump(const struct lk_canvas *c, FILE *to, bool roles);

/* lk_canvas_width - cells that TEXT takes. */
int lk_canvas_width(const struct lk_canvas *c, const char *text);

#endif
