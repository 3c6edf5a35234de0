#include "config.h"

#include "sampler/freeze/uncollectable.h"

#include "sampler/cpython/collector.h"
#include "sampler/cpython/layout.h"
#include "sampler/freeze/answer.h"
#include "sampler/freeze/kinds.h"
#include "sampler/freeze/store.h"

#define ITEMS_MAX (1u << 20)	/* that are looked at */

static void
keep(struct lk_answer *out, const struct lk_kinds *k, const void *type, uint64_t count)
{
	struct lk_answer_share *list = out->uncollectable_types;
	uint32_t at = out->uncollectable_kept;

	if (at < LK_ANSWER_UNCOLLECTABLE_MAX)
		out->uncollectable_kept++;
	else if (list[--at].count >= count)
		return;
	for (; at > 0 && list[at - 1].count < count; at--)
		list[at] = list[at - 1];
	list[at].count = count;
	lk_kinds_name(k, type, list[at].name, sizeof(list[at].name));
}

static void
count_types(struct lk_kinds *k, const void *items, uint64_t length, struct lk_answer *out)
{
	uint64_t *counts = lk_store_map(LK_KINDS_MAX, sizeof(*counts)), i;
	const void *object;
	uint32_t number;

	if (counts == NULL)
		return;
	for (i = 0; i < length && i < ITEMS_MAX; i++) {
		object = lk_read_ptr(items, (int)(i * sizeof(void *)));
		number = lk_kinds_of(k, lk_read_ptr(object, LK_OBJECT_TYPE));
		if (number != LK_NODES_NONE)
			counts[number]++;
	}
	for (i = 0; i < k->types.count; i++)
		if (counts[i] != 0)
			keep(out, k, k->list[i].type, counts[i]);
	lk_store_unmap(counts, LK_KINDS_MAX, sizeof(*counts));
}

void
lk_uncollectable_tell(struct lk_kinds *k, const void *runtime, struct lk_answer *out)
{
	const void *state = lk_collector_state(k->layout, runtime), *list;
	uint32_t number;

	list = state == NULL ? NULL : lk_collector_garbage(k->layout, state);
	if (list == NULL)
		return;
	number = lk_kinds_of(k, lk_read_ptr(list, LK_OBJECT_TYPE));
	if (number == LK_NODES_NONE || k->list[number].measure != LK_MEASURE_LIST)
		return;
	out->knows_uncollectable = true;
	out->uncollectable = (uint64_t)lk_read_i64(list, LK_VAR_SIZE);
	count_types(k, lk_read_ptr(list, k->layout->list_items), out->uncollectable, out);
}
