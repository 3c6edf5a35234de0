#include "config.h"

#include "sampler/cpython/collector.h"

#include "sampler/cpython/layout.h"

#define THRESHOLD_AT	16	/* struct gc_generation: head, int threshold, int count */
#define COUNT_AT	20
#define STATS_BYTES	24	/* struct gc_generation_stats: three Py_ssize_t */

const void *
lk_collector_state(const struct lk_layout *layout, const void *runtime)
{
	const void *interp = lk_read_ptr(runtime, layout->runtime_interpreters_main);

	return interp == NULL ? NULL : lk_at(interp, layout->interp_gc);
}

const void *
lk_collector_list(const struct lk_layout *layout, const void *state, int i)
{
	const void *first = lk_read_ptr(state, layout->gc_generation0);

	if (i == LK_GENERATIONS)
		return lk_at(state, layout->gc_permanent);
	return first == NULL ? NULL : lk_at(first, i * layout->gc_generation_bytes);
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
		stats = lk_at(state, layout->gc_stats + i * STATS_BYTES);
		out->generation[i].threshold = (uint64_t)lk_read_i32(list, THRESHOLD_AT);
		out->generation[i].count = (uint64_t)lk_read_i32(list, COUNT_AT);
		out->generation[i].collections = (uint64_t)lk_read_i64(stats, 0);
		out->generation[i].collected = (uint64_t)lk_read_i64(stats, 8);
		out->generation[i].uncollectable = (uint64_t)lk_read_i64(stats, 16);
	}
	return true;
}
