/* mutes.h - growth that is expected, by the names of what grows: no suspect.  Room: ui. */
#ifndef LK_UI_MUTES_H
#define LK_UI_MUTES_H

#include <stdbool.h>
#include <stddef.h>

#define LK_MUTES_MAX		64
#define LK_MUTES_NAME_BYTES	160

struct lk_mutes {
	char	names[LK_MUTES_MAX][LK_MUTES_NAME_BYTES];	/* [count] */
	size_t	count;
};

/* lk_mutes_has - is growth of the function NAME expected? */
bool lk_mutes_has(const struct lk_mutes *m, const char *name);

/* lk_mutes_toggle - Returns: whether NAME is muted now; a name too many is not. */
bool lk_mutes_toggle(struct lk_mutes *m, const char *name);

#endif
