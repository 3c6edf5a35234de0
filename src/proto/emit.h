/* emit.h - the sampler's half of the wire: messages to lines.  Room: proto.
 * leaktop/wire.h says what each message means; the golden files say how it is spelled.
 * Everything goes through a bounded lk_print: no allocation, no clock, no sockets.
 * Each function writes one whole line with its '\n', or a part where its name says so. */
#ifndef LK_PROTO_EMIT_H
#define LK_PROTO_EMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lk_print;

#define LK_EMIT_UNKNOWN	UINT64_MAX	/* an N that is null on the wire */

struct lk_emit_hello {
	const char	*version;
	int		 pid;
	uint64_t	 start_time;
	const char	*python;
	double		 started_at_s, at_s;
	uint64_t	 interval_bytes, memory_cap_bytes;
	const char	*state, *reason, *mode;
};
void lk_emit_hello(struct lk_print *p, const struct lk_emit_hello *m);

struct lk_emit_tick {
	uint64_t	 seq;
	double		 at_s;
	const char	*state, *reason;
	const char	*native;	/* stacks, python, off */
	uint64_t	 interval_bytes, rss_bytes;
	double		 live_bytes, live_objects, live_variance, native_live_bytes;
	uint64_t	 samples_total, samples_live;
	double		 samples_per_s, cost_percent, budget_percent, duty;
	uint64_t	 hooks;
	uint64_t	 drops, thinned, sampler_bytes, stacks, clients;
	uint64_t	 cgroup_limit_bytes, cgroup_used_bytes, events;
};
void lk_emit_tick(struct lk_print *p, const struct lk_emit_tick *m);

/* Of the collector: how long it collects. */
struct lk_emit_pauses {
	bool		 exact;
	double		 watched_s;
	uint64_t	 looks, collections, seen;
	double		 total_us, longest_us, longest_error_us;
	uint64_t	 longest_generation;
	double		 unseen_us;
};

struct lk_emit_memory {
	double		 at_s;
	uint64_t	 rss_bytes, pss_bytes, uss_bytes, anonymous_bytes, file_bytes;
	uint64_t	 shared_bytes, swap_bytes;
	double		 python_live_bytes;
	uint64_t	 pymalloc_arena_bytes, malloc_live_bytes, malloc_free_bytes;
	uint64_t	 malloc_mmap_bytes, sampler_bytes;
	uint64_t	 cgroup_limit_bytes, cgroup_used_bytes;
	bool		 gc_enabled;
	struct lk_emit_generation {
		uint64_t count, threshold, collections, collected, uncollectable;
	}		 gc[3];
	bool		 has_pauses;
	struct lk_emit_pauses pauses;
};
void lk_emit_memory(struct lk_print *p, const struct lk_emit_memory *m);

/* A list in several calls: begin, items, end.  The first item needs no comma: FIRST. */
struct lk_emit_row {
	uint32_t	 stack;
	double		 allocated_bytes, allocated_objects;
	uint64_t	 allocated_count;
};
struct lk_emit_cell {
	uint32_t	 epoch, count;
	double		 bytes, objects, variance;
};
void lk_emit_live_begin(struct lk_print *p, uint64_t seq, double at_s, bool more);
void lk_emit_baseline_begin(struct lk_print *p, uint32_t baseline, bool more);
void lk_emit_row(struct lk_print *p, bool first, const struct lk_emit_row *row,
    const struct lk_emit_cell *cells, uint32_t cell_count);
void lk_emit_list_end(struct lk_print *p);		/* ]} and '\n' */

void lk_emit_names_begin(struct lk_print *p);
void lk_emit_names_string(struct lk_print *p, bool first, uint32_t id, const char *text,
    size_t length);
void lk_emit_names_frames(struct lk_print *p);		/* strings end, frames begin */
void lk_emit_names_frame(struct lk_print *p, bool first, uint32_t id, uint32_t function,
    uint32_t file, uint32_t line);
void lk_emit_names_native_frame(struct lk_print *p, bool first, uint32_t id, uint32_t build_id,
    uint32_t object, uint32_t address);
void lk_emit_names_stacks(struct lk_print *p);		/* frames end, stacks begin */
void lk_emit_names_stack(struct lk_print *p, bool first, uint32_t id, const char *domain,
    uint32_t thread, uint32_t flags, const uint32_t *frames, uint32_t frame_count);

void lk_emit_baselines_begin(struct lk_print *p);
void lk_emit_baselines_item(struct lk_print *p, bool first, uint32_t id, const char *name,
    double at_s, uint64_t rss_bytes, double live_bytes, uint64_t interval_bytes);

void lk_emit_history_begin(struct lk_print *p, int64_t id);
void lk_emit_history_ring(struct lk_print *p, bool first, uint32_t step_s, double end_s);
void lk_emit_history_point(struct lk_print *p, bool first, double rss_bytes, double live_bytes);
void lk_emit_ring_end(struct lk_print *p);		/* ]} of a ring */

void lk_emit_trends_begin(struct lk_print *p, uint32_t step_s, double end_s);
void lk_emit_trends_row(struct lk_print *p, bool first, uint32_t stack, const float *bytes,
    uint32_t count);

struct lk_emit_containers {
	double		 at_s, pause_us, scan_ms;
	const char	*by;
	uint64_t	 copied_bytes, objects, min_length;
	bool		 complete;
	const char	*reason;
};
#define LK_EMIT_SHARES_MAX	3u
struct lk_emit_share {
	const char	*type;
	uint64_t	 count;
};
struct lk_emit_container {
	uint64_t	 address;
	const char	*type;
	uint64_t	 length, shallow_bytes, bound, stack;
	const char	*owner;			/* NULL: unknown */
	uint64_t	 looked;		/* 0: no items */
	uint32_t	 key_count, value_count;
	struct lk_emit_share keys[LK_EMIT_SHARES_MAX], values[LK_EMIT_SHARES_MAX];
};
void lk_emit_containers_begin(struct lk_print *p, const struct lk_emit_containers *m);
void lk_emit_container(struct lk_print *p, bool first, const struct lk_emit_container *m);
void lk_emit_container_then(struct lk_print *p, bool first, uint32_t baseline, uint64_t length);
void lk_emit_container_end(struct lk_print *p);
void lk_emit_containers_end(struct lk_print *p, bool more);

void lk_emit_progress(struct lk_print *p, int64_t id, uint64_t done, uint64_t found);

struct lk_emit_frozen {
	double		 at_s, pause_us, walk_ms;
	uint64_t	 copied_bytes, table_bytes, objects, bytes, types;
	uint64_t	 garbage_objects, garbage_bytes;
	bool		 complete;
	const char	*reason;
};
void lk_emit_frozen(struct lk_print *p, const struct lk_emit_frozen *m);

void lk_emit_cycles_begin(struct lk_print *p, uint64_t cycles, uint64_t objects,
    uint64_t garbage_objects);
void lk_emit_cyclic(struct lk_print *p, bool first, const char *type, uint64_t objects,
    uint64_t garbage_objects);

void lk_emit_uncollectable_begin(struct lk_print *p, uint64_t objects);
void lk_emit_uncollectable(struct lk_print *p, bool first, const char *type, uint64_t objects);

void lk_emit_types_begin(struct lk_print *p);
void lk_emit_types_end(struct lk_print *p, bool more);
struct lk_emit_type {
	const char	*name;
	uint64_t	 objects, bytes, garbage_objects, garbage_bytes;
	uint64_t	 cyclic_objects, samples;	/* or UNKNOWN */
};
struct lk_emit_site {
	uint32_t	 stack, samples;
	uint64_t	 bytes;
	const char	*function, *file;	/* its innermost Python frame; "" none */
	size_t		 function_length, file_length;
	uint32_t	 line;
};
/* A type, its sites, and its end. */
void lk_emit_type(struct lk_print *p, bool first, const struct lk_emit_type *m);
void lk_emit_type_site(struct lk_print *p, bool first, const struct lk_emit_site *m);
void lk_emit_type_end(struct lk_print *p);

struct lk_emit_referrers {
	const char	*type;
	uint64_t	 stack, samples, found;		/* or UNKNOWN */
	uint64_t	 address;			/* 0: none */
	uint64_t	 objects, bytes, paths;
};
void lk_emit_referrers_begin(struct lk_print *p, const struct lk_emit_referrers *m);
void lk_emit_loop(struct lk_print *p, bool first, const char *words, uint64_t length,
    uint64_t cycles, uint64_t objects);
void lk_emit_referrers_rows(struct lk_print *p);	/* cycles end, rows begin */
void lk_emit_referrer(struct lk_print *p, bool first, const char *path, uint64_t objects,
    uint64_t bytes, uint64_t retained_bytes);

struct lk_emit_revealed {
	uint64_t	 address;
	const char	*type;
	uint64_t	 length;
	const char	*owner;			/* NULL: unknown */
	bool		 same;
};
void lk_emit_revealed_begin(struct lk_print *p, const struct lk_emit_revealed *m);
void lk_emit_revealed_item(struct lk_print *p, bool first, const char *key, const char *value);

void lk_emit_events_begin(struct lk_print *p);
void lk_emit_event(struct lk_print *p, bool first, double at_s, const char *code,
    uint64_t value, const char *what);			/* WHAT "": left out */

/* HAS_ID false: "id":null. */
void lk_emit_reply(struct lk_print *p, int64_t id);
void lk_emit_reply_baseline(struct lk_print *p, int64_t id, uint32_t baseline);
void lk_emit_reply_hooks(struct lk_print *p, int64_t id, uint32_t hooks);
void lk_emit_refusal(struct lk_print *p, bool has_id, int64_t id, const char *code,
    const char *words);
void lk_emit_reset(struct lk_print *p);
void lk_emit_bye(struct lk_print *p, const char *reason);

#endif
