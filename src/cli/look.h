/* look.h - options of the commands that show a process or a file.  Room: cli. */
#ifndef LK_CLI_LOOK_H
#define LK_CLI_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/options.h"

#define LK_LOOK_OPTIONS 14

enum lk_look_sort { LK_LOOK_DELTA, LK_LOOK_RATE, LK_LOOK_LIVE };

struct lk_look {
	bool batch, json, readonly, ascii, group, alone;
	uint64_t frame_count, period_ms, top;
	unsigned int sort;    /* enum lk_look_sort */
	unsigned int unit;    /* enum lk_text_unit */
	const char *filter;   /* NULL: none; ui/filter.h */
	const char *baseline; /* NULL: the newest */
	const char *theme;    /* NULL: the default */
};

/* The table of --help; for options and option_count of a command. */
extern const struct lk_option lk_look_options[LK_LOOK_OPTIONS];

extern const struct lk_look lk_look_defaults;

/* lk_look_is_terminal - both ends of the screens are there. */
bool lk_look_is_terminal(void);

#endif
