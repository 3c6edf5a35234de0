/* unwind.h - the native frames of the calling thread, by libunwind.  Room: sampler/native.
 *
 * libunwind is loaded at run time and privately; without it there are no native frames.
 * unw_backtrace() keeps what it found out about each return address in a cache of the thread:
 * a warm stack of 30 frames takes about 0.2 us, without locks or system calls.  A return address
 * that the thread has not seen yet costs some microseconds, and these effects:
 *
 *  - libunwind blocks all signals of the thread while it holds the lock of its tables, and
 *    restores the mask: a signal is late by microseconds, never lost.
 *  - Within that lock it calls dl_iterate_phdr(), which takes the loader's list lock.  The
 *    loader itself holds that lock for moments and calls nobody with it (constructors run with
 *    another one, which is not asked for here).  But a callback that the host gave to
 *    dl_iterate_phdr() runs with it: if that callback allocated and we unwound there, two
 *    threads could wait for each other.  So the host's calls of dl_iterate_phdr() go through
 *    lk_unwind_iterate(), and nothing is unwound inside of them.
 *    That is not enough for a call that meets no hook: one through dlsym() or ctypes, whose
 *    callback waits for the GIL while the thread that has it unwinds and waits for the list lock.
 *    Therefore LEAKTOP_NATIVE is python by default.  The way out is an unwinder that never takes
 *    that lock: libunwind's own slot of dl_iterate_phdr() turned to a table of ours.
 *  - A signal handler may map memory, and it may have interrupted malloc, or the loader while
 *    it holds its list lock, for which another thread waits inside of libunwind.  (It may not
 *    call malloc.)  So the hooks of mmap never unwind: such a sample has one native frame, the
 *    caller of mmap; and Python's are read only when the kernel says that they can be.
 *  - A thread's first unwinding touches libunwind's thread-local variables, for which the
 *    loader may call malloc (its own, not a hook).  The hooks of malloc run when the real
 *    malloc has returned, so that its locks are free.  The loader takes its load lock at the
 *    first touch in the process only; that is made on our own thread (native.c).
 *  - A fork while another thread is inside would leave the child with a lock that nobody gives
 *    back: before a fork new unwindings are turned away and those under way are waited for, a
 *    few milliseconds at most; where that was not enough the child has no native frames.
 *
 * The sampler's lock is never held while unwinding. */
#ifndef LK_SAMPLER_NATIVE_UNWIND_H
#define LK_SAMPLER_NATIVE_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "leaktop/sampler.h"

struct lk_trace {
	uint32_t	 count;
	void		*pc[LK_FRAMES_MAX];	/* return addresses, innermost first */
};

/* lk_unwind_use - the function that fills a trace, found by the caller in libunwind and tried
 * once on its thread; NULL: none. */
void lk_unwind_use(int (*backtrace)(void **pc, int size));

bool lk_unwind_works(void);

/* lk_unwind_trace - of the calling thread, this function's caller first; none when it cannot be
 * done here.  Context: in a hook, without the sampler's lock. */
void lk_unwind_trace(struct lk_trace *out);

/* lk_unwind_iterate - dl_iterate_phdr() as the host calls it; REAL does the work. */
typedef int (*lk_unwind_iterate_fn)(int (*callback)(void *, size_t, void *), void *data);
int lk_unwind_iterate(int (*callback)(void *, size_t, void *), void *data);
extern lk_unwind_iterate_fn lk_unwind_iterate_real;

/* Around any fork. */
void lk_unwind_before_fork(void);
void lk_unwind_after_fork(bool child);

#endif
