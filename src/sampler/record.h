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

/* Totals since the start; added to with the lock, dropped_busy by any thread; the server reads. */
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
	double			 live_bytes, live_objects, live_variance;	/* lock; Python's */
	double			 native_live_bytes;	/* lock; of the domain native */
	uint32_t		 total_cluster;	/* lock: of all samples, the last one used */
	_Atomic uint32_t	 duty;		/* of OBJ and MEM: lk_record_duty_word() */
	double			 allocated_objects;	/* lock: since the start */
	double			 hooked_objects;	/* lock: of these, what met a hook */
	_Atomic uint64_t	 interval_bytes;
	atomic_bool		 active;	/* false: nothing is sampled */
	_Atomic int		 walkers;	/* threads that read the interpreter's memory now */
	struct lk_record_stats	 stats;
	struct lk_sink		 sink;
	_Atomic int		 main_thread;
	const void		*(*thread_state)(void);	/* of this thread, NULL before Python */
};

extern struct lk_record lk_record;

/* lk_record_init - take the memory.  MAIN_THREAD: kernel id, that of the process.  WITH_SLOTS: and
 * address space for slots, if it can be had.
 * Returns: 0, -ENOMEM.  Context: start-up. */
int lk_record_init(uint64_t memory_bytes, uint64_t interval_bytes, int main_thread,
    bool with_slots);

/* lk_record_renew - begin anew with the same memory, nothing known, the lock free.
 * Context: the only thread there is, after a fork. */
void lk_record_renew(void);

/* lk_record_clear - the memory of the tables is the host's again, and what they hold is gone; they
 * fill anew with the next sample.  Needs the lock; no sample lives, and none is made. */
void lk_record_clear(void);

/* A slot of time and the duty 2^-SHIFT by which it was chosen; 0: full duty, no slots. */
#define LK_RECORD_SHIFT_BITS	4u
#define LK_RECORD_SHIFT_MASK	15u
static inline uint32_t
lk_record_duty_word(uint32_t slot, unsigned int shift)
{
	return shift == 0 ? 0 : slot << LK_RECORD_SHIFT_BITS | shift;
}

/* lk_record_reap - count at most MAX deaths; returns how many.  Needs the lock. */
uint32_t lk_record_reap(uint32_t max);

/* Parts of the above, for tend.c; they need the lock.
 * reweigh - a live sample stands for what it would at another interval; bury - count a sample that
 * was claimed out and free its record. */
void lk_record_reweigh(struct lk_sample *sample, double interval_bytes);
void lk_record_bury(uint32_t sample);

#endif
