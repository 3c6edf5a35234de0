/* message_frozen.h - what a sampler says of a frozen heap; part of message.h.
 * Room: proto, client half. */
#ifndef LK_PROTO_MESSAGE_FROZEN_H
#define LK_PROTO_MESSAGE_FROZEN_H

#include <stdbool.h>
#include <stdint.h>

struct lk_message_progress {
	uint64_t id, done, found; /* objects */
};
struct lk_message_frozen {
	double at_s, pause_us, walk_ms;
	double copied_bytes, table_bytes, bytes; /* copied_bytes: NAN unknown */
	double garbage_count, garbage_bytes;	 /* NAN unknown */
	uint64_t object_count, type_count;
	bool complete;
	const char *reason; /* "" when complete */
};
struct lk_message_site {
	uint32_t stack, line;
	double sample_count, bytes; /* estimated */
	const char *function, *file; /* "" unknown */
};
struct lk_message_object_type {
	const char *name;
	uint64_t count, garbage_count;
	double bytes, garbage_bytes, cyclic_count, sample_count; /* the last two: NAN unknown */
	uint32_t site_count;
	const struct lk_message_site *sites; /* most bytes first */
};
struct lk_message_types {
	bool more;
	uint32_t count;
	const struct lk_message_object_type *list; /* most bytes first */
};
struct lk_message_stuck {
	const char *name; /* of a type */
	double object_count;
};
struct lk_message_uncollectable {
	double object_count;
	uint32_t count;
	const struct lk_message_stuck *list; /* most objects first */
};
struct lk_message_cyclic {
	const char *name;
	uint64_t object_count, garbage_count;
};
struct lk_message_cycles {
	uint64_t cycle_count, object_count, garbage_count;
	uint32_t count;
	const struct lk_message_cyclic *list; /* most objects first */
};

struct lk_message_loop {
	const char *words; /* "Node -> dict -> Node" */
	uint64_t length;   /* 0: of several kinds */
	uint64_t cycle_count, object_count;
};
struct lk_message_referrer {
	const char *path;
	uint64_t object_count;
	double bytes, retained_bytes; /* retained_bytes: NAN unknown */
};
struct lk_message_referrers {
	const char *type;
	double stack, sample_count, found_count; /* NAN: not of a stack */
	const char *address;			 /* NULL: not of one object */
	uint64_t object_count, path_count;
	double bytes;
	uint32_t count, loop_count;
	const struct lk_message_referrer *list; /* most objects first */
	const struct lk_message_loop *loops;	/* the same; the cycles they are in */
};

struct lk_message_item {
	const char *key; /* NULL: it has none */
	const char *value;
};
struct lk_message_revealed {
	const char *address, *type;
	const char *owner; /* NULL unknown */
	uint64_t length;
	bool same;
	uint32_t count;
	const struct lk_message_item *items;
};

#endif
