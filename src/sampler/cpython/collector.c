#include "config.h"

#include "sampler/cpython/collector.h"

#include "sampler/cpython/layout.h"

#define THRESHOLD_AT	16	/* struct gc_generation: head, int threshold, int count */
#define COUNT_AT	20
#define INTERPRETERS_MAX 1000	/* a list that goes round ends, too */
#define STATS_BYTES	24	/* struct gc_generation_stats: three Py_ssize_t */
#define SECONDS_MAX	1e9

/* 3.15: struct gc_stats has a ring for each generation; its newest record is at the index,
 * two times are before the three Py_ssize_t. */
#define RING_RECORD_BYTES	64
#define RING_BEGAN_AT		0
#define RING_ENDED_AT		8
#define RING_COUNTS_AT		16
#define RING_SECONDS_AT		48	/* of all collections so far: double */
static const struct {
	int	at, length;
} rings[LK_GENERATIONS] = {{0, LK_COLLECTOR_RECORDS_MAX}, {712, 3}, {912, 3}};

const void *
lk_collector_state(const struct lk_layout *layout, const void *runtime)
{
	const void *interp;

	if (layout->runtime_gc != LK_ABSENT)
		return lk_at(runtime, layout->runtime_gc);
	interp = lk_read_ptr(runtime, layout->runtime_interpreters_main);
	return interp == NULL ? NULL : lk_at(interp, layout->interp_gc);
}

static bool
shares_gil(const struct lk_layout *layout, const void *interp, const void *main)
{
	return layout->interp_gil == LK_ABSENT || lk_read_ptr(interp, layout->interp_gil) ==
	    lk_read_ptr(main, layout->interp_gil);
}

void
lk_collector_others(const struct lk_layout *layout, const void *runtime,
    void (*call)(void *ctx, const void *state), void *ctx)
{
	const void *main = lk_read_ptr(runtime, layout->runtime_interpreters_main), *interp;
	int left = INTERPRETERS_MAX;

	if (layout->interp_next == LK_ABSENT || main == NULL)
		return;
	interp = lk_read_ptr(runtime, layout->runtime_interpreters_main - (int)sizeof(void *));
	for (; interp != NULL && left > 0; left--) {
		if (interp != main)
			call(ctx, shares_gil(layout, interp, main) ?
			    lk_at(interp, layout->interp_gc) : NULL);
		interp = lk_read_ptr(interp, layout->interp_next);
	}
}

const void *
lk_collector_garbage(const struct lk_layout *layout, const void *state)
{
	return lk_read_ptr(state, layout->gc_collecting + layout->gc_garbage_behind);
}

const void *
lk_collector_list(const struct lk_layout *layout, const void *state, int i)
{
	const void *first;

	if (i == LK_GENERATIONS)
		return lk_at(state, layout->gc_permanent);
	first = layout->gc_young != LK_ABSENT ? lk_at(state, layout->gc_young) :
	    lk_read_ptr(state, layout->gc_generation0);
	return first == NULL ? NULL : lk_at(first, i * layout->gc_generation_bytes);
}

/* Collections, collected and uncollectable of generation I; NULL before they are there. */
static const void *
stats_of(const struct lk_layout *layout, const void *state, int i)
{
	const void *all;
	int newest;

	if (!layout->gc_stats_in_rings)
		return lk_at(state, layout->gc_stats + i * STATS_BYTES);
	all = lk_read_ptr(state, layout->gc_stats);
	if (all == NULL)
		return NULL;
	newest = lk_read_u8(all, rings[i].at + rings[i].length * RING_RECORD_BYTES);
	return newest >= rings[i].length ? NULL :
	    lk_at(all, rings[i].at + newest * RING_RECORD_BYTES + RING_COUNTS_AT);
}

bool
lk_collector_read(const struct lk_layout *layout, const void *runtime, struct lk_collector *out)
{
	const void *state = lk_collector_state(layout, runtime), *list, *stats;
	int i;

	if (state == NULL || lk_collector_list(layout, state, 0) == NULL)
		return false;
	out->enabled = lk_read_i32(state, layout->gc_enabled) != 0;
	for (i = 0; i < LK_GENERATIONS; i++) {
		list = lk_collector_list(layout, state, i);
		stats = stats_of(layout, state, i);
		if (stats == NULL)
			return false;
		out->generation[i].threshold = (uint64_t)lk_read_i32(list, THRESHOLD_AT);
		out->generation[i].count = (uint64_t)lk_read_i32(list, COUNT_AT);
		out->generation[i].collections = (uint64_t)lk_read_i64(stats, 0);
		out->generation[i].collected = (uint64_t)lk_read_i64(stats, 8);
		out->generation[i].uncollectable = (uint64_t)lk_read_i64(stats, 16);
	}
	return true;
}

bool
lk_collector_look(const struct lk_layout *layout, const void *runtime, struct lk_pauses_look *out)
{
	const void *state = lk_collector_state(layout, runtime), *stats;
	int i;

	if (state == NULL)
		return false;
	out->collecting = lk_read_i32(state, layout->gc_collecting) != 0;
	for (i = 0; i < LK_GENERATIONS; i++) {
		stats = stats_of(layout, state, i);
		if (stats == NULL)
			return false;
		out->collections[i] = (uint64_t)lk_read_i64(stats, 0);
	}
	return true;
}

static struct lk_pauses_record
record_at(const void *ring_record)
{
	double total_s;

	memcpy(&total_s, lk_at(ring_record, RING_SECONDS_AT), sizeof(total_s));
	return (struct lk_pauses_record){
		.collections = (uint64_t)lk_read_i64(ring_record, RING_COUNTS_AT),
		.began_ns = (uint64_t)lk_read_i64(ring_record, RING_BEGAN_AT),
		.ended_ns = (uint64_t)lk_read_i64(ring_record, RING_ENDED_AT),
		.total_ns = total_s > 0 && total_s < SECONDS_MAX ? (uint64_t)(total_s * 1e9) : 0,
	};
}

/* A record that was never written has no collections.  What does not count on from the one before
 * is not what we take it for. */
static int
take_ring(const void *all, int i, int newest, struct lk_pauses_record *out)
{
	int count = 0, n;

	for (n = 1; n <= rings[i].length; n++) {
		out[count] = record_at(lk_at(all, rings[i].at +
		    (newest + n) % rings[i].length * RING_RECORD_BYTES));
		if (out[count].collections == 0 || out[count].ended_ns < out[count].began_ns)
			continue;
		if (count > 0 && out[count].collections != out[count - 1].collections + 1) {
			out[0] = out[count];
			count = 0;
		}
		count++;
	}
	return count;
}

/* It writes to a ring while it collects alone, which moves the index. */
int
lk_collector_records(const struct lk_layout *layout, const void *runtime, int i,
    struct lk_pauses_record *out)
{
	const void *state = lk_collector_state(layout, runtime), *all;
	int newest, count;

	if (!layout->gc_stats_in_rings || state == NULL ||
	    lk_read_i32(state, layout->gc_collecting) != 0)
		return -1;
	all = lk_read_ptr(state, layout->gc_stats);
	if (all == NULL)
		return -1;
	newest = lk_read_u8(all, rings[i].at + rings[i].length * RING_RECORD_BYTES);
	if (newest >= rings[i].length)
		return -1;
	count = take_ring(all, i, newest, out);
	return lk_read_i32(state, layout->gc_collecting) == 0 &&
	    lk_read_u8(all, rings[i].at + rings[i].length * RING_RECORD_BYTES) == newest ?
	    count : -1;
}
