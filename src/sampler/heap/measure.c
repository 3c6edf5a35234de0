#include "config.h"

#include "sampler/heap/measure.h"

#include <string.h>

#include "base/attr.h"
#include "sampler/cpython/layout.h"
#include "sampler/cpython/symbols.h"
#include "sampler/heap/containers.h"

/* PyTypeObject.tp_flags, stable ABI. */
#define FLAG_LIST	(1UL << 25)
#define FLAG_TUPLE	(1UL << 26)
#define FLAG_BYTES	(1UL << 27)
#define FLAG_UNICODE	(1UL << 28)
#define FLAG_DICT	(1UL << 29)
#define FLAG_INT	(1UL << 24)
#define FLAG_TYPE	(1UL << 31)
#define FLAG_HEAP_TYPE	(1UL << 9)
#define FLAG_HAVE_GC	(1UL << 14)
#define FLAG_MANAGED_DICT (1UL << 4)	/* 3.11 on */
#define FLAG_MANAGED_WEAKREFS (1UL << 3) /* 3.12 on */
#define FLAG_INLINE_VALUES (1UL << 2)	/* 3.13 on */
#define MANAGED_BYTES	16u		/* two pointers before the object */

#define BASES_MAX	32u	/* no class of a service has more */
#define DEQUE_BLOCK_BYTES	528u	/* leftlink, 64 items, rightlink */
#define DEQUE_BLOCK_ITEMS	64u
#define DEQUE_LEFT_INDEX	40	/* of the first item in the leftmost block */
#define ARRAY_STORAGE		24
#define ARRAY_ALLOCATED		32
#define ARRAY_DESCRIPTION	40
#define ARRAY_ITEM_BYTES	4	/* in the description: int */
#define MMAP_DATA		16
#define MMAP_SIZE		24
#define NDARRAY_DATA		16
#define NDARRAY_DIMENSIONS	24	/* how many: int */
#define NDARRAY_SHAPE		32
#define NDARRAY_STRIDES		40
#define NDARRAY_FLAGS		64
#define NDARRAY_OWNS_DATA	4
#define NDARRAY_DIMENSIONS_MAX	64
#define KEYS_GENERAL		0
#define STR_KIND_MASK		7u	/* of PyASCIIObject.state */
#define STR_COMPACT		8u
#define STR_ASCII		16u
#define TAGGED_INT_MINOR	12	/* the low three bits of an int's size: flags */
#define INLINE_VALUES_MINOR	13
#define BYTES_INSIDE_MINOR	15	/* a bytearray has a bytes object, that nobody else sees */
#define FRAME_APART_MINOR	11	/* a frame has items, and no ob_size */
#define ITEMS_MAX		(INT64_C(1) << 40)	/* more is a pointer: no ob_size */
#define TEXT_MIN_BYTES		65536u	/* a long docstring is no large container */

/* F comes with tp_basicsize and what is before the object in shallow_bytes, and with the object
 * as storage. */
typedef void (*measure_fn)(const struct lk_layout *l, const void *o, struct lk_measured *f);

static void
measure_list(const struct lk_layout *l, const void *o, struct lk_measured *f)
{
	f->length = (uint64_t)lk_read_i64(o, LK_VAR_SIZE);
	f->storage = (uint64_t)(uintptr_t)lk_read_ptr(o, l->list_items);
	f->shallow_bytes += (uint64_t)lk_read_i64(o, l->list_allocated) * sizeof(void *);
}

static void
measure_tuple(const struct lk_layout *l, const void *o, struct lk_measured *f)
{
	(void)l;
	f->length = (uint64_t)lk_read_i64(o, LK_VAR_SIZE);
	f->shallow_bytes += f->length * sizeof(void *);
}

static void
measure_bytes(const struct lk_layout *l, const void *o, struct lk_measured *f)
{
	(void)l;
	f->length = (uint64_t)lk_read_i64(o, LK_VAR_SIZE);
	f->shallow_bytes += f->length;
}

static void
measure_bytearray(const struct lk_layout *l, const void *o, struct lk_measured *f)
{
	f->length = (uint64_t)lk_read_i64(o, LK_VAR_SIZE);
	f->storage = (uint64_t)(uintptr_t)lk_read_ptr(o, l->bytearray_storage);
	f->shallow_bytes += (uint64_t)lk_read_i64(o, l->bytearray_alloc);
	if (l->minor >= BYTES_INSIDE_MINOR && f->length > 0)
		f->shallow_bytes += (uint64_t)l->bytes_data + 1;
}

/* A str of the usual form is shorter than its type's tp_basicsize, that of PyUnicodeObject; the
 * UTF-8 that was once asked for is kept. */
static void
measure_str(const struct lk_layout *l, const void *o, struct lk_measured *f)
{
	uint32_t state = (uint32_t)lk_read_i32(o, l->unicode_state) >> l->unicode_kind_shift;
	uint32_t kind = state & STR_KIND_MASK;

	f->length = (uint64_t)lk_read_i64(o, l->unicode_length);
	if (!(state & STR_COMPACT)) {
		f->shallow_bytes += (f->length + 1) * (kind == 0 ? 4 : kind);
		return;
	}
	f->shallow_bytes -= (uint64_t)l->unicode_compact + sizeof(void *);
	if (state & STR_ASCII) {
		f->shallow_bytes += (uint64_t)l->unicode_ascii + f->length + 1;
		return;
	}
	f->shallow_bytes += (uint64_t)l->unicode_compact + (f->length + 1) * kind;
	if (lk_read_ptr(o, l->unicode_ascii + 8) != NULL)
		f->shallow_bytes += (uint64_t)lk_read_i64(o, l->unicode_ascii) + 1;
}

static void
measure_set(const struct lk_layout *l, const void *o, struct lk_measured *f)
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

/* The values of a dict whose keys are shared: since 3.13 with a head of bytes that says how many
 * fit, and whether they are in the object (then they are counted there). */
static uint64_t
values_bytes(const struct lk_layout *l, const void *keys, const void *values)
{
	uint64_t fit;

	if (l->minor >= INLINE_VALUES_MINOR) {
		fit = lk_read_u8(values, 0);
		return lk_read_u8(values, 2) ? 0 : (fit + 7) / 8 * 8 + (fit + 1) * sizeof(void *);
	}
	fit = (uint64_t)lk_read_i64(keys, l->keys_usable) +
	    (uint64_t)lk_read_i64(keys, l->keys_nentries);
	return fit * sizeof(void *);
}

/* Keys that other dicts share belong to their class. */
static void
measure_dict(const struct lk_layout *l, const void *o, struct lk_measured *f)
{
	const void *keys = lk_read_ptr(o, l->dict_keys), *values = lk_read_ptr(o, l->dict_values);

	f->length = (uint64_t)lk_read_i64(o, l->dict_used);
	if (keys == NULL)	/* not made yet */
		return;
	f->storage = (uint64_t)(uintptr_t)keys;
	if (lk_read_i64(keys, LK_KEYS_REFCOUNT) == 1)
		f->shallow_bytes += keys_bytes(l, keys);
	if (values != NULL)
		f->shallow_bytes += values_bytes(l, keys, values);
}

static void
measure_deque(const struct lk_layout *l, const void *o, struct lk_measured *f)
{
	uint64_t before = (uint64_t)lk_read_i64(o, DEQUE_LEFT_INDEX);

	(void)l;
	f->length = (uint64_t)lk_read_i64(o, LK_VAR_SIZE);
	f->shallow_bytes += (before + f->length + DEQUE_BLOCK_ITEMS - 1) / DEQUE_BLOCK_ITEMS *
	    DEQUE_BLOCK_BYTES;
}

static void
measure_array(const struct lk_layout *l, const void *o, struct lk_measured *f)
{
	const void *description = lk_read_ptr(o, ARRAY_DESCRIPTION);

	(void)l;
	f->length = (uint64_t)lk_read_i64(o, LK_VAR_SIZE);
	if (description == NULL)
		return;
	f->storage = (uint64_t)(uintptr_t)lk_read_ptr(o, ARRAY_STORAGE);
	f->shallow_bytes += (uint64_t)lk_read_i64(o, ARRAY_ALLOCATED) *
	    (uint64_t)lk_read_i32(description, ARRAY_ITEM_BYTES);
}

/* One that was closed maps nothing. */
static void
measure_mmap(const struct lk_layout *l, const void *o, struct lk_measured *f)
{
	(void)l;
	if (lk_read_ptr(o, MMAP_DATA) == NULL)
		return;
	f->storage = (uint64_t)(uintptr_t)lk_read_ptr(o, MMAP_DATA);
	f->length = (uint64_t)lk_read_i64(o, MMAP_SIZE);
	f->shallow_bytes += f->length;
}

/* The data of an array are in one piece, whichever dimension is the widest; those that it shows of
 * another object are that one's. */
static void
measure_ndarray(const struct lk_layout *l, const void *o, struct lk_measured *f)
{
	const void *shape = lk_read_ptr(o, NDARRAY_SHAPE), *strides = lk_read_ptr(o,
	    NDARRAY_STRIDES);
	int32_t dimensions = lk_read_i32(o, NDARRAY_DIMENSIONS), i;
	uint64_t bytes, most = 0;
	int64_t stride;

	(void)l;
	if (dimensions < 1 || dimensions > NDARRAY_DIMENSIONS_MAX || shape == NULL ||
	    strides == NULL)
		return;
	f->length = (uint64_t)lk_read_i64(shape, 0);
	if (!(lk_read_i32(o, NDARRAY_FLAGS) & NDARRAY_OWNS_DATA))
		return;
	for (i = 0; i < dimensions; i++) {
		stride = lk_read_i64(strides, i * (int)sizeof(int64_t));
		bytes = (uint64_t)lk_read_i64(shape, i * (int)sizeof(int64_t)) *
		    (uint64_t)(stride < 0 ? -stride : stride);
		most = bytes > most ? bytes : most;
	}
	f->storage = (uint64_t)(uintptr_t)lk_read_ptr(o, NDARRAY_DATA);
	f->shallow_bytes += most;
}

/* The number of digits, or of items. */
static uint64_t
item_count(const struct lk_layout *l, const void *o, bool is_int)
{
	int64_t size = lk_read_i64(o, LK_VAR_SIZE);

	if (is_int && l->minor >= TAGGED_INT_MINOR) {
		size = (int64_t)((uint64_t)size >> 3);
		return size == 0 ? 1 : (uint64_t)size;
	}
	size = size < 0 ? -size : size;
	return size >= 0 && size < ITEMS_MAX ? (uint64_t)size : 0;
}

static const measure_fn measures[LK_MEASURE_KINDS] = {
	[LK_MEASURE_DICT] = measure_dict,
	[LK_MEASURE_LIST] = measure_list,
	[LK_MEASURE_TUPLE] = measure_tuple,
	[LK_MEASURE_BYTES] = measure_bytes,
	[LK_MEASURE_STR] = measure_str,
	[LK_MEASURE_SET] = measure_set,
	[LK_MEASURE_BYTEARRAY] = measure_bytearray,
	[LK_MEASURE_DEQUE] = measure_deque,
	[LK_MEASURE_ARRAY] = measure_array,
	[LK_MEASURE_MMAP] = measure_mmap,
	[LK_MEASURE_NDARRAY] = measure_ndarray,
};

/* Of what has no flag: the type itself or one that a class of Python comes from. */
static enum lk_measure_kind
kind_by_name(const struct lk_layout *l, const struct lk_symbols *s, const void *type)
{
	static const struct {
		const char		*name;
		enum lk_measure_kind	 kind;
	} by_name[] = {
		{"collections.deque", LK_MEASURE_DEQUE}, {"generator", LK_MEASURE_FRAME},
		{"coroutine", LK_MEASURE_FRAME}, {"async_generator", LK_MEASURE_FRAME},
		{"array.array", LK_MEASURE_ARRAY}, {"mmap.mmap", LK_MEASURE_MMAP},
		{"numpy.ndarray", LK_MEASURE_NDARRAY},
	};
	const char *name = lk_read_ptr(type, l->type_name);
	size_t i;

	if (type == s->set_type || type == s->frozenset_type)
		return LK_MEASURE_SET;
	if (type == s->bytearray_type)
		return LK_MEASURE_BYTEARRAY;
	if (l->minor >= FRAME_APART_MINOR && strcmp(name, "frame") == 0)
		return LK_MEASURE_FRAME;
	for (i = 0; i < LK_COUNT_OF(by_name); i++)
		if (strcmp(name, by_name[i].name) == 0)
			return by_name[i].kind;
	return LK_MEASURE_PLAIN;
}

enum lk_measure_kind
lk_measure_kind(const struct lk_layout *l, const struct lk_symbols *s, const void *type)
{
	static const struct {
		unsigned long		flag;
		enum lk_measure_kind	kind;
	} by_flag[] = {
		{FLAG_DICT, LK_MEASURE_DICT}, {FLAG_LIST, LK_MEASURE_LIST},
		{FLAG_TUPLE, LK_MEASURE_TUPLE}, {FLAG_BYTES, LK_MEASURE_BYTES},
		{FLAG_UNICODE, LK_MEASURE_STR}, {FLAG_INT, LK_MEASURE_INT},
	};
	unsigned long flags = (unsigned long)lk_read_i64(type, l->type_flags);
	enum lk_measure_kind kind;
	size_t i;

	for (i = 0; i < LK_COUNT_OF(by_flag); i++)
		if (flags & by_flag[i].flag)
			return by_flag[i].kind;
	for (i = 0; type != NULL && i < BASES_MAX; i++) {
		kind = kind_by_name(l, s, type);
		if (kind != LK_MEASURE_PLAIN ||
		    !((unsigned long)lk_read_i64(type, l->type_flags) & FLAG_HEAP_TYPE))
			return kind;
		type = lk_read_ptr(type, LK_TYPE_BASE);
	}
	return LK_MEASURE_PLAIN;
}

/* A type that is no heap type is not the collector's, though its metatype says so. */
static uint64_t
bytes_before(const struct lk_layout *l, const void *object, unsigned long flags)
{
	unsigned long managed = (l->minor >= 11 ? FLAG_MANAGED_DICT : 0) |
	    (l->minor >= 12 ? FLAG_MANAGED_WEAKREFS : 0);
	bool collected = flags & FLAG_HAVE_GC;

	if (flags & FLAG_TYPE)
		collected = (uint64_t)lk_read_i64(object, l->type_flags) & FLAG_HEAP_TYPE;
	return (collected ? LK_GC_HEAD_BYTES : 0) + (flags & managed ? MANAGED_BYTES : 0);
}

/* Where a class of 3.11 and 3.12 has the keys that its instances share, and these their values as
 * long as nobody wanted a dict of them: a pointer, or a pointer less one, which is odd. */
static const struct {
	int	minor, cached_keys, values, is_odd;
} apart[] = {{11, 872, -32, 0}, {12, 880, -24, 1}};

/* Attributes in a block of their own: the order of the values, and they. */
static uint64_t
apart_bytes(const struct lk_layout *l, const void *type, const void *object, unsigned long flags)
{
	uintptr_t values;
	const void *keys;
	uint64_t fit;
	size_t i;

	for (i = 0; i < LK_COUNT_OF(apart) && apart[i].minor != l->minor; i++)
		continue;
	if (i == LK_COUNT_OF(apart) || !(flags & FLAG_MANAGED_DICT))
		return 0;
	values = (uintptr_t)lk_read_ptr(object, apart[i].values);
	keys = lk_read_ptr(type, apart[i].cached_keys);
	if (values == 0 || (values & 1) != (uintptr_t)apart[i].is_odd || keys == NULL)
		return 0;
	fit = (uint64_t)lk_read_i64(keys, l->keys_usable) +
	    (uint64_t)lk_read_i64(keys, l->keys_nentries);
	return (fit + 2 + 7) / 8 * 8 + fit * sizeof(void *);
}

/* Attributes in the object itself: a head, the order of the values, and they. */
static uint64_t
inline_bytes(const struct lk_layout *l, const void *object, int64_t basic, unsigned long flags)
{
	uint64_t fit;

	if (l->minor < INLINE_VALUES_MINOR || !(flags & FLAG_INLINE_VALUES))
		return 0;
	fit = lk_read_u8(object, (int)basic);
	return (fit + 7) / 8 * 8 + (fit + 1) * sizeof(void *);
}

void
lk_measure_object(const struct lk_layout *l, enum lk_measure_kind kind, const void *type,
    const void *object, struct lk_measured *out)
{
	unsigned long flags = (unsigned long)lk_read_i64(type, l->type_flags);
	int64_t basic = lk_read_i64(type, l->type_basicsize);
	int64_t item = lk_read_i64(type, LK_TYPE_ITEMSIZE);

	out->length = 0;
	out->storage = (uint64_t)(uintptr_t)object;
	out->block = out->storage - bytes_before(l, object, flags);
	out->shallow_bytes = (uint64_t)basic + (out->storage - out->block) +
	    inline_bytes(l, object, basic, flags) + apart_bytes(l, type, object, flags);
	if (measures[kind] != NULL)
		measures[kind](l, object, out);
	else if (item > 0 && kind != LK_MEASURE_FRAME)
		out->shallow_bytes += (uint64_t)item * item_count(l, object,
		    kind == LK_MEASURE_INT);
}

/* Are pointers in an object of KIND followed because of the name of its type alone?  Only where a
 * fault costs nothing, in a copy of the process. */
static bool
is_named(enum lk_measure_kind kind)
{
	return kind >= LK_MEASURE_ARRAY;
}

static bool
is_text(enum lk_measure_kind kind)
{
	return kind == LK_MEASURE_STR || kind == LK_MEASURE_BYTES ||
	    kind == LK_MEASURE_BYTEARRAY;
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
	enum lk_measure_kind kind = lk_measure_kind(scan->layout, scan->symbols, type);
	struct lk_measured m;

	if (measures[kind] == NULL || is_named(kind))
		return false;
	lk_measure_object(scan->layout, kind, type, object, &m);
	if (m.length < scan->min_length || m.length > INT64_MAX)
		return false;
	if (is_text(kind) && m.length < TEXT_MIN_BYTES)
		return false;
	found->storage = m.storage;
	found->length = m.length;
	found->shallow_bytes = m.shallow_bytes;
	found->address = (uint64_t)(uintptr_t)object;
	found->type = (uint64_t)(uintptr_t)type;
	found->owner[0] = '\0';
	copy_name(found->type_name, sizeof(found->type_name),
	    lk_read_ptr(type, scan->layout->type_name));
	return true;
}
