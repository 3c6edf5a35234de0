/* tend.h - looking after the record from the sampler's own threads, a little at a time.
 * Room: sampler (top).  Context: never in a hook: these wait for the lock. */
#ifndef LK_SAMPLER_TEND_H
#define LK_SAMPLER_TEND_H

#include <stdbool.h>
#include <stdint.h>

/* lk_tend_stop - sample no more: what is under way in a hook is finished when this returns. */
void lk_tend_stop(void);

/* lk_tend_close - the interpreter's memory is about to go: nobody begins to read it, and who does
 * is waited for.  Returns: false when that took longer than LK_TEND_CLOSE_WAIT_MS. */
#define LK_TEND_CLOSE_WAIT_MS	50u
bool lk_tend_close(void);

/* lk_tend_settle - count all deaths so far. */
void lk_tend_settle(void);

/* lk_tend_interval - change the sampling interval: raising it thins what is live, so that
 * the memory is used for the new one; lowering it leaves old samples as they are. */
void lk_tend_interval(uint64_t interval_bytes);

/* lk_tend_forget - nothing that lives is followed any more: all of it counts as ended.  While
 * nothing is sampled. */
void lk_tend_forget(void);

/* lk_tend_empty - after that: what the tables took is the host's again, the history's part, too.
 * When no client is there.  Returns: false: a sample is in somebody's hands, nothing was done. */
bool lk_tend_empty(void);

/* lk_tend_relieve - thin when the tables are nearly full. */
void lk_tend_relieve(void);

/* lk_tend_notice - events for tables that are full: when one refuses, or is made room in, for the
 * first time, and each time that this has doubled. */
void lk_tend_notice(void);

/* lk_tend_turn_over - let go of stacks when a table is nearly full (core/turnover.h).  ENDED is
 * told of each, with the lock held; baselines count theirs under what stands for them. Returns:
 * how many; then all that a client knows of stacks, frames and names is out of date. */
uint32_t lk_tend_turn_over(uint64_t now_ns, void (*ended)(void *ctx, uint32_t stack), void *ctx);

/* lk_tend_turn_over_longest_ns - processor time of the longest that it has held the lock. */
uint64_t lk_tend_turn_over_longest_ns(void);

/* lk_tend_stack_at - the stack of the sampled block that holds P, LK_STACKS_NONE if none. */
uint32_t lk_tend_stack_at(const void *p);

/* lk_tend_epoch_at - the epoch in which that block was sampled, -1 if none. */
int64_t lk_tend_epoch_at(const void *p);

/* What others read of the record: each takes the lock. */
double lk_tend_live_bytes(void);
uint32_t lk_tend_stack_count(void);	/* ids up to here: some may be free */
uint32_t lk_tend_stacks_used(void);	/* stacks there are */
double lk_tend_stack_live_bytes(uint32_t stack);

/* Around any fork, on the thread that forks: the lock must not be held by a thread that the child
 * does not have.  When the forking thread itself holds it, in the handler of a signal, it goes on
 * holding it in both.  When it cannot be had in LK_TEND_FORK_WAIT_MS, the child begins anew; so it
 * does when it was held at a fork that nobody announced.
 * Returns: false when the child's record is empty. */
#define LK_TEND_FORK_WAIT_MS	200u
void lk_tend_before_fork(void);
bool lk_tend_after_fork(bool child);

#endif
