/* calls.h - frames by number: the same call has the same number, whatever snapshot it is in.
 * Room: analysis. */
#ifndef LK_ANALYSIS_CALLS_H
#define LK_ANALYSIS_CALLS_H

#include <stdint.h>

#include "model/snapshot.h"
#include "util/index.h"

struct lk_call {
	struct lk_frame	 frame;		/* its texts are copies */
	uint32_t	 child, mark;	/* the caller's, 0 at first */
};

/* All zero: none. */
struct lk_calls {
	struct lk_arena	*names;
	struct lk_call	*list;		/* [count] */
	uint32_t	 count, cap;
	struct lk_index	 by_frame;
	struct lk_calls_cached *cache;	/* or NULL */
};

/* lk_calls_begin - none again.  Returns: 0 or -ENOMEM. */
int lk_calls_begin(struct lk_calls *c);
void lk_calls_clear(struct lk_calls *c);	/* with all memory */

/* lk_calls_renew - before frames of another snapshot: the same pointer may be another name. */
void lk_calls_renew(struct lk_calls *c);

/* lk_calls_number - of FRAME, a new one where it is not known.  Returns: it or -ENOMEM; never
 * that for one that has a number. */
int64_t lk_calls_number(struct lk_calls *c, const struct lk_frame *frame);

#endif
