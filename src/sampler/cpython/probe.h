/* probe.h - reads through addresses that may be none.  Room: sampler/cpython.
 * For the check of a layout: what is not an address must not end the process.  A system call for
 * each question, so not for a hook. */
#ifndef LK_SAMPLER_CPYTHON_PROBE_H
#define LK_SAMPLER_CPYTHON_PROBE_H

#include <stdbool.h>
#include <stddef.h>

/* lk_probe_readable - whether BYTES at P, at least 8, can be read; errno is kept. */
bool lk_probe_readable(const void *p, size_t bytes);

/* lk_probe_ptr - the pointer that is stored at P + OFFSET; NULL unless it can be read, and BYTES
 * where it points to. */
const void *lk_probe_ptr(const void *p, int offset, size_t bytes);

#endif
