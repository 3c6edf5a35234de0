/* merge.h - native frames and Python frames of one moment, in the order of the calls.
 * Room: sampler/native.  Pure.
 *
 * A frame of the eval loop stands for one run of Python frames.  Other frames of the
 * interpreter (its call machinery) and our own are left out; so are, outward of the outermost
 * eval loop, those of libc and the very last (_start), which only start a thread.  When there
 * are as many frames of the eval loop as runs, each run takes the place of its own.  When not
 * (code without unwind information between, as a JIT's) it is not known which one is missing:
 * then come the native frames inward of the first eval loop, and all Python frames.  Without
 * Python frames the native ones stand alone. */
#ifndef LK_SAMPLER_NATIVE_MERGE_H
#define LK_SAMPLER_NATIVE_MERGE_H

#include <stdbool.h>
#include <stdint.h>

#include "sampler/core/stacks.h"

enum lk_code { LK_CODE_OTHER, LK_CODE_LIBC, LK_CODE_INTERPRETER, LK_CODE_EVAL, LK_CODE_OURS };

struct lk_merge_list {
	const struct lk_raw_frame *raw;	/* [count], innermost first */
	const uint8_t	*code;		/* enum lk_code of each; NULL: the list is Python's */
	uint32_t	 count;
	bool		 truncated;	/* its outermost frames are not here */
};

/* lk_merge_frames - the innermost MAX frames of both into OUT; *truncated when there are more,
 * or when a list was.  Returns: how many. */
uint32_t lk_merge_frames(const struct lk_merge_list *native, const struct lk_merge_list *python,
    struct lk_raw_frame *out, uint32_t max, bool *truncated);

#endif
