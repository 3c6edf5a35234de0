#include "config.h"

#include "sampler/footprint.h"

#include <stdatomic.h>
#include <stddef.h>

#include "sampler/core/pages.h"
#include "sampler/marks.h"
#include "sampler/process/proc.h"
#include "sampler/record.h"

/* Of our threads, three at most: 12 to 20 KB of each are resident. */
#define STACKS_BYTES (64u << 10)

/* Of the classes only what was ever handed out: the range is large, and mostly never touched. */
static uint64_t
slots_bytes(void)
{
	const struct lk_slots *slots = &lk_record.slots;
	uint32_t used[LK_SLOTS_CLASSES];
	uint64_t resident = 0, taken;
	unsigned int class;

	lk_spin_take(&lk_record.lock);
	lk_slots_settle(&lk_record.slots);
	for (class = 0; class < LK_SLOTS_CLASSES; class++)
		used[class] = slots->used[class];
	taken = atomic_load_explicit(&slots->taken_bytes, memory_order_relaxed);
	lk_spin_give(&lk_record.lock);
	for (class = 0; class < LK_SLOTS_CLASSES; class++)
		if (used[class] != 0)
			resident += lk_proc_resident((const char *)slots->class_base[class],
			    (size_t)used[class] * (class + 1) * LK_SLOTS_STEP_BYTES);
	return resident > taken ? resident - taken : 0;
}

uint64_t
lk_footprint_bytes(void)
{
	uint64_t sum = lk_marks_bytes() + slots_bytes() + STACKS_BYTES;
	const char *base;
	size_t bytes;
	uint32_t i;

	for (i = 0; lk_pages_mapping(i, &base, &bytes); i++)
		if ((uintptr_t)base != lk_record.slots.base)
			sum += lk_proc_resident(base, bytes);
	return sum;
}
