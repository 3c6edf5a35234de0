#include "config.h"

#include "sampler/status.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "sampler/core/events.h"
#include "sampler/core/governor.h"
#include "sampler/cpython/arenas.h"
#include "sampler/cpython/collector.h"
#include "sampler/cpython/layout.h"
#include "sampler/cpython/switch.h"
#include "sampler/duty.h"
#include "sampler/footprint.h"
#include "sampler/govern.h"
#include "sampler/lookout.h"
#include "sampler/native/native.h"
#include "sampler/process/proc.h"
#include "sampler/record.h"
#include "sampler/tend.h"

/* What an allocation that is not sampled pays for a hook, the lost inlining of pymalloc included,
 * which is most of it: builds of later minors inline more, and builds without link-time
 * optimisation pay half of it.  The longer ago the last one was, the more: the code between takes
 * the hook out of the caches and the predictor.  From tests/bench/turns.py: with 1.5 and 1.75 ns
 * for each, JSON, objects, a mix and threads (28 to 60 ns apart) paid 0.2 to 1.1 times what was
 * shown, shops under gunicorn (some 300 ns apart) 1.5 to 2 times.  Constants, as a calibration at
 * start would see caches at their best. */
#define HOOK_NS		1.35
#define HOOK_NS_LATER	1.6
#define COLD_NS		1.5	/* more, when the last one was */
#define COLD_GAP_NS	300.0	/* ago, or longer */
#define LATER_MINOR	13

/* The cost is a share of what the process uses; of this share of a processor when it is idle. */
#define IDLE_SHARE 0.25

/* A program that starts is not governed yet: every stack is new then, and costs what it never will
 * again; an interval that was made long by that takes its time to come back. */
#define START_SECONDS 5u

/* A sample's ticks are counted from the record on: the way in and out and the next countdown are a
 * quarter more (callgrind: 400 of 2,000 instructions), and the program misses the cache lines that
 * were its own (the shops, as above: samples are two thirds of what they pay). */
#define SAMPLE_WHOLE 1.6

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
hooked_objects(void)
{
	double n;

	lk_spin_take(&lk_record.lock);
	n = lk_record.hooked_objects;
	lk_spin_give(&lk_record.lock);
	return n;
}

/* All that is counted since the start; a second is the difference of two. */
struct totals {
	uint64_t	now_ns, process_ns, ticks, slow_ticks, cpu_ns, samples, in_ns;
	double		hooked_objects;
};

/* Less where the child of a fork counts from the beginning. */
static double
grown(uint64_t from, uint64_t to)
{
	return to > from ? (double)(to - from) : 0;
}

/* Of an allocation; GAP_NS: processor time from one to the next. */
static double
hook_ns(double gap_ns)
{
	double hot_ns = lk_status.layout != NULL && lk_status.layout->minor >= LATER_MINOR ?
	    HOOK_NS_LATER : HOOK_NS;

	return hot_ns + COLD_NS * (gap_ns < COLD_GAP_NS ? gap_ns / COLD_GAP_NS : 1);
}

/* By how much more hooks cost by their duty than in a second in which they were in for IN_NS. */
static double
even_duty(double elapsed_ns, double in_ns)
{
	double duty = 1 / (double)(1u << lk_duty_shift());

	return in_ns >= LK_DUTY_SLOT_NS ? duty * elapsed_ns / in_ns : 1;
}

/* Cost: what samples took by the processor's counter, an allowance for each allocation that met
 * a hook, and what our threads used. */
static void
update_rates(uint64_t now_ns, uint64_t server_cpu_ns)
{
	static struct totals last;
	struct totals now = {now_ns, lk_clock_process_cpu_ns(), lk_clock_ticks(),
	    lk_record.stats.slow_ticks, server_cpu_ns,
	    lk_record.stats.samples, lk_duty_in_ns(now_ns), hooked_objects()};
	double elapsed_ns = grown(last.now_ns, now.now_ns);
	double used_ns = grown(last.process_ns, now.process_ns);
	double in_ns = grown(last.in_ns, now.in_ns);
	double objects = now.hooked_objects - last.hooked_objects;
	struct lk_governor_load load;

	if (last.now_ns != 0 && elapsed_ns > 0 && now.ticks > last.ticks) {
		if (used_ns < elapsed_ns * IDLE_SHARE)
			used_ns = elapsed_ns * IDLE_SHARE;
		load.samples_percent = SAMPLE_WHOLE * 100 * elapsed_ns / used_ns *
		    grown(last.slow_ticks, now.slow_ticks) / grown(last.ticks, now.ticks);
		load.hooks_percent = objects <= 0 ? 0 : 100 * objects / used_ns *
		    hook_ns(used_ns * in_ns / elapsed_ns / objects);
		load.others_percent = 100 * grown(last.cpu_ns, now.cpu_ns) / used_ns;
		lk_status.cost_percent = load.samples_percent + load.hooks_percent +
		    load.others_percent;
		lk_status.samples_per_s = grown(last.samples, now.samples) * 1e9 / elapsed_ns;
		load.hooks_percent *= even_duty(elapsed_ns, in_ns);
		if (atomic_load(&lk_record.active) && lk_status.seconds >= START_SECONDS)
			lk_govern_second(&load);
	}
	last = now;
}

void
lk_status_update(uint64_t now_ns, uint64_t server_cpu_ns)
{
	lk_status.rss_bytes = lk_proc_rss_bytes();
	if (lk_status.seconds % 10 == 0) {
		lk_proc_cgroup(&lk_status.cgroup_limit_bytes, &lk_status.cgroup_used_bytes);
		lk_status.sampler_bytes = lk_footprint_bytes();
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
		.budget_percent = lk_govern_budget_percent(),
		.duty = 1 / (double)(1u << lk_duty_shift()), .hooks = lk_switch_count(),
		.drops = lk_record.stats.dropped_busy + lk_record.stats.dropped_full,
		.thinned = lk_record.stats.thinned, .sampler_bytes = lk_status.sampler_bytes,
		.stacks = lk_tend_stacks_used(), .clients = lk_status.clients,
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
	out->has_pauses = lk_lookout_tell(&out->pauses);
}
