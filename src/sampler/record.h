/* record.h - the memory of one sampled event, and all that is known so far.
 * Room: sampler (top).  Joins countdown, slots, live, stacks with the frame walker.
 *
 * Threads.  Hooks (any thread of the host) add samples under the lock, which they wait for
 * only so long, and hand deaths over without it.  The server's thread reads, thins and
 * marks under the lock, a little at a time. */
#ifndef LK_SAMPLER_RECORD_H
#define LK_SAMPLER_RECORD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/spin.h"
#include "sampler/core/live.h"
#include "sampler/core/pages.h"
#include "sampler/core/sink.h"
#include "sampler/core/slots.h"
#include "sampler/core/stacks.h"

/* Totals since the start; any thread adds, the server reads. */
struct lk_record_stats {
	_Atomic uint64_t samples;
	_Atomic uint64_t dropped_busy;	/* the lock was not free in time */
	_Atomic uint64_t dropped_full;	/* no room for the sample */
	_Atomic uint64_t thinned;	/* given up on purpose, the rest re-weighted */
	_Atomic uint64_t slow_ticks;	/* processor ticks spent on samples */
};

struct lk_record {
	struct lk_spin		 lock;
	struct lk_pages		 pages;
	struct lk_slots		 slots;
	struct lk_live		 live;
	struct lk_stacks	 stacks;	/* lock */
	uint32_t		 dead;		/* lock: claimed from live, not yet counted */
	uint32_t		 epoch;		/* lock: baselines marked so far */
	double			 live_bytes, live_objects, live_variance;	/* lock */
	double			 allocated_objects;	/* lock: since the start */
	_Atomic uint64_t	 interval_bytes;
	atomic_bool		 active;	/* false: nothing is sampled */
	struct lk_record_stats	 stats;
	struct lk_sink		 sink;
	const void		*(*thread_state)(void);	/* of this thread, NULL before Python */
};

extern struct lk_record lk_record;

/* lk_record_init - take the memory.  Returns: 0, -ENOMEM.  Context: start-up. */
int lk_record_init(uint64_t memory_bytes, uint64_t interval_bytes);

/* lk_record_reap - count at most MAX deaths; returns how many.  Needs the lock. */
uint32_t lk_record_reap(uint32_t max);

/* lk_record_settle - count all deaths so far, giving the lock away in between. */
void lk_record_settle(void);

/* lk_record_interval - change it: raising it thins what is live, so that the sampler's
 * memory is used for the new interval; lowering it leaves old samples as they are. */
void lk_record_interval(uint64_t interval_bytes);

/* lk_record_relieve - thin when the tables are nearly full. */
void lk_record_relieve(void);

/* lk_record_stack_at - the stack of the sampled block that holds P, LK_STACKS_NONE if none. */
uint32_t lk_record_stack_at(const void *p);

/* Around fork: the lock must not be held by a thread that the child does not have. */
void lk_record_before_fork(void);
void lk_record_after_fork(bool child);

#endif
