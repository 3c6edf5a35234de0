/* readable.h - whether memory can be read, asked of the kernel.  Room: sampler/core.
 * Context: any, also a signal handler; a system call or two, errno changes. */
#ifndef LK_SAMPLER_CORE_READABLE_H
#define LK_SAMPLER_CORE_READABLE_H

#include <stdbool.h>
#include <stddef.h>

/* lk_readable_bytes - the ends of [P, P + BYTES); for less than a page that is all of it. */
bool lk_readable_bytes(const void *p, size_t bytes);

#endif
