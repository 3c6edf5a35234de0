#include "config.h"

#include "sampler/freeze/largest.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/attr.h"
#include "base/print.h"
#include "sampler/freeze/answer.h"
#include "sampler/freeze/contents.h"
#include "sampler/freeze/forms.h"
#include "sampler/freeze/holders.h"
#include "sampler/freeze/kinds.h"
#include "sampler/freeze/revealed.h"
#include "sampler/freeze/store.h"
#include "sampler/heap/measure.h"

#define LRU_NAME	"functools.lru_cache"	/* what everybody calls it */

struct kept {
	uint32_t	 node, number;
	const void	*object;
	uint64_t	 block;
	struct lk_formed formed;
};

/* The child's, and only there. */
static const struct lk_kinds *kinds;
static uint8_t *form_of;	/* [LK_KINDS_MAX] enum lk_form, by the kind's number */
static struct kept *list;	/* [count] a heap whose root has the least rank, then sorted */
static uint32_t count;
static uint64_t least;

int
lk_largest_init(const struct lk_kinds *k, uint64_t min_length)
{
	kinds = k;
	count = 0;
	least = min_length;
	form_of = lk_store_map(LK_KINDS_MAX, sizeof(*form_of));
	list = lk_store_map(LK_ANSWER_CONTAINERS_MAX, sizeof(*list));
	return form_of == NULL || list == NULL ? -ENOMEM : 0;
}

static void
sift_down(uint32_t i, uint32_t until)
{
	uint32_t child, lowest;
	struct kept swap;

	for (;; i = lowest) {
		lowest = i;
		for (child = 2 * i + 1; child <= 2 * i + 2 && child < until; child++)
			if (list[child].formed.rank < list[lowest].formed.rank)
				lowest = child;
		if (lowest == i)
			return;
		swap = list[i];
		list[i] = list[lowest];
		list[lowest] = swap;
	}
}

static void
make_heap(void)
{
	uint32_t i;

	for (i = count / 2; i-- > 0;)
		sift_down(i, count);
}

static void
keep(const struct kept *k)
{
	if (count < LK_ANSWER_CONTAINERS_MAX) {
		list[count++] = *k;
		if (count == LK_ANSWER_CONTAINERS_MAX)
			make_heap();
	} else if (k->formed.rank > list[0].formed.rank) {
		list[0] = *k;
		sift_down(0, count);
	}
}

void
lk_largest_see(uint32_t node, const void *object, uint32_t number,
    const struct lk_measured *measured)
{
	const struct lk_kind *kind = &kinds->list[number];
	struct kept k = {.node = node, .number = number, .object = object,
	    .block = measured->block};

	if (form_of[number] == LK_FORM_UNSEEN)
		form_of[number] = (uint8_t)lk_forms_of(kinds, kind);
	if (form_of[number] == LK_FORM_NONE)
		return;
	if (lk_forms_read(kinds, (enum lk_form)form_of[number], object, measured, kind->measure,
	    &k.formed) && k.formed.rank >= least && k.formed.length <= INT64_MAX)
		keep(&k);
}

/* ---- the answer ------------------------------------------------------------------------ */

static bool
is_inside_another(uint32_t i)
{
	uint32_t other;

	for (other = 0; other < count; other++)
		if (other != i && list[other].formed.inside == list[i].object)
			return true;
	return false;
}

static void
leave_out_those_inside(void)
{
	uint32_t kept = 0, i;

	for (i = 0; i < count; i++)
		list[i].number |= is_inside_another(i) ? UINT32_C(1) << 31 : 0;
	for (i = 0; i < count; i++)
		if (!(list[i].number >> 31))
			list[kept++] = list[i];
	count = kept;
}

static void
sort(void)
{
	struct kept swap;
	uint32_t i;

	make_heap();
	for (i = count; i > 1; i--) {
		swap = list[0];
		list[0] = list[i - 1];
		list[i - 1] = swap;
		sift_down(0, i - 1);
	}
}

static void
name(const struct kept *k, char *out, size_t out_bytes)
{
	struct lk_print p;

	if (form_of[k->number] != LK_FORM_LRU) {
		lk_kinds_name(kinds, kinds->list[k->number].type, out, out_bytes);
		return;
	}
	lk_print_init(&p, out, out_bytes);
	lk_print_str(&p, LRU_NAME);
	lk_print_end(&p);
}

static bool
is_fixed(const struct kept *k)
{
	return form_of[k->number] == LK_FORM_FIXED || (form_of[k->number] == LK_FORM_RAW &&
	    k->formed.bound == LK_FORM_UNKNOWN);
}

void
lk_largest_tell(struct lk_answer *out, bool knows_holders,
    uint8_t (*generation_of)(uint32_t node))
{
	struct lk_answer_container *c;
	uint32_t i;

	out->containers_full = count == LK_ANSWER_CONTAINERS_MAX;
	leave_out_those_inside();
	sort();
	for (i = 0; i < count; i++) {
		c = &out->containers[i];
		*c = (struct lk_answer_container){.address = (uint64_t)(uintptr_t)list[i].object,
		    .type = (uint64_t)(uintptr_t)kinds->list[list[i].number].type,
		    .length = list[i].formed.length,
		    .shallow_bytes = list[i].formed.shallow_bytes,
		    .storage = list[i].formed.storage, .block = list[i].block,
		    .rank = list[i].formed.rank, .bound = list[i].formed.bound,
		    .is_fixed = is_fixed(&list[i]),
		    .turns_over = list[i].formed.measure != LK_MEASURE_LIST,
		    .generation = generation_of(list[i].node)};
		name(&list[i], c->type_name, sizeof(c->type_name));
		if (knows_holders)
			lk_holders_path(list[i].node, c->owner, sizeof(c->owner));
		lk_contents_tell(kinds, (enum lk_form)form_of[list[i].number], list[i].object,
		    &list[i].formed, c);
	}
	out->containers_kept = count;
}

void
lk_largest_reveal(struct lk_answer *out)
{
	if (count == 1)
		lk_revealed_tell(kinds, (enum lk_form)form_of[list[0].number], list[0].object,
		    &list[0].formed, out);
}
