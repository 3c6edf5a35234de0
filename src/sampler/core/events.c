#include "config.h"

#include "sampler/core/events.h"

#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "base/clock.h"

static struct lk_event ring[LK_EVENTS_KEPT];
static _Atomic uint64_t count;

/* Of those that have any; NUMBER is the event's, from 1. */
static struct {
	uint64_t	number;
	char		text[LK_EVENTS_WHAT_BYTES];
} whats[LK_EVENTS_KEPT];

static uint64_t
add(const char *code, uint64_t value)
{
	uint64_t number = atomic_fetch_add(&count, 1);
	struct lk_event *event = &ring[number % LK_EVENTS_KEPT];

	event->at_s = lk_clock_wall_s();
	event->code = code;
	event->value = value;
	return number;
}

void
lk_events_add(const char *code, uint64_t value)
{
	add(code, value);
}

void
lk_events_add_what(const char *code, uint64_t value, const char *what)
{
	uint64_t number = add(code, value);
	size_t length = strnlen(what, LK_EVENTS_WHAT_BYTES - 1);

	memcpy(whats[number % LK_EVENTS_KEPT].text, what, length);
	whats[number % LK_EVENTS_KEPT].text[length] = '\0';
	whats[number % LK_EVENTS_KEPT].number = number + 1;
}

const char *
lk_events_what(uint64_t number)
{
	return whats[number % LK_EVENTS_KEPT].number == number + 1 ?
	    whats[number % LK_EVENTS_KEPT].text : "";
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
