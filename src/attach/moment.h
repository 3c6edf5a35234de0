/* moment.h - whether a thread that was stopped may be made to start another one.  Room: attach.
 *
 * pthread_create takes the locks of malloc and of the loader's thread variables for moments.
 * Whoever else has them goes on, and gives them; the stopped thread itself must have none.  So it
 * has to be where none can be held:
 *
 *	- waiting in a system call that neither malloc nor the loader waits in, or
 *	- in the interpreter's own code, or for want of that in code of a library that is not libc,
 *	  the loader or an allocator: malloc calls none of these.
 *
 * What malloc was interrupted by, the handler of a signal, may be in such code too: its frame is
 * looked for on the stack. */
#ifndef LK_ATTACH_MOMENT_H
#define LK_ATTACH_MOMENT_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/user.h>

struct lk_subject;

/* The better first.  A wait that is ended by the stop, as by any signal, comes after one that the
 * kernel begins again. */
enum lk_moment {
	LK_MOMENT_WAITS,		/* in a call that is restarted */
	LK_MOMENT_WAITS_ONCE,		/* as epoll_wait: it returns EINTR, as after any signal */
	LK_MOMENT_RUNS,			/* to be stopped and looked at */
	LK_MOMENT_NEVER,		/* in a wait that says nothing about locks; or it is gone */
};

/* lk_moment_guess - before it is stopped, by /proc. */
enum lk_moment lk_moment_guess(pid_t pid, pid_t tid);

/* lk_moment_is_safe - of a stopped thread by its registers and its stack.  ANY_LIBRARY: also in
 * code that is not the interpreter's. */
bool lk_moment_is_safe(const struct lk_subject *s, const struct user_regs_struct *stopped,
    bool any_library);

#endif
