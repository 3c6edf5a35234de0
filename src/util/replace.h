/* replace.h - write a file so that its reader sees the old one or the new one, never a part.
 * Room: util. */
#ifndef LK_UTIL_REPLACE_H
#define LK_UTIL_REPLACE_H

#include <stdio.h>

struct lk_replace {
	char *path, *temporary;	/* beside each other */
	FILE *out;		/* write here */
};

/* lk_replace_open - a new empty file beside PATH, mode 0600.  PATH may exist as a regular file or a
 * symbolic link, which is replaced itself.
 * Returns: 0; -EEXIST when PATH is a folder, a device and the like; other negative errno. */
int lk_replace_open(struct lk_replace *r, const char *path);

/* lk_replace_commit - everything on disk, then under its name; closes R in any case.
 * Returns: 0 or negative errno, with nothing left behind. */
int lk_replace_commit(struct lk_replace *r);

/* lk_replace_abandon - as if nothing had been written. */
void lk_replace_abandon(struct lk_replace *r);

#endif
