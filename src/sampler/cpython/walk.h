/* walk.h - the Python frames of the calling thread, read from its memory.
 * Room: sampler/cpython.
 * Context: inside a hook, on the thread whose frames they are.  A thread's own chain holds
 * still while it is in C, with or without the GIL.  Never allocates, never calls Python.
 *
 * A function has its qualified name from 3.11 on, and its plain name before: there the code does
 * not know the other, and which function object runs it cannot be seen from a frame. */
#ifndef LK_SAMPLER_CPYTHON_WALK_H
#define LK_SAMPLER_CPYTHON_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sampler/core/stacks.h"

struct lk_layout;

/* lk_walk_init - once, before the first capture.  CODE_TYPE: &PyCode_Type. */
void lk_walk_init(const struct lk_layout *layout, const void *code_type);

/* lk_walk_hash - of all frames of the chain, hidden ones too, with what makes their code what it
 * is: two chains of the same hash are the same to lk_walk_frames.  A third of its price.
 * Returns: 0 when the chain has more than LK_FRAMES_MAX frames: then only walking tells. */
uint64_t lk_walk_hash(const void *thread_state);

/* lk_walk_frames - innermost first, the innermost MAX of them; *truncated when there are
 * more.  Returns: how many. */
uint32_t lk_walk_frames(const void *thread_state, struct lk_raw_frame *out, uint32_t max,
    bool *truncated);

/* lk_walk_locals - the local variables that have a value, of each of these frames: CALL for the
 * name of one and its value, which for a variable of a closure is its cell. */
struct lk_local {
	const struct lk_raw_frame	*frame;
	const void			*name, *value;
};
void lk_walk_locals(const void *thread_state, void (*call)(void *ctx, const struct lk_local *local),
    void *ctx);

/* lk_walk_is_sound - for a caller that may have interrupted the interpreter anywhere, as a signal
 * handler does: a frame that is being made may be in the chain already.  Whether the above read
 * nothing that READABLE denies, which may also refuse to look at any more; the chain holds still
 * until the interrupted code goes on. */
typedef bool (*lk_walk_readable_fn)(void *ctx, const void *p, size_t bytes);
bool lk_walk_is_sound(const void *thread_state, lk_walk_readable_fn readable, void *ctx);

/* lk_walk_resolve - an lk_resolve_fn.  Not reentrant: under the sampler's lock. */
void lk_walk_resolve(const struct lk_raw_frame *raw, struct lk_frame_words *out);

#endif
