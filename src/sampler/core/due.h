/* due.h - the countdowns of a thread when they have run out.  Room: sampler/core.
 * Context: in a hook's slow path. */
#ifndef LK_SAMPLER_CORE_DUE_H
#define LK_SAMPLER_CORE_DUE_H

#include <stdbool.h>
#include <stddef.h>

struct lk_sink;

/* lk_due_decide - draws the next countdown of this thread.
 * Returns: true when the block of N bytes is to be sampled, drawn at *INTERVAL. */
bool lk_due_decide(const struct lk_sink *sink, size_t n, double *interval);

/* lk_due_decide_object - the same of the countdown of OBJ and MEM with slots. */
bool lk_due_decide_object(const struct lk_sink *sink, size_t n, float *interval);

#endif
