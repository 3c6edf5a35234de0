/* mappings.h - the hooks of mmap, munmap and mremap for anonymous memory.  Room: sampler/native.
 *
 * Counted: writable anonymous memory, at its length in whole pages, when it is mapped; what of
 * it is resident is not asked.  What is inaccessible (PROT_NONE) or reserved (MAP_NORESERVE) is
 * address space only: it is counted when a part of it is mapped again, not when mprotect() opens
 * it.  The mappings that malloc itself makes are malloc's blocks, and stacks of threads are libc's.
 *
 * What ends: munmap() of a range, and a mapping put over it (MAP_FIXED), end what they cover.
 * When a part of a sampled mapping is left, at one side or at both, each part is sampled again
 * as if it had been mapped at that size: it is kept with the probability p(part) / p(whole),
 * which leaves the estimate unbiased.  A part for which there is no room ends: bytes may be
 * missing then, but none stays for ever.  mremap() of a sampled range ends what it covers and is a
 * fresh decision on the new size, as realloc() is; of a range without a sample it counts nothing,
 * because it may be a file's. */
#ifndef LK_SAMPLER_NATIVE_MAPPINGS_H
#define LK_SAMPLER_NATIVE_MAPPINGS_H

#include <stddef.h>

struct lk_family_call;
struct lk_sink;

#define LK_MAPPINGS_MAX	512u	/* sampled mappings that can end in parts; others only whole */

/* lk_mappings_init - SINK lives for ever.  Returns: the calls, *count_out of them. */
const struct lk_family_call *lk_mappings_init(const struct lk_sink *sink, size_t page_bytes,
    size_t *count_out);

#endif
