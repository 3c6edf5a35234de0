#include "config.h"

#include "model/schema.h"

#include <string.h>

#include "model/frozen.h"
#include "model/snapshot.h"

#define FIELD(type, name, member) {name, offsetof(struct type, member)}
#define END {NULL, 0}

const struct lk_schema_field lk_schema_totals[] = {
	FIELD(lk_snapshot, "rss_bytes", rss_bytes),
	FIELD(lk_snapshot, "live_bytes", est_live_bytes),
	FIELD(lk_snapshot, "live_objects", est_live_objects),
	FIELD(lk_snapshot, "live_variance", live_variance),
	FIELD(lk_snapshot, "native_live_bytes", est_native_live_bytes),
	FIELD(lk_snapshot, "cgroup_limit_bytes", cgroup_limit_bytes),
	FIELD(lk_snapshot, "cgroup_used_bytes", cgroup_used_bytes),
	END,
};

const struct lk_schema_field lk_schema_sampler[] = {
	FIELD(lk_sampler_status, "started_at", started_at_s),
	FIELD(lk_sampler_status, "interval_bytes", interval_bytes),
	FIELD(lk_sampler_status, "cost_percent", cost_percent),
	FIELD(lk_sampler_status, "budget_percent", budget_percent),
	FIELD(lk_sampler_status, "duty", duty),
	FIELD(lk_sampler_status, "hooks", hooks),
	FIELD(lk_sampler_status, "samples_total", samples_total),
	FIELD(lk_sampler_status, "samples_live", samples_live),
	FIELD(lk_sampler_status, "samples_per_s", samples_per_s),
	FIELD(lk_sampler_status, "drops", drops),
	FIELD(lk_sampler_status, "thinned", thinned),
	FIELD(lk_sampler_status, "bytes", bytes),
	FIELD(lk_sampler_status, "stacks", stacks),
	FIELD(lk_sampler_status, "clients", clients),
	END,
};

const struct lk_schema_field lk_schema_memory[] = {
	FIELD(lk_memory, "at", at_s),
	FIELD(lk_memory, "rss_bytes", rss_bytes),
	FIELD(lk_memory, "pss_bytes", pss_bytes),
	FIELD(lk_memory, "uss_bytes", uss_bytes),
	FIELD(lk_memory, "anonymous_bytes", anonymous_bytes),
	FIELD(lk_memory, "file_bytes", file_bytes),
	FIELD(lk_memory, "shared_bytes", shared_bytes),
	FIELD(lk_memory, "swap_bytes", swap_bytes),
	FIELD(lk_memory, "python_live_bytes", est_python_live_bytes),
	FIELD(lk_memory, "pymalloc_arena_bytes", pymalloc_arena_bytes),
	FIELD(lk_memory, "malloc_live_bytes", malloc_live_bytes),
	FIELD(lk_memory, "malloc_free_bytes", malloc_free_bytes),
	FIELD(lk_memory, "malloc_mmap_bytes", malloc_mmap_bytes),
	FIELD(lk_memory, "sampler_bytes", sampler_bytes),
	FIELD(lk_memory, "cgroup_limit_bytes", cgroup_limit_bytes),
	FIELD(lk_memory, "cgroup_used_bytes", cgroup_used_bytes),
	END,
};

const struct lk_schema_field lk_schema_gc[] = {
	FIELD(lk_gc_generation, "count", count),
	FIELD(lk_gc_generation, "threshold", threshold),
	FIELD(lk_gc_generation, "collections", collections),
	FIELD(lk_gc_generation, "collected", collected),
	FIELD(lk_gc_generation, "uncollectable", uncollectable),
	END,
};

const struct lk_schema_field lk_schema_pauses[] = {
	FIELD(lk_gc_pauses, "watched_s", watched_s),
	FIELD(lk_gc_pauses, "looks", looks),
	FIELD(lk_gc_pauses, "collections", collections),
	FIELD(lk_gc_pauses, "seen", seen),
	FIELD(lk_gc_pauses, "total_us", total_us),
	FIELD(lk_gc_pauses, "longest_us", longest_us),
	FIELD(lk_gc_pauses, "longest_error_us", longest_error_us),
	FIELD(lk_gc_pauses, "longest_generation", longest_generation),
	FIELD(lk_gc_pauses, "unseen_us", unseen_us),
	END,
};

const struct lk_schema_field lk_schema_baseline[] = {
	FIELD(lk_baseline, "at", at_s),
	FIELD(lk_baseline, "rss_bytes", rss_bytes),
	FIELD(lk_baseline, "live_bytes", est_live_bytes),
	FIELD(lk_baseline, "interval_bytes", interval_bytes),
	END,
};

const struct lk_schema_field lk_schema_row[] = {
	FIELD(lk_row, "allocated_bytes_total", est_allocated_bytes),
	FIELD(lk_row, "allocated_objects_total", est_allocated_objects),
	END,
};

const struct lk_schema_field lk_schema_cell[] = {
	FIELD(lk_cell, "bytes", est_bytes),
	FIELD(lk_cell, "objects", est_objects),
	FIELD(lk_cell, "variance", variance),
	END,
};

const struct lk_schema_field lk_schema_scan[] = {
	FIELD(lk_containers, "at", at_s),
	FIELD(lk_containers, "scan_ms", scan_ms),
	FIELD(lk_containers, "pause_us", pause_us),
	FIELD(lk_containers, "copied_bytes", copied_bytes),
	END,
};

const struct lk_schema_field lk_schema_series[] = {
	FIELD(lk_series, "step_s", step_s),
	FIELD(lk_series, "end", end_s),
	END,
};

const struct lk_schema_field lk_schema_frozen[] = {
	FIELD(lk_frozen, "at", at_s),
	FIELD(lk_frozen, "pause_us", pause_us),
	FIELD(lk_frozen, "walk_ms", walk_ms),
	FIELD(lk_frozen, "copied_bytes", copied_bytes),
	FIELD(lk_frozen, "table_bytes", table_bytes),
	FIELD(lk_frozen, "objects", object_count),
	FIELD(lk_frozen, "bytes", bytes),
	FIELD(lk_frozen, "types", type_count),
	FIELD(lk_frozen, "garbage_objects", garbage_count),
	FIELD(lk_frozen, "garbage_bytes", garbage_bytes),
	END,
};

const struct lk_schema_field lk_schema_type[] = {
	FIELD(lk_type, "objects", object_count),
	FIELD(lk_type, "bytes", bytes),
	FIELD(lk_type, "garbage_objects", garbage_count),
	FIELD(lk_type, "garbage_bytes", garbage_bytes),
	FIELD(lk_type, "cyclic_objects", cyclic_count),
	FIELD(lk_type, "samples", sample_count),
	END,
};

const struct lk_schema_field lk_schema_uncollectable[] = {
	FIELD(lk_uncollectable, "objects", object_count),
	END,
};

const struct lk_schema_field lk_schema_stuck[] = {
	FIELD(lk_stuck, "objects", object_count),
	END,
};

const struct lk_schema_field lk_schema_site[] = {
	FIELD(lk_site, "samples", sample_count),
	FIELD(lk_site, "bytes", bytes),
	END,
};

const struct lk_schema_field lk_schema_descriptors[] = {
	FIELD(lk_descriptors, "sockets", sockets),
	FIELD(lk_descriptors, "pipes", pipes),
	FIELD(lk_descriptors, "files", files),
	FIELD(lk_descriptors, "others", others),
	END,
};

const struct lk_schema_field lk_schema_cycles[] = {
	FIELD(lk_cycles, "cycles", cycle_count),
	FIELD(lk_cycles, "objects", object_count),
	FIELD(lk_cycles, "garbage_objects", garbage_count),
	END,
};

const struct lk_schema_field lk_schema_loop[] = {
	FIELD(lk_loop, "length", length),
	FIELD(lk_loop, "cycles", cycle_count),
	FIELD(lk_loop, "objects", object_count),
	END,
};

const struct lk_schema_field lk_schema_holders[] = {
	FIELD(lk_holders, "samples", sample_count),
	FIELD(lk_holders, "found", found_count),
	FIELD(lk_holders, "objects", object_count),
	FIELD(lk_holders, "bytes", bytes),
	FIELD(lk_holders, "paths", path_count),
	END,
};

const struct lk_schema_field lk_schema_holder[] = {
	FIELD(lk_holder, "objects", object_count),
	FIELD(lk_holder, "bytes", bytes),
	FIELD(lk_holder, "retained_bytes", retained_bytes),
	END,
};

const struct lk_schema_field lk_schema_process_texts[] = {
	FIELD(lk_process_info, "command", command),
	FIELD(lk_process_info, "python", python),
	FIELD(lk_process_info, "cgroup", cgroup),
	FIELD(lk_process_info, "user", user),
	END,
};

const struct lk_schema_field lk_schema_sampler_texts[] = {
	FIELD(lk_sampler_status, "version", version),
	FIELD(lk_sampler_status, "reason", reason),
	FIELD(lk_sampler_status, "mode", mode),
	FIELD(lk_sampler_status, "native", native),
	END,
};

double
lk_schema_double(const struct lk_schema_field *field, const void *base)
{
	double value;

	memcpy(&value, (const char *)base + field->offset, sizeof(value));
	return value;
}

void
lk_schema_set_double(const struct lk_schema_field *field, void *base, double value)
{
	memcpy((char *)base + field->offset, &value, sizeof(value));
}

const char *
lk_schema_text(const struct lk_schema_field *field, const void *base)
{
	const char *text;

	memcpy(&text, (const char *)base + field->offset, sizeof(text));
	return text;
}

void
lk_schema_set_text(const struct lk_schema_field *field, void *base, const char *text)
{
	memcpy((char *)base + field->offset, &text, sizeof(text));
}
