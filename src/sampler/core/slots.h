/* slots.h - where sampled small blocks live: outside pymalloc's arenas, so that pymalloc's
 * own free passes them on to the RAW domain and nobody has to hook the free of OBJ and MEM.
 * Room: sampler/core.
 *
 * One reserved address range, cut into classes of 16-byte steps:
 *
 *	base |<- class 0: LK_SLOTS_PER_CLASS x 16 ->|<- class 1: x 32 ->| ...
 *
 * The bytes in a slot are the host's own data, not overhead: the block would take as much
 * in pymalloc.
 *
 * Threads.  take: under the sampler's lock.  owns, capacity: any thread, no lock.
 * release: any thread, no lock: pushes to a stack that take drains. */
#ifndef LK_SAMPLER_CORE_SLOTS_H
#define LK_SAMPLER_CORE_SLOTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LK_SLOTS_STEP_BYTES	16u
#define LK_SLOTS_CLASSES	40u	/* up to 640 bytes: 513 and a debug allocator's padding */
#define LK_SLOTS_PER_CLASS	16384u
#define LK_SLOTS_NO_SAMPLE	UINT32_MAX

/* The first class takes one unit of address space, the second two, and so on. */
#define LK_SLOTS_UNIT_BYTES	((size_t)LK_SLOTS_STEP_BYTES * LK_SLOTS_PER_CLASS)
#define LK_SLOTS_UNITS		(LK_SLOTS_CLASSES * (LK_SLOTS_CLASSES + 1) / 2)

struct lk_slots {
	uintptr_t	 base;		/* fixed at init */
	size_t		 bytes;		/* 0: there is no region */
	uintptr_t	 class_base[LK_SLOTS_CLASSES];
	uint8_t		 class_of_unit[LK_SLOTS_UNITS];
	uint64_t	 reciprocal[LK_SLOTS_CLASSES];	/* of the steps of a slot, in 2^-32 */
	uint32_t	 used[LK_SLOTS_CLASSES];	/* lock: slots ever handed out */
	void		*free[LK_SLOTS_CLASSES];	/* lock: linked through the slots */
	_Atomic(void *)	 released;	/* any thread: linked through the slots */
	_Atomic uint32_t *sample;	/* [LK_SLOTS_CLASSES * LK_SLOTS_PER_CLASS] its sample */
	_Atomic uint64_t taken_bytes;	/* lock to write: in slots handed out now */
};

/* lk_slots_init - reserve the range.  Returns: 0, -ENOMEM (the sampler then hooks free). */
int lk_slots_init(struct lk_slots *s);

static inline bool
lk_slots_owns(uintptr_t base, size_t bytes, const void *p)
{
	return (uintptr_t)p - base < bytes;
}

/* lk_slots_take - a slot of at least BYTES, of the next larger class when its own is used up:
 * a leak of one size must not end the sampling of that size.  NULL: no class has room. */
void *lk_slots_take(struct lk_slots *s, size_t bytes);

/* lk_slots_index - of the slot that holds P (which may point inside).  P must be owned. */
uint32_t lk_slots_index(const struct lk_slots *s, const void *p);

/* lk_slots_capacity - bytes of the slot from P to its end. */
size_t lk_slots_capacity(const struct lk_slots *s, const void *p);

/* lk_slots_settle - makes taken_bytes exact: what was released is free now.  Needs the lock. */
void lk_slots_settle(struct lk_slots *s);

/* lk_slots_release - P is free; its memory is the list's link until it is taken again. */
void lk_slots_release(struct lk_slots *s, void *p);

/* lk_slots_forget - no slot has a sample.  Free ones are not used again: whoever had them in hand
 * is gone.  Context: the only thread there is, after a fork. */
void lk_slots_forget(struct lk_slots *s);

/* lk_slots_empty - the memory of classes in which no slot is taken is the host's again, and so is
 * what was known of these.  Needs the lock. */
void lk_slots_empty(struct lk_slots *s);

#endif
