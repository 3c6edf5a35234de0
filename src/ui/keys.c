#include "config.h"

#include "ui/keys.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "base/attr.h"

#define CTRL LK_KEY_CTRL
#define PROCESS LK_BINDING_PROCESS
#define CHANGES (LK_BINDING_PROCESS | LK_BINDING_CHANGES)

/* In the order of the help screen; footers take theirs in this order too. */
static const struct lk_binding bindings[] = {
	{'h', LK_ACTION_HELP, NULL, NULL, "this help", 0},
	{LK_KEY_F0 + 1, LK_ACTION_HELP, NULL, "Help", NULL, 0},
	{'?', LK_ACTION_HELP, NULL, NULL, NULL, 0},

	{'S', LK_ACTION_SETUP, NULL, NULL,
	    "setup: columns, their order, units, interval, theme; kept", 0},
	{LK_KEY_F0 + 2, LK_ACTION_SETUP, NULL, NULL, NULL, 0},

	{LK_KEY_ENTER, LK_ACTION_ENTER, "setup", "Change", "change the setting; Right does too", 0},
	{' ', LK_ACTION_TAG, "setup", NULL, NULL, 0},
	{'<', LK_ACTION_MOVE_LEFT, "setup", "Move", "move the column to the left", 0},
	{'>', LK_ACTION_MOVE_RIGHT, "setup", "Move", "move the column to the right", 0},
	{LK_KEY_ENTER, LK_ACTION_ENTER, "processes", "Open", "watch this process, or group", 0},
	{'A', LK_ACTION_ATTACH, "processes", "Attach", "put the sampler into this process", 0},
	{' ', LK_ACTION_TAG, "processes", "Workers", "fold and unfold a worker group", 0},
	{LK_KEY_ENTER, LK_ACTION_ENTER, "workers", "Open", "watch this worker alone; Esc: all", 0},
	{LK_KEY_ENTER, LK_ACTION_ENTER, "stacks", "Source", "the source line of the stack", 0},
	{'t', LK_ACTION_GROUP, "stacks", "Group",
	    "by line, function, file, type, stack, thread, domain, own line", 0},
	{'a', LK_ACTION_MODE, "stacks", "Mode", "growth, absolute numbers, or rates", 0},
	{'l', LK_ACTION_OWN, "stacks", NULL,
	    "lines of the program's own code only: libraries count to their callers", 0},
	{'r', LK_ACTION_HOLDERS, "stacks", "Held", "who holds what it allocated", PROCESS},
	{CTRL('r'), LK_ACTION_RELOAD, "stacks", NULL,
	    "by type: freeze the heap and read the types of its objects", PROCESS},
	{'z', LK_ACTION_ZOOM, "stacks", NULL,
	    "the row's trend as a graph; z - back in time, + nearer, Esc", PROCESS},
	{'-', LK_ACTION_CLOSE, "stacks", NULL, NULL, PROCESS},
	{'+', LK_ACTION_OPEN, "stacks", NULL, NULL, PROCESS},
	{LK_KEY_ENTER, LK_ACTION_ENTER, "types", "Sites",
	    "the lines that allocated its objects; the first time: read the heap", PROCESS},
	{'r', LK_ACTION_HOLDERS, "types", "Held", "who holds its objects", PROCESS},
	{CTRL('r'), LK_ACTION_RELOAD, "types", "Read",
	    "freeze the heap and read it: a pause of milliseconds", PROCESS},
	{'t', LK_ACTION_GROUP, "types", "Preset",
	    "connections, cursors, sockets, files, threads, tasks, ...", 0},
	{LK_KEY_ENTER, LK_ACTION_ENTER, "referrers", NULL, "of a group: choose whose heap",
	    PROCESS},
	{CTRL('r'), LK_ACTION_RELOAD, "referrers", "Again", "freeze the heap and look again",
	    PROCESS},
	{'r', LK_ACTION_HOLDERS, "containers", "Held", "who holds it", PROCESS},
	{'K', LK_ACTION_REVEAL, "containers", "Reveal",
	    "show its first keys and values; the process logs it", CHANGES},
	{LK_KEY_ENTER, LK_ACTION_ENTER, "containers", "Source", "where it was allocated", 0},
	{'m', LK_ACTION_MINIMUM, "containers", "MinLen", "least length to list", 0},
	{LK_KEY_ENTER, LK_ACTION_ENTER, "tree", "Zoom", "only what is below; Esc: all", 0},
	{'+', LK_ACTION_OPEN, "tree", "Open", "open a call; Right does too", 0},
	{'-', LK_ACTION_CLOSE, "tree", "Open", "close it; Left does too, then goes up", 0},
	{'*', LK_ACTION_OPEN_ALL, "tree", "Open", "open all below it", 0},
	{'i', LK_ACTION_TURN, "tree", "Turn", "invert: what allocated first, its callers below", 0},
	{'t', LK_ACTION_GROUP, "tree", "Icicle", "as boxes as wide as the bytes, and back", 0},
	{'a', LK_ACTION_MODE, "tree", "Mode", "growth or live bytes", 0},
	{'z', LK_ACTION_ZOOM, "memory", "Zoom",
	    "RSS and live bytes as graphs; z - back in time, + nearer, Esc", PROCESS},
	{'-', LK_ACTION_CLOSE, "memory", NULL, NULL, PROCESS},
	{'+', LK_ACTION_OPEN, "memory", NULL, NULL, PROCESS},
	{'}', LK_ACTION_HOT_NEXT, "source", "Hot", "next line with memory", 0},
	{'{', LK_ACTION_HOT_PREVIOUS, "source", "Hot", "previous line with memory", 0},
	{' ', LK_ACTION_TAG, "baselines", "Tag", "tag as A, then as B", 0},
	{LK_KEY_ENTER, LK_ACTION_ENTER, "baselines", "Diff", "what grew from A to B", 0},
	{LK_KEY_ENTER, LK_ACTION_ENTER, "suspects", "Source", "the source line of the suspect", 0},
	{'r', LK_ACTION_HOLDERS, "suspects", "Held", "who holds what it allocated", PROCESS},
	{'M', LK_ACTION_MUTE, "suspects", "Mute", "expected growth: not suspected any more", 0},
	{'R', LK_ACTION_RENAME, "baselines", "Rename", "give the baseline a name", CHANGES},
	{'a', LK_ACTION_MODE, "baselines", "Matrix", "move between baselines and born-in matrix",
	    0},

	{'b', LK_ACTION_BASELINE, NULL, "Base", "baseline: growth counts from here", CHANGES},
	{'B', LK_ACTION_BASELINE_NAMED, NULL, NULL, "baseline with a name", CHANGES},
	{'[', LK_ACTION_REFERENCE_OLDER, NULL, "Ref", "growth since an older baseline", PROCESS},
	{']', LK_ACTION_REFERENCE_NEWER, NULL, "Ref", "growth since a newer baseline", PROCESS},
	{'v', LK_ACTION_SOURCE, NULL, NULL, "the source line of the selected row", PROCESS},
	{LK_KEY_F0 + 5, LK_ACTION_TREE, NULL, NULL, "the tree of calls", PROCESS},
	{'/', LK_ACTION_FILTER, NULL, "Filter", "show rows with a text; !text ~regex file: func: &",
	    0},
	{LK_KEY_F0 + 4, LK_ACTION_FILTER, NULL, NULL, NULL, 0},
	{'\\', LK_ACTION_FILTER, NULL, NULL, NULL, 0},
	{'F', LK_ACTION_FOLLOW, NULL, NULL, "follow: order rows at once, even after a key", 0},
	{LK_KEY_F0 + 3, LK_ACTION_SEARCH, NULL, NULL, "search", 0},
	{CTRL('f'), LK_ACTION_SEARCH, NULL, NULL, NULL, 0},
	{'n', LK_ACTION_SEARCH_NEXT, NULL, NULL, "next match", 0},
	{'N', LK_ACTION_SEARCH_PREVIOUS, NULL, NULL, "previous match", 0},
	{'>', LK_ACTION_SORT_NEXT, NULL, "Sort", "sort by the next column", 0},
	{LK_KEY_F0 + 6, LK_ACTION_SORT_NEXT, NULL, NULL, NULL, 0},
	{'<', LK_ACTION_SORT_PREVIOUS, NULL, NULL, "sort by the previous column", 0},
	{'I', LK_ACTION_INVERT, NULL, NULL, "invert the order", 0},
	{'x', LK_ACTION_EXPORT, NULL, "Export", "write a JSON snapshot; shows where", PROCESS},
	{'X', LK_ACTION_SCREEN, NULL, NULL, "write this screen as a text file", 0},
	{'y', LK_ACTION_COPY, NULL, NULL, "copy the selected row (OSC 52)", 0},
	{'Z', LK_ACTION_PAUSE, NULL, "Pause",
	    "hold the screen; the sampler goes on; a recording: play it", PROCESS},
	{'p', LK_ACTION_PAUSE, NULL, NULL, NULL, 0},
	{',', LK_ACTION_SLOWER, NULL, NULL,
	    "update less often; paused, or a recording: back in time", PROCESS},
	{'.', LK_ACTION_FASTER, NULL, NULL,
	    "update more often; paused, or a recording: forth in time", PROCESS},
	{'T', LK_ACTION_THEME, NULL, NULL, "next colour theme", 0},

	{'0', LK_ACTION_VIEW, NULL, NULL, "Processes", 0},
	{'1', LK_ACTION_VIEW, NULL, NULL, "Stacks: what grew, by allocating line", 0},
	{'2', LK_ACTION_VIEW, NULL, NULL, "Tree of calls; t: icicle", 0},
	{'3', LK_ACTION_VIEW, NULL, NULL, "Source with bytes beside each line", 0},
	{'4', LK_ACTION_VIEW, NULL, NULL, "Types: what the heap is made of", 0},
	{'5', LK_ACTION_VIEW, NULL, NULL, "Containers: large dicts, lists, sets", 0},
	{'6', LK_ACTION_VIEW, NULL, NULL, "Memory: where RSS goes", 0},
	{'8', LK_ACTION_VIEW, NULL, NULL, "Baselines: survivors and diffs", 0},
	{'9', LK_ACTION_VIEW, NULL, NULL, "Suspects: what leaks, in sentences", 0},
	{'w', LK_ACTION_VIEW, NULL, NULL, "Workers of a group, side by side", PROCESS},
	{LK_KEY_TAB, LK_ACTION_NEXT_VIEW, NULL, NULL, "next view", 0},
	{LK_KEY_BACK_TAB, LK_ACTION_PREVIOUS_VIEW, NULL, NULL, "previous view", 0},
	{LK_KEY_UP, LK_ACTION_UP, NULL, NULL, "up", 0},
	{'k', LK_ACTION_UP, NULL, NULL, NULL, 0},
	{LK_KEY_DOWN, LK_ACTION_DOWN, NULL, NULL, "down", 0},
	{'j', LK_ACTION_DOWN, NULL, NULL, NULL, 0},
	{LK_KEY_PAGE_UP, LK_ACTION_PAGE_UP, NULL, NULL, "a page up", 0},
	{CTRL('b'), LK_ACTION_PAGE_UP, NULL, NULL, NULL, 0},
	{LK_KEY_PAGE_DOWN, LK_ACTION_PAGE_DOWN, NULL, NULL, "a page down", 0},
	{CTRL('d'), LK_ACTION_PAGE_DOWN, NULL, NULL, NULL, 0},
	{'g', LK_ACTION_FIRST, NULL, NULL, "first row", 0},
	{LK_KEY_HOME, LK_ACTION_FIRST, NULL, NULL, NULL, 0},
	{'G', LK_ACTION_LAST, NULL, NULL, "last row", 0},
	{LK_KEY_END, LK_ACTION_LAST, NULL, NULL, NULL, 0},
	{LK_KEY_LEFT, LK_ACTION_LEFT, NULL, NULL, "scroll left", 0},
	{LK_KEY_RIGHT, LK_ACTION_RIGHT, NULL, NULL, "scroll right", 0},

	{LK_KEY_ESC, LK_ACTION_BACK, NULL, NULL, "back; clears a filter, gives up a freeze", 0},
	{LK_KEY_BACKSPACE, LK_ACTION_BACK, NULL, NULL, NULL, 0},
	{CTRL('r'), LK_ACTION_RELOAD, NULL, NULL, "read again: containers, memory, processes", 0},
	{CTRL('l'), LK_ACTION_REDRAW, NULL, NULL, "draw the screen anew", 0},
	{CTRL('z'), LK_ACTION_SUSPEND, NULL, NULL, "to the shell; fg comes back", 0},
	{'q', LK_ACTION_BACK_OR_QUIT, NULL, "Quit", "back, or quit", 0},
	{LK_KEY_F0 + 10, LK_ACTION_QUIT, NULL, NULL, "quit", 0},
	{CTRL('c'), LK_ACTION_QUIT, NULL, NULL, NULL, 0},
};

const struct lk_binding *
lk_keys_find(const char *view, int key)
{
	const struct lk_binding *found = NULL;

	if (key == '\n' || key == '\r')
		key = LK_KEY_ENTER;
	if (key == '\b')
		key = LK_KEY_BACKSPACE;
	for (size_t i = 0; i < LK_COUNT_OF(bindings); i++) {
		const struct lk_binding *b = &bindings[i];

		if (b->key != key)
			continue;
		if (b->view != NULL && view != NULL && strcmp(b->view, view) == 0)
			return b;
		if (b->view == NULL && found == NULL)
			found = b;
	}
	return found;
}

const struct lk_binding *
lk_keys_all(size_t *count)
{
	*count = LK_COUNT_OF(bindings);
	return bindings;
}

static const struct {
	int	    key;
	const char *name;
} names[] = {
	{LK_KEY_TAB, "Tab"}, {LK_KEY_ENTER, "Enter"}, {LK_KEY_ESC, "Esc"},
	{LK_KEY_BACKSPACE, "Backspace"}, {' ', "Spc"}, {LK_KEY_UP, "Up"}, {LK_KEY_DOWN, "Down"},
	{LK_KEY_LEFT, "Left"}, {LK_KEY_RIGHT, "Right"}, {LK_KEY_PAGE_UP, "PgUp"},
	{LK_KEY_PAGE_DOWN, "PgDn"}, {LK_KEY_HOME, "Home"}, {LK_KEY_END, "End"},
	{LK_KEY_BACK_TAB, "S-Tab"}, {LK_KEY_DELETE, "Del"},
};

const char *
lk_keys_name(int key, char *out, size_t out_bytes)
{
	for (size_t i = 0; i < LK_COUNT_OF(names); i++)
		if (names[i].key == key) {
			snprintf(out, out_bytes, "%s", names[i].name);
			return out;
		}
	if (key > LK_KEY_F0 && key <= LK_KEY_F12)
		snprintf(out, out_bytes, "F%d", key - LK_KEY_F0);
	else if (key > 0 && key < 32)
		snprintf(out, out_bytes, "^%c", key + '@');
	else if (key >= 32 && key < 127)
		snprintf(out, out_bytes, "%c", key);
	else
		snprintf(out, out_bytes, "?");
	return out;
}
