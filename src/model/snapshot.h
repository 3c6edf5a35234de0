/* snapshot.h - the nouns of the client: one immutable picture of one process.
 * Room: model.  Filled by client/ (from the wire, a file or the dummy), read by
 * analysis, export, ui and cli through const pointers only.
 *
 * Lifetime: everything a snapshot points to lives in its arena and dies with the
 * last lk_snapshot_put().  Quantities that may be unknown are doubles and NAN then.
 * est_ is inferred from samples, sampled_ is what was seen. */
#ifndef LK_MODEL_SNAPSHOT_H
#define LK_MODEL_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lk_arena;
struct lk_holders;
struct lk_types;

enum lk_domain { LK_DOMAIN_OBJ, LK_DOMAIN_MEM, LK_DOMAIN_RAW, LK_DOMAIN_NATIVE };
enum lk_state { LK_STATE_SAMPLING, LK_STATE_PAUSED, LK_STATE_DORMANT };

struct lk_frame {
	const char	*function;	/* qualified name, as the target gave it; native: the
					   symbol, or "libz.so.1+0x1a2b" where there is none */
	const char	*file;		/* native: the object's path, "" outside of any */
	uint32_t	 line;		/* 0: unknown, as in every native frame */
	bool		 native;
	const char	*build_id;	/* native: hex or ""; else NULL */
	uint64_t	 address;	/* native: return address in the object's ELF file */
};

/* A stack: where memory came from.  Ids are those of the sampler. */
struct lk_stack {
	uint32_t		 id;
	enum lk_domain		 domain;
	const char		*thread;
	uint32_t		 flags;		/* enum lk_stack_flag of wire.h */
	uint32_t		 frame_count;
	const struct lk_frame	*frames;	/* [frame_count], innermost first */
};

/* What is live of one stack and was born in one baseline interval. */
struct lk_cell {
	uint32_t	epoch;		/* baselines marked before birth */
	uint32_t	sampled_count;
	double		est_bytes;
	double		est_objects;
	double		variance;	/* bytes^2, of est_bytes */
};

struct lk_row {
	const struct lk_stack	*stack;
	double			 est_allocated_bytes;
	double			 est_allocated_objects;
	uint64_t		 sampled_allocated_count;
	uint32_t		 cell_count;
	const struct lk_cell	*cells;		/* [cell_count], by epoch, ascending */
	uint32_t		 trend_count;
	const float		*trend_bytes;	/* [trend_count], oldest first; may be NULL */
};

struct lk_baseline {
	uint32_t		 id;		/* from 1 */
	const char		*name;		/* "" when unnamed */
	double			 at_s;
	double			 rss_bytes;
	double			 est_live_bytes;
	double			 interval_bytes;
	bool			 has_rows;	/* rows are fetched when first needed */
	uint32_t		 row_count;
	const struct lk_row	*rows;		/* [row_count], by stack id */
	/* of a group: processes in its sums that do not know it, whose growth is in no sum then,
	 * and those that marked it LATE_S later at most; of one of them: itself */
	uint32_t		 missed_count, late_count;
	double			 late_s;
};

#define LK_CONTAINER_SHARES	3	/* the types of most items */

struct lk_container {
	uint64_t		 address;
	const char		*type;
	uint64_t		 length;
	uint64_t		 shallow_bytes;
	const struct lk_stack	*stack;		/* NULL: not sampled */
	const char		*owner;		/* NULL: unknown */
	uint32_t		 then_count;
	const struct lk_container_then {
		uint32_t	baseline;
		double		length;		/* NAN: whether it was there is not known */
	}			*then;		/* [then_count] */
	double			 bound;		/* it cannot be longer; 0: none, NAN: not known */
	uint32_t		 looked;	/* items whose types were looked at */
	uint32_t		 key_count, value_count;
	struct lk_container_share {
		const char	*type;
		uint32_t	count;		/* of those */
	}			 keys[LK_CONTAINER_SHARES], values[LK_CONTAINER_SHARES];
};

struct lk_containers {
	double			 at_s;		/* NAN: never scanned */
	double			 scan_ms;
	double			 pause_us;
	double			 copied_bytes;	/* that the process wrote to meanwhile; or NAN */
	uint64_t		 object_count;
	uint64_t		 min_length;
	bool			 complete;
	bool			 by_walk;	/* else of the frozen heap */
	const char		*reason;	/* why, or why it is not complete; or NULL */
	uint32_t		 count;
	const struct lk_container *list;	/* [count], largest first */
};

struct lk_gc_generation {
	double count, threshold, collections, collected, uncollectable;
};

/* How long it collects: leaktop/wire.h, gc_pauses.  NAN when unknown; all: nobody has looked. */
struct lk_gc_pauses {
	double watched_s, looks, collections, seen;
	double total_us, longest_us, longest_error_us, longest_generation, unseen_us;
	bool   exact;
};

/* The ledger: every field in bytes, NAN when unknown. */
struct lk_memory {
	double	at_s;				/* NAN: never read */
	double	rss_bytes, pss_bytes, uss_bytes;
	double	anonymous_bytes, file_bytes, shared_bytes, swap_bytes;
	double	est_python_live_bytes;
	double	pymalloc_arena_bytes;
	double	malloc_live_bytes, malloc_free_bytes, malloc_mmap_bytes;
	double	sampler_bytes;
	double	cgroup_limit_bytes, cgroup_used_bytes;
	bool	gc_enabled;
	struct lk_gc_generation gc[3];
	struct lk_gc_pauses gc_pauses;
};

/* Evenly spaced points, oldest first; the last one was taken at end_s. */
struct lk_series {
	double		 step_s;
	double		 end_s;
	uint32_t	 count;
	const float	*rss_bytes;		/* [count]; NAN: no point */
	const float	*live_bytes;		/* [count] */
};

struct lk_sampler_status {
	const char	*version;
	enum lk_state	 state;
	const char	*reason;		/* "" or why it is not sampling */
	const char	*mode;			/* slots, hash */
	const char	*native;		/* stacks, python, off (wire.h); "" unknown */
	double		 started_at_s;
	double		 interval_bytes;
	double		 cost_percent, budget_percent;	/* budget 0: none */
	double		 duty;			/* share of time with hooks; unknown: all of it */
	double		 hooks;
	double		 samples_total, samples_live, samples_per_s;
	double		 drops, thinned, bytes, stacks, clients;
};

/* What the sampler noticed about itself; event.h has the words. */
struct lk_sampler_event {
	double		 at_s;
	const char	*code;		/* wire.h */
	uint64_t	 value;		/* what it means depends on the code */
	const char	*what;		/* in words; NULL or "" none */
};

struct lk_process_info {
	int		 pid;
	uint64_t	 start_time;		/* clock ticks since boot */
	const char	*host;
	const char	*command;		/* spaces between arguments */
	const char	*python;		/* "3.11.2" */
	const char	*cgroup;
	const char	*user;
};

/* One process of a group; part: what is counted of it, with the stacks and the baselines of the
 * group, so that it can be looked at like the whole. */
struct lk_member {
	int			 pid;
	enum lk_member_state {
		LK_MEMBER_LIVE,
		LK_MEMBER_SILENT,	/* not heard of, or no connection: as it was last */
		LK_MEMBER_BARE,		/* it has no sampler, or that does not answer yet */
		LK_MEMBER_GONE,		/* ended: as it was last, in no sum any more */
	}			 state;
	const char		*why;		/* "" or words for it */
	uint64_t		 start_time;	/* as of process */
	double			 up_s;
	double			 ended_s;	/* so long ago; NAN: it lives */
	bool			 joined;	/* it came while the group was watched */
	double			 rss_bytes;
	double			 live_bytes;	/* NAN: nothing heard */
	bool			 in_sum;
	bool			 missed_reference;	/* of a file: growth of it is in no sum */
	const struct lk_snapshot *part;		/* lives with the whole; NULL: nothing heard, or
						   this is of a file */
};

/* lk_snapshot_member_word - "live", "silent", "no sampler", "gone"; _state: -1 for another word. */
const char *lk_snapshot_member_word(enum lk_member_state state);
int lk_snapshot_member_state(const char *name);

struct lk_snapshot {
	uint64_t		 seq;
	double			 at_s;
	const char		*origin;	/* "live", or the path of the file */
	struct lk_process_info	 process;
	struct lk_sampler_status sampler;
	double			 rss_bytes;
	/* of Python's domains: obj, mem, raw */
	double			 est_live_bytes, est_live_objects, live_variance;
	double			 est_native_live_bytes;	/* domain native; NAN: not counted */
	double			 cgroup_limit_bytes, cgroup_used_bytes;
	struct lk_memory	 memory;
	uint32_t		 row_count;
	const struct lk_row	*rows;		/* [row_count], by stack id */
	uint32_t		 baseline_count;
	const struct lk_baseline *baselines;	/* [baseline_count], by id */
	struct lk_containers	 containers;
	uint32_t		 series_count;
	const struct lk_series	*series;	/* [series_count], finest step first */
	double			 trend_step_s;	/* of rows[].trend_bytes */
	uint32_t		 event_count;
	const struct lk_sampler_event *events;	/* [event_count], oldest first; the last few */
	/* frozen.h: what was asked for; oldest first, the last one is the newest */
	uint32_t		 types_count;	/* the first and the last after each baseline */
	const struct lk_types	*const *types;	/* [types_count] */
	uint32_t		 holders_count;
	const struct lk_holders	*const *holders;	/* [holders_count], one of each question */
	/* a group of processes, of which all of the above is the sum: by start, the ended last */
	uint32_t		 member_count;	/* 0: one process */
	const struct lk_member	*members;	/* [member_count] */
	uint32_t		 ended_count;	/* members that ended, those not in the list too */

	struct lk_arena		*arena;		/* owns all of the above */
	unsigned int		 references;
};

/* lk_snapshot_new - an empty snapshot with one reference, every quantity unknown.
 * Returns: NULL without memory. */
struct lk_snapshot *lk_snapshot_new(void);

/* get and put - share and release; put(NULL) is fine.  One thread only. */
const struct lk_snapshot *lk_snapshot_get(const struct lk_snapshot *s);
void lk_snapshot_put(const struct lk_snapshot *s);

/* lk_snapshot_interval_bytes - what a block that was not seen may stand for: the interval, longer
 * where the hooks were not always in. */
double lk_snapshot_interval_bytes(const struct lk_snapshot *s);

/* lk_snapshot_baseline - by id; NULL when there is none.  Borrowed. */
const struct lk_baseline *lk_snapshot_baseline(const struct lk_snapshot *s, uint32_t id);

/* lk_snapshot_summed - of a group: how many of its processes are in the sums; else 0. */
uint32_t lk_snapshot_summed(const struct lk_snapshot *s);

/* lk_snapshot_silent - how many of these are as they were last: nothing is heard of them. */
uint32_t lk_snapshot_silent(const struct lk_snapshot *s);

/* lk_snapshot_row - by stack id, binary search; NULL when absent.  Borrowed. */
const struct lk_row *lk_snapshot_row(const struct lk_row *rows, uint32_t row_count,
    uint32_t stack_id);

/* Words of the wire and of the snapshot file; the parsers return -1 for others. */
const char *lk_domain_name(enum lk_domain domain);
int lk_domain_parse(const char *name);
const char *lk_state_name(enum lk_state state);
int lk_state_parse(const char *name);

#endif
