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

uint32_t
lk_slots_index(const struct lk_slots *s, const void *p)
{
	unsigned int class = class_of(s, p);
	size_t offset = (uintptr_t)p - s->class_base[class];

	return class * LK_SLOTS_PER_CLASS + (uint32_t)(offset / class_bytes(class));
}

size_t
lk_slots_capacity(const struct lk_slots *s, const void *p)
{
	unsigned int class = class_of(s, p);
	size_t offset = (uintptr_t)p - s->class_base[class];

	return class_bytes(class) - offset % class_bytes(class);
}

static void
link_free(struct lk_slots *s, void *p)
{
	unsigned int class = class_of(s, p);

	memcpy(p, &s->free[class], sizeof(void *));
	s->free[class] = p;
	atomic_fetch_sub_explicit(&s->taken_bytes, class_bytes(class), memory_order_relaxed);
}

/* Taking the whole stack at once leaves no room for the ABA problem. */
static void
drain_released(struct lk_slots *s)
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
	atomic_fetch_add_explicit(&s->taken_bytes, class_bytes(class), memory_order_relaxed);
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
		drain_released(s);
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
