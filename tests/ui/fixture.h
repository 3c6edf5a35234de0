/* fixture.h - a desk over the dummy with a clock of its own, driven by a script. */
#ifndef LK_TESTS_UI_FIXTURE_H
#define LK_TESTS_UI_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "ui/desk.h"

struct fixture {
	struct lk_desk	 desk;
	struct lk_canvas canvas;
	int64_t		 now_ms;
	bool		 with_list;
	enum lk_desk_wish wish;		/* of the last key */
};

/* fixture_open - ROWS x COLS; LIST: begins in Processes with made-up processes, else in Stacks
 * over the dummy.  Time stands still until the script lets it pass; TZ is UTC. */
void fixture_open(struct fixture *f, int rows, int cols, bool utf8, bool list);
void fixture_close(struct fixture *f);

/* fixture_play - words separated by spaces: +N lets N seconds pass, <Name> is a key with a
 * name ("<Enter>", "<PgDn>", "<F6>", "<C-r>"), everything else is typed as it stands; '_' is a
 * blank.  Draws at the end. */
void fixture_play(struct fixture *f, const char *script);

/* The made-up processes: an lk_scan_fn and an lk_desk_open_fn. */
struct lk_process;
int fixture_scan(void *ctx, int64_t now_ms, const struct lk_process **out);
int fixture_open_process(void *ctx, const struct lk_process *process, struct lk_source **out);

#endif
