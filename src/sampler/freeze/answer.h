/* answer.h - what the child of a freeze tells, in memory that it shares with its parent.
 * Room: sampler/freeze; sampler.
 * Threads: the child writes; the parent reads PROGRESS meanwhile, the rest once STATE says so, or
 * when the child is gone. */
#ifndef LK_SAMPLER_FREEZE_ANSWER_H
#define LK_SAMPLER_FREEZE_ANSWER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define LK_ANSWER_TYPES_MAX	1000u
#define LK_ANSWER_NAME_MAX	160u
#define LK_ANSWER_HOLDERS_MAX	100u
#define LK_ANSWER_PATH_MAX	256u
#define LK_ANSWER_CYCLIC_MAX	20u
#define LK_ANSWER_LOOPS_MAX	20u
#define LK_ANSWER_CONTAINERS_MAX 1000u
#define LK_ANSWER_UNCOLLECTABLE_MAX 10u	/* types */
#define LK_ANSWER_SITES	3u
#define LK_ANSWER_SHARES	3u
#define LK_ANSWER_SHARE_NAME_MAX 80u
#define LK_ANSWER_PROBES	4u
#define LK_ANSWER_UNTRACKED	255u
#define LK_ANSWER_REVEALED_MAX	16u
#define LK_ANSWER_LITERAL_MAX	264u	/* 64 characters of UTF-8, "..." */

enum lk_answer_state {		/* a futex: ours wakes, and theirs to give up */
	LK_ANSWER_NONE,
	LK_ANSWER_WHOLE,	/* all that was wanted is there */
	LK_ANSWER_NO_MEMORY,	/* the child got none for its tables */
	LK_ANSWER_UNWANTED,	/* the parent's word */
};

struct lk_answer_site {
	uint32_t	index, stack;	/* its place in the record then, and its serial */
	uint32_t	samples;	/* alive, of objects of the type */
	double		bytes;		/* estimated */
};

struct lk_answer_type {
	char		name[LK_ANSWER_NAME_MAX];
	uint64_t	objects, bytes;
	uint64_t	garbage_objects, garbage_bytes;	/* among them */
	uint64_t	cyclic_objects;	/* in cycles, as of loops.h */
	uint32_t	samples;	/* of its objects, all stacks */
	uint32_t	sites_kept;
	struct lk_answer_site sites[LK_ANSWER_SITES];	/* most bytes first */
};

struct lk_answer_holder {
	char		path[LK_ANSWER_PATH_MAX];
	uint64_t	objects, bytes;		/* of those that were asked for, at its end */
	uint64_t	retained_bytes;		/* what would go with these */
};

struct lk_answer_cyclic {	/* a type */
	char		name[LK_ANSWER_NAME_MAX];
	uint64_t	objects, garbage_objects;	/* in cycles */
};

struct lk_answer_loop {
	char		words[LK_ANSWER_PATH_MAX];	/* "Node -> dict -> Node" */
	uint64_t	length;			/* objects in this cycle; 0: of several kinds */
	uint64_t	components;		/* sets of objects with one */
	uint64_t	objects;		/* in these, of those that were asked for */
};

/* So many of the items that were looked at are of that type. */
struct lk_answer_share {
	char		name[LK_ANSWER_SHARE_NAME_MAX];
	uint64_t	count;
};

struct lk_answer_container {
	uint64_t	address, type;		/* TYPE: the address of its type */
	uint64_t	block, storage;		/* where memory for it, and for its items, begins */
	uint64_t	length, shallow_bytes, rank;
	uint64_t	bound;			/* as in forms.h */
	char		type_name[LK_ANSWER_NAME_MAX];
	char		owner[LK_ANSWER_PATH_MAX];	/* "" unknown */
	uint32_t	probes[LK_ANSWER_PROBES];	/* hashes of items, 0: none to tell by */
	bool		is_fixed;	/* it never becomes longer or shorter */
	bool		turns_over;	/* it may have other items altogether later */
	uint8_t		generation;	/* of the collector's lists; UNTRACKED: in none */
	uint32_t	looked;			/* at so many items */
	uint32_t	key_types, value_types;	/* how many there are below, most items first */
	struct lk_answer_share keys[LK_ANSWER_SHARES], values[LK_ANSWER_SHARES];
};

struct lk_answer_item {		/* as Python writes them */
	bool		has_key;
	char		key[LK_ANSWER_LITERAL_MAX], value[LK_ANSWER_LITERAL_MAX];
};

struct lk_answer {
	_Atomic uint32_t state;
	_Atomic uint64_t done_objects, found_objects;	/* progress */
	/* how it ended when it did not end well */
	int		 signal;
	char		 at_type[LK_ANSWER_NAME_MAX];	/* whose traverse ran then, "" none */
	/* the heap */
	uint64_t	 walk_ns;
	uint64_t	 table_bytes;	/* in memory at the end, the child's own */
	uint64_t	 objects, bytes, type_count;
	bool		 knows_garbage;		/* there was room to find it */
	uint64_t	 garbage_objects, garbage_bytes;
	bool		 was_collecting;	/* some objects were out of the lists */
	bool		 no_room;		/* more objects than the tables hold */
	uint32_t	 unread_interpreters;	/* with a GIL of their own */
	/* gc.garbage: what the collector gave up */
	bool		 knows_uncollectable;
	uint64_t	 uncollectable;
	uint32_t	 uncollectable_kept;
	struct lk_answer_share uncollectable_types[LK_ANSWER_UNCOLLECTABLE_MAX];
	/* reference cycles (loops.h) */
	bool		 knows_cycles;
	uint64_t	 cycle_count, cyclic_objects, cyclic_garbage_objects;
	uint32_t	 cyclic_kept, loops_kept;
	struct lk_answer_cyclic cyclic[LK_ANSWER_CYCLIC_MAX];	/* most objects first */
	struct lk_answer_loop loops[LK_ANSWER_LOOPS_MAX];	/* of holders; the same */
	/* of the objects whose holders were wanted: what they are and the ways to them */
	bool		 knows_holders;
	bool		 knows_retained;
	uint64_t	 held_objects, held_bytes, holder_count;
	char		 held_type[LK_ANSWER_NAME_MAX];	/* of most of them, "" of none */
	uint64_t	 samples, samples_found;	/* of the stack; that belong to an object */
	uint32_t	 holders_kept;
	struct lk_answer_holder holders[LK_ANSWER_HOLDERS_MAX];	/* most objects first */
	uint32_t	 types_kept;
	bool		 knows_sites;		/* types were asked for, and there was room */
	/* the containers, when they were asked for */
	uint64_t	 collections[3];	/* by generation, when the heap was frozen */
	bool		 containers_full;	/* others may be as large as the last one */
	uint32_t	 containers_kept;
	/* what the one container holds that is to be revealed */
	uint32_t	 revealed_kept;
	struct lk_answer_item revealed[LK_ANSWER_REVEALED_MAX];
	/* from here on not zeroed before */
	struct lk_answer_type types[LK_ANSWER_TYPES_MAX];	/* by bytes, the largest first */
	struct lk_answer_container containers[LK_ANSWER_CONTAINERS_MAX];	/* by rank */
};

#endif
