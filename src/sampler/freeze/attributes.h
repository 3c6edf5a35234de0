/* attributes.h - where an object has its attributes, and their names.
 * Room: sampler/freeze.  Reads memory only. */
#ifndef LK_SAMPLER_FREEZE_ATTRIBUTES_H
#define LK_SAMPLER_FREEZE_ATTRIBUTES_H

struct lk_layout;

/* lk_attributes_dict - the dict with the attributes of OBJECT: of a module, of an instance; of a
 * class its namespace.  NULL: it has none, or not yet. */
const void *lk_attributes_dict(const struct lk_layout *l, const void *object);

/* lk_attributes_each - those that are in no dict (3.11 on): CALL for the name and the value of
 * each. */
void lk_attributes_each(const struct lk_layout *l, const void *object,
    void (*call)(void *ctx, const void *name, const void *value), void *ctx);

/* lk_attributes_slots - the same for those that its class names in __slots__; a name ends with
 * NUL. */
void lk_attributes_slots(const struct lk_layout *l, const void *object,
    void (*call)(void *ctx, const char *name, const void *value), void *ctx);

/* lk_attributes_values - where these values are; NULL: it has none of its own, or a dict. */
const void *lk_attributes_values(const struct lk_layout *l, const void *object);

#endif
