/* ECMA-48 as far as curses uses it on xterm, tmux, linux and vt100.  Anything else, and any byte
 * that is no text, is a complaint: what comes from the target must not get here as it is. */
#include "config.h"

#include "vt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/attr.h"

static void
complain(struct vt *vt, const char *what)
{
	if (vt->complaint[0] == '\0')
		snprintf(vt->complaint, sizeof(vt->complaint), "%s at %d,%d", what, vt->row,
		    vt->col);
}

static struct vt_cell
blank(const struct vt *vt)
{
	struct vt_cell cell = {.text = " ", .pen = {-1, -1, 0}};

	cell.pen.bg = vt->pen.bg;	/* erased with the background, as all with bce do */
	return cell;
}

static void
erase(struct vt *vt, int row, int from, int to)
{
	for (int col = from; col <= to && col < vt->cols; col++)
		vt->grid[row][col] = blank(vt);
}

void
vt_init(struct vt *vt, int rows, int cols, bool utf8)
{
	memset(vt, 0, sizeof(*vt));
	vt->rows = rows;
	vt->cols = cols;
	vt->utf8 = utf8;
	vt->bottom = rows - 1;
	vt->pen.fg = vt->pen.bg = -1;
	for (int row = 0; row < rows; row++)
		erase(vt, row, 0, cols - 1);
}

static int
clamp(int value, int low, int high)
{
	return value < low ? low : value > high ? high : value;
}

static void
move(struct vt *vt, int row, int col)
{
	vt->row = clamp(row, 0, vt->rows - 1);
	vt->col = clamp(col, 0, vt->cols - 1);
	vt->wrap_due = false;
}

/* N lines of the region go up (or down, N negative). */
static void
scroll(struct vt *vt, int n)
{
	for (; n > 0; n--) {
		memmove(vt->grid[vt->top], vt->grid[vt->top + 1],
		    (size_t)(vt->bottom - vt->top) * sizeof(vt->grid[0]));
		erase(vt, vt->bottom, 0, vt->cols - 1);
	}
	for (; n < 0; n++) {
		memmove(vt->grid[vt->top + 1], vt->grid[vt->top],
		    (size_t)(vt->bottom - vt->top) * sizeof(vt->grid[0]));
		erase(vt, vt->top, 0, vt->cols - 1);
	}
}

static void
line_feed(struct vt *vt)
{
	if (vt->row == vt->bottom)
		scroll(vt, 1);
	else
		move(vt, vt->row + 1, vt->col);
}

static void
put(struct vt *vt, const char *text, int width)
{
	if (width == 0) {	/* a combining mark */
		struct vt_cell *cell = &vt->grid[vt->row][vt->wrap_due || vt->col == 0 ?
		    vt->col : vt->col - 1];

		if (strlen(cell->text) + strlen(text) < VT_CELL_BYTES)
			strcat(cell->text, text);
		return;
	}
	if (vt->wrap_due) {
		vt->wrap_due = false;
		vt->col = 0;
		line_feed(vt);
	}
	if (vt->line_drawing)
		complain(vt, "a character of the line-drawing set");
	snprintf(vt->last, sizeof(vt->last), "%s", text);
	for (int i = 0; i < width && vt->col + i < vt->cols; i++) {
		struct vt_cell *cell = &vt->grid[vt->row][vt->col + i];

		snprintf(cell->text, sizeof(cell->text), "%s", i == 0 ? text : "");
		cell->pen = vt->pen;
	}
	vt->col += width;
	if (vt->col >= vt->cols) {
		vt->col = vt->cols - 1;
		vt->wrap_due = true;
	}
}

/* ---- ESC [ ... ------------------------------------------------------------- */

#define PARAMETERS_MAX 16

struct csi {
	char	private;	/* '?', '!' or 0 */
	char	final;
	int	number[PARAMETERS_MAX];
	int	count;
};

static int
first(const struct csi *csi, int otherwise)
{
	return csi->count > 0 && csi->number[0] > 0 ? csi->number[0] : otherwise;
}

static const struct {
	int		set;
	unsigned int	on, off;
} styles[] = {
	{1, VT_BOLD, 0}, {2, VT_DIM, 0}, {4, VT_UNDERLINE, 0}, {7, VT_REVERSE, 0}, {5, 0, 0},
	{8, 0, 0}, {10, 0, 0}, {22, 0, VT_BOLD | VT_DIM}, {24, 0, VT_UNDERLINE},
	{27, 0, VT_REVERSE},
};

/* Returns: how many numbers it took. */
static int
set_style(struct vt *vt, const struct csi *csi, int at)
{
	int n = csi->number[at], *colour = n == 38 || n / 10 == 3 || n / 10 == 9 ? &vt->pen.fg :
	    &vt->pen.bg;

	if (n == 0) {
		vt->pen = (struct vt_pen){-1, -1, 0};
		return 1;
	}
	if ((n == 38 || n == 48) && at + 2 < csi->count && csi->number[at + 1] == 5) {
		*colour = csi->number[at + 2];
		return 3;
	}
	if (n == 39 || n == 49)
		*colour = -1;
	else if ((n >= 30 && n <= 37) || (n >= 40 && n <= 47))
		*colour = n % 10;
	else if ((n >= 90 && n <= 97) || (n >= 100 && n <= 107))
		*colour = 8 + n % 10;
	else {
		size_t i = 0;

		while (i < LK_COUNT_OF(styles) && styles[i].set != n)
			i++;
		if (i == LK_COUNT_OF(styles)) {
			complain(vt, "a style nobody knows");
			return 1;
		}
		vt->pen.attributes = (vt->pen.attributes | styles[i].on) & ~styles[i].off;
	}
	return 1;
}

static void
styles_of(struct vt *vt, const struct csi *csi)
{
	const struct csi reset = {.count = 1};

	if (csi->count == 0)
		set_style(vt, &reset, 0);
	for (int at = 0; at < csi->count;)
		at += set_style(vt, csi, at);
}

static void
erase_display(struct vt *vt, int mode)
{
	if (mode != 0 && mode != 2)
		complain(vt, "an erasure nobody knows");
	if (mode == 0)
		erase(vt, vt->row, vt->col, vt->cols - 1);
	for (int row = mode == 2 ? 0 : vt->row + 1; row < vt->rows; row++)
		erase(vt, row, 0, vt->cols - 1);
}

static void
shift_cells(struct vt *vt, int n)
{
	struct vt_cell *line = vt->grid[vt->row];
	int left = vt->cols - vt->col;
	int count = clamp(n < 0 ? -n : n, 0, left);

	if (n > 0) {		/* insert */
		memmove(line + vt->col + count, line + vt->col,
		    (size_t)(left - count) * sizeof(*line));
		erase(vt, vt->row, vt->col, vt->col + count - 1);
	} else {		/* delete */
		memmove(line + vt->col, line + vt->col + count,
		    (size_t)(left - count) * sizeof(*line));
		erase(vt, vt->row, vt->cols - count, vt->cols - 1);
	}
}

static void
shift_lines(struct vt *vt, int n)
{
	int top = vt->top;

	vt->top = vt->row;
	scroll(vt, -n);
	vt->top = top;
}

static void
move_by(struct vt *vt, const struct csi *csi)
{
	int n = first(csi, 1);

	switch (csi->final) {
	case 'A':
		move(vt, vt->row - n, vt->col);
		break;
	case 'B':
		move(vt, vt->row + n, vt->col);
		break;
	case 'C':
		move(vt, vt->row, vt->col + n);
		break;
	case 'D':
		move(vt, vt->row, vt->col - n);
		break;
	case 'G':
		move(vt, vt->row, n - 1);
		break;
	case 'd':
		move(vt, n - 1, vt->col);
		break;
	case 'Z':
		move(vt, vt->row, (vt->col - 1) / 8 * 8);
		break;
	default:
		move(vt, n - 1, csi->count > 1 && csi->number[1] > 0 ? csi->number[1] - 1 : 0);
		break;
	}
}

static void
edit(struct vt *vt, const struct csi *csi)
{
	int n = first(csi, 1), mode = first(csi, 0);
	char copy[VT_CELL_BYTES];

	switch (csi->final) {
	case 'J':
		erase_display(vt, mode);
		break;
	case 'K':
		erase(vt, vt->row, mode == 0 ? vt->col : 0, mode == 1 ? vt->col : vt->cols - 1);
		break;
	case 'X':
		erase(vt, vt->row, vt->col, vt->col + n - 1);
		break;
	case '@':
		shift_cells(vt, n);
		break;
	case 'P':
		shift_cells(vt, -n);
		break;
	case 'L':
		shift_lines(vt, n);
		break;
	case 'M':
		shift_lines(vt, -n);
		break;
	case 'S':
		scroll(vt, n);
		break;
	case 'T':
		scroll(vt, -n);
		break;
	default:
		for (; n > 0; n--)
			put(vt, memcpy(copy, vt->last, sizeof(copy)), 1);
		break;
	}
}

static void
set_region(struct vt *vt, const struct csi *csi)
{
	vt->top = clamp(first(csi, 1), 1, vt->rows) - 1;
	vt->bottom = clamp(csi->count > 1 ? csi->number[1] : vt->rows, 1, vt->rows) - 1;
	move(vt, 0, 0);
}

/* Modes that change how the keyboard and the cursor behave, not what is seen. */
static bool
is_known_mode(const struct csi *csi)
{
	static const int modes[] = {1, 3, 4, 5, 7, 12, 25, 1034, 1049};

	for (int i = 0; i < csi->count; i++) {
		size_t m = 0;

		while (m < LK_COUNT_OF(modes) && modes[m] != csi->number[i])
			m++;
		if (m == LK_COUNT_OF(modes))
			return false;
	}
	return true;
}

static void
obey(struct vt *vt, const struct csi *csi)
{
	char what[40];

	if (csi->private == '?' && strchr("hl", csi->final) != NULL && is_known_mode(csi))
		return;
	if (csi->private == '?' && csi->final == 'c')	/* the Linux console's cursor */
		return;
	if (csi->private == 0 && strchr("ABCDGHdZ", csi->final) != NULL)
		move_by(vt, csi);
	else if (csi->private == 0 && strchr("JKX@PLMSTb", csi->final) != NULL)
		edit(vt, csi);
	else if (csi->private == 0 && csi->final == 'm')
		styles_of(vt, csi);
	else if (csi->private == 0 && csi->final == 'r')
		set_region(vt, csi);
	else if (csi->private == 0 && strchr("hl", csi->final) != NULL &&
	    (first(csi, 0) == 4 || first(csi, 0) == 34))
		return;
	else if (csi->private == 0 && csi->final == 't' &&
	    (first(csi, 0) == 22 || first(csi, 0) == 23))	/* xterm's title, kept */
		return;
	else {
		snprintf(what, sizeof(what), "CSI %.1s %d %c",
		    csi->private != 0 ? &csi->private : "", first(csi, 0), csi->final);
		complain(vt, what);
	}
}

/* ---- bytes ----------------------------------------------------------------- */

static void
finish_csi(struct vt *vt)
{
	const char *at = vt->sequence + 2, *end = vt->sequence + vt->sequence_bytes - 1;
	struct csi csi = {.final = *end};

	if (*at == '?' || *at == '!')
		csi.private = *at++;
	while (at < end && csi.count < PARAMETERS_MAX) {
		char *rest;

		csi.number[csi.count++] = (int)strtol(at, &rest, 10);
		if (rest < end && *rest != ';') {
			complain(vt, "a parameter that is no number");
			return;
		}
		at = rest + 1;
	}
	obey(vt, &csi);
}

/* Returns: true when the sequence is complete. */
static bool
escape(struct vt *vt)
{
	char kind = vt->sequence[1], end = vt->sequence[vt->sequence_bytes - 1];

	if (vt->sequence_bytes == 1)
		return false;
	if (kind == '[') {
		if (vt->sequence_bytes == 2 || end < '@' || end > '~')
			return false;
		vt->sequence[vt->sequence_bytes] = '\0';
		finish_csi(vt);
		return true;
	}
	if (kind == '(' || kind == ')') {
		if (vt->sequence_bytes == 2)
			return false;
		if (end != '0' && end != 'B')
			complain(vt, "a character set");
		if (kind == '(')
			vt->line_drawing = end == '0';
		return true;
	}
	if (kind == 'M' && vt->row == vt->top)
		scroll(vt, -1);
	else if (kind == 'M')
		move(vt, vt->row - 1, vt->col);
	else if (kind == 'E') {
		line_feed(vt);
		move(vt, vt->row, 0);
	} else if (strchr("=><", kind) == NULL)
		complain(vt, "ESC and something");
	return true;
}

static void
control(struct vt *vt, char byte)
{
	switch (byte) {
	case '\r':
		move(vt, vt->row, 0);
		break;
	case '\n':
		line_feed(vt);
		break;
	case '\b':
		move(vt, vt->row, vt->col - 1);
		break;
	case '\t':
		move(vt, vt->row, (vt->col / 8 + 1) * 8);
		break;
	case '\016':
		vt->shifted = true;
		break;
	case '\017':
		vt->shifted = false;
		break;
	default:
		complain(vt, "a control character");
	}
}

static void
character(struct vt *vt)
{
	wchar_t wide = 0;
	int width;

	vt->sequence[vt->sequence_bytes] = '\0';
	if (mbtowc(&wide, vt->sequence, vt->sequence_bytes) <= 0 || (width = wcwidth(wide)) < 0 ||
	    (wide >= 0x202a && wide <= 0x202e) || (wide >= 0x2066 && wide <= 0x2069)) {
		complain(vt, "no character");
		return;
	}
	put(vt, vt->sequence, width);
}

static size_t
length_of(unsigned char byte)
{
	return byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc2 ? 2 : 1;
}

void
vt_feed(struct vt *vt, const char *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		if (vt->sequence_bytes == 0 && byte < ' ' && byte != '\033') {
			control(vt, (char)byte);
			continue;
		}
		if (vt->sequence_bytes + 1 == sizeof(vt->sequence)) {
			complain(vt, "a sequence without end");
			vt->sequence_bytes = 0;
		}
		if (!vt->utf8 && byte >= 0x7f)
			complain(vt, "not ASCII");
		vt->sequence[vt->sequence_bytes++] = (char)byte;
		if (vt->sequence[0] == '\033') {
			if (escape(vt))
				vt->sequence_bytes = 0;
		} else if (vt->sequence_bytes >= length_of((unsigned char)vt->sequence[0])) {
			character(vt);
			vt->sequence_bytes = 0;
		}
	}
}
