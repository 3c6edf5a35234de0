/* source_group_private.h - one group of processes, cut into source_group*.c; only those include it.
 * Room: client. */
#ifndef LK_CLIENT_SOURCE_GROUP_PRIVATE_H
#define LK_CLIENT_SOURCE_GROUP_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "leaktop/wire.h"
#include "model/snapshot.h"

#include "client/group_rows.h"
#include "client/group_stacks.h"
#include "client/history.h"
#include "client/idmap.h"
#include "client/source_ops.h"

struct lk_discovery;
struct lk_process;
struct lk_shared;

#define LK_GROUP_MEMBERS_MAX 160u	/* at once, with those that ended and are still shown */
#define LK_GROUP_ENDED_MAX   16u	/* of those that ended: the newest are shown */

/* Rows in the terms of the group, which outlive the snapshots that they came with. */
struct lk_group_kept {
	struct lk_shared *block;	/* owns them; NULL: not there */
	const struct lk_row *rows;
	uint32_t count;
};

/* What a member knows of a baseline of the group. */
struct lk_group_mark {
	uint32_t id;			/* its own; 0: it began after that baseline */
	const struct lk_row *from;	/* what KEPT was made of */
	struct lk_group_kept kept;
};

struct lk_group_baseline {
	uint32_t id;
	char name[LK_WIRE_NAME_MAX + 1];
	double at_s;
	double ended_rss_bytes, ended_live_bytes;
	struct lk_group_kept ended;	/* of members that have ended since */
	struct lk_group_kept whole;	/* the sum; made anew when IS_CHANGED */
	bool has_rows, is_changed;
};

struct lk_group_member {
	int pid;
	uint64_t start_time;
	struct lk_source *source;	/* NULL: no sampler, or it has ended */
	const struct lk_snapshot *newest;	/* held; NULL: nothing heard yet */
	uint64_t built_seq;		/* of what was in the last snapshot of the group */
	double up_s;			/* when it was met */
	int64_t met_ms, ended_ms;	/* ended -1: it lives */
	bool joined, seen;
	char why[LK_SOURCE_WORDS_BYTES];
	struct lk_idmap ids;		/* of its stacks to those of the group */
	double ids_of_s;		/* start of the sampler that gave them */
	struct lk_group_epochs epochs;
	struct lk_group_mark marks[LK_WIRE_BASELINES_MAX];	/* as the group's baselines */
};

/* A request that all members have to answer. */
struct lk_group_question {
	struct lk_group *group;		/* NULL: free */
	enum lk_request_op op;
	uint32_t waiting;
	bool is_refused;
	char words[LK_SOURCE_WORDS_BYTES];
	lk_reply_fn fn;
	void *ctx;
};

#define LK_GROUP_QUESTIONS_MAX 16u

struct lk_group {
	struct lk_source base;
	int pid;			/* of the one at the top */
	uint64_t start_time;
	unsigned int period_ms;
	struct lk_group_finder finder;
	struct lk_discovery *discovery;	/* NULL: the finder is somebody else's */

	enum lk_source_state state;
	char words[LK_SOURCE_WORDS_BYTES];
	int64_t now_ms, scan_ms, built_ms;

	uint32_t member_count, ended_count;
	struct lk_group_member *members[LK_GROUP_MEMBERS_MAX];
	uint32_t baseline_count, last_baseline;	/* the last id given */
	struct lk_group_baseline baselines[LK_WIRE_BASELINES_MAX];
	struct lk_group_question questions[LK_GROUP_QUESTIONS_MAX];

	struct lk_group_stacks stacks;
	struct lk_history history;
	bool has_history, must_build;
	uint64_t seq;
	const struct lk_snapshot *snapshot;
};

/* ---- source_group_build.c: the sum ---- */

/* lk_source_group_build - a new snapshot of what the members said last.
 * Returns: 0 or -ENOMEM; the old one stays then. */
int lk_source_group_build(struct lk_group *g);

/* lk_source_group_keep - ARENA holds S, of which something in it borrows.  Returns: 0, -ENOMEM. */
int lk_source_group_keep(const struct lk_snapshot *s, struct lk_arena *arena);

/* lk_source_group_translate - ROWS of M in the terms of the group, in ARENA.
 * Returns: 0 or -ENOMEM. */
int lk_source_group_translate(struct lk_group *g, struct lk_group_member *m,
    const struct lk_row *rows, uint32_t count, struct lk_arena *arena,
    const struct lk_row **out, uint32_t *out_count);

/* ---- source_group_baselines.c ---- */

/* lk_source_group_match - the baselines that all members know which lived then. */
void lk_source_group_match(struct lk_group *g);

/* lk_source_group_baselines - those of the whole and, in *part, of each member.
 * Returns: 0 or -ENOMEM. */
int lk_source_group_baselines(struct lk_group *g, struct lk_snapshot *whole,
    struct lk_snapshot **parts);

/* lk_source_group_bury - what M had at each baseline stays in the sums; it has ended. */
void lk_source_group_bury(struct lk_group *g, struct lk_group_member *m);

/* lk_source_group_forget - of an old table of stacks: baselines are made anew. */
void lk_source_group_forget(struct lk_group *g);
void lk_source_group_drop(struct lk_group *g, uint32_t id);
void lk_source_group_marks_fini(struct lk_group_member *m);
void lk_source_group_baselines_fini(struct lk_group *g);

/* ---- source_group_ask.c ---- */

int lk_source_group_request(struct lk_source *source, const struct lk_request *request,
    lk_reply_fn fn, void *ctx);

/* lk_source_group_answer - who asked what everybody has answered by now.
 * Returns: true when anybody was told. */
bool lk_source_group_answer(struct lk_group *g);
bool lk_source_group_has_answer(const struct lk_group *g);

#endif
