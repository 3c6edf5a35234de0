/* child.h - a copy-on-write child of the process that reads and nobody else sees.
 * Room: sampler/freeze.  Knows no Python.
 *
 * It shares the table of descriptors (nothing is kept open by it, nothing has to be closed),
 * sends no signal when it ends, and no wait() without __WALL finds it.  It runs at the lowest
 * priority, dies with the thread that started it, and at its deadline by a timer of its own.
 * An exec of the process ends it, too, and can leave one SIGCHLD to the next program (child.c).
 * It may call pure functions and the kernel; never an allocator, a lock or stdio. */
#ifndef LK_SAMPLER_FREEZE_CHILD_H
#define LK_SAMPLER_FREEZE_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct lk_child_work {
	void	(*body)(void *ctx);	/* in the child; when it returns the child waits */
	void	(*failed)(void *ctx, int signal);	/* in the child, of a signal handler */
	void	*ctx;
	uint32_t deadline_ms;
};

/* lk_child_start - Context: a thread of ours with every signal blocked, that stays until the
 * child was ended.  Returns: its pid; negative errno of clone. */
pid_t lk_child_start(const struct lk_child_work *work);

/* lk_child_oom_first - to be taken by the kernel before anything else when memory is short. */
void lk_child_oom_first(pid_t child);

/* lk_child_has_ended - reaps it when it has.  *status as of waitpid, 0 when it is not known. */
bool lk_child_has_ended(pid_t child, int *status);

/* lk_child_reap_left - one that has ended and whose program was replaced by this one (exec) before
 * it could wait for it.  Only a child by that name, and none that a wait() without __WALL finds.
 * Context: while there is no other child. */
void lk_child_reap_left(void);

/* lk_child_end - kills and reaps one that was not seen to end. */
void lk_child_end(pid_t child);

#endif
