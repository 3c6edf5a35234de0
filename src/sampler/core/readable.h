/* readable.h - whether memory can be read, asked of the kernel.  Room: sampler/core.
 * Context: any, also a signal handler; system calls, errno changes. */
#ifndef LK_SAMPLER_CORE_READABLE_H
#define LK_SAMPLER_CORE_READABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LK_READABLE_CALLS_MAX	64u	/* some ten microseconds */
#define LK_READABLE_PAGES	32u

/* One walk through memory that may not be there; begins zeroed. */
struct lk_readable {
	uintptr_t	pages[LK_READABLE_PAGES];	/* that can be read, the latest */
	uint32_t	next;
	uint32_t	calls;				/* of the kernel so far */
};

/* lk_readable_bytes - whether all of [P, P + BYTES) can be read, at most a page.  WALK is a struct
 * lk_readable: what was asked is remembered.  false also when that would be one call too many. */
bool lk_readable_bytes(void *walk, const void *p, size_t bytes);

#endif
