/* patch.h - the thread that puts the hooks of native memory into the objects of this process: it
 * may wait for the loader, so that the server never does, also not to learn whether objects came
 * or went.  Room: sampler (top).
 * Threads: the server's calls these, but for stop (whoever stops the server) and forks. */
#ifndef LK_SAMPLER_PATCH_H
#define LK_SAMPLER_PATCH_H

#include <stdbool.h>

/* lk_patch_init - from now on there is something to patch. */
void lk_patch_init(void);

/* lk_patch_tend - once a second: the thread looks whether something is due. */
void lk_patch_tend(void);

/* lk_patch_is_running - there is such a thread, or one that may still end. */
bool lk_patch_is_running(void);

/* lk_patch_stop - the thread gives up what it is about, and is waited for, for a moment at most:
 * who stops us may have the loader's lock, which it waits for. */
void lk_patch_stop(void);

/* Around any fork: the thread is not in the loader then, see gate.h. */
void lk_patch_before_fork(void);
void lk_patch_after_fork(bool child);

#endif
