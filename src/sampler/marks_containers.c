/* The containers of baselines: which one is which, later. */
#include "config.h"

#include "sampler/marks.h"

#include <sys/mman.h>

#define LIST_BYTES (LK_MARKS_CONTAINERS_MAX * sizeof(struct lk_mark_container))
#define OLD_GENERATION	2u	/* from here on the collector's lists do not tell who is younger */

void
lk_marks_containers(struct lk_mark *mark, const struct lk_mark_containers *taken)
{
	void *p;
	uint32_t i, at;

	if (mark->containers == NULL) {
		p = mmap(NULL, LIST_BYTES, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED)
			return;
		mark->containers = p;
	}
	mark->taken = *taken;
	mark->taken.list = NULL;
	mark->taken.count = 0;
	for (i = 0; i < taken->count && i < LK_MARKS_CONTAINERS_MAX; i++) {
		/* insertion: it is short and in C */
		for (at = mark->taken.count++; at > 0 &&
		    mark->containers[at - 1].address > taken->list[i].address; at--)
			mark->containers[at] = mark->containers[at - 1];
		mark->containers[at] = taken->list[i];
	}
}

void
lk_marks_forget_containers(struct lk_mark *mark)
{
	if (mark->containers != NULL)
		munmap(mark->containers, LIST_BYTES);
	mark->containers = NULL;
}

size_t
lk_marks_containers_bytes(const struct lk_mark *mark)
{
	return mark->containers != NULL ? LIST_BYTES : 0;
}

const struct lk_mark_container *
lk_marks_listed(const struct lk_mark *mark, uint64_t address)
{
	uint32_t low = 0, high = mark->taken.count, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (mark->containers[middle].address < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < mark->taken.count && mark->containers[low].address == address ?
	    &mark->containers[low] : NULL;
}

/* What is in a young list now and was there before a collection that leaves none there was not
 * there then.  A dict without a container in it is in no list, and when it gets one is in the
 * youngest, however old it is. */
static bool
is_younger(const struct lk_mark *mark, const struct lk_mark_container *then,
    const struct lk_marks_seen *now)
{
	uint64_t since = 0;
	uint32_t i;

	if (!mark->taken.by_freeze || !now->by_freeze || now->is->generation >= OLD_GENERATION ||
	    then->generation == LK_MARKS_UNTRACKED)
		return false;
	for (i = now->is->generation; i < LK_MARKS_GENERATIONS; i++)
		since += now->collections[i] - mark->taken.collections[i];
	return since > 0;
}

/* -1: there are no items that tell. */
static int
has_items_of(const struct lk_mark_container *then, const struct lk_mark_container *now)
{
	int is_same = -1;
	uint32_t i;

	for (i = 0; i < LK_MARKS_PROBES; i++) {
		if (then->probes[i] == 0 || now->probes[i] == 0)
			continue;
		if (then->probes[i] == now->probes[i])
			return 1;
		is_same = 0;
	}
	return is_same;
}

/* A way through items, "shop.LIST[]", or from a local variable is that of many objects. */
static enum lk_marks_then
judge(const struct lk_mark_container *then, const struct lk_marks_seen *now)
{
	bool is_held_so = then->owner != 0 && then->owner == now->is->owner;
	int has_items;

	has_items = has_items_of(then, now->is);
	if (is_held_so && now->is->owner_is_one && (now->is->turns_over || has_items < 0))
		return LK_MARKS_SAME;
	if (has_items >= 0)
		return has_items ? LK_MARKS_SAME : LK_MARKS_UNKNOWN;
	return is_held_so && now->is->generation != LK_MARKS_UNTRACKED &&
	    now->is->generation >= OLD_GENERATION ? LK_MARKS_SAME : LK_MARKS_UNKNOWN;
}

enum lk_marks_then
lk_marks_then(const struct lk_mark *mark, const struct lk_marks_seen *now, uint64_t *length_out)
{
	const struct lk_mark_container *then;

	if (now->born >= mark->id)
		return LK_MARKS_NEW;
	if (mark->containers == NULL)
		return LK_MARKS_UNKNOWN;
	then = lk_marks_listed(mark, now->is->address);
	if (then == NULL || then->type != now->is->type)
		return mark->taken.is_full || mark->taken.by_freeze != now->by_freeze ||
		    now->rank < mark->taken.min_length ? LK_MARKS_UNKNOWN : LK_MARKS_NEW;
	if (is_younger(mark, then, now))
		return LK_MARKS_NEW;
	*length_out = then->length;
	if (now->is->is_fixed)
		return then->length == now->is->length ? LK_MARKS_SAME : LK_MARKS_NEW;
	return judge(then, now);
}
