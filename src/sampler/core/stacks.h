/* stacks.h - where from: frames, stacks as paths in a tree, and what is counted for each.
 * Room: sampler/core.  Knows no interpreter: frames come with a key and are resolved to words by
 * a callback, once.
 *
 *	hash of a whole path       --recall-> stack: one probe, as nearly always
 *	key of (code, instruction) --memo--> frame (function, file, line)
 *	(parent node, frame)       --index-> node
 *	(leaf node, domain)        --index-> stack: totals, and live cells by birth epoch
 *
 * Memo and recall are caches: the memo is emptied when it is full, recall forgets what was not
 * asked for lately.  Of the others each entry knows how many hold it (a node: its children and
 * stacks; a frame: nodes; a name: frames and stacks), and is free to be used again when none
 * does.  Who lets go of stacks, and of which, is in core/turnover.h.  When a table is full,
 * memory is counted under one stack of each domain that says so, for which room is kept: bytes
 * are never lost, only where they came from.
 *
 * Ids are places in a table, and come again; serials do not: each new frame and each new stack
 * has the next one.  The wire speaks in serials, so what a client knows under one is never
 * another.
 *
 * Threads: everything under the sampler's lock, except reading an entry by the server's thread:
 * what has a serial is whole, and nobody but the server's thread lets go of it. */
#ifndef LK_SAMPLER_CORE_STACKS_H
#define LK_SAMPLER_CORE_STACKS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sampler/core/clusters.h"
#include "sampler/core/strings.h"

struct lk_pages;
struct lk_sample;

#define LK_STACKS_NONE		UINT32_MAX

/* The stacks that stand for others, one of each domain. */
enum lk_stacks_collector {
	LK_STACKS_NO_ROOM,	/* what found no room, or had to make it */
	LK_STACKS_ENDED,	/* what was let go of after all of it had died */
	LK_STACKS_COLLECTORS,
};

/* Whether a stack is about to be let go of: interning it by its frames keeps it. */
enum lk_stacks_leaving {
	LK_STACKS_STAYS, LK_STACKS_LEAVES,
};
#define LK_STACKS_EPOCHS_MAX	40u	/* cells of one stack; older ones are merged */

/* One frame as the walker saw it. */
struct lk_raw_frame {
	uint64_t	 key;		/* same code, same instruction <=> same key */
	const void	*code;		/* native: an address in its object's file */
	int32_t		 offset;	/* bytes into the bytecode; native: the object's number */
	bool		 native;
	bool		 ends_run;	/* Python: the last one inward of a call of the eval loop */
};

struct lk_frame_words {
	const char	*function, *file;	/* native: build id, path of the object */
	size_t		 function_length, file_length;
	uint32_t	 line;			/* native: address in the object; 0: none,
						   or 4 GB and more */
	bool		 native;
};

/* Context: in the hook, the frame is alive.  Cannot fail: unknown parts are "?" */
typedef void (*lk_resolve_fn)(const struct lk_raw_frame *raw, struct lk_frame_words *out);

struct lk_stack_path {
	/* Of all that makes the frames what they are, count and truncation with them, and the same
	 * whenever this path is; 0: not known, keys will do. */
	uint64_t	 hash;
	const struct lk_raw_frame *raw;	/* [count], innermost first */
	uint32_t	 count;
	bool		 truncated;
	bool		 no_python;
	uint8_t		 domain;
	uint32_t	 thread;	/* number of the kernel thread */
};

#define LK_FRAME_NATIVE		0x80000000u	/* in function; no string id is that large */

struct lk_frame_entry {
	uint32_t	function, file, line;	/* string ids; as in lk_frame_words */
};

struct lk_node {
	uint32_t	parent;		/* LK_STACKS_NONE: outermost */
	uint32_t	frame;
};

/* Live memory of one stack born in one epoch. */
struct lk_live_cell {
	uint32_t	next;		/* LK_STACKS_NONE ends; newest epoch first */
	uint32_t	epoch;
	uint32_t	count;
	uint32_t	cluster;	/* clusters.h: the last one used */
	double		bytes, objects, variance;
};

struct lk_stack_entry {
	uint32_t	leaf;		/* node, LK_STACKS_NONE: no frames; free: the next one */
	uint32_t	thread;		/* string id of the first one */
	uint32_t	thread_number;
	uint32_t	cell;		/* LK_STACKS_NONE: nothing live */
	_Atomic uint64_t version;	/* of the change counter when it last changed; any reads */
	uint64_t	allocated_count;
	double		allocated_bytes, allocated_objects;
	double		live_bytes;
	uint8_t		domain;
	_Atomic uint8_t	flags;		/* enum lk_stack_flag of wire.h; any reads */
	uint8_t		leaving;	/* enum lk_stacks_leaving */
	uint32_t	live_count;	/* samples of it that were not buried yet */
};

/* Two to a set; a path that was found moves to the first place. */
struct lk_recalled {
	uint64_t	hash;		/* of path and domain; 0: empty */
	uint32_t	stack;
};

struct lk_stacks {
	struct lk_strings	 strings;
	struct lk_frame_entry	*frames;
	struct lk_node		*nodes;
	struct lk_stack_entry	*stacks;
	struct lk_live_cell	*cells;
	struct lk_clusters	 clusters;
	uint64_t		*memo_key;	/* [memo_mask + 1], 0: empty */
	uint32_t		*memo_frame;
	struct lk_recalled	*recalled;	/* [recall_mask + 1] */
	uint32_t		 recall_mask;
	uint32_t		*frame_index, *node_index, *stack_index; /* id + 1 */
	uint32_t		 memo_mask, memo_used;
	uint32_t		 frame_mask, node_mask, stack_mask;
	uint32_t		 frame_count, frame_capacity;
	uint32_t		 node_count, node_capacity;
	uint32_t		 stack_count, stack_capacity;
	uint32_t		 cell_used, cell_capacity, cell_free;
	uint16_t		*node_holders, *frame_holders;	/* 65535 sticks */
	_Atomic uint32_t	*frame_serial, *stack_serial;	/* 0: free */
	uint32_t		 frame_serials, stack_serials;	/* the last one given */
	uint32_t		 frame_used, node_used, stack_used;	/* of count: not free */
	uint32_t		 frame_free, node_free, stack_free;	/* lists */
	bool			 memo_closed;		/* frames are being swept */
	uint64_t		 change_count;
	uint64_t		 overflow_count;	/* samples counted under a "full" stack */
	uint32_t		 collector_leaf[LK_STACKS_COLLECTORS];	/* nodes */
	uint32_t		 main_thread;
	lk_resolve_fn		 resolve;
};

/* lk_stacks_init - SCALE is the share of the default memory, 1.0 at 16 MB.
 * Returns: 0, -ENOMEM. */
int lk_stacks_init(struct lk_stacks *s, struct lk_pages *pages, double scale,
    lk_resolve_fn resolve, uint32_t main_thread);

/* lk_stacks_mix - HASH and one more of what makes a path; what is hashed by other rooms (frames,
 * raw program counters) goes through this, too, so that it can be joined. */
static inline uint64_t
lk_stacks_mix(uint64_t hash, uint64_t more)
{
	hash = (hash ^ more) * 0x9e3779b97f4a7c15ULL;
	return hash << 29 | hash >> 35;
}

/* lk_stacks_recall - the id of PATH by its hash alone: its frames are not looked at.
 * Returns: LK_STACKS_NONE when it is not known, or was forgotten: intern it. */
uint32_t lk_stacks_recall(struct lk_stacks *s, const struct lk_stack_path *path);

/* lk_stacks_intern - the id of PATH: it stays as long as a sample of it lives. */
uint32_t lk_stacks_intern(struct lk_stacks *s, const struct lk_stack_path *path);

/* lk_stacks_collector - the stack that stands for others of DOMAIN; is_collector - it is one. */
uint32_t lk_stacks_collector(struct lk_stacks *s, enum lk_stacks_collector which, uint8_t domain);
bool lk_stacks_is_collector(const struct lk_stacks *s, uint32_t stack);

/* The steps of letting go, for core/turnover.c: each does at most MAX of something, from FROM on,
 * and returns where to go on (the table's count: done).
 * unrecall - recall forgets the sets from FROM that lead to what leaves, or found no room.
 * remove - STACK, without samples and forgotten by recall, is no more.
 * clear_memo, open_memo - closed and emptied, for what it remembers must not come again as another;
 * filled again. sweep - what nobody holds; frames while the memo is closed and empty. */
void lk_stacks_unrecall(struct lk_stacks *s, uint32_t from, uint32_t max);
void lk_stacks_remove(struct lk_stacks *s, uint32_t stack);
uint32_t lk_stacks_sweep_nodes(struct lk_stacks *s, uint32_t from, uint32_t max);
uint32_t lk_stacks_clear_memo(struct lk_stacks *s, uint32_t from, uint32_t max);
void lk_stacks_open_memo(struct lk_stacks *s);
uint32_t lk_stacks_sweep_frames(struct lk_stacks *s, uint32_t from, uint32_t max);

#endif
