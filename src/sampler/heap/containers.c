#include "config.h"

#include "sampler/heap/containers.h"

#include <sched.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "sampler/cpython/collector.h"
#include "sampler/cpython/layout.h"
#include "sampler/cpython/symbols.h"
#include "sampler/heap/owners.h"
#include "sampler/heap/walk_private.h"

#define LOOK_EVERY	256u		/* objects between two looks at the clock */
#define PAUSE_NS	2000000		/* between slices: half of the time at most is ours */
#define RESTARTS_MAX	3

/* ---- the longest ones: a heap whose root is the shortest kept ------------------ */

static void
sift_down(struct lk_containers_scan *scan, uint32_t i, uint32_t count)
{
	struct lk_container_found *f = scan->found, swap;
	uint32_t least, child;

	for (;; i = least) {
		least = i;
		for (child = 2 * i + 1; child <= 2 * i + 2 && child < count; child++)
			if (f[child].length < f[least].length)
				least = child;
		if (least == i)
			return;
		swap = f[i];
		f[i] = f[least];
		f[least] = swap;
	}
}

static bool
is_known(const struct lk_containers_scan *scan, uint64_t address)
{
	uint32_t i;

	for (i = 0; i < scan->count; i++)
		if (scan->found[i].address == address)
			return true;
	return false;
}

void
lk_walk_keep(struct lk_containers_scan *scan, const struct lk_container_found *found)
{
	uint32_t i;

	if (is_known(scan, found->address))
		return;
	if (scan->count < LK_CONTAINERS_KEPT) {
		scan->found[scan->count++] = *found;
		for (i = scan->count / 2; scan->count == LK_CONTAINERS_KEPT && i-- > 0;)
			sift_down(scan, i, scan->count);
	} else if (found->length > scan->found[0].length) {
		scan->found[0] = *found;
		sift_down(scan, 0, scan->count);
	}
}

void
lk_containers_sort(struct lk_containers_scan *scan)
{
	struct lk_container_found swap;
	uint32_t i;

	for (i = scan->count / 2; i-- > 0;)
		sift_down(scan, i, scan->count);
	for (i = scan->count; i > 1; i--) {
		swap = scan->found[0];
		scan->found[0] = scan->found[i - 1];
		scan->found[i - 1] = swap;
		sift_down(scan, 0, i - 1);
	}
}

/* ---- slices --------------------------------------------------------------- */

void
lk_walk_begin_slice(struct lk_walk_state *w)
{
	w->slice_began_ns = lk_clock_monotonic_ns();
}

static void
end_slice(struct lk_walk_state *w)
{
	uint64_t took = lk_clock_monotonic_ns() - w->slice_began_ns;

	if (took > w->scan->longest_slice_ns)
		w->scan->longest_slice_ns = took;
}

bool
lk_walk_slice_is_over(const struct lk_walk_state *w)
{
	return lk_clock_monotonic_ns() - w->slice_began_ns > LK_SLICE_NS;
}

bool
lk_walk_pause(struct lk_walk_state *w)
{
	struct timespec pause = {0, PAUSE_NS};

	end_slice(w);
	w->thread_state = w->scan->symbols->save_thread();
	nanosleep(&pause, NULL);
	w->scan->symbols->restore_thread(w->thread_state);
	lk_walk_begin_slice(w);
	return !atomic_load(w->scan->stop);
}

/* ---- the collector's lists --------------------------------------------------- */

static const void *
list_next(const void *node)
{
	return (const void *)((uintptr_t)lk_read_ptr(node, 0) & ~(uintptr_t)3);
}

static uint64_t
collections(const struct lk_walk_state *w)
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
	if (lk_containers_measure(scan, object, &found))
		lk_walk_keep(scan, &found);
}

enum list_end { LIST_DONE, LIST_MOVED, LIST_STOPPED };

/* NODE stays in a list while we hold a reference to its object; a collection meanwhile may
 * have put it into another one, and then this list is walked again. */
static enum list_end
pause_at(struct lk_walk_state *w, const void *node)
{
	void *anchor = (char *)(uintptr_t)node + LK_GC_HEAD_BYTES;
	uint64_t before = collections(w);
	bool go_on, moved;

	w->scan->symbols->inc_ref(anchor);
	go_on = lk_walk_pause(w);
	moved = list_next(node) == NULL || collections(w) != before;
	w->scan->symbols->dec_ref(anchor);
	return !go_on ? LIST_STOPPED : moved ? LIST_MOVED : LIST_DONE;
}

static enum list_end
walk_list(struct lk_walk_state *w, const void *head)
{
	const void *node = list_next(head), *after;
	enum list_end end;
	uint32_t n;

	for (n = 1; node != head && node != NULL; node = after, n++) {
		after = list_next(node);
		visit(w->scan, lk_at(node, LK_GC_HEAD_BYTES));
		if (n % LOOK_EVERY != 0 || after == head || !lk_walk_slice_is_over(w))
			continue;
		end = pause_at(w, after);
		if (end != LIST_DONE)
			return end;
	}
	return LIST_DONE;
}

static bool
walk_lists(struct lk_walk_state *w)
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
	struct lk_walk_state w = {.scan = scan};
	uint64_t began = lk_clock_monotonic_ns();
	int gil;
	bool ok;

	scan->objects = scan->longest_slice_ns = 0;
	scan->count = 0;
	scan->complete = true;
	gil = scan->symbols->gil_ensure();
	lk_walk_begin_slice(&w);
	ok = walk_lists(&w) && lk_owners_find_callspy(&w);
	end_slice(&w);
	scan->symbols->gil_release(gil);
	scan->scan_ns = lk_clock_monotonic_ns() - began;
	return ok;
}
