#include "config.h"

#include "sampler/heap/containers.h"

#include "base/clock.h"
#include "sampler/cpython/collector.h"
#include "sampler/cpython/layout.h"
#include "sampler/cpython/symbols.h"
#include "sampler/heap/longest.h"
#include "sampler/heap/measure.h"
#include "sampler/heap/owners.h"
#include "sampler/heap/slices.h"

#define LOOK_EVERY	256u		/* objects between two looks at the clock */
#define RESTARTS_MAX	3

/* ---- the collector's lists --------------------------------------------------- */

static const void *
list_next(const void *node)
{
	return (const void *)((uintptr_t)lk_read_ptr(node, 0) & ~(uintptr_t)3);
}

static uint64_t
collections(const struct lk_slices *w)
{
	struct lk_collector c;

	if (!lk_collector_read(w->scan->layout, w->scan->symbols->runtime, &c))
		return 0;
	return c.generation[0].collections + c.generation[1].collections +
	    c.generation[2].collections;
}

static void
visit(struct lk_containers_scan *scan, const void *object)
{
	struct lk_container_found found;

	scan->objects++;
	if (lk_measure_container(scan, object, &found))
		lk_longest_keep(scan, &found);
}

enum list_end { LIST_DONE, LIST_MOVED, LIST_STOPPED };

/* The lists are rings, and their heads are no objects: to come to the head of another list
 * is to have followed a node that gc.freeze() or a collection put there. */
static bool
is_head(const struct lk_slices *w, const void *node)
{
	const struct lk_layout *layout = w->scan->layout;
	const void *state = lk_collector_state(layout, w->scan->symbols->runtime);
	int i;

	for (i = 0; i <= LK_GENERATIONS; i++)
		if (node == lk_collector_list(layout, state, i))
			return true;
	return false;
}

static bool
is_collecting(const struct lk_slices *w)
{
	const struct lk_layout *layout = w->scan->layout;

	return lk_read_i32(lk_collector_state(layout, w->scan->symbols->runtime),
	    layout->gc_collecting) != 0;
}

/* NODE stays in a list while we hold a reference to its object; a collection meanwhile may
 * have put it into another one, and then this list is walked again.  One that waits for its
 * finalizers has moved objects, but is not counted yet.  An object of which ours is the last
 * reference dies here, and perhaps its neighbours with it: the way on is lost, too. */
static enum list_end
pause_at(struct lk_slices *w, const void *node)
{
	void *anchor = (char *)(uintptr_t)node + LK_GC_HEAD_BYTES;
	uint64_t before = collections(w);
	bool go_on, lost;

	w->scan->symbols->inc_ref(anchor);
	go_on = lk_slices_pause(w);
	lost = list_next(node) == NULL || collections(w) != before || is_collecting(w) ||
	    lk_refcount(w->scan->layout, anchor) == 1;
	w->scan->symbols->dec_ref(anchor);
	return !go_on ? LIST_STOPPED : lost ? LIST_MOVED : LIST_DONE;
}

static enum list_end
walk_list(struct lk_slices *w, const void *head)
{
	const void *node = list_next(head), *after;
	enum list_end end;
	uint32_t n;

	for (n = 1; node != head && node != NULL; node = after, n++) {
		if (is_head(w, node))
			return LIST_MOVED;
		after = list_next(node);
		visit(w->scan, lk_at(node, LK_GC_HEAD_BYTES));
		if (n % LOOK_EVERY != 0 || after == head || !lk_slices_over(w))
			continue;
		end = pause_at(w, after);
		if (end != LIST_DONE)
			return end;
	}
	return LIST_DONE;
}

static bool
walk_lists(struct lk_slices *w)
{
	struct lk_containers_scan *scan = w->scan;
	const void *state = lk_collector_state(scan->layout, scan->symbols->runtime), *head;
	enum list_end end;
	int i, tries;

	for (i = LK_GENERATIONS; i >= 0; i--) {	/* survivors only move to older lists */
		head = lk_collector_list(scan->layout, state, i);
		if (head == NULL || list_next(head) == NULL)
			continue;
		tries = 0;
		do {
			end = walk_list(w, head);
		} while (end == LIST_MOVED && tries++ < RESTARTS_MAX);
		if (end == LIST_STOPPED)
			return false;
		if (end == LIST_MOVED)
			scan->complete = false;
	}
	return true;
}

bool
lk_containers_walk_callspy(struct lk_containers_scan *scan)
{
	struct lk_slices w = {.scan = scan};
	uint64_t began = lk_clock_monotonic_ns();
	int gil;
	bool ok;

	scan->objects = scan->longest_slice_ns = 0;
	scan->count = 0;
	scan->complete = true;
	gil = scan->symbols->gil_ensure();
	lk_slices_begin(&w);
	ok = walk_lists(&w) && lk_owners_find_callspy(&w);
	lk_slices_end(&w);
	scan->symbols->gil_release(gil);
	scan->scan_ns = lk_clock_monotonic_ns() - began;
	return ok;
}
