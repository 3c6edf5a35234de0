#include "config.h"

#include "ui/canvas.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* One character of UTF-8: *out and how many bytes it took; 0 at the end of the text.
 * What is broken or a control is '?' and one byte long. */
static size_t
decode(const char *text, uint32_t *out)
{
	const unsigned char *s = (const unsigned char *)text;
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t length, i;
	uint32_t code;

	if (s[0] == 0)
		return 0;
	*out = '?';
	if (s[0] < 0x80) {
		if (s[0] >= 0x20 && s[0] != 0x7f)
			*out = s[0];
		return 1;
	}
	length = s[0] >= 0xf0 && s[0] < 0xf5 ? 4 : s[0] >= 0xe0 ? 3 : s[0] >= 0xc2 ? 2 : 1;
	if (s[0] >= 0xf5)
		length = 1;
	if (length == 1)
		return 1;
	code = s[0] & (0x7fu >> length);
	for (i = 1; i < length; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 1;
		code = code << 6 | (s[i] & 0x3f);
	}
	if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 1;
	if (code >= 0xa0)
		*out = code;
	return length;
}

static int
width_of(const struct lk_canvas *c, uint32_t code)
{
	int width;

	if (code < 0x80)
		return 1;
	if (!c->utf8)
		return 1;
	width = wcwidth((wchar_t)code);
	return width < 0 ? 1 : width;
}

static struct lk_canvas_cell *
cell_at(const struct lk_canvas *c, int row, int col)
{
	return &c->cells[(size_t)row * (size_t)c->cols + (size_t)col];
}

static void
set_cell(struct lk_canvas_cell *cell, const char *text, size_t bytes, int width, enum lk_role role)
{
	memcpy(cell->text, text, bytes);
	cell->text[bytes] = '\0';
	cell->width_cells = (uint8_t)width;
	cell->role = (uint8_t)role;
}

/* Half of a wide character must not stay when its other half is overdrawn. */
static void
heal(struct lk_canvas *c, int row, int col)
{
	struct lk_canvas_cell *cell = cell_at(c, row, col);

	if (cell->width_cells == 0 && col > 0)
		set_cell(cell_at(c, row, col - 1), " ", 1, 1, cell->role);
	if (cell->width_cells == 2 && col + 1 < c->cols)
		set_cell(cell_at(c, row, col + 1), " ", 1, 1, cell->role);
}

int
lk_canvas_resize(struct lk_canvas *c, int rows, int cols)
{
	struct lk_canvas_cell *cells;

	rows = rows < 1 ? 1 : rows > LK_CANVAS_ROWS_MAX ? LK_CANVAS_ROWS_MAX : rows;
	cols = cols < 1 ? 1 : cols > LK_CANVAS_COLS_MAX ? LK_CANVAS_COLS_MAX : cols;
	cells = calloc((size_t)rows * (size_t)cols, sizeof(*cells));
	if (cells == NULL)
		return -ENOMEM;
	free(c->cells);
	c->cells = cells;
	c->rows = rows;
	c->cols = cols;
	lk_canvas_erase(c);
	return 0;
}

void
lk_canvas_fini(struct lk_canvas *c)
{
	free(c->cells);
	memset(c, 0, sizeof(*c));
}

void
lk_canvas_erase(struct lk_canvas *c)
{
	for (size_t i = 0; i < (size_t)c->rows * (size_t)c->cols; i++) {
		set_cell(&c->cells[i], " ", 1, 1, LK_ROLE_MAIN);
		c->cells[i].selected = false;
	}
}

static void
combine(struct lk_canvas *c, int row, int col, const char *text, size_t bytes)
{
	struct lk_canvas_cell *cell;
	size_t have;

	if (col <= 0)
		return;
	cell = cell_at(c, row, col - 1);
	if (cell->width_cells == 0 && col > 1)
		cell = cell_at(c, row, col - 2);
	have = strlen(cell->text);
	if (have + bytes >= sizeof(cell->text))
		return;
	memcpy(cell->text + have, text, bytes);
	cell->text[have + bytes] = '\0';
}

static void
put(struct lk_canvas *c, int row, int col, const char *text, size_t bytes, int width,
    enum lk_role role)
{
	heal(c, row, col);
	if (width == 2) {
		heal(c, row, col + 1);
		set_cell(cell_at(c, row, col + 1), "", 0, 0, role);
	}
	set_cell(cell_at(c, row, col), text, bytes, width, role);
}

int
lk_canvas_text(struct lk_canvas *c, int row, int col, int max_cells, enum lk_role role,
    const char *text)
{
	int start = col, end;
	uint32_t code;
	size_t bytes;

	if (row < 0 || row >= c->rows || col < 0 || max_cells <= 0)
		return 0;
	end = max_cells > c->cols - col ? c->cols : col + max_cells;
	for (; (bytes = decode(text, &code)) > 0; text += bytes) {
		bool plain = code < 0x80 || !c->utf8;
		char ascii = code < 0x80 ? (char)code : '?';
		int width = width_of(c, code);

		if (width == 0) {
			combine(c, row, col, text, bytes);
			continue;
		}
		if (col + width > end)
			break;
		put(c, row, col, plain ? &ascii : text, plain ? 1 : bytes, width, role);
		col += width;
	}
	return col - start;
}

int
lk_canvas_right(struct lk_canvas *c, int row, int col, int width_cells, enum lk_role role,
    const char *text)
{
	int width = lk_canvas_width(c, text);
	int skip = width < width_cells ? width_cells - width : 0;

	lk_canvas_text(c, row, col + skip, width_cells - skip, role, text);
	return width_cells;
}

void
lk_canvas_fill(struct lk_canvas *c, int row, int col, int cells, enum lk_role role,
    const char *glyph)
{
	for (int i = 0; i < cells; i++)
		lk_canvas_text(c, row, col + i, 1, role, glyph);
}

void
lk_canvas_select(struct lk_canvas *c, int row, int col, int cells)
{
	if (row < 0 || row >= c->rows)
		return;
	for (int i = col < 0 ? 0 : col; i < col + cells && i < c->cols; i++)
		cell_at(c, row, i)->selected = true;
}

int
lk_canvas_width(const struct lk_canvas *c, const char *text)
{
	int width = 0;
	uint32_t code;
	size_t bytes;

	for (; (bytes = decode(text, &code)) > 0; text += bytes)
		width += width_of(c, code);
	return width;
}

void
lk_canvas_row_text(const struct lk_canvas *c, int row, char *out, size_t out_bytes)
{
	size_t length = 0, kept = 0;

	for (int col = 0; row >= 0 && row < c->rows && col < c->cols; col++) {
		const struct lk_canvas_cell *cell = cell_at(c, row, col);
		size_t bytes = strlen(cell->text);

		if (length + bytes >= out_bytes)
			break;
		memcpy(out + length, cell->text, bytes);
		length += bytes;
		if (strcmp(cell->text, " ") != 0)
			kept = length;
	}
	out[kept] = '\0';
}

static int
dump_roles(const struct lk_canvas *c, FILE *to)
{
	for (int row = 0; row < c->rows; row++) {
		for (int col = 0; col < c->cols; col++) {
			const struct lk_canvas_cell *cell = cell_at(c, row, col);
			int letter = lk_role_letter((enum lk_role)cell->role);

			fputc(cell->selected ? toupper(letter) : letter, to);
		}
		fputc('\n', to);
	}
	return ferror(to) ? -EIO : 0;
}

int
lk_canvas_dump(const struct lk_canvas *c, FILE *to, bool roles)
{
	char line[LK_CANVAS_COLS_MAX * 4 + 1];

	if (roles)
		return dump_roles(c, to);
	for (int row = 0; row < c->rows; row++) {
		lk_canvas_row_text(c, row, line, sizeof(line));
		fprintf(to, "%s\n", line);
	}
	return ferror(to) ? -EIO : 0;
}
