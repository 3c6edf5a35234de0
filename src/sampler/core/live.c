#include "config.h"

#include "sampler/core/live.h"

#include <errno.h>
#include <string.h>

#include "sampler/core/pages.h"

int
lk_live_init(struct lk_live *l, struct lk_pages *pages, uint32_t capacity)
{
	uint32_t power = 64, entries;

	memset(l, 0, sizeof(*l));
	while (power * 2 <= capacity)
		power *= 2;
	entries = power * 2;
	l->capacity = power;
	l->free_head = LK_LIVE_NONE;
	l->dead_head = LK_LIVE_NONE;
	l->bucket_mask = entries / LK_LIVE_BUCKET - 1;
	l->samples = lk_pages_take(pages, power, sizeof(*l->samples));
	l->address = lk_pages_take(pages, entries, sizeof(*l->address));
	l->sample_of = lk_pages_take(pages, entries, sizeof(*l->sample_of));
	l->filter = lk_pages_take(pages, 1u << LK_LIVE_FILTER_BITS, 1);
	return l->samples && l->address && l->sample_of && l->filter ? 0 : -ENOMEM;
}

uint32_t
lk_live_new(struct lk_live *l)
{
	uint32_t i = l->free_head;

	if (i != LK_LIVE_NONE) {
		l->free_head = l->samples[i].next;
	} else if (l->used_count < l->capacity) {
		i = l->used_count++;
	} else {
		l->rejected_count++;
		return LK_LIVE_NONE;
	}
	l->samples[i].used = true;
	l->live_count++;
	return i;
}

void
lk_live_recycle(struct lk_live *l, uint32_t sample)
{
	l->samples[sample].used = false;
	l->samples[sample].next = l->free_head;
	l->free_head = sample;
	l->live_count--;
}

/* Two choices of bucket keep eight-way buckets from overflowing at half load. */
static uint32_t
first_entry(const struct lk_live *l, uintptr_t address, int choice)
{
	static const uint64_t multiplier[2] = {0xc2b2ae3d27d4eb4fULL, 0x165667b19e3779f9ULL};
	uint64_t h = (uint64_t)address * multiplier[choice];

	return (uint32_t)(h >> 40 & l->bucket_mask) * LK_LIVE_BUCKET;
}

/* The filter's counters stick at 255: a wrong "maybe" costs a probe, a wrong "no" a leak. */
static void
filter_add(struct lk_live *l, uintptr_t address, int by)
{
	_Atomic uint8_t *f = &l->filter[lk_live_filter_of((void *)address)];
	uint8_t old = atomic_load_explicit(f, memory_order_relaxed);

	while (old != 255 && !atomic_compare_exchange_weak_explicit(f, &old,
	    (uint8_t)(old + by), memory_order_relaxed, memory_order_relaxed))
		continue;
}

/* The entry near KEY's buckets that holds WANTED (KEY itself, or 0 for an empty one). */
static int64_t
entry_of(const struct lk_live *l, uintptr_t key, uintptr_t wanted)
{
	uint32_t first, i;
	int choice;

	for (choice = 0; choice < 2; choice++) {
		first = first_entry(l, key, choice);
		for (i = first; i < first + LK_LIVE_BUCKET; i++)
			if (atomic_load_explicit(&l->address[i], memory_order_acquire) == wanted)
				return i;
	}
	return -1;
}

uint32_t
lk_live_track(struct lk_live *l, uint32_t sample, bool *ok)
{
	uintptr_t address = l->samples[sample].address;
	uint32_t lost = lk_live_claim(l, (void *)address);
	int64_t entry = entry_of(l, address, 0);

	*ok = entry >= 0;
	if (entry < 0) {
		l->rejected_count++;
		return lost;
	}
	atomic_store_explicit(&l->sample_of[entry], sample, memory_order_relaxed);
	filter_add(l, address, 1);
	/* publish last: a thread that sees the address sees its sample */
	atomic_store_explicit(&l->address[entry], address, memory_order_release);
	return lost;
}

uint32_t
lk_live_claim(struct lk_live *l, const void *p)
{
	uintptr_t address = (uintptr_t)p;
	int64_t entry = entry_of(l, address, address);
	uint32_t sample;

	if (entry < 0)
		return LK_LIVE_NONE;
	sample = atomic_load_explicit(&l->sample_of[entry], memory_order_relaxed);
	if (!atomic_compare_exchange_strong_explicit(&l->address[entry], &address, 0,
	    memory_order_acq_rel, memory_order_relaxed))
		return LK_LIVE_NONE;	/* thinned meanwhile */
	filter_add(l, (uintptr_t)p, -1);
	return sample;
}

uint32_t
lk_live_find(const struct lk_live *l, const void *p)
{
	int64_t entry = entry_of(l, (uintptr_t)p, (uintptr_t)p);

	return entry < 0 ? LK_LIVE_NONE :
	    atomic_load_explicit(&l->sample_of[entry], memory_order_relaxed);
}

void
lk_live_bury(struct lk_live *l, uint32_t sample)
{
	uint32_t head = atomic_load_explicit(&l->dead_head, memory_order_relaxed);

	do
		l->samples[sample].next = head;
	while (!atomic_compare_exchange_weak_explicit(&l->dead_head, &head, sample,
	    memory_order_release, memory_order_relaxed));
}

uint32_t
lk_live_dead(struct lk_live *l)
{
	if (atomic_load_explicit(&l->dead_head, memory_order_relaxed) == LK_LIVE_NONE)
		return LK_LIVE_NONE;	/* as mostly: a load is cheap, an exchange is not */
	return atomic_exchange_explicit(&l->dead_head, LK_LIVE_NONE, memory_order_acquire);
}
