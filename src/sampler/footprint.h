/* footprint.h - what memory the sampler has in the process it lives in.  Room: sampler (top). */
#ifndef LK_SAMPLER_FOOTPRINT_H
#define LK_SAMPLER_FOOTPRINT_H

#include <stdint.h>

/* lk_footprint_bytes - resident: tables, baselines, buffers, our threads' stacks, and of the
 * slots what is not the host's own data.  Threads: the server's.  Takes the lock for a moment. */
uint64_t lk_footprint_bytes(void);

#endif
