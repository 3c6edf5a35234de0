/* got.h - turning an object's calls of some functions to ours, and back.
 * Room: sampler/native.
 * Context: a thread of the sampler's own; the object is completely loaded and stays so.
 * Pages that the loader made read-only are writable for the stores only.
 *
 * A word is changed only when it holds what is expected, and by compare-and-swap: what another
 * tool put there stays, before and after us.  An object that is bound to another allocator
 * than the process (its own, or one found by RTLD_DEEPBIND) gets no hook at all: a malloc of
 * ours with a free that is not seen would look like a leak. */
#ifndef LK_SAMPLER_NATIVE_GOT_H
#define LK_SAMPLER_NATIVE_GOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lk_image;

struct lk_got_call {
	const char	*name;
	uintptr_t	 hook, real;	/* real 0: this libc has no such function */
	uintptr_t	 alias;		/* its address where it is not called but taken */
	bool		 wanted;	/* the hook is to be in; false: the real function */
	bool		 decides;	/* tells which allocator the object is bound to */
};

enum lk_got_result { LK_GOT_SAME, LK_GOT_CHANGED, LK_GOT_FOREIGN, LK_GOT_REFUSED };

/* lk_got_set - make IMAGE's calls what CALLS wants.
 * Returns: SAME, CHANGED; FOREIGN: no hook was put in; REFUSED: its pages stay read-only. */
enum lk_got_result lk_got_set(const struct lk_image *image, const struct lk_got_call *calls,
    size_t count);

#endif
