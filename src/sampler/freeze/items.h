/* items.h - what a container holds, one after the other.
 * Room: sampler/freeze.  Reads memory only. */
#ifndef LK_SAMPLER_FREEZE_ITEMS_H
#define LK_SAMPLER_FREEZE_ITEMS_H

#include <stdbool.h>

#include "sampler/freeze/forms.h"

/* lk_items_each - CALL for each item of OBJECT, which was read as FORMED, in its order, until it
 * returns false.  KEY is NULL unless it is a dict or has one inside.  What has bytes has no
 * items. */
void lk_items_each(const struct lk_kinds *k, const void *object, const struct lk_formed *formed,
    bool (*call)(const void *key, const void *value));

/* lk_items_meant - what is meant by ITEM of a container of FORM: what a weak reference refers to
 * where the form is for such, the result of an lru_cache's link.  NULL: what it referred to is
 * gone. */
const void *lk_items_meant(const struct lk_kinds *k, enum lk_form form, const void *item);

#endif
