#include "config.h"

#include "desk.h"

#include <string.h>

struct fixture f;

void
desk_open(void)
{
	fixture_open(&f, 24, 80, true, false);
}

void
desk_open_list(void)
{
	fixture_open(&f, 24, 80, true, true);
}

void
desk_close(void)
{
	fixture_close(&f);
}

const char *
desk_view(void)
{
	return f.desk.views[f.desk.current].ops->id;
}

struct lk_table *
desk_table(void)
{
	return f.desk.views[f.desk.current].table;
}

const char *
desk_screen(void)
{
	static char text[1 << 16];
	size_t length = 0;

	fixture_play(&f, "");
	for (int row = 0; row < f.canvas.rows; row++) {
		lk_canvas_row_text(&f.canvas, row, text + length, sizeof(text) - length - 1);
		length += strlen(text + length);
		text[length++] = '\n';
	}
	text[length] = '\0';
	return text;
}

bool
desk_shows(const char *words)
{
	return strstr(desk_screen(), words) != NULL;
}

bool
desk_lists(const char *words)
{
	struct lk_table *t = desk_table();
	char row[LK_TABLE_TEXT_BYTES * 4];
	size_t cursor = t->cursor;
	bool found = false;

	for (t->cursor = 0; t->cursor < t->count && !found; t->cursor++) {
		lk_table_row_text(t, row, sizeof(row));
		found = strstr(row, words) != NULL;
	}
	t->cursor = cursor;
	return found;
}
