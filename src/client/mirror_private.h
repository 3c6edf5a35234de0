/* mirror_private.h - the inside of a mirror, for mirror*.c only.  Room: client. */
#ifndef LK_CLIENT_MIRROR_PRIVATE_H
#define LK_CLIENT_MIRROR_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "leaktop/wire.h"
#include "model/snapshot.h"
#include "proto/message.h"

#include "client/history.h"
#include "client/idmap.h"
#include "client/mirror.h"

#define LK_MIRROR_ROWS_MAX   (1u << 20)
#define LK_MIRROR_WORD_BYTES 160 /* state and reason words */

struct lk_names;
struct lk_shared;

/* A list of rows that grows: what is live now, and a baseline while its lines come. */
struct lk_mirror_rows {
	struct lk_row *list; /* cells point into cells_of */
	struct lk_mirror_cells {
		struct lk_cell *list;
		uint32_t capacity;
	} * cells_of; /* beside list; NULL for a baseline: an arena's then */
	uint32_t count, capacity;
	uint64_t cell_count;
};

struct lk_mirror_baseline {
	struct lk_baseline value; /* name and rows: owned by what is below */
	char *name;
	struct lk_shared *block; /* of the rows; NULL: not fetched */
};

struct lk_mirror_trends {
	struct lk_shared *block;
	double step_s;
	uint32_t count;
	struct lk_message_trend *list; /* by stack id; in block */
};

struct lk_mirror {
	struct lk_names *names;
	bool has_tick, is_open, is_changed, wants_history;
	bool containers_go_on; /* more of them come with the next message */

	struct lk_mirror_rows rows;
	struct lk_idmap row_of; /* stack id to index in rows */
	uint32_t *order;	/* [rows.count] indexes by stack id */
	uint32_t order_capacity;
	bool is_ordered;

	struct lk_message_hello hello; /* words: NULL, see below */
	struct lk_message_tick tick;
	enum lk_state state;
	char version[32], python[32], mode[16], native[16];
	char reason[LK_MIRROR_WORD_BYTES];

	uint32_t baseline_count;
	struct lk_mirror_baseline baselines[LK_WIRE_BASELINES_MAX];

	uint64_t coming_id; /* baseline whose lines come; 0: none */
	struct lk_shared *coming_block;
	struct lk_mirror_rows coming;

	struct lk_history history;
	struct lk_mirror_trends trends;
	struct lk_memory memory;
	struct lk_containers containers;
	struct lk_shared *containers_block;
	double events_seen; /* tick.events when they were asked for last */
	uint32_t event_count;
	const struct lk_sampler_event *events;
	struct lk_shared *events_block;
};

/* lk_mirror_read_* - one message type each; as lk_mirror_apply(). */
int lk_mirror_read_live(struct lk_mirror *m, const struct lk_message_rows *message);
int lk_mirror_read_baseline(struct lk_mirror *m, const struct lk_message_rows *message);
int lk_mirror_read_reset(struct lk_mirror *m);
int lk_mirror_read_baselines(struct lk_mirror *m, const struct lk_message_baselines *message);
int lk_mirror_read_trends(struct lk_mirror *m, const struct lk_message_trends *message);
int lk_mirror_read_containers(struct lk_mirror *m, const struct lk_message_containers *message);
int lk_mirror_read_events(struct lk_mirror *m, const struct lk_message_events *message);
void lk_mirror_read_memory(struct lk_mirror *m, const struct lk_message_memory *message);

/* lk_mirror_order - ROWS by stack id.  Returns: 0 or -ENOMEM. */
int lk_mirror_order(struct lk_mirror *m);

void lk_mirror_rows_fini(struct lk_mirror *m);
void lk_mirror_blocks_fini(struct lk_mirror *m);

#endif
