#include "config.h"

#include "sampler/freeze/contents.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "sampler/cpython/layout.h"
#include "sampler/cpython/symbols.h"
#include "sampler/freeze/answer.h"
#include "sampler/freeze/items.h"
#include "sampler/freeze/kinds.h"

#define TYPES_MAX		64u	/* different ones in a container; others are not told of */
#define SHARED_REFERENCES	64	/* what has more of them says nothing about who holds it */
#define INT_DIGITS_AT		24
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

static void
count(struct tally *tally, const void *item)
{
	const void *type;
	uint32_t i;

	item = item == NULL ? NULL : lk_items_meant(k, form, item);
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

static bool
take(const void *key, const void *value)
{
	const void *item = key != NULL ? key : value;

	if (probes_done < LK_ANSWER_PROBES && at == probed[probes_done] && item != NULL)
		probe(item);
	if (at++ % stride != 0)
		return true;
	told->looked++;
	count(&keys, key);
	count(&values, value);
	return true;
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
		lk_items_each(k, object, formed, take);
	out->key_types = tell(&keys, out->keys);
	out->value_types = tell(&values, out->values);
}
