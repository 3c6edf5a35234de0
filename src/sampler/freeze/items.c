#include "config.h"

#include "sampler/freeze/items.h"

#include <stddef.h>
#include <string.h>

#include "sampler/cpython/layout.h"
#include "sampler/cpython/symbols.h"
#include "sampler/freeze/answer.h"
#include "sampler/freeze/kinds.h"

#define BASES_MAX		32u
#define SET_ENTRY_BYTES		16u
#define SET_HASH_AT		8
#define DEQUE_LEFT_BLOCK	24
#define DEQUE_LEFT_INDEX	40
#define DEQUE_BLOCK_ITEMS	64
#define DEQUE_BLOCK_FIRST	8	/* behind the link to the left */
#define WEAK_REFERENT		16
#define LRU_LINK_RESULT		48	/* of what the dict of a bounded lru_cache has */

/* The child's, and only there. */
static const struct lk_kinds *k;
static bool (*call)(const void *key, const void *value);
static const void *last_type;		/* and whether it is one of a weak reference, or a link */
static bool last_refers, last_links;

/* ---- what is meant by one --------------------------------------------------------------- */

static bool
is_named(const struct lk_kinds *kinds, const void *type, const char *first, const char *second)
{
	char name[LK_ANSWER_NAME_MAX];
	uint32_t bases;

	for (bases = 0; type != NULL && bases < BASES_MAX; bases++) {
		lk_kinds_name(kinds, type, name, sizeof(name));
		if (strcmp(name, first) == 0 || strcmp(name, second) == 0)
			return true;
		type = lk_read_ptr(type, LK_TYPE_BASE);
	}
	return false;
}

const void *
lk_items_meant(const struct lk_kinds *kinds, enum lk_form form, const void *item)
{
	const void *type = lk_read_ptr(item, LK_OBJECT_TYPE), *referent;

	if (form != LK_FORM_WEAK && form != LK_FORM_LRU)
		return item;
	if (type != last_type) {
		last_type = type;
		last_refers = is_named(kinds, type, "weakref.ReferenceType", "weakref");
		last_links = is_named(kinds, type, "functools._lru_list_elem",
		    "functools._lru_list_elem");
	}
	if (form == LK_FORM_LRU && last_links)
		return lk_read_ptr(item, LRU_LINK_RESULT);
	if (form != LK_FORM_WEAK || !last_refers)
		return item;
	referent = lk_read_ptr(item, WEAK_REFERENT);
	return referent == kinds->symbols->none ? NULL : referent;
}

/* ---- each item ------------------------------------------------------------------------- */

static void
each_of(const void *const *items, uint64_t first, uint64_t length)
{
	uint64_t i;

	for (i = first; items != NULL && i < length; i++)
		if (items[i] != NULL && !call(NULL, items[i]))
			return;
}

static void
each_of_set(const void *set)
{
	const char *table = lk_read_ptr(set, k->layout->set_table);
	uint64_t slots = (uint64_t)lk_read_i64(set, k->layout->set_mask) + 1, i;

	for (i = 0; i < slots; i++, table += SET_ENTRY_BYTES)
		if (lk_read_ptr(table, 0) != NULL && lk_read_i64(table, SET_HASH_AT) != -1 &&
		    !call(NULL, lk_read_ptr(table, 0)))
			return;
}

static void
each_of_dict(const void *dict)
{
	void *key, *value;
	intptr_t position = 0;

	while (k->symbols->dict_next((void *)(uintptr_t)dict, &position, &key, &value))
		if (!call(key, value))
			return;
}

static void
each_of_deque(const void *deque, uint64_t length)
{
	const void *block = lk_read_ptr(deque, DEQUE_LEFT_BLOCK);
	int64_t in_block = lk_read_i64(deque, DEQUE_LEFT_INDEX);

	for (; length > 0 && block != NULL; length--) {
		if (!call(NULL, lk_read_ptr(block,
		    DEQUE_BLOCK_FIRST + (int)in_block * (int)sizeof(void *))))
			return;
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
		if (!call(NULL, items[(first + i) % capacity]))
			return;
}

void
lk_items_each(const struct lk_kinds *kinds, const void *object, const struct lk_formed *f,
    bool (*with)(const void *key, const void *value))
{
	uint64_t all;

	k = kinds;
	call = with;
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
