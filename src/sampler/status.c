#include "config.h"

#include "sampler/status.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "sampler/core/events.h"
#include "sampler/cpython/arenas.h"
#include "sampler/cpython/collector.h"
#include "sampler/marks.h"
#include "sampler/native/native.h"
#include "sampler/process/proc.h"
#include "sampler/record.h"
#include "sampler/tend.h"

/* What an allocation that is not sampled pays for a hook: measured between 0.0 and 0.5 ns
 * (malloc, small), and about 1 ns where RAW looks a free up in its filter.  Charged to every
 * allocation, so that the cost shown errs on the high side. */
#define HOOK_NS 0.7

struct lk_status lk_status;

static const char *const native_words[] = {
	[LK_NATIVE_OFF] = "off",
	[LK_NATIVE_PYTHON] = "python",
	[LK_NATIVE_STACKS] = "stacks",
};

static const char *
state_word(void)
{
	if (lk_status.dormant_reason != NULL)
		return "dormant";
	return atomic_load(&lk_record.active) ? "sampling" : "paused";
}

static const char *
reason_words(void)
{
	if (lk_status.dormant_reason != NULL)
		return lk_status.dormant_reason;
	return atomic_load(&lk_record.active) ? "" : "paused by a client";
}

static double
allocated_objects(void)
{
	double n;

	lk_spin_take(&lk_record.lock);
	n = lk_record.allocated_objects;
	lk_spin_give(&lk_record.lock);
	return n;
}

/* Cost: what samples took by the processor's counter, what our threads used, and an
 * allowance for each allocation. */
static void
update_rates(uint64_t now_ns, uint64_t server_cpu_ns)
{
	static uint64_t last_ns, last_ticks, last_slow, last_cpu_ns, last_samples;
	static double last_objects;
	uint64_t ticks = lk_clock_ticks(), slow = lk_record.stats.slow_ticks;
	uint64_t samples = lk_record.stats.samples;
	double objects = allocated_objects(), elapsed_ns = (double)(now_ns - last_ns), cost_ns;

	if (last_ns != 0 && elapsed_ns > 0 && ticks > last_ticks) {
		cost_ns = (double)(slow - last_slow) * elapsed_ns / (double)(ticks - last_ticks);
		cost_ns += (objects - last_objects) * HOOK_NS;
		if (server_cpu_ns > last_cpu_ns)
			cost_ns += (double)(server_cpu_ns - last_cpu_ns);
		lk_status.cost_percent = 100 * cost_ns / elapsed_ns;
		lk_status.samples_per_s = (double)(samples - last_samples) * 1e9 / elapsed_ns;
	}
	last_ns = now_ns;
	last_ticks = ticks;
	last_slow = slow;
	last_cpu_ns = server_cpu_ns;
	last_samples = samples;
	last_objects = objects;
}

void
lk_status_update(uint64_t now_ns, uint64_t server_cpu_ns)
{
	lk_status.rss_bytes = lk_proc_rss_bytes();
	if (lk_status.seconds % 10 == 0) {
		lk_proc_cgroup(&lk_status.cgroup_limit_bytes, &lk_status.cgroup_used_bytes);
		lk_status.sampler_bytes = lk_marks_bytes() +
		    lk_proc_resident(lk_record.pages.base, lk_record.pages.capacity_bytes);
	}
	update_rates(now_ns, server_cpu_ns);
	lk_status.seconds++;
}

void
lk_status_hello(struct lk_emit_hello *out)
{
	*out = (struct lk_emit_hello){
		.version = PACKAGE_VERSION, .pid = getpid(), .start_time = lk_status.start_time,
		.python = lk_status.python, .started_at_s = lk_status.started_at_s,
		.at_s = lk_clock_wall_s(), .interval_bytes = lk_record.interval_bytes,
		.memory_cap_bytes = lk_status.memory_cap_bytes, .state = state_word(),
		.reason = reason_words(), .mode = lk_status.mode,
	};
}

void
lk_status_tick(struct lk_emit_tick *out)
{
	*out = (struct lk_emit_tick){
		.at_s = lk_clock_wall_s(), .state = state_word(),
		.reason = reason_words(), .native = native_words[lk_native_state()],
		.interval_bytes = lk_record.interval_bytes,
		.rss_bytes = lk_status.rss_bytes,
		.samples_total = lk_record.stats.samples,
		.samples_per_s = lk_status.samples_per_s, .cost_percent = lk_status.cost_percent,
		.drops = lk_record.stats.dropped_busy + lk_record.stats.dropped_full,
		.thinned = lk_record.stats.thinned, .sampler_bytes = lk_status.sampler_bytes,
		.stacks = lk_tend_stack_count(), .clients = lk_status.clients,
		.cgroup_limit_bytes = lk_status.cgroup_limit_bytes,
		.cgroup_used_bytes = lk_status.cgroup_used_bytes, .events = lk_events_count(),
	};
	lk_spin_take(&lk_record.lock);
	out->live_bytes = lk_record.live_bytes;
	out->live_objects = lk_record.live_objects;
	out->live_variance = lk_record.live_variance;
	out->native_live_bytes = lk_record.native_live_bytes;
	out->samples_live = lk_record.live.live_count;
	lk_spin_give(&lk_record.lock);
}

static void
fill_generations(struct lk_emit_memory *out)
{
	struct lk_collector c;
	int i;

	if (lk_status.layout == NULL ||
	    !lk_collector_read(lk_status.layout, lk_status.runtime, &c))
		return;
	out->gc_enabled = c.enabled;
	for (i = 0; i < LK_GENERATIONS; i++)
		out->gc[i] = (struct lk_emit_generation){c.generation[i].count,
		    c.generation[i].threshold, c.generation[i].collections,
		    c.generation[i].collected, c.generation[i].uncollectable};
}

void
lk_status_memory(struct lk_emit_memory *out)
{
	struct lk_proc_memory m;

	memset(out, 0, sizeof(*out));
	lk_proc_memory(&m);
	out->at_s = lk_clock_wall_s();
	out->rss_bytes = m.rss_bytes;
	out->pss_bytes = m.pss_bytes;
	out->uss_bytes = m.uss_bytes;
	out->anonymous_bytes = m.anonymous_bytes;
	out->file_bytes = m.file_bytes;
	out->shared_bytes = m.shared_bytes;
	out->swap_bytes = m.swap_bytes;
	out->python_live_bytes = lk_tend_live_bytes();
	out->pymalloc_arena_bytes = lk_arenas_bytes();
	out->malloc_live_bytes = m.malloc_live_bytes;
	out->malloc_free_bytes = m.malloc_free_bytes;
	out->malloc_mmap_bytes = m.malloc_mmap_bytes;
	out->sampler_bytes = lk_status.sampler_bytes;
	out->cgroup_limit_bytes = lk_status.cgroup_limit_bytes;
	out->cgroup_used_bytes = lk_status.cgroup_used_bytes;
	fill_generations(out);
}
