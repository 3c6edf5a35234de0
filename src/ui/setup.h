/* setup.h - what the operator chose in Setup, kept in the config.  Room: ui.
 *
 *     interval="2000"             milliseconds between updates
 *     units="decimal"             of sizes: binary, decimal, bytes
 *     columns="site line delta"   of Stacks, from the left; others follow the one they follow now
 *     hide="error objects"        of these
 *     mute.1="shop.cart.warm"     growth that is expected; mute.2, ... */
#ifndef LK_UI_SETUP_H
#define LK_UI_SETUP_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/table.h"

struct lk_preferences;
struct lk_session;

#define LK_SETUP_PATH_BYTES	4096
#define LK_SETUP_HIDDEN_BYTES	200

struct lk_setup {
	char	path[LK_SETUP_PATH_BYTES];	/* of the config; "" it is not kept */
	char	hidden[LK_SETUP_HIDDEN_BYTES];	/* ids of columns, each with a blank behind it */
	char	order[LK_SETUP_HIDDEN_BYTES];	/* likewise, from the left; "" as they are */
};

/* lk_setup_read - from a config that was read from PATH; what makes no sense is left out. */
void lk_setup_read(struct lk_session *s, const struct lk_preferences *c, const char *path);

/* lk_setup_keep - all of it, and NAME's VALUE (NULL: nothing more), into the config.  Says what
 * went wrong. */
void lk_setup_keep(struct lk_session *s, const char *name, const char *value);

/* Columns that are not to be shown; those that name a row always are. */
bool lk_setup_hides(const struct lk_setup *setup, const struct lk_column *column);
void lk_setup_toggle(struct lk_setup *setup, const struct lk_column *column);

/* lk_setup_order - ALL in the order that was chosen, hidden ones too: one that is shown again is
 * where it was.  OUT: LK_TABLE_COLUMNS_MAX + 1. */
void lk_setup_order(const struct lk_setup *setup, const struct lk_column *const *all,
    const struct lk_column **out);

/* lk_setup_move - COLUMN of ALL one place to the left (-1) or to the right (+1).
 * Returns: false when it is the last one there. */
bool lk_setup_move(struct lk_setup *setup, const struct lk_column *const *all,
    const struct lk_column *column, int step);

/* lk_setup_columns - the same without those that are hidden.  OUT: LK_TABLE_COLUMNS_MAX + 1. */
void lk_setup_columns(const struct lk_setup *setup, const struct lk_column *const *all,
    const struct lk_column **out);

#endif
