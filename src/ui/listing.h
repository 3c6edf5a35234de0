/* listing.h - the lines of a source file, one file at a time.  Room: ui.
 * Of a process that runs here it is the file that the process has, in its own root (util/root.h);
 * of a snapshot in a file, this machine's.  No more than 4 MiB are read. */
#ifndef LK_UI_LISTING_H
#define LK_UI_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lk_snapshot;

struct lk_listing {
	char		 file[4096];
	int		 error;		/* errno of the last try, 0: read */
	double		 modified_s;	/* since the epoch */
	char		*text;		/* [text_bytes], lines end in NUL */
	size_t		 count;
	const char	**lines;	/* [count], cleaned, tabs as spaces */
};

/* lk_listing_load - FILE of NOW's process, unless it is loaded already.
 * Returns: 0 or negative errno; *l holds no lines then. */
int lk_listing_load(struct lk_listing *l, const char *file, const struct lk_snapshot *now);
void lk_listing_fini(struct lk_listing *l);

/* lk_listing_is_newer - the file was written to after NOW's process began. */
bool lk_listing_is_newer(const struct lk_listing *l, const struct lk_snapshot *now);

/* lk_listing_line - "" when there is no such line; from 1. */
const char *lk_listing_line(const struct lk_listing *l, uint32_t line);

#endif
