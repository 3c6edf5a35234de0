/* columns.h - the columns of growth rows (struct lk_growth), and how code is named.
 * Room: ui.  A new column is one const struct here and its name in a view's list. */
#ifndef LK_UI_COLUMNS_H
#define LK_UI_COLUMNS_H

#include <stddef.h>

#include "ui/table.h"

struct lk_frame;
struct lk_growth;

extern const struct lk_column lk_column_delta, lk_column_error, lk_column_objects,
    lk_column_rate, lk_column_survived, lk_column_trend, lk_column_site, lk_column_line,
    lk_column_live, lk_column_live_error, lk_column_live_objects, lk_column_allocated,
    lk_column_freed, lk_column_allocated_rate;

/* lk_columns_module - "shop.cart" of ".../shop/cart.py", cleaned. */
char *lk_columns_module(const char *file, char *out, size_t out_bytes);

/* lk_columns_function - "shop.cart.price_key", "shop.cart.price_key[listcomp]", cleaned;
 * "xmlNewDoc [libxml2]", "[libxml2]+0x1a2b" where it is native; unknowns too. */
char *lk_columns_function(const struct lk_frame *frame, char *out, size_t out_bytes);

/* lk_columns_place - "cart:88"; LINE 0 leaves the number out. */
char *lk_columns_place(const struct lk_frame *frame, char *out, size_t out_bytes);

/* lk_columns_where - the place, or the function where it is native: what a sentence says it by. */
char *lk_columns_where(const struct lk_frame *frame, char *out, size_t out_bytes);

/* lk_columns_command - the part of a cleaned command line that says which program it is: without
 * the interpreter and the folders in front.  Borrowed from COMMAND. */
const char *lk_columns_command(const char *command);

/* lk_columns_site - what names a row of growth in GROUP (enum lk_group). */
char *lk_columns_site(const struct lk_growth *g, int group, char *out, size_t out_bytes);

#endif
