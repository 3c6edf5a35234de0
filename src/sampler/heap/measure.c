#include "config.h"

#include "sampler/heap/measure.h"

#include <string.h>

#include "sampler/cpython/layout.h"
#include "sampler/cpython/symbols.h"
#include "sampler/heap/containers.h"

/* PyTypeObject.tp_flags, stable ABI. */
#define FLAG_LIST	(1UL << 25)
#define FLAG_TUPLE	(1UL << 26)
#define FLAG_BYTES	(1UL << 27)
#define FLAG_UNICODE	(1UL << 28)
#define FLAG_DICT	(1UL << 29)
#define FLAG_HAVE_GC	(1UL << 14)

#define DEQUE_BLOCK_BYTES	528u	/* leftlink, 64 items, rightlink */
#define DEQUE_BLOCK_ITEMS	64u
#define KEYS_GENERAL		0
#define TEXT_MIN_BYTES		65536u	/* a long docstring is no large container */

typedef void (*measure_fn)(const struct lk_layout *l, const void *o,
    struct lk_container_found *f);

static void
measure_list(const struct lk_layout *l, const void *o, struct lk_container_found *f)
{
	f->length = (uint64_t)lk_read_i64(o, LK_VAR_SIZE);
	f->storage = (uint64_t)(uintptr_t)lk_read_ptr(o, l->list_items);
	f->shallow_bytes += (uint64_t)lk_read_i64(o, l->list_allocated) * sizeof(void *);
}

static void
measure_tuple(const struct lk_layout *l, const void *o, struct lk_container_found *f)
{
	(void)l;
	f->length = (uint64_t)lk_read_i64(o, LK_VAR_SIZE);
	f->shallow_bytes += f->length * sizeof(void *);
}

static void
measure_bytes(const struct lk_layout *l, const void *o, struct lk_container_found *f)
{
	(void)l;
	f->length = (uint64_t)lk_read_i64(o, LK_VAR_SIZE);
	f->shallow_bytes += f->length;
}

static void
measure_bytearray(const struct lk_layout *l, const void *o, struct lk_container_found *f)
{
	f->length = (uint64_t)lk_read_i64(o, LK_VAR_SIZE);
	f->storage = (uint64_t)(uintptr_t)lk_read_ptr(o, l->bytearray_storage);
	f->shallow_bytes += (uint64_t)lk_read_i64(o, l->bytearray_alloc);
}

static void
measure_str(const struct lk_layout *l, const void *o, struct lk_container_found *f)
{
	uint32_t kind = (uint32_t)lk_read_i32(o, l->unicode_state) >> 2 & 7;

	f->length = (uint64_t)lk_read_i64(o, l->unicode_length);
	f->shallow_bytes += f->length * (kind == 0 ? 4 : kind);
}

static void
measure_set(const struct lk_layout *l, const void *o, struct lk_container_found *f)
{
	const void *table = lk_read_ptr(o, l->set_table);

	f->length = (uint64_t)lk_read_i64(o, l->set_used);
	if (table == lk_at(o, l->set_smalltable))
		return;
	f->storage = (uint64_t)(uintptr_t)table;
	f->shallow_bytes += ((uint64_t)lk_read_i64(o, l->set_mask) + 1) * 16;
}

/* The keys of a dict hold an index, and entries of hash, key and value, or without the hash
 * where all keys are str (3.11 on). */
static uint64_t
keys_bytes(const struct lk_layout *l, const void *keys)
{
	uint64_t size, index, entry = 24;

	if (l->keys_size != LK_ABSENT) {
		size = (uint64_t)lk_read_i64(keys, l->keys_size);
		index = size <= 0xff ? size : size <= 0xffff ? size * 2 :
		    size <= 0xffffffff ? size * 4 : size * 8;
	} else {
		index = 1ULL << lk_read_u8(keys, l->keys_log2_index_bytes);
		if (lk_read_u8(keys, l->keys_kind) != KEYS_GENERAL)
			entry = 16;
	}
	return (uint64_t)l->keys_header_bytes + index +
	    ((uint64_t)lk_read_i64(keys, l->keys_usable) +
	    (uint64_t)lk_read_i64(keys, l->keys_nentries)) * entry;
}

static void
measure_dict(const struct lk_layout *l, const void *o, struct lk_container_found *f)
{
	const void *keys = lk_read_ptr(o, l->dict_keys);

	f->length = (uint64_t)lk_read_i64(o, l->dict_used);
	if (keys == NULL)	/* not made yet */
		return;
	f->storage = (uint64_t)(uintptr_t)keys;
	f->shallow_bytes += keys_bytes(l, keys);
}

static void
measure_deque(const struct lk_layout *l, const void *o, struct lk_container_found *f)
{
	(void)l;
	f->length = (uint64_t)lk_read_i64(o, LK_VAR_SIZE);
	f->shallow_bytes += (f->length / DEQUE_BLOCK_ITEMS + 1) * DEQUE_BLOCK_BYTES;
}

static measure_fn
measure_for(const struct lk_containers_scan *scan, const void *type)
{
	unsigned long flags = (unsigned long)lk_read_i64(type, scan->layout->type_flags);

	if (flags & FLAG_DICT)
		return measure_dict;
	if (flags & FLAG_LIST)
		return measure_list;
	if (flags & FLAG_TUPLE)
		return measure_tuple;
	if (flags & FLAG_BYTES)
		return measure_bytes;
	if (flags & FLAG_UNICODE)
		return measure_str;
	if (type == scan->symbols->set_type || type == scan->symbols->frozenset_type)
		return measure_set;
	if (type == scan->symbols->bytearray_type)
		return measure_bytearray;
	if (strcmp(lk_read_ptr(type, scan->layout->type_name), "collections.deque") == 0)
		return measure_deque;
	return NULL;
}

static bool
is_text(measure_fn measure)
{
	return measure == measure_str || measure == measure_bytes || measure == measure_bytearray;
}

static void
copy_name(char *out, size_t size, const char *name)
{
	size_t n = strnlen(name, size - 1);

	memcpy(out, name, n);
	out[n] = '\0';
}

bool
lk_measure_container(const struct lk_containers_scan *scan, const void *object,
    struct lk_container_found *found)
{
	const void *type = lk_read_ptr(object, LK_OBJECT_TYPE);
	measure_fn measure = measure_for(scan, type);

	if (measure == NULL)
		return false;
	found->storage = (uint64_t)(uintptr_t)object;
	found->shallow_bytes = (uint64_t)lk_read_i64(type, scan->layout->type_basicsize) +
	    ((uint64_t)lk_read_i64(type, scan->layout->type_flags) & FLAG_HAVE_GC ?
	    LK_GC_HEAD_BYTES : 0);
	measure(scan->layout, object, found);
	if (found->length < scan->min_length || found->length > INT64_MAX)
		return false;
	if (is_text(measure) && found->length < TEXT_MIN_BYTES)
		return false;
	found->address = (uint64_t)(uintptr_t)object;
	found->type = (uint64_t)(uintptr_t)type;
	found->owner[0] = '\0';
	copy_name(found->type_name, sizeof(found->type_name),
	    lk_read_ptr(type, scan->layout->type_name));
	return true;
}
