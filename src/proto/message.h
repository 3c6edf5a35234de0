/* message.h - what a sampler says: one line of the wire becomes one checked struct.
 * Room: proto, client half.  Pure: no sockets, no clock.  Never linked into the sampler
 * (jansson allocates).  The meaning of every field is in leaktop/wire.h.
 *
 * Quantities that the wire may leave unknown (null, or absent) are doubles and NAN then. */
#ifndef LK_PROTO_MESSAGE_H
#define LK_PROTO_MESSAGE_H

#include "proto/message_frozen.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/message_collector.h"

#define LK_MESSAGE_BLOCKS_MAX 4	    /* heap blocks that one message may own */
#define LK_MESSAGE_CELLS_MAX  4096u /* cells of one row */
#define LK_MESSAGE_RINGS_MAX  8u
#define LK_MESSAGE_POINTS_MAX 8192u /* points of one ring or trend */

enum lk_message_type {
	LK_MESSAGE_UNKNOWN, /* a type of a later version: ignore it */
	LK_MESSAGE_HELLO,
	LK_MESSAGE_REPLY,
	LK_MESSAGE_NAMES,
	LK_MESSAGE_RESET,
	LK_MESSAGE_LIVE,
	LK_MESSAGE_TICK,
	LK_MESSAGE_BASELINES,
	LK_MESSAGE_BASELINE,
	LK_MESSAGE_HISTORY,
	LK_MESSAGE_TRENDS,
	LK_MESSAGE_MEMORY,
	LK_MESSAGE_CONTAINERS,
	LK_MESSAGE_PROGRESS,
	LK_MESSAGE_FROZEN,
	LK_MESSAGE_CYCLES,
	LK_MESSAGE_UNCOLLECTABLE,
	LK_MESSAGE_TYPES,
	LK_MESSAGE_REFERRERS,
	LK_MESSAGE_REVEALED,
	LK_MESSAGE_EVENTS,
	LK_MESSAGE_BYE,
};

struct lk_message_hello {
	uint32_t protocol, pid;
	uint64_t start_time;
	const char *version, *python, *state, *reason, *mode;
	double started_at_s, at_s, interval_bytes, memory_cap_bytes;
};

struct lk_message_reply {
	bool has_id, ok;
	uint64_t id;
	uint64_t baseline, hooks; /* 0: none given */
	const char *code, *error; /* "" when ok */
};

struct lk_message_text {
	uint32_t id;
	const char *text;
};
struct lk_message_frame {
	uint32_t id, function, file, line; /* native: build id, object, 0 */
	bool native;
	uint64_t address; /* native: in the object */
};
struct lk_message_stack {
	uint32_t id, thread, flags, frame_count;
	const char *domain;
	const uint32_t *frames; /* [frame_count] ids, innermost first */
};

struct lk_message_names {
	uint32_t text_count, frame_count, stack_count;
	const struct lk_message_text *texts;
	const struct lk_message_frame *frames;
	const struct lk_message_stack *stacks;
};

struct lk_message_cell {
	uint32_t epoch, count;
	double bytes, objects, variance;
};
struct lk_message_row {
	uint32_t stack, cell_count;
	double allocated_bytes, allocated_objects;
	uint64_t allocated_count;
	const struct lk_message_cell *cells; /* [cell_count], epochs ascending */
};

struct lk_message_rows { /* live and baseline */
	uint64_t seq;	 /* live */
	uint64_t id;	 /* baseline */
	double at_s;	 /* live */
	bool more;
	uint32_t count;
	const struct lk_message_row *list;
};

struct lk_message_tick {
	uint64_t seq;
	const char *state, *reason;
	const char *native; /* "" when the sampler does not say */
	double at_s, interval_bytes, rss_bytes, live_bytes, live_objects, live_variance;
	double native_live_bytes;
	double samples_total, samples_live, samples_per_s, cost_percent, drops, thinned;
	double sampler_bytes, stacks, clients, events;
	double budget_percent, duty, hooks; /* NAN when the sampler does not say */
	double cgroup_limit_bytes, cgroup_used_bytes;
};

struct lk_message_mark {
	uint32_t id;
	const char *name;
	double at_s, rss_bytes, live_bytes, interval_bytes;
};
struct lk_message_baselines {
	uint32_t count;
	const struct lk_message_mark *list; /* [count], ids ascending */
};

struct lk_message_ring {
	double step_s, end_s;
	uint32_t count;
	const double *rss_bytes;  /* [count], oldest first; NAN: missed */
	const double *live_bytes; /* [count] */
};
struct lk_message_history {
	uint32_t count;
	const struct lk_message_ring *rings;
};

struct lk_message_trend {
	uint32_t stack, count;
	const float *bytes; /* [count], oldest first */
};
struct lk_message_trends {
	double step_s, end_s;
	uint32_t count;
	const struct lk_message_trend *rows;
};

struct lk_message_memory {
	double at_s, rss_bytes, pss_bytes, uss_bytes, anonymous_bytes, file_bytes;
	double shared_bytes, swap_bytes, python_live_bytes, pymalloc_arena_bytes;
	double malloc_live_bytes, malloc_free_bytes, malloc_mmap_bytes, sampler_bytes;
	double cgroup_limit_bytes, cgroup_used_bytes;
	bool gc_enabled;
	struct lk_message_generation gc[3];
	struct lk_message_pauses pauses;
};

struct lk_message_then {
	uint32_t baseline;
	double length; /* NAN unknown */
};
#define LK_MESSAGE_SHARES_MAX 3
struct lk_message_share {
	const char *type;
	uint32_t count;
};
struct lk_message_container {
	const char *type, *owner, *address_text; /* owner: NULL unknown */
	uint64_t address, length, shallow_bytes;
	uint32_t stack, then_count; /* stack: 0 unknown */
	const struct lk_message_then *then;
	double bound; /* 0 none, NAN unknown */
	uint32_t looked, key_count, value_count;
	struct lk_message_share keys[LK_MESSAGE_SHARES_MAX], values[LK_MESSAGE_SHARES_MAX];
};
struct lk_message_containers {
	double at_s, scan_ms, pause_us, copied_bytes; /* copied_bytes: NAN unknown */
	uint64_t object_count, min_length;
	bool complete, more; /* more: the list goes on in the next one */
	const char *by, *reason;
	uint32_t count;
	const struct lk_message_container *list;
};

struct lk_message_event {
	double at_s;
	const char *code, *what; /* what: "" none */
	int64_t value;
};
struct lk_message_events {
	uint32_t count;
	const struct lk_message_event *list;
};

struct lk_message_bye {
	const char *reason;
};

struct lk_message {
	enum lk_message_type type;
	union {
		struct lk_message_hello hello;
		struct lk_message_reply reply;
		struct lk_message_names names;
		struct lk_message_rows rows; /* LIVE, BASELINE */
		struct lk_message_tick tick;
		struct lk_message_baselines baselines;
		struct lk_message_history history;
		struct lk_message_trends trends;
		struct lk_message_memory memory;
		struct lk_message_containers containers;
		struct lk_message_progress progress;
		struct lk_message_frozen frozen;
		struct lk_message_cycles cycles;
		struct lk_message_uncollectable uncollectable;
		struct lk_message_types types;
		struct lk_message_referrers referrers;
		struct lk_message_revealed revealed;
		struct lk_message_events events;
		struct lk_message_bye bye;
	};
	void *json;			     /* owns the texts */
	void *blocks[LK_MESSAGE_BLOCKS_MAX]; /* own the lists */
};

/* lk_message_parse - LENGTH bytes of LINE (without '\n') into *out.
 * Lifetime: everything *out points to lives until lk_message_release().
 * Returns:  0 (also for a type it does not know);
 *           -EBADMSG it is no JSON object with a "t", or a field is absent, of the
 *           wrong type or beyond its range; -EMSGSIZE longer than LK_WIRE_LINE_MAX or
 *           a list beyond its limit; -ENOMEM.  On failure *out is released already;
 *           the peer cannot be trusted: drop it. */
int lk_message_parse(const char *line, size_t length, struct lk_message *out);

/* lk_message_release - frees what *message owns; a zeroed one is fine. */
void lk_message_release(struct lk_message *message);

#endif
