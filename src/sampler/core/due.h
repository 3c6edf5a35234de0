/* due.h - the countdown of a thread when it has run out.  Room: sampler/core.
 * Context: in a hook's slow path. */
#ifndef LK_SAMPLER_CORE_DUE_H
#define LK_SAMPLER_CORE_DUE_H

#include <stdbool.h>
#include <stddef.h>

struct lk_sink;

/* lk_due_decide - draws the next countdown of this thread.
 * Returns: true when the block of N bytes is to be sampled, drawn at *INTERVAL. */
bool lk_due_decide(const struct lk_sink *sink, size_t n, double *interval);

#endif
