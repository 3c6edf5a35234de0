#include "config.h"

#include "sampler/freeze/contents.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/attr.h"
#include "base/print.h"
#include "sampler/cpython/layout.h"
#include "sampler/cpython/symbols.h"
#include "sampler/freeze/answer.h"
#include "sampler/freeze/kinds.h"

#define TYPES_MAX		64u	/* different ones in a container; others are not told of */
#define BASES_MAX		32u
#define SHARED_REFERENCES	64	/* what has more of them says nothing about who holds it */
#define SET_ENTRY_BYTES		16u
#define SET_HASH_AT		8
#define DEQUE_LEFT_BLOCK	24
#define DEQUE_LEFT_INDEX	40
#define DEQUE_BLOCK_ITEMS	64
#define DEQUE_BLOCK_FIRST	8	/* behind the link to the left */
#define WEAK_REFERENT		16
#define INT_DIGITS_AT		24
#define LRU_LINK_RESULT		48	/* of what the dict of a bounded lru_cache has */
#define MIX			0x9e3779b97f4a7c15u

/* Where items are looked at that tell whether a container is the one it was: appending leaves them
 * where they are. */
static const uint64_t probed[LK_ANSWER_PROBES] = {0, 15, 255, 4095};

struct tally {
	uint32_t	 count;
	struct { const void *type; uint64_t items; } list[TYPES_MAX];
};

/* The child's, and only there. */
static const struct lk_kinds *k;
static enum lk_form form;
static uint64_t at, stride;		/* the item's number, and each which one is looked at */
static uint32_t probes_done;
static struct tally keys, values;
static struct lk_answer_container *told;
static const void *last_type;		/* and whether it is one of a weak reference, or a link */
static bool last_refers, last_links;

static bool
is_named(const void *type, const char *first, const char *second)
{
	char name[LK_ANSWER_NAME_MAX];
	uint32_t bases;

	for (bases = 0; type != NULL && bases < BASES_MAX; bases++) {
		lk_kinds_name(k, type, name, sizeof(name));
		if (strcmp(name, first) == 0 || strcmp(name, second) == 0)
			return true;
		type = lk_read_ptr(type, LK_TYPE_BASE);
	}
	return false;
}

/* What is meant by ITEM; NULL: what it referred to is gone. */
static const void *
meant(const void *item)
{
	const void *type = lk_read_ptr(item, LK_OBJECT_TYPE), *referent;

	if (form != LK_FORM_WEAK && form != LK_FORM_LRU)
		return item;
	if (type != last_type) {
		last_type = type;
		last_refers = is_named(type, "weakref.ReferenceType", "weakref");
		last_links = is_named(type, "functools._lru_list_elem", "functools._lru_list_elem");
	}
	if (form == LK_FORM_LRU && last_links)
		return lk_read_ptr(item, LRU_LINK_RESULT);
	if (form != LK_FORM_WEAK || !last_refers)
		return item;
	referent = lk_read_ptr(item, WEAK_REFERENT);
	return referent == k->symbols->none ? NULL : referent;
}

static void
count(struct tally *tally, const void *item)
{
	const void *type;
	uint32_t i;

	item = item == NULL ? NULL : meant(item);
	if (item == NULL)
		return;
	type = lk_read_ptr(item, LK_OBJECT_TYPE);
	for (i = 0; i < tally->count && tally->list[i].type != type; i++)
		continue;
	if (i == TYPES_MAX)
		return;
	if (i == tally->count) {
		tally->list[i].type = type;
		tally->list[i].items = 0;
		tally->count++;
	}
	tally->list[i].items++;
}

/* Of what never changes some of its value, as the next item is made where the last one was. */
static uint64_t
value_of(const void *item)
{
	const struct lk_layout *l = k->layout;

	switch (lk_measure_kind(l, k->symbols, lk_read_ptr(item, LK_OBJECT_TYPE))) {
	case LK_MEASURE_INT:
		return (uint64_t)lk_read_i64(item, INT_DIGITS_AT);
	case LK_MEASURE_STR:	/* compact ones: the length and the first characters */
		return (uint64_t)lk_read_i64(item, l->unicode_length) * MIX ^
		    (uint64_t)lk_read_i64(item, l->unicode_ascii);
	case LK_MEASURE_BYTES:
		return (uint64_t)lk_read_i64(item, LK_VAR_SIZE);
	case LK_MEASURE_TUPLE:
		return lk_read_i64(item, LK_VAR_SIZE) == 0 ? 0 :
		    (uint64_t)lk_read_i64(item, l->tuple_items);
	default:
		return 0;
	}
}

static void
probe(const void *item)
{
	int64_t references = lk_refcount(k->layout, item);

	if (references > 0 && references < SHARED_REFERENCES)
		told->probes[probes_done] = (uint32_t)(((uint64_t)(uintptr_t)item * MIX ^
		    value_of(item)) * MIX >> 32) | 1;
	probes_done++;
}

static void
take(const void *key, const void *value)
{
	const void *item = key != NULL ? key : value;

	if (probes_done < LK_ANSWER_PROBES && at == probed[probes_done] && item != NULL)
		probe(item);
	if (at++ % stride != 0)
		return;
	told->looked++;
	count(&keys, key);
	count(&values, value);
}

/* ---- each item ------------------------------------------------------------------------- */

static void
each_of(const void *const *items, uint64_t first, uint64_t length)
{
	uint64_t i;

	for (i = first; items != NULL && i < length; i++)
		if (items[i] != NULL)
			take(NULL, items[i]);
}

static void
each_of_set(const void *set)
{
	const char *table = lk_read_ptr(set, k->layout->set_table);
	uint64_t slots = (uint64_t)lk_read_i64(set, k->layout->set_mask) + 1, i;

	for (i = 0; i < slots; i++, table += SET_ENTRY_BYTES)
		if (lk_read_ptr(table, 0) != NULL && lk_read_i64(table, SET_HASH_AT) != -1)
			take(NULL, lk_read_ptr(table, 0));
}

static void
each_of_dict(const void *dict)
{
	void *key, *value;
	intptr_t position = 0;

	while (k->symbols->dict_next((void *)(uintptr_t)dict, &position, &key, &value))
		take(key, value);
}

static void
each_of_deque(const void *deque, uint64_t length)
{
	const void *block = lk_read_ptr(deque, DEQUE_LEFT_BLOCK);
	int64_t in_block = lk_read_i64(deque, DEQUE_LEFT_INDEX);

	for (; length > 0 && block != NULL; length--) {
		take(NULL, lk_read_ptr(block,
		    DEQUE_BLOCK_FIRST + (int)in_block * (int)sizeof(void *)));
		if (++in_block < DEQUE_BLOCK_ITEMS)
			continue;
		in_block = 0;
		block = lk_read_ptr(block, DEQUE_BLOCK_FIRST +
		    DEQUE_BLOCK_ITEMS * (int)sizeof(void *));
	}
}

static void
each_of_ring(const void *queue, uint64_t length)
{
	uint64_t first, capacity, i;
	const void *const *items = lk_forms_ring(queue, &first, &capacity);

	for (i = 0; items != NULL && i < length && length <= capacity; i++)
		take(NULL, items[(first + i) % capacity]);
}

static void
each(const void *object, const struct lk_formed *f)
{
	uint64_t all;

	switch (f->inside == NULL ? LK_MEASURE_PLAIN : f->measure) {
	case LK_MEASURE_PLAIN:
		each_of_ring(object, f->length);
		break;
	case LK_MEASURE_DICT:
		each_of_dict(f->inside);
		break;
	case LK_MEASURE_LIST:	/* what was taken from the front of a SimpleQueue is NULL */
		all = (uint64_t)lk_read_i64(f->inside, LK_VAR_SIZE);
		each_of(lk_read_ptr(f->inside, k->layout->list_items), all - f->length, all);
		break;
	case LK_MEASURE_TUPLE:
		each_of((const void *const *)(const void *)lk_at(f->inside,
		    k->layout->tuple_items), 0, f->length);
		break;
	case LK_MEASURE_SET:
		each_of_set(f->inside);
		break;
	case LK_MEASURE_DEQUE:
		each_of_deque(f->inside, f->length);
		break;
	default:
		break;
	}
}

/* ---- words ---------------------------------------------------------------------------------- */

static uint32_t
tell(const struct tally *tally, struct lk_answer_share *out)
{
	uint32_t kept = 0, i, place;

	for (i = 0; i < tally->count; i++) {
		for (place = kept; place > 0 && out[place - 1].count < tally->list[i].items;
		    place--)
			if (place < LK_ANSWER_SHARES)
				out[place] = out[place - 1];
		if (place == LK_ANSWER_SHARES)
			continue;
		out[place].count = tally->list[i].items;
		lk_kinds_name(k, tally->list[i].type, out[place].name, sizeof(out[place].name));
		kept += kept < LK_ANSWER_SHARES;
	}
	return kept;
}

void
lk_contents_tell(const struct lk_kinds *kinds, enum lk_form of, const void *object,
    const struct lk_formed *formed, struct lk_answer_container *out)
{
	k = kinds;
	form = of;
	told = out;
	at = 0;
	stride = (formed->length + LK_CONTENTS_LOOKED - 1) / LK_CONTENTS_LOOKED;
	stride += stride == 0;
	probes_done = of == LK_FORM_GROWS || of == LK_FORM_FIXED || of == LK_FORM_ORDERED ?
	    0 : LK_ANSWER_PROBES;
	if (formed->measure == LK_MEASURE_SET)	/* has no order that stays */
		probes_done = LK_ANSWER_PROBES;
	keys.count = values.count = 0;
	if (of != LK_FORM_RAW)
		each(object, formed);
	out->key_types = tell(&keys, out->keys);
	out->value_types = tell(&values, out->values);
}
