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
	uint32_t id;			/* its own; 0: it began after that baseline, or missed it */
	bool is_missed;			/* it lived then, and what it had cannot be told: KEPT is
					   what it has now, so that its growth is not counted */
	bool is_asked;			/* for its rows, which may not be there yet */
	double late_s;			/* its own is so much younger; 0: of the same time */
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
	bool is_ours;			/* asked for here: who missed it is asked again */
	bool wants_rows;
};

/* A baseline that was dropped: members that have not heard of that yet still list it. */
struct lk_group_dropped {
	double at_s, until_s;		/* marked then; dropped then */
};

/* Of a member: a baseline that it marked when all were asked. */
struct lk_group_answered {
	int pid;
	uint32_t id;
};

#define LK_GROUP_DROPPED_MAX  8u
#define LK_GROUP_ANSWERED_MAX 256u
#define LK_GROUP_OWED_MAX     8u

/* What is asked of one member, in its own terms. */
struct lk_group_order {
	enum lk_request_op op;
	uint64_t number;
	bool has_text;
	char text[LK_WIRE_NAME_MAX + 1];
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
	uint32_t owed_count;
	struct lk_group_order owed[LK_GROUP_OWED_MAX];	/* it is told when it answers again */
	uint64_t marked_seq;		/* of its snapshot when it marked a baseline last */
	double refused_s;		/* when it last would not mark one; 0: never */
	struct lk_group_mark marks[LK_WIRE_BASELINES_MAX];	/* as the group's baselines */
};

/* A request that all members have to answer. */
struct lk_group_question {
	struct lk_group *group;		/* NULL: free */
	enum lk_request_op op;
	uint32_t waiting, done, refused, silent;	/* members */
	int refused_pid, silent_pid;	/* the first of them */
	struct lk_group_answered first;	/* who marked it first, and as what; id 0: nobody yet */
	char words[LK_SOURCE_WORDS_BYTES];	/* of the first that refused */
	lk_reply_fn fn;
	void *ctx;
};

/* A request on its way to one member. */
struct lk_group_leg {
	struct lk_group_leg *next;
	struct lk_group *group;
	struct lk_group_member *member;
	struct lk_group_question *question;	/* NULL: nobody waits for the answer */
	bool is_asked;				/* there was a question when it was sent */
	struct lk_group_order order;
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
	struct lk_group_leg *legs;
	uint32_t dropped_count, answered_count;		/* ever; the newest are kept */
	struct lk_group_dropped dropped[LK_GROUP_DROPPED_MAX];
	struct lk_group_answered answered[LK_GROUP_ANSWERED_MAX];

	struct lk_group_stacks stacks;
	struct lk_history history;
	bool has_history, must_build;
	uint64_t seq;
	const struct lk_snapshot *snapshot;
};

/* lk_source_group_counts - M is in the sums. */
static inline bool
lk_source_group_counts(const struct lk_group_member *m)
{
	return m->newest != NULL && m->ended_ms < 0;
}

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

/* ---- source_group_match.c ---- */

/* lk_source_group_match - the baselines of the group: those that all members know which lived then,
 * most of them, or one of them where it was asked for here. */
void lk_source_group_match(struct lk_group *g);

/* lk_source_group_missed - the name of the oldest baseline that was asked for here and that M, by
 * what it said last, should have and has not; NULL: it has them all, or would not mark it. */
const char *lk_source_group_missed(const struct lk_group *g, const struct lk_group_member *m);

/* lk_source_group_number - of the group's baseline that was marked THEN, or of the next one when
 * that was not seen yet. */
uint32_t lk_source_group_number(const struct lk_group *g, const struct lk_group_answered *then);

/* lk_source_group_want_rows - of the baseline ID, of those too that cannot be asked just now. */
void lk_source_group_want_rows(struct lk_group *g, uint32_t id);

/* lk_source_group_drop - the baseline ID; members may list it a while longer. */
void lk_source_group_drop(struct lk_group *g, uint32_t id);

/* ---- source_group_baselines.c ---- */

void lk_source_group_remove(struct lk_group *g, uint32_t at);
void lk_source_group_drop_kept(struct lk_group_kept *kept);

/* lk_source_group_baselines - those of the whole and, in *part, of each member.
 * Returns: 0 or -ENOMEM. */
int lk_source_group_baselines(struct lk_group *g, struct lk_snapshot *whole,
    struct lk_snapshot **parts);

/* lk_source_group_bury - what M had at each baseline stays in the sums; it has ended. */
void lk_source_group_bury(struct lk_group *g, struct lk_group_member *m);

/* lk_source_group_forget - of an old table of stacks: baselines are made anew. */
void lk_source_group_forget(struct lk_group *g);
void lk_source_group_marks_fini(struct lk_group_member *m);
void lk_source_group_baselines_fini(struct lk_group *g);

/* ---- source_group_ask.c ---- */

/* lk_source_group_pay - members that answer are told what they could not be told before. */
void lk_source_group_pay(struct lk_group *g);

/* lk_source_group_unask - M goes: nobody waits for it any more. */
void lk_source_group_unask(struct lk_group *g, const struct lk_group_member *m);

int lk_source_group_request(struct lk_source *source, const struct lk_request *request,
    lk_reply_fn fn, void *ctx);

/* lk_source_group_answer - who asked what everybody has answered by now.
 * Returns: true when anybody was told. */
bool lk_source_group_answer(struct lk_group *g);
bool lk_source_group_has_answer(const struct lk_group *g);

#endif
