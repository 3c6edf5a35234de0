/* live.h - which: the sampled blocks that are alive, found again when they are freed.
 * Room: sampler/core.
 *
 * A sample is found through its slot (slots.h) or, when it stayed where the allocator put
 * it, through a hash of its address with a small counting filter in front: an untracked
 * address costs one byte load.
 *
 * Threads.  add, reap, thin, each: under the sampler's lock.  find, claim: any thread, no
 * lock.  Whoever swaps a sample's address or slot entry out owns its death: there is one
 * such winner, be it the thread that frees or the one that thins. */
#ifndef LK_SAMPLER_CORE_LIVE_H
#define LK_SAMPLER_CORE_LIVE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lk_pages;

#define LK_LIVE_FILTER_BITS	14u
#define LK_LIVE_NONE		UINT32_MAX
#define LK_LIVE_BUCKET		8u	/* addresses in a cache line */

struct lk_sample {
	uintptr_t	address;
	uint64_t	size_bytes;
	double		est_bytes;
	double		variance;
	float		est_objects;
	float		interval_bytes;		/* at which it was taken or re-weighted */
	uint32_t	stack;
	uint32_t	epoch;
	uint32_t	cluster;		/* clusters.h, of its stack */
	uint32_t	total_cluster;		/* and of all stacks together */
	uint8_t		duty_shift;		/* taken at duty 2^-this */
	bool		in_slot;
	bool		used;			/* lock */
	uint32_t	next;			/* in the free list or among the dead; last: the
						   thread that frees writes it without the lock */
};
_Static_assert(sizeof(struct lk_sample) == 64, "a cache line for each sample");

struct lk_live {
	struct lk_sample *samples;	/* [capacity] */
	uint32_t	 capacity;
	uint32_t	 used_count;	/* lock: ever handed out */
	uint32_t	 free_head;	/* lock */
	_Atomic uint32_t dead_head;	/* any thread pushes */
	uint32_t	 live_count;	/* lock: taken and not reaped */
	uint32_t	 bucket_mask;
	_Atomic uintptr_t *address;	/* [buckets * LK_LIVE_BUCKET], 0: empty */
	_Atomic uint32_t *sample_of;	/* same shape; written before its address */
	_Atomic uint8_t	 *filter;	/* [1 << LK_LIVE_FILTER_BITS] counts, 255 sticks */
	uint32_t	 rejected_count;	/* lock: bucket or table full */
};

/* lk_live_init - room for CAPACITY samples (rounded down to a power of two).
 * Returns: 0, -ENOMEM when PAGES is too small. */
int lk_live_init(struct lk_live *l, struct lk_pages *pages, uint32_t capacity);

static inline uint32_t
lk_live_filter_of(const void *p)
{
	return (uint32_t)((uint64_t)(uintptr_t)p * 0x9e3779b97f4a7c15ULL >>
	    (64 - LK_LIVE_FILTER_BITS));
}

/* lk_live_maybe - false: P is certainly not tracked by address. */
static inline bool
lk_live_maybe(const _Atomic uint8_t *filter, const void *p)
{
	return atomic_load_explicit(&filter[lk_live_filter_of(p)], memory_order_relaxed) != 0;
}

/* lk_live_new - an unused sample, or LK_LIVE_NONE (counted) when all are taken. */
uint32_t lk_live_new(struct lk_live *l);

/* lk_live_track - remember the sample by its address.  An old entry of the same address is
 * a block whose free was not seen; it is replaced and its sample returned to be buried,
 * else LK_LIVE_NONE.  *ok false: no room in the bucket (counted), nothing changed. */
uint32_t lk_live_track(struct lk_live *l, uint32_t sample, bool *ok);

/* lk_live_claim - P is being freed (or moved): forget it and own its sample's death.
 * Returns: the sample, LK_LIVE_NONE when P is not tracked. */
uint32_t lk_live_claim(struct lk_live *l, const void *p);

/* lk_live_find - the sample of a tracked address, LK_LIVE_NONE otherwise; a hint only. */
uint32_t lk_live_find(const struct lk_live *l, const void *p);

/* lk_live_bury - hand a claimed sample to the next reaper. */
void lk_live_bury(struct lk_live *l, uint32_t sample);

/* lk_live_dead - all buried samples, linked by next, ended by LK_LIVE_NONE. */
uint32_t lk_live_dead(struct lk_live *l);

/* lk_live_recycle - the record may be used again. */
void lk_live_recycle(struct lk_live *l, uint32_t sample);

#endif
