/* event.h - what the sampler notices about itself, in words for people.  Room: model. */
#ifndef LK_MODEL_EVENT_H
#define LK_MODEL_EVENT_H

#include <stdbool.h>
#include <stddef.h>

struct lk_sampler_event;

/* lk_event_words - into OUT; a code that is not known here is its own words. */
void lk_event_words(const struct lk_sampler_event *event, char *out, size_t out_bytes);

/* lk_event_is_fault - something is missing or was lost because of it. */
bool lk_event_is_fault(const struct lk_sampler_event *event);

#endif
