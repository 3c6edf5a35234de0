/* marks.h - baselines: what was live when one was marked, by stack and birth epoch.
 * Room: sampler (top).  Threads: the server's only. */
#ifndef LK_SAMPLER_MARKS_H
#define LK_SAMPLER_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "leaktop/wire.h"
#include "proto/emit.h"
#include "sampler/core/stacks.h"

#define LK_MARKS_BYTES_MAX	(4u << 20)	/* rows of all baselines together; also bounded by
						   what the tables leave of the cap */

/* One stack as it is sent: now, or when a baseline was marked. */
struct lk_mark_row {
	struct lk_emit_row	row;
	uint32_t		index;		/* of the stack; row.stack is its serial */
	uint32_t		folded;		/* 0: the stack is there; or its end, see fold */
	uint8_t			domain, cell_count;
	struct lk_emit_cell	cells[LK_STACKS_EPOCHS_MAX];	/* ascending epochs */
};

#define LK_MARKS_CONTAINERS_MAX	1000u
#define LK_MARKS_PROBES		4u
#define LK_MARKS_GENERATIONS	3u
#define LK_MARKS_UNTRACKED	255u

/* A container, and what tells whether one at its address is it, later. */
struct lk_mark_container {
	uint64_t	address;
	uint64_t	length;
	uint64_t	type;		/* address of the type: another type is another object */
	uint32_t	owner;		/* a hash of it, 0 unknown */
	uint32_t	probes[LK_MARKS_PROBES];	/* hashes of items, 0: none */
	uint8_t		generation;	/* of the collector's lists, or UNTRACKED */
	bool		owner_is_one;	/* nothing else can be held that way */
	bool		is_fixed;	/* of one length as long as it lives */
	bool		turns_over;	/* as a cache does, other than a list */
};

/* All of them at one moment. */
struct lk_mark_containers {
	const struct lk_mark_container *list;
	uint32_t	count;
	uint64_t	min_length;
	bool		is_full;	/* others as long were left out */
	bool		by_freeze;	/* else by the walk, which knows no items and generations */
	uint64_t	collections[LK_MARKS_GENERATIONS];
};

/* One of them, now. */
struct lk_marks_seen {
	const struct lk_mark_container *is;
	uint64_t	rank;		/* against min_length */
	int64_t		born;		/* the epoch in which its memory was sampled; -1 unknown */
	bool		by_freeze;
	const uint64_t	*collections;
};

enum lk_marks_then { LK_MARKS_NEW, LK_MARKS_UNKNOWN, LK_MARKS_SAME };

/* The types of the first freeze after it. */
struct lk_mark_types {
	struct lk_emit_frozen	 how;
	uint32_t		 count;
	const struct lk_emit_type *list;	/* most bytes first */
	size_t			 bytes;		/* of memory, this struct and all in it */
};

struct lk_mark {
	uint32_t	 id;		/* the epoch it began; 0: unused */
	char		 name[LK_WIRE_NAME_MAX + 1];
	double		 at_s;
	uint64_t	 rss_bytes, interval_bytes;
	double		 live_bytes;
	char		*rows;		/* packed: without the cells that are not used */
	size_t		 rows_bytes, rows_capacity;
	struct lk_mark_container *containers;	/* by address */
	struct lk_mark_containers taken;	/* how they were; its list is the above */
	struct lk_mark_types *types;	/* NULL: no freeze since, or there was no room */
};

/* lk_marks_now - STACK as it is (its serial is in the row); cells of epochs >= BEFORE are left out.
 * Takes the lock. */
void lk_marks_now(uint32_t stack, uint32_t before, struct lk_mark_row *out);

/* lk_marks_add - a new baseline.  Returns: its id; -ENOSPC: LK_WIRE_BASELINES_MAX or
 * LK_MARKS_BYTES_MAX; -ENOMEM. */
int lk_marks_add(const char *name, uint64_t rss_bytes);

struct lk_mark *lk_marks_find(uint32_t id);	/* NULL: no such baseline */
struct lk_mark *lk_marks_at(uint32_t i);	/* I-th by id; NULL ends */
void lk_marks_drop(struct lk_mark *mark);
void lk_marks_forget(void);	/* all of them: the stacks they name are no more */
void lk_marks_rename(struct lk_mark *mark, const char *name);

/* lk_marks_version - changes whenever the list does. */
uint32_t lk_marks_version(void);

/* lk_marks_fold - stacks were let go of: what baselines hold of them is to be counted under what
 * stands for them INTO.  Rows stay where they are, only a word in each is written: a fork at any
 * moment copies whole baselines. */
void lk_marks_fold(enum lk_stacks_collector into);

/* lk_marks_folds - how often that was.  A reader that takes rows in several goes takes all as they
 * were after this many. */
uint32_t lk_marks_folds(void);

/* lk_marks_row - the row at *AT, which moves on, of a stack that was there after FOLDS; false at
 * the end.  sums - instead of the others, one row of each stack that stands for some: at most
 * LK_MARKS_SUMS_MAX; returns how many. */
#define LK_MARKS_SUMS_MAX	8u
bool lk_marks_row(const struct lk_mark *mark, uint32_t folds, size_t *at,
    struct lk_mark_row *out);
uint32_t lk_marks_sums(const struct lk_mark *mark, uint32_t folds,
    struct lk_mark_row out[LK_MARKS_SUMS_MAX]);

/* lk_marks_containers - keep what was TAKEN (copied, sorted) with the baseline.
 * lk_marks_forget_containers - and its memory. */
void lk_marks_containers(struct lk_mark *mark, const struct lk_mark_containers *taken);
void lk_marks_forget_containers(struct lk_mark *mark);
size_t lk_marks_containers_bytes(const struct lk_mark *mark);

/* lk_marks_types - keep the COUNT types of a freeze with the baseline, the names, too; one that has
 * some, or when all together would have more than LK_MARKS_TYPES_BYTES_MAX, is left as it is.
 * lk_marks_forget_types - and their memory. */
#define LK_MARKS_TYPES_BYTES_MAX (1u << 20)
void lk_marks_types(struct lk_mark *mark, const struct lk_emit_frozen *how, uint32_t count,
    struct lk_emit_type (*type_at)(uint32_t i));
void lk_marks_forget_types(struct lk_mark *mark);

/* lk_marks_listed - the container at ADDRESS as it was at MARK, or NULL. */
const struct lk_mark_container *lk_marks_listed(const struct lk_mark *mark, uint64_t address);

/* lk_marks_then - whether the container was there at MARK, and how long it was.  An address is used
 * again, often by the next container of the same type, so this alone says nothing.  One whose
 * memory was sampled later, that is in a younger list of the collector than one from then can be,
 * or that cannot have another length than it had, is NEW.  It is the SAME when an item is where it
 * was, or when a module or class holds it by the same name, but for a list none of whose items is;
 * UNKNOWN when neither can be said, or the baseline does not know. */
enum lk_marks_then lk_marks_then(const struct lk_mark *mark, const struct lk_marks_seen *now,
    uint64_t *length_out);

/* lk_marks_bytes - memory taken by all of them. */
size_t lk_marks_bytes(void);

#endif
