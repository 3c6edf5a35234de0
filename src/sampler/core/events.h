/* events.h - what the sampler noticed about itself: a small ring of coded events, read
 * through the protocol, never printed.  Room: sampler/core.
 * Threads: any may add (a slot may be torn when 64 are added at once: it is only a log). */
#ifndef LK_SAMPLER_CORE_EVENTS_H
#define LK_SAMPLER_CORE_EVENTS_H

#include <stdatomic.h>
#include <stdint.h>

#define LK_EVENTS_KEPT	64u
#define LK_EVENTS_WHAT_BYTES 200u

struct lk_event {
	_Atomic double	 at_s;
	_Atomic(const char *) code;	/* static text */
	_Atomic uint64_t value;
};

/* lk_events_add - now; CODE is static text, what VALUE is depends on it. */
void lk_events_add(const char *code, uint64_t value);

/* lk_events_add_what - with words, terminated, for what it is about; cut to fit.
 * lk_events_what - those of the NUMBER-th, "" none.
 * Threads: one, for both. */
void lk_events_add_what(const char *code, uint64_t value, const char *what);
const char *lk_events_what(uint64_t number);

uint64_t lk_events_count(void);			/* since the start */

/* lk_events_get - the NUMBER-th since the start; NULL when it is no longer kept. */
const struct lk_event *lk_events_get(uint64_t number);

#endif
