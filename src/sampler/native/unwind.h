/* unwind.h - the native frames of the calling thread.  Room: sampler/native.
 *
 * By the call frame information of the objects (cfi.h), which is found through our own table of
 * them (objects.h): no loader, no lock, no other library.  What was found about a return address is
 * kept in a cache of the process, which a new table of objects makes void: a warm frame is two
 * words looked up and two read from the stack.
 *
 * Why not libunwind: it asks the loader in the hook (dl_iterate_phdr), so that a thread whose
 * callback of dl_iterate_phdr() waits for the GIL, and one that has the GIL and unwinds, wait for
 * each other; a fork at that moment leaves its lock taken in the child.  And it keeps what it
 * knows of a return address for the life of a thread: where another library takes the place of
 * one that was closed, it would follow a pointer that is none.
 *
 * Nothing is read on trust.  A code address is looked up in an object only while it is in the
 * table; its bytes are asked of the kernel before they are read, page by page.  An object whose
 * code is to be returned to cannot be closed by a sound program; where one is gone all the
 * same, the trace ends.  Of the stack only what lies above its pointer is read, in pages that
 * this thread could read before.  Where the code at an address has changed for less than a second
 * (the table is made once a second), a frame may be wrong, never a read.
 *
 * A trace ends at code without such information, unless that has frame pointers; at the frame of
 * a signal; and where a frame is not above the one before. */
#ifndef LK_SAMPLER_NATIVE_UNWIND_H
#define LK_SAMPLER_NATIVE_UNWIND_H

#include <stdbool.h>
#include <stdint.h>

#include "leaktop/sampler.h"

struct lk_trace {
	uint32_t	 count;
	void		*pc[LK_FRAMES_MAX];	/* return addresses, innermost first */
};

/* lk_unwind_init - take the memory of the cache; from the next trace on there are frames.
 * Returns: 0, -ENOMEM.  Our thread, once there is a table of objects. */
int lk_unwind_init(void);

/* lk_unwind_works - was there memory for the cache?  Any thread. */
bool lk_unwind_works(void);

/* lk_unwind_forget - what is remembered of code goes; its memory is the host's again.  Any time. */
void lk_unwind_forget(void);

/* lk_unwind_trace - of the calling thread, this function's caller first.  Context: any hook, also
 * in the handler of a signal. */
void lk_unwind_trace(struct lk_trace *out);

#endif
