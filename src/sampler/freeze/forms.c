#include "config.h"

#include "sampler/freeze/forms.h"

#include <stddef.h>
#include <string.h>

#include "base/attr.h"
#include "sampler/cpython/layout.h"
#include "sampler/cpython/names.h"
#include "sampler/cpython/symbols.h"
#include "sampler/freeze/answer.h"
#include "sampler/freeze/attributes.h"
#include "sampler/freeze/kinds.h"

#define BASES_MAX		32u
#define FLAG_INT		(1UL << 24)
#define TAGGED_INT_MINOR	12	/* low bits of an int's size: 0 is positive, 1 zero */
#define INT_DIGITS_AT		24
#define INT_DIGIT_BITS		30
#define DEQUE_MAXLEN		64
#define DICT_BYTES		48	/* of a dict, at the head of an OrderedDict */
#define ORDERED_NODES		24	/* behind that: how many pointers to nodes there are */
#define ORDERED_NODE_BYTES	32u
#define LRU_DICT		72
#define LRU_MAXSIZE		96
#define RING_MINOR		13	/* a SimpleQueue has a ring, before that a list ... */
#define SIMPLE_LIST		32
#define SIMPLE_LIST_FIRST	40	/* ... and the index of its first item */
#define RING_FIRST		32
#define RING_ITEMS		40
#define RING_CAPACITY		48
#define RING_LENGTH		56

/* ---- the form of a type ---------------------------------------------------------------- */

static const uint8_t by_measure[LK_MEASURE_KINDS] = {
	[LK_MEASURE_DICT] = LK_FORM_GROWS, [LK_MEASURE_LIST] = LK_FORM_GROWS,
	[LK_MEASURE_SET] = LK_FORM_GROWS, [LK_MEASURE_TUPLE] = LK_FORM_FIXED,
	[LK_MEASURE_BYTES] = LK_FORM_RAW, [LK_MEASURE_STR] = LK_FORM_RAW,
	[LK_MEASURE_BYTEARRAY] = LK_FORM_RAW, [LK_MEASURE_DEQUE] = LK_FORM_DEQUE,
	[LK_MEASURE_ARRAY] = LK_FORM_RAW, [LK_MEASURE_MMAP] = LK_FORM_RAW,
	[LK_MEASURE_NDARRAY] = LK_FORM_RAW,
};

static const struct {
	const char	*name;
	enum lk_form	 form;
} by_name[] = {
	{"collections.OrderedDict", LK_FORM_ORDERED},
	{"functools._lru_cache_wrapper", LK_FORM_LRU},
	{"_queue.SimpleQueue", LK_FORM_SIMPLE_QUEUE},
	{"queue.Queue", LK_FORM_QUEUE},
	{"asyncio.queues.Queue", LK_FORM_ASYNC_QUEUE},
	{"weakref.WeakKeyDictionary", LK_FORM_WEAK},
	{"weakref.WeakValueDictionary", LK_FORM_WEAK},
	{"_weakrefset.WeakSet", LK_FORM_WEAK},
	{"frozenset", LK_FORM_FIXED},
};

enum lk_form
lk_forms_of(const struct lk_kinds *k, const struct lk_kind *kind)
{
	enum lk_form form = (enum lk_form)by_measure[kind->measure];
	const void *type = kind->type;
	char name[LK_ANSWER_NAME_MAX];
	size_t i, bases;

	for (bases = 0; type != NULL && bases < BASES_MAX; bases++) {
		lk_kinds_name(k, type, name, sizeof(name));
		for (i = 0; i < LK_COUNT_OF(by_name); i++)
			if (strcmp(name, by_name[i].name) == 0)
				return by_name[i].form;
		type = lk_read_ptr(type, LK_TYPE_BASE);
	}
	return form == LK_FORM_UNSEEN ? LK_FORM_NONE : form;
}

/* ---- attributes of an object -------------------------------------------------------------- */

struct lookup {
	const struct lk_layout	*layout;
	const char		*name;
	const void		*value;
};

static void
look(void *ctx, const void *name, const void *value)
{
	struct lookup *l = ctx;
	size_t length = strlen(l->name);
	char text[LK_ANSWER_NAME_MAX];

	if (l->value == NULL && lk_names_copy(l->layout, name, text, sizeof(text)) == length &&
	    memcmp(text, l->name, length) == 0)
		l->value = value;
}

static const void *
attribute(const struct lk_kinds *k, const void *object, const char *name)
{
	struct lookup l = {k->layout, name, NULL};
	void *dict, *key, *value;
	intptr_t at = 0;

	lk_attributes_each(k->layout, object, look, &l);
	dict = (void *)(uintptr_t)lk_attributes_dict(k->layout, object);
	while (l.value == NULL && dict != NULL && k->symbols->dict_next(dict, &at, &key, &value))
		if (lk_read_ptr(key, LK_OBJECT_TYPE) == k->symbols->unicode_type)
			look(&l, key, value);
	return l.value;
}

/* What is no int, negative or of more than 60 bits: no bound. */
static uint64_t
bound_of(const struct lk_layout *l, const void *value)
{
	const void *type = value == NULL ? NULL : lk_read_ptr(value, LK_OBJECT_TYPE);
	int64_t digits;

	if (type == NULL || !((unsigned long)lk_read_i64(type, l->type_flags) & FLAG_INT))
		return LK_FORM_UNKNOWN;
	digits = lk_read_i64(value, LK_VAR_SIZE);
	if (l->minor >= TAGGED_INT_MINOR)
		digits = (digits & 3) == 0 ? digits >> 3 : 0;
	if (digits < 1 || digits > 2)
		return LK_FORM_UNBOUND;
	return (uint32_t)lk_read_i32(value, INT_DIGITS_AT) | (digits == 1 ? 0 :
	    (uint64_t)(uint32_t)lk_read_i32(value, INT_DIGITS_AT + 4) << INT_DIGIT_BITS);
}

/* ---- what an object says ------------------------------------------------------------------- */

typedef bool (*read_fn)(const struct lk_kinds *k, const void *o, struct lk_formed *f);

static bool
read_fixed(const struct lk_kinds *k, const void *o, struct lk_formed *f)
{
	(void)k;
	(void)o;
	f->bound = LK_FORM_UNKNOWN;
	return true;
}

static bool
read_raw(const struct lk_kinds *k, const void *o, struct lk_formed *f)
{
	(void)k;
	(void)o;
	f->bound = f->measure == LK_MEASURE_BYTEARRAY || f->measure == LK_MEASURE_ARRAY ?
	    LK_FORM_UNBOUND : LK_FORM_UNKNOWN;
	f->rank = f->shallow_bytes / LK_FORM_RAW_ITEM_BYTES;
	return true;
}

static bool
read_deque(const struct lk_kinds *k, const void *o, struct lk_formed *f)
{
	int64_t most = lk_read_i64(o, DEQUE_MAXLEN);

	(void)k;
	f->bound = most < 0 ? LK_FORM_UNBOUND : (uint64_t)most;
	return true;
}

static bool
read_ordered(const struct lk_kinds *k, const void *o, struct lk_formed *f)
{
	(void)k;
	f->shallow_bytes += (uint64_t)lk_read_i64(o, DICT_BYTES + ORDERED_NODES) * sizeof(void *) +
	    f->length * ORDERED_NODE_BYTES;
	return true;
}

/* The items are in OBJECT, which is of its own. */
static bool
take_inside(const struct lk_kinds *k, const void *object, struct lk_formed *f)
{
	const void *type = object == NULL ? NULL : lk_read_ptr(object, LK_OBJECT_TYPE);
	enum lk_measure_kind measure = type == NULL ? LK_MEASURE_PLAIN :
	    lk_measure_kind(k->layout, k->symbols, type);
	struct lk_measured m;

	if (by_measure[measure] == LK_FORM_UNSEEN || by_measure[measure] == LK_FORM_RAW)
		return false;
	lk_measure_object(k->layout, measure, type, object, &m);
	f->inside = object;
	f->measure = measure;
	f->length = f->rank = m.length;
	f->storage = m.storage;
	f->shallow_bytes += m.shallow_bytes;
	return true;
}

static bool
read_lru(const struct lk_kinds *k, const void *o, struct lk_formed *f)
{
	int64_t most = lk_read_i64(o, LRU_MAXSIZE);

	f->bound = most < 0 ? LK_FORM_UNBOUND : (uint64_t)most;
	return take_inside(k, lk_read_ptr(o, LRU_DICT), f);
}

static bool
read_simple_queue(const struct lk_kinds *k, const void *o, struct lk_formed *f)
{
	uint64_t first;

	if (k->layout->minor >= RING_MINOR) {
		f->inside = NULL;
		f->length = f->rank = (uint64_t)lk_read_i64(o, RING_LENGTH);
		f->storage = (uint64_t)(uintptr_t)lk_read_ptr(o, RING_ITEMS);
		f->shallow_bytes += (uint64_t)lk_read_i64(o, RING_CAPACITY) * sizeof(void *);
		return true;
	}
	if (!take_inside(k, lk_read_ptr(o, SIMPLE_LIST), f))
		return false;
	first = (uint64_t)lk_read_i64(o, SIMPLE_LIST_FIRST);
	f->length = f->rank = f->length > first ? f->length - first : 0;
	return true;
}

static bool
read_queue(const struct lk_kinds *k, const void *o, struct lk_formed *f)
{
	f->bound = bound_of(k->layout, attribute(k, o, "maxsize"));
	return take_inside(k, attribute(k, o, "queue"), f);
}

static bool
read_async_queue(const struct lk_kinds *k, const void *o, struct lk_formed *f)
{
	f->bound = bound_of(k->layout, attribute(k, o, "_maxsize"));
	return take_inside(k, attribute(k, o, "_queue"), f);
}

static bool
read_weak(const struct lk_kinds *k, const void *o, struct lk_formed *f)
{
	return take_inside(k, attribute(k, o, "data"), f);
}

static const read_fn reads[LK_FORM_COUNT] = {
	[LK_FORM_FIXED] = read_fixed, [LK_FORM_RAW] = read_raw, [LK_FORM_DEQUE] = read_deque,
	[LK_FORM_ORDERED] = read_ordered, [LK_FORM_LRU] = read_lru,
	[LK_FORM_SIMPLE_QUEUE] = read_simple_queue, [LK_FORM_QUEUE] = read_queue,
	[LK_FORM_ASYNC_QUEUE] = read_async_queue, [LK_FORM_WEAK] = read_weak,
};

bool
lk_forms_read(const struct lk_kinds *k, enum lk_form form, const void *object,
    const struct lk_measured *measured, enum lk_measure_kind measure, struct lk_formed *out)
{
	*out = (struct lk_formed){object, measure, measured->length, measured->shallow_bytes,
	    measured->storage, measured->length, LK_FORM_UNBOUND};
	return reads[form] == NULL || reads[form](k, object, out);
}

const void *
lk_forms_ring(const void *object, uint64_t *first, uint64_t *capacity)
{
	*first = (uint64_t)lk_read_i64(object, RING_FIRST);
	*capacity = (uint64_t)lk_read_i64(object, RING_CAPACITY);
	return lk_read_ptr(object, RING_ITEMS);
}
