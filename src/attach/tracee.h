/* tracee.h - one thread of the process, stopped for a moment.  Room: attach.
 *
 * Every function but open and close is for a thread that is stopped.  Whatever fails, close puts
 * its registers back and lets it go.  When this program is killed before that, the thread goes on
 * by a frame that was put there (stub.h).  Where there was no room for one the two system calls
 * that make the memory have nothing to come back by: window_ns is how long that was. */
#ifndef LK_ATTACH_TRACEE_H
#define LK_ATTACH_TRACEE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/user.h>

#include "attach/stub.h"

struct lk_tracee {
	pid_t		 pid, tid;
	bool		 seized, stopped, gone;
	bool		 saved, changed;	/* what follows is there; not in the registers */
	bool		 masked;		/* nor is its mask of signals */
	struct user_regs_struct registers;
	uint64_t	 signal_mask;
	unsigned char	 xstate[LK_STUB_XSTATE_MAX];
	size_t		 xstate_bytes;
	unsigned int	 held_back;		/* SIGSTOPs that are to be sent again */
	struct sigaction alarm_before;
	int64_t		 stopped_at_ns, stopped_ns, window_at_ns, window_ns;
};

/* lk_tracee_open - seize and stop TID of PID, and save its registers.
 * Returns: 0; -ETIMEDOUT: it does not come out of the kernel; -EBUSY: it is stopped by a signal;
 * -ESRCH: it is gone; -EPERM, and others of ptrace.  Then close it, too. */
int lk_tracee_open(struct lk_tracee *t, pid_t pid, pid_t tid);

/* lk_tracee_syscall - in the process, by the instruction at ADDRESS; SIX arguments.  NET: the stack
 * pointer meanwhile, where what follows the instruction returns to a frame; 0: there is none.
 * Returns: 0, *result the kernel's; negative errno: not made, or not known. */
int lk_tracee_syscall(struct lk_tracee *t, uint64_t address, uint64_t net, long number,
    const uint64_t six[6], int64_t *result);

/* lk_tracee_call - run the stub's call: CODE is where its first byte is, CALL are the registers to
 * begin with.  Signals stay blocked.
 * Returns: 0; -EINPROGRESS: it is under way, and comes back by its frame without us; other negative
 * errno: it was not begun. */
int lk_tracee_call(struct lk_tracee *t, const struct user_regs_struct *call, uint64_t code);

/* lk_tracee_poke - BYTES [COUNT] to ADDRESS, a multiple of eight, also where only reading is
 * allowed and /proc/PID/mem is kept from that (proc_mem.force_override).  Up to seven bytes behind
 * become zero.  Returns: 0 or negative errno. */
int lk_tracee_poke(struct lk_tracee *t, uint64_t address, const unsigned char *bytes,
    size_t count);

/* lk_tracee_close - everything back as it was, and detached.  Cannot fail, except that a thread
 * that never stopped is let go by the kernel at the end of this program. */
void lk_tracee_close(struct lk_tracee *t);

/* lk_tracee_fails - for tests: whether remote call NUMBER (from 1) is to fail now, see tracee.c. */
bool lk_tracee_fails(unsigned int number);

#endif
