/* desk.h - the desk that a test presses keys on, and what is to be seen on it. */
#ifndef LK_TESTS_UI_DESK_H
#define LK_TESTS_UI_DESK_H

#include "fixture.h"
#include "suites.h"

extern struct fixture f;

/* Checked fixtures: 24 x 80, over the dummy or over the list of processes. */
void desk_open(void);
void desk_open_list(void);
void desk_close(void);

/* desk_view, desk_table - the id of the current view, and the table that keys go to. */
const char *desk_view(void);
struct lk_table *desk_table(void);

/* desk_screen - the whole screen as one text, until the next call. */
const char *desk_screen(void);
bool desk_shows(const char *words);

/* desk_lists - does some row of the table have WORDS, not only of those on the screen? */
bool desk_lists(const char *words);

#define assert_shows(words) \
	ck_assert_msg(desk_shows(words), "no \"%s\" in\n%s", words, desk_screen())

#endif
