/* got.h - turning an object's calls of some functions to ours, and back.
 * Room: sampler/native.
 * Context: a thread of the sampler's own; the object is completely loaded and stays so.
 * Pages that the loader made read-only are writable for the stores only.
 *
 * A word is changed only when it holds what is expected, and by compare-and-swap: what another
 * tool put there stays, before and after us.  An object that is bound to another allocator
 * than the process (its own, or one found by RTLD_DEEPBIND) gets no hook at all: a malloc of
 * ours with a free that is not seen would look like a leak.  Where the loader has bound neither
 * malloc nor free yet, it is asked what it would find in the object and what that needs; when
 * that is another function, only the first call tells, and until then there is no hook. */
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
	bool		 stays;		/* whatever is in */
};

enum lk_got_result {
	LK_GOT_SAME, LK_GOT_CHANGED, LK_GOT_FOREIGN, LK_GOT_UNDECIDED, LK_GOT_REFUSED
};

/* The function NAME as it is found from an object, with what it needs; 0: none. */
typedef uintptr_t (*lk_got_find_fn)(void *ctx, const char *name);

/* lk_got_set - make IMAGE's calls what CALLS wants.
 * Returns: SAME, CHANGED; FOREIGN, UNDECIDED: no hook was put in, for it is bound to another
 * allocator, or may be; REFUSED: its pages stay read-only. */
enum lk_got_result lk_got_set(const struct lk_image *image, const struct lk_got_call *calls,
    size_t count, lk_got_find_fn find, void *find_ctx);

#endif
