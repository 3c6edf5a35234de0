#include "config.h"

#include "proto/emit.h"

#include <string.h>

#include "base/print.h"
#include "proto/emit_private.h"

void
lk_emit_hello(struct lk_print *p, const struct lk_emit_hello *m)
{
	begin(p, "hello");
	number(p, "protocol", 1);
	text(p, "version", m->version);
	number(p, "pid", (uint64_t)m->pid);
	number(p, "start_time", m->start_time);
	text(p, "python", m->python);
	real(p, "started_at", m->started_at_s, 3);
	real(p, "at", m->at_s, 3);
	number(p, "interval_bytes", m->interval_bytes);
	number(p, "memory_cap_bytes", m->memory_cap_bytes);
	text(p, "state", m->state);
	text(p, "reason", m->reason);
	text(p, "mode", m->mode);
	end(p);
}

void
lk_emit_tick(struct lk_print *p, const struct lk_emit_tick *m)
{
	begin(p, "tick");
	number(p, "seq", m->seq);
	real(p, "at", m->at_s, 3);
	text(p, "state", m->state);
	text(p, "reason", m->reason);
	text(p, "native", m->native);
	number(p, "interval_bytes", m->interval_bytes);
	number(p, "rss_bytes", m->rss_bytes);
	real(p, "live_bytes", m->live_bytes, 1);
	real(p, "live_objects", m->live_objects, 1);
	real(p, "live_variance", m->live_variance, 1);
	real(p, "native_live_bytes", m->native_live_bytes, 1);
	number(p, "samples_total", m->samples_total);
	number(p, "samples_live", m->samples_live);
	real(p, "samples_per_s", m->samples_per_s, 1);
	real(p, "cost_percent", m->cost_percent, 3);
	real(p, "budget_percent", m->budget_percent, 3);
	real(p, "duty", m->duty, 4);
	number(p, "hooks", m->hooks);
	number(p, "drops", m->drops);
	number(p, "thinned", m->thinned);
	number(p, "sampler_bytes", m->sampler_bytes);
	number(p, "stacks", m->stacks);
	number(p, "clients", m->clients);
	number(p, "cgroup_limit_bytes", m->cgroup_limit_bytes);
	number(p, "cgroup_used_bytes", m->cgroup_used_bytes);
	number(p, "events", m->events);
	end(p);
}

static void
emit_generations(struct lk_print *p, const struct lk_emit_generation *gc)
{
	int i;

	key(p, "gc");
	for (i = 0; i < 3; i++) {
		lk_print_str(p, i == 0 ? "[{\"count\":" : ",{\"count\":");
		lk_print_u64(p, gc[i].count);
		number(p, "threshold", gc[i].threshold);
		number(p, "collections", gc[i].collections);
		number(p, "collected", gc[i].collected);
		number(p, "uncollectable", gc[i].uncollectable);
		lk_print_char(p, '}');
	}
	lk_print_char(p, ']');
}

/* Nothing was seen: nothing is known of the longest. */
static void
emit_pauses(struct lk_print *p, const struct lk_emit_pauses *m)
{
	lk_print_str(p, ",\"gc_pauses\":{\"exact\":");
	lk_print_str(p, m->exact ? "true" : "false");
	real(p, "watched_s", m->watched_s, 3);
	number(p, "looks", m->looks);
	number(p, "collections", m->collections);
	number(p, "seen", m->seen);
	real(p, "total_us", m->total_us, 1);
	if (m->seen == 0) {
		number(p, "longest_us", LK_EMIT_UNKNOWN);
		number(p, "longest_error_us", LK_EMIT_UNKNOWN);
	} else {
		real(p, "longest_us", m->longest_us, 1);
		real(p, "longest_error_us", m->longest_error_us, 1);
	}
	number(p, "longest_generation", m->longest_generation);
	real(p, "unseen_us", m->unseen_us, 1);
	lk_print_char(p, '}');
}

void
lk_emit_memory(struct lk_print *p, const struct lk_emit_memory *m)
{
	begin(p, "memory");
	real(p, "at", m->at_s, 3);
	number(p, "rss_bytes", m->rss_bytes);
	number(p, "pss_bytes", m->pss_bytes);
	number(p, "uss_bytes", m->uss_bytes);
	number(p, "anonymous_bytes", m->anonymous_bytes);
	number(p, "file_bytes", m->file_bytes);
	number(p, "shared_bytes", m->shared_bytes);
	number(p, "swap_bytes", m->swap_bytes);
	real(p, "python_live_bytes", m->python_live_bytes, 1);
	number(p, "pymalloc_arena_bytes", m->pymalloc_arena_bytes);
	number(p, "malloc_live_bytes", m->malloc_live_bytes);
	number(p, "malloc_free_bytes", m->malloc_free_bytes);
	number(p, "malloc_mmap_bytes", m->malloc_mmap_bytes);
	number(p, "sampler_bytes", m->sampler_bytes);
	number(p, "cgroup_limit_bytes", m->cgroup_limit_bytes);
	number(p, "cgroup_used_bytes", m->cgroup_used_bytes);
	boolean(p, "gc_enabled", m->gc_enabled);
	emit_generations(p, m->gc);
	if (m->has_pauses)
		emit_pauses(p, &m->pauses);
	else
		number(p, "gc_pauses", LK_EMIT_UNKNOWN);
	end(p);
}

static void
rows_begin(struct lk_print *p, bool more)
{
	boolean(p, "more", more);
	key(p, "rows");
	lk_print_char(p, '[');
}

void
lk_emit_live_begin(struct lk_print *p, uint64_t seq, double at_s, bool more)
{
	begin(p, "live");
	number(p, "seq", seq);
	real(p, "at", at_s, 3);
	rows_begin(p, more);
}

void
lk_emit_baseline_begin(struct lk_print *p, uint32_t baseline, bool more)
{
	begin(p, "baseline");
	number(p, "id", baseline);
	rows_begin(p, more);
}

void
lk_emit_row(struct lk_print *p, bool first, const struct lk_emit_row *row,
    const struct lk_emit_cell *cells, uint32_t cell_count)
{
	uint32_t i;

	open_tuple(p, first, row->stack);
	tuple_real(p, row->allocated_bytes);
	tuple_real(p, row->allocated_objects);
	tuple_u64(p, row->allocated_count);
	lk_print_str(p, ",[");
	for (i = 0; i < cell_count; i++) {
		open_tuple(p, i == 0, cells[i].epoch);
		tuple_u64(p, cells[i].count);
		tuple_real(p, cells[i].bytes);
		tuple_real(p, cells[i].objects);
		tuple_real(p, cells[i].variance);
		lk_print_char(p, ']');
	}
	lk_print_str(p, "]]");
}

void
lk_emit_list_end(struct lk_print *p)
{
	lk_print_char(p, ']');
	end(p);
}

void
lk_emit_names_begin(struct lk_print *p)
{
	begin(p, "names");
	open_list(p, "strings");
}

void
lk_emit_names_string(struct lk_print *p, bool first, uint32_t id, const char *s, size_t length)
{
	open_tuple(p, first, id);
	lk_print_char(p, ',');
	lk_print_json(p, s, length);
	lk_print_char(p, ']');
}

void
lk_emit_names_frames(struct lk_print *p)
{
	lk_print_str(p, "],\"frames\":[");
}

void
lk_emit_names_frame(struct lk_print *p, bool first, uint32_t id, uint32_t function,
    uint32_t file, uint32_t line)
{
	open_tuple(p, first, id);
	tuple_u64(p, function);
	tuple_u64(p, file);
	tuple_u64(p, line);
	lk_print_char(p, ']');
}

void
lk_emit_names_native_frame(struct lk_print *p, bool first, uint32_t id, uint32_t build_id,
    uint32_t object, uint32_t address)
{
	open_tuple(p, first, id);
	tuple_u64(p, build_id);
	tuple_u64(p, object);
	tuple_u64(p, address);
	lk_print_str(p, ",1]");
}

void
lk_emit_names_stacks(struct lk_print *p)
{
	lk_print_str(p, "],\"stacks\":[");
}

void
lk_emit_names_stack(struct lk_print *p, bool first, uint32_t id, const char *domain,
    uint32_t thread, uint32_t flags, const uint32_t *frames, uint32_t frame_count)
{
	uint32_t i;

	open_tuple(p, first, id);
	lk_print_char(p, ',');
	lk_print_json(p, domain, strlen(domain));
	tuple_u64(p, thread);
	tuple_u64(p, flags);
	lk_print_str(p, ",[");
	for (i = 0; i < frame_count; i++) {
		comma_unless(p, i == 0);
		lk_print_u64(p, frames[i]);
	}
	lk_print_str(p, "]]");
}

void
lk_emit_baselines_begin(struct lk_print *p)
{
	begin(p, "baselines");
	open_list(p, "list");
}

void
lk_emit_baselines_item(struct lk_print *p, bool first, uint32_t id, const char *name, double at_s,
    uint64_t rss_bytes, double live_bytes, uint64_t interval_bytes)
{
	comma_unless(p, first);
	lk_print_str(p, "{\"id\":");
	lk_print_u64(p, id);
	text(p, "name", name);
	real(p, "at", at_s, 3);
	number(p, "rss_bytes", rss_bytes);
	real(p, "live_bytes", live_bytes, 1);
	number(p, "interval_bytes", interval_bytes);
	lk_print_char(p, '}');
}

void
lk_emit_history_begin(struct lk_print *p, int64_t id)
{
	begin(p, "history");
	key(p, "id");
	lk_print_i64(p, id);
	lk_print_str(p, ",\"series\":[\"rss_bytes\",\"live_bytes\"],\"rings\":[");
}

void
lk_emit_history_ring(struct lk_print *p, bool first, uint32_t step_s, double end_s)
{
	comma_unless(p, first);
	lk_print_str(p, "{\"step_s\":");
	lk_print_u64(p, step_s);
	real(p, "end", end_s, 3);
	open_list(p, "points");
}

void
lk_emit_history_point(struct lk_print *p, bool first, double rss_bytes, double live_bytes)
{
	comma_unless(p, first);
	if (rss_bytes != rss_bytes) {
		lk_print_str(p, "null");
		return;
	}
	lk_print_char(p, '[');
	lk_print_real(p, rss_bytes, 0);
	lk_print_char(p, ',');
	lk_print_real(p, live_bytes, 0);
	lk_print_char(p, ']');
}

void
lk_emit_ring_end(struct lk_print *p)
{
	lk_print_str(p, "]}");
}

void
lk_emit_trends_begin(struct lk_print *p, uint32_t step_s, double end_s)
{
	begin(p, "trends");
	number(p, "step_s", step_s);
	real(p, "end", end_s, 3);
	open_list(p, "rows");
}

void
lk_emit_trends_row(struct lk_print *p, bool first, uint32_t stack, const float *bytes,
    uint32_t count)
{
	uint32_t i;

	open_tuple(p, first, stack);
	lk_print_str(p, ",[");
	for (i = 0; i < count; i++) {
		comma_unless(p, i == 0);
		lk_print_real(p, (double)bytes[i], 0);
	}
	lk_print_str(p, "]]");
}

void
lk_emit_events_begin(struct lk_print *p)
{
	begin(p, "events");
	open_list(p, "list");
}

void
lk_emit_event(struct lk_print *p, bool first, double at_s, const char *code, uint64_t value,
    const char *what)
{
	comma_unless(p, first);
	lk_print_str(p, "{\"at\":");
	lk_print_real(p, at_s, 3);
	text(p, "code", code);
	number(p, "value", value);
	if (what[0] != '\0')
		text(p, "what", what);
	lk_print_char(p, '}');
}

static void
reply_begin(struct lk_print *p, bool has_id, int64_t id, bool ok)
{
	begin(p, "reply");
	key(p, "id");
	if (has_id)
		lk_print_i64(p, id);
	else
		lk_print_str(p, "null");
	boolean(p, "ok", ok);
}

void
lk_emit_reply(struct lk_print *p, int64_t id)
{
	reply_begin(p, true, id, true);
	end(p);
}

void
lk_emit_reply_baseline(struct lk_print *p, int64_t id, uint32_t baseline)
{
	reply_begin(p, true, id, true);
	number(p, "baseline", baseline);
	end(p);
}

void
lk_emit_reply_hooks(struct lk_print *p, int64_t id, uint32_t hooks)
{
	reply_begin(p, true, id, true);
	number(p, "hooks", hooks);
	end(p);
}

void
lk_emit_refusal(struct lk_print *p, bool has_id, int64_t id, const char *code, const char *words)
{
	reply_begin(p, has_id, id, false);
	text(p, "code", code);
	text(p, "error", words);
	end(p);
}

void
lk_emit_reset(struct lk_print *p)
{
	begin(p, "reset");
	end(p);
}

void
lk_emit_bye(struct lk_print *p, const char *reason)
{
	begin(p, "bye");
	text(p, "reason", reason);
	end(p);
}
