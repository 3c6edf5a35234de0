/* keys.h - which key asks for what: one table for dispatch, footer and help.
 * Room: ui.  A key that is not in the table does nothing; one that is has a help line. */
#ifndef LK_UI_KEYS_H
#define LK_UI_KEYS_H

#include <stdbool.h>
#include <stddef.h>

/* Keys: Unicode characters as they are, others from here on. */
enum lk_key {
	LK_KEY_NONE = -1,
	LK_KEY_TAB = 9,
	LK_KEY_ENTER = 13,
	LK_KEY_ESC = 27,
	LK_KEY_BACKSPACE = 127,
	LK_KEY_UP = 0x110000, LK_KEY_DOWN, LK_KEY_LEFT, LK_KEY_RIGHT, LK_KEY_PAGE_UP,
	LK_KEY_PAGE_DOWN, LK_KEY_HOME, LK_KEY_END, LK_KEY_BACK_TAB, LK_KEY_DELETE,
	LK_KEY_F0, LK_KEY_F12 = LK_KEY_F0 + 12,
};

#define LK_KEY_CTRL(letter) ((letter) & 0x1f)

/* What a person can ask for. */
enum lk_action {
	LK_ACTION_NONE,
	LK_ACTION_QUIT, LK_ACTION_BACK, LK_ACTION_BACK_OR_QUIT, LK_ACTION_ENTER, LK_ACTION_HELP,
	LK_ACTION_VIEW, LK_ACTION_NEXT_VIEW, LK_ACTION_PREVIOUS_VIEW,
	LK_ACTION_UP, LK_ACTION_DOWN, LK_ACTION_PAGE_UP, LK_ACTION_PAGE_DOWN, LK_ACTION_FIRST,
	LK_ACTION_LAST, LK_ACTION_LEFT, LK_ACTION_RIGHT,
	LK_ACTION_FILTER, LK_ACTION_SEARCH, LK_ACTION_SEARCH_NEXT, LK_ACTION_SEARCH_PREVIOUS,
	LK_ACTION_SORT_NEXT, LK_ACTION_SORT_PREVIOUS, LK_ACTION_INVERT,
	LK_ACTION_PAUSE, LK_ACTION_SLOWER, LK_ACTION_FASTER, LK_ACTION_REDRAW, LK_ACTION_RELOAD,
	LK_ACTION_SUSPEND, LK_ACTION_THEME,
	LK_ACTION_BASELINE, LK_ACTION_BASELINE_NAMED, LK_ACTION_REFERENCE_OLDER,
	LK_ACTION_REFERENCE_NEWER, LK_ACTION_RENAME,
	LK_ACTION_EXPORT, LK_ACTION_SCREEN, LK_ACTION_COPY, LK_ACTION_SOURCE,
	LK_ACTION_GROUP, LK_ACTION_MODE, LK_ACTION_TAG, LK_ACTION_MINIMUM, LK_ACTION_HOT_NEXT,
	LK_ACTION_HOT_PREVIOUS, LK_ACTION_HOLDERS, LK_ACTION_MUTE, LK_ACTION_ATTACH,
	LK_ACTION_TREE, LK_ACTION_OPEN, LK_ACTION_CLOSE, LK_ACTION_OPEN_ALL, LK_ACTION_TURN,
	LK_ACTION_FOLLOW, LK_ACTION_OWN, LK_ACTION_SETUP, LK_ACTION_ZOOM,
	LK_ACTION_MOVE_LEFT, LK_ACTION_MOVE_RIGHT,
	LK_ACTION_REVEAL,
	LK_ACTION_COUNT
};

enum lk_binding_flag {
	LK_BINDING_PROCESS = 1,		/* only while a process is watched */
	LK_BINDING_CHANGES = 2,		/* changes it: not with --readonly */
};

struct lk_binding {
	int		 key;		/* enum lk_key or a character */
	enum lk_action	 action;
	const char	*view;		/* id of the only view where it works; NULL: everywhere */
	const char	*footer;	/* word of the footer; NULL: not there */
	const char	*help;		/* NULL: another spelling of the binding above it */
	unsigned int	 flags;		/* enum lk_binding_flag */
};

/* lk_keys_find - the binding of KEY in VIEW (its own before those of everywhere); NULL: none. */
const struct lk_binding *lk_keys_find(const char *view, int key);

/* lk_keys_all - the whole table, *count of them. */
const struct lk_binding *lk_keys_all(size_t *count);

/* lk_keys_name - "^L", "F1", "PgUp", "x". */
const char *lk_keys_name(int key, char *out, size_t out_bytes);

#endif
