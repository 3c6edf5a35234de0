#include "config.h"

#include "sampler/core/events.h"

#include <stdatomic.h>
#include <stddef.h>

#include "base/clock.h"

static struct lk_event ring[LK_EVENTS_KEPT];
static _Atomic uint64_t count;

void
lk_events_add(const char *code, uint64_t value)
{
	struct lk_event *event = &ring[atomic_fetch_add(&count, 1) % LK_EVENTS_KEPT];

	event->at_s = lk_clock_wall_s();
	event->code = code;
	event->value = value;
}

uint64_t
lk_events_count(void)
{
	return atomic_load(&count);
}

const struct lk_event *
lk_events_get(uint64_t number)
{
	uint64_t n = atomic_load(&count);

	const struct lk_event *event = &ring[number % LK_EVENTS_KEPT];

	return number >= n || n - number > LK_EVENTS_KEPT || event->code == NULL ? NULL : event;
}
