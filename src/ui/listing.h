/* listing.h - the lines of a source file on this machine, one file at a time.  Room: ui.
 * Names come from the target: only regular files are opened, and no more than 4 MiB read. */
#ifndef LK_UI_LISTING_H
#define LK_UI_LISTING_H

#include <stddef.h>
#include <stdint.h>

struct lk_listing {
	char		 file[4096];
	int		 error;		/* errno of the last try, 0: read */
	double		 modified_s;	/* since the epoch */
	char		*text;		/* [text_bytes], lines end in NUL */
	size_t		 count;
	const char	**lines;	/* [count], cleaned, tabs as spaces */
};

/* lk_listing_load - FILE, unless it is loaded already.  PID > 0: also looked for below
 * /proc/PID/root and, when FILE is relative, /proc/PID/cwd.
 * Returns: 0 or negative errno; *l holds no lines then. */
int lk_listing_load(struct lk_listing *l, const char *file, int pid);
void lk_listing_fini(struct lk_listing *l);

/* lk_listing_line - "" when there is no such line; from 1. */
const char *lk_listing_line(const struct lk_listing *l, uint32_t line);

#endif
