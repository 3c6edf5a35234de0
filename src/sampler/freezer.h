/* freezer.h - the thread that freezes the heap: takes the GIL for as long as a clone takes, and
 * then waits for the child, so that the server never does.
 * Room: sampler (top).  One freeze at a time; its answer stays until the next one starts.
 * Threads: the server's calls these. */
#ifndef LK_SAMPLER_FREEZER_H
#define LK_SAMPLER_FREEZER_H

#include <stdbool.h>
#include <stdint.h>

struct lk_answer;
struct lk_layout;
struct lk_symbols;
struct lk_want;

#define LK_FREEZER_UNKNOWN	UINT64_MAX

struct lk_freeze {
	double		 at_s;			/* of the copy */
	uint64_t	 pause_ns;		/* in which the GIL was ours */
	uint64_t	 copied_bytes;		/* of the host, while the child lived; or UNKNOWN */
	const struct lk_answer *answer;
};

/* lk_freezer_init - LAYOUT NULL: there is no freezing here.  RING is called when there is
 * progress and at the end. */
void lk_freezer_init(const struct lk_layout *layout, const struct lk_symbols *symbols,
    void (*ring)(void));

/* lk_freezer_forbid - nothing is ever frozen. */
void lk_freezer_forbid(void);

/* lk_freezer_why_never - why nothing can be frozen here, whenever it is tried; else NULL. */
const char *lk_freezer_why_never(void);

/* lk_freezer_start - begin one for WANT.
 * Returns: 0; -EBUSY: one is under way; -ENOTSUP; -ENOMEM;
 * -EAGAIN: no thread to be had.  The last three are in lk_freezer_words(). */
int lk_freezer_start(const struct lk_want *want);

/* lk_freezer_serves - whether the one under way, or the last one, is for that, too. */
bool lk_freezer_serves(const struct lk_want *want);

/* lk_freezer_poll - has one ended, or been given up, since the last call?  Then joins its thread
 * and returns its number (from 1); else 0. */
uint32_t lk_freezer_poll(void);

bool lk_freezer_is_running(void);

/* lk_freezer_progress - objects looked at and found so far. */
void lk_freezer_progress(uint64_t *done, uint64_t *found);

/* lk_freezer_result - of the last one that ended; NULL when it gave no answer. */
const struct lk_freeze *lk_freezer_result(void);

/* lk_freezer_forget_revealed - what was revealed has been told, or will not be. */
void lk_freezer_forget_revealed(void);

/* lk_freezer_words - why there is no answer. */
const char *lk_freezer_words(void);

/* lk_freezer_cancel - nobody wants it any more; it ends soon. */
void lk_freezer_cancel(void);

/* lk_freezer_tidy - once a second: what the program that was here before an exec has left. */
void lk_freezer_tidy(void);

/* lk_freezer_stop - the same, and waits for it.  Context: without the GIL. */
void lk_freezer_stop(void);

/* lk_freezer_after_fork - in the child of a fork there is no freezer, and the answer is the
 * parent's. */
void lk_freezer_after_fork(void);

#endif
