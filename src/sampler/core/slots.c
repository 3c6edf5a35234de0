#include "config.h"

#include "sampler/core/slots.h"

#include <errno.h>
#include <string.h>

#include "sampler/core/pages.h"

static size_t
class_bytes(unsigned int class)
{
	return (class + 1) * LK_SLOTS_STEP_BYTES;
}

int
lk_slots_init(struct lk_slots *s)
{
	const size_t bytes = LK_SLOTS_UNITS * LK_SLOTS_UNIT_BYTES;
	unsigned int class, unit = 0;
	void *region;

	memset(s, 0, sizeof(*s));
	s->sample = lk_pages_map(sizeof(*s->sample) * LK_SLOTS_CLASSES * LK_SLOTS_PER_CLASS);
	region = lk_pages_map(bytes);
	if (s->sample == NULL || region == NULL)
		return -ENOMEM;
	s->base = (uintptr_t)region;
	for (class = 0; class < LK_SLOTS_CLASSES; class++) {
		s->class_base[class] = s->base + unit * LK_SLOTS_UNIT_BYTES;
		memset(s->class_of_unit + unit, (int)class, class + 1);
		s->reciprocal[class] = UINT32_MAX / (class + 1) + UINT64_C(1);
		unit += class + 1;
	}
	s->bytes = bytes;
	return 0;
}

static unsigned int
class_of(const struct lk_slots *s, const void *p)
{
	return s->class_of_unit[((uintptr_t)p - s->base) / LK_SLOTS_UNIT_BYTES];
}

/* A multiplication in place of a division, exact: steps * (class + 1) < 2^32. */
static uint32_t
index_in_class(const struct lk_slots *s, unsigned int class, const void *p)
{
	uint64_t steps = ((uintptr_t)p - s->class_base[class]) / LK_SLOTS_STEP_BYTES;

	return (uint32_t)(steps * s->reciprocal[class] >> 32);
}

uint32_t
lk_slots_index(const struct lk_slots *s, const void *p)
{
	unsigned int class = class_of(s, p);

	return class * LK_SLOTS_PER_CLASS + index_in_class(s, class, p);
}

size_t
lk_slots_capacity(const struct lk_slots *s, const void *p)
{
	unsigned int class = class_of(s, p);
	size_t end = (index_in_class(s, class, p) + 1) * class_bytes(class);

	return s->class_base[class] + end - (uintptr_t)p;
}

/* Only ever called with the lock: no read-modify-write is needed. */
static void
count_taken(struct lk_slots *s, size_t bytes)
{
	uint64_t old = atomic_load_explicit(&s->taken_bytes, memory_order_relaxed);

	atomic_store_explicit(&s->taken_bytes, old + bytes, memory_order_relaxed);
}

static void
link_free(struct lk_slots *s, void *p)
{
	unsigned int class = class_of(s, p);

	memcpy(p, &s->free[class], sizeof(void *));
	s->free[class] = p;
	count_taken(s, -class_bytes(class));
}

/* Taking the whole stack at once leaves no room for the ABA problem. */
void
lk_slots_settle(struct lk_slots *s)
{
	void *p = atomic_exchange_explicit(&s->released, NULL, memory_order_acquire);
	void *next;

	for (; p != NULL; p = next) {
		memcpy(&next, p, sizeof(next));
		link_free(s, p);
	}
}

static void *
take_of_class(struct lk_slots *s, unsigned int class)
{
	void *p = s->free[class];

	if (p != NULL)
		memcpy(&s->free[class], p, sizeof(void *));
	else if (s->used[class] < LK_SLOTS_PER_CLASS)
		p = (void *)(s->class_base[class] + class_bytes(class) * s->used[class]++);
	else
		return NULL;
	count_taken(s, class_bytes(class));
	return p;
}

void *
lk_slots_take(struct lk_slots *s, size_t bytes)
{
	unsigned int class;
	void *p = NULL;

	if (s->bytes == 0 || bytes == 0 || bytes > class_bytes(LK_SLOTS_CLASSES - 1))
		return NULL;
	class = (unsigned int)((bytes - 1) / LK_SLOTS_STEP_BYTES);
	if (s->free[class] == NULL)
		lk_slots_settle(s);
	for (; p == NULL && class < LK_SLOTS_CLASSES; class++)
		p = take_of_class(s, class);
	return p;
}

void
lk_slots_release(struct lk_slots *s, void *p)
{
	void *head = atomic_load_explicit(&s->released, memory_order_relaxed);

	do
		memcpy(p, &head, sizeof(head));
	while (!atomic_compare_exchange_weak_explicit(&s->released, &head, p,
	    memory_order_release, memory_order_relaxed));
}

void
lk_slots_forget(struct lk_slots *s)
{
	uint32_t class, i;

	for (class = 0; class < LK_SLOTS_CLASSES; class++) {
		s->free[class] = NULL;
		for (i = 0; i < s->used[class] && i < LK_SLOTS_PER_CLASS; i++)
			atomic_store_explicit(&s->sample[class * LK_SLOTS_PER_CLASS + i],
			    LK_SLOTS_NO_SAMPLE, memory_order_relaxed);
	}
	atomic_store(&s->released, NULL);
}

static bool
is_free(const struct lk_slots *s, unsigned int class)
{
	const void *p = s->free[class];
	uint32_t count = 0;

	for (; p != NULL && count < s->used[class]; count++)
		memcpy(&p, p, sizeof(p));
	return count == s->used[class];
}

/* Where the pages stay, what is in them is never read. */
void
lk_slots_empty(struct lk_slots *s)
{
	unsigned int class;

	lk_slots_settle(s);
	for (class = 0; class < LK_SLOTS_CLASSES; class++) {
		if (s->used[class] == 0 || !is_free(s, class))
			continue;
		s->free[class] = NULL;
		s->used[class] = 0;
		lk_pages_drop((void *)s->class_base[class],
		    class_bytes(class) * LK_SLOTS_PER_CLASS);
		lk_pages_drop((void *)&s->sample[class * LK_SLOTS_PER_CLASS],
		    sizeof(*s->sample) * LK_SLOTS_PER_CLASS);
	}
}
