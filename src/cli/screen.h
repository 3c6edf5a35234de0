/* screen.h - hands the terminal to the ui room.  Room: cli. */
#ifndef LK_CLI_SCREEN_H
#define LK_CLI_SCREEN_H

#include <stddef.h>

struct lk_look;
struct lk_source;

/* lk_screen_run - the screens, until the operator leaves.  SOURCES: [count], closed here;
 * none: the process list; two files: their diff.
 * Returns: an exit status, said on stderr. */
int lk_screen_run(const struct lk_look *look, struct lk_source **take_sources, size_t count);

#endif
