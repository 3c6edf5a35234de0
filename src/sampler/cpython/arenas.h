/* arenas.h - what pymalloc holds from the system, counted as it comes and goes.
 * Room: sampler/cpython.  pymalloc's own count is not exported, so its arena allocator is
 * wrapped before the interpreter takes its first arena; an arena is 256 kB or 1 MB, so this
 * costs nothing that can be measured. */
#ifndef LK_SAMPLER_CPYTHON_ARENAS_H
#define LK_SAMPLER_CPYTHON_ARENAS_H

#include <stdint.h>

#define LK_ARENAS_UNKNOWN UINT64_MAX

/* lk_arenas_install - only before Py_Initialize: then nothing was missed.
 * Context: the library's constructor. */
void lk_arenas_install(void);

/* lk_arenas_bytes - held now; LK_ARENAS_UNKNOWN when not counted from the beginning. */
uint64_t lk_arenas_bytes(void);

#endif
