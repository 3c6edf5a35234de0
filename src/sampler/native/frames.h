/* frames.h - the stack of one moment, Python and native.  Room: sampler/native.
 * Context: in a hook. */
#ifndef LK_SAMPLER_NATIVE_FRAMES_H
#define LK_SAMPLER_NATIVE_FRAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "sampler/core/stacks.h"

struct lk_trace;

/* lk_frames_join - TRACE merged with the COUNT Python frames of the same moment into OUT, at most
 * MAX; *truncated: before, Python's; after, the result's.  Under the sampler's lock.
 * Returns: how many. */
uint32_t lk_frames_join(const struct lk_trace *trace, const struct lk_raw_frame *python,
    uint32_t count, struct lk_raw_frame *out, uint32_t max, bool *truncated);

/* lk_frames_hash - of all that makes the native part of a path, joined to HASH. */
uint64_t lk_frames_hash(uint64_t hash, const struct lk_trace *trace);

/* lk_frames_eval_loop - this code is the interpreter's eval loop, or a part of it.  Before the
 * first hook. */
void lk_frames_eval_loop(uintptr_t begin, uintptr_t end);

#endif
