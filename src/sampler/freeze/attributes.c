#include "config.h"

#include "sampler/freeze/attributes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "sampler/cpython/layout.h"

#define FLAG_TYPE		(1UL << 31)
#define FLAG_INLINE_VALUES	(1UL << 2)
#define FLAG_MANAGED_DICT	(1UL << 4)
#define MANAGED_DICT_AT		(-24)
#define KEYS_ENTRY_BYTES	16	/* of a class: the name first */
#define VALID_AT		3	/* in the head of values inside of an object */
#define VALUES_HEAD_BYTES	8
#define FLAG_HEAP_TYPE		(1UL << 9)
#define BASES_MAX		32u
#define SLOTS_MAX		1000
/* PyMemberDef: the slots of a class are behind it. */
#define SLOT_BYTES		40
#define SLOT_NAME		0
#define SLOT_KIND		8
#define SLOT_OFFSET		16
#define KIND_OBJECT		6	/* None when there is none */
#define KIND_OBJECT_EX		16

/* Where a class has the names; where an instance has the values: a pointer there, the same less
 * one, or behind the object itself. */
enum where { POINTER, POINTER_LESS_ONE, BEHIND };

static const struct {
	int		minor, cached_keys, values;
	enum where	where;
} managed[] = {
	{11, 872, -32, POINTER}, {12, 880, -24, POINTER_LESS_ONE},
	{13, 880, 0, BEHIND}, {14, 880, 0, BEHIND}, {15, 888, 0, BEHIND},
};

static int
era_of(const struct lk_layout *l)
{
	size_t i;

	for (i = 0; i < LK_COUNT_OF(managed); i++)
		if (managed[i].minor == l->minor)
			return (int)i;
	return -1;
}

static unsigned long
flags_of(const struct lk_layout *l, const void *type)
{
	return (unsigned long)lk_read_i64(type, l->type_flags);
}

const void *
lk_attributes_dict(const struct lk_layout *l, const void *object)
{
	const void *type = lk_read_ptr(object, LK_OBJECT_TYPE), *dict;
	int era = era_of(l);
	int64_t offset;

	if (flags_of(l, type) & FLAG_TYPE)
		return lk_read_ptr(object, l->type_dict);
	if (era >= 0 && flags_of(l, type) & FLAG_MANAGED_DICT) {
		dict = lk_read_ptr(object, MANAGED_DICT_AT);
		return (uintptr_t)dict & 1 ? NULL : dict;
	}
	offset = lk_read_i64(type, LK_TYPE_DICTOFFSET);
	return offset > 0 && offset < INT32_MAX ? lk_read_ptr(object, (int)offset) : NULL;
}

/* NULL: they are in a dict. */
static const void *
values_of(const struct lk_layout *l, int era, const void *type, const void *object)
{
	uintptr_t word;
	const void *head;

	if (managed[era].where == BEHIND) {
		head = lk_at(object, (int)lk_read_i64(type, l->type_basicsize));
		return flags_of(l, type) & FLAG_INLINE_VALUES && lk_read_u8(head, VALID_AT) ?
		    lk_at(head, VALUES_HEAD_BYTES) : NULL;
	}
	word = (uintptr_t)lk_read_ptr(object, managed[era].values);
	if (managed[era].where == POINTER)
		return (const void *)word;
	return word & 1 ? (const void *)(word + 1) : NULL;
}

const void *
lk_attributes_values(const struct lk_layout *l, const void *object)
{
	const void *type = lk_read_ptr(object, LK_OBJECT_TYPE);
	int era = era_of(l);

	return era < 0 || !(flags_of(l, type) & FLAG_MANAGED_DICT) ? NULL :
	    values_of(l, era, type, object);
}

void
lk_attributes_each(const struct lk_layout *l, const void *object,
    void (*call)(void *ctx, const void *name, const void *value), void *ctx)
{
	const void *values = lk_attributes_values(l, object), *keys, *value, *entry;
	int64_t i, count;

	keys = values == NULL ? NULL : lk_read_ptr(lk_read_ptr(object, LK_OBJECT_TYPE),
	    managed[era_of(l)].cached_keys);
	if (keys == NULL)
		return;
	entry = lk_at(keys, l->keys_header_bytes +
	    (1 << lk_read_u8(keys, l->keys_log2_index_bytes)));
	count = lk_read_i64(keys, l->keys_nentries);
	for (i = 0; i < count; i++) {
		value = lk_read_ptr(values, (int)i * (int)sizeof(void *));
		if (value != NULL)
			call(ctx, lk_read_ptr(entry, (int)i * KEYS_ENTRY_BYTES), value);
	}
}

static void
slots_of(const struct lk_layout *l, const void *type, const void *object,
    void (*call)(void *ctx, const char *name, const void *value), void *ctx)
{
	const void *meta = lk_read_ptr(type, LK_OBJECT_TYPE), *value;
	const void *slot = lk_at(type, (int)lk_read_i64(meta, l->type_basicsize));
	int64_t left = lk_read_i64(type, LK_VAR_SIZE), offset;
	int32_t kind;

	for (left = left < SLOTS_MAX ? left : 0; left > 0; left--, slot = lk_at(slot, SLOT_BYTES)) {
		kind = lk_read_i32(slot, SLOT_KIND);
		offset = lk_read_i64(slot, SLOT_OFFSET);
		if ((kind != KIND_OBJECT && kind != KIND_OBJECT_EX) || offset < LK_VAR_SIZE ||
		    offset >= lk_read_i64(type, l->type_basicsize))
			continue;
		value = lk_read_ptr(object, (int)offset);
		if (value != NULL)
			call(ctx, lk_read_ptr(slot, SLOT_NAME), value);
	}
}

void
lk_attributes_slots(const struct lk_layout *l, const void *object,
    void (*call)(void *ctx, const char *name, const void *value), void *ctx)
{
	const void *type = lk_read_ptr(object, LK_OBJECT_TYPE);
	unsigned int i;

	for (i = 0; i < BASES_MAX && type != NULL && flags_of(l, type) & FLAG_HEAP_TYPE; i++) {
		slots_of(l, type, object, call, ctx);
		type = lk_read_ptr(type, LK_TYPE_BASE);
	}
}
