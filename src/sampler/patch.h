/* patch.h - the thread that puts the hooks of native memory into the objects of this process: it
 * may wait for the loader, so that the server never does.  Room: sampler (top).
 * Threads: the server's calls these, but for stop (whoever stops the server). */
#ifndef LK_SAMPLER_PATCH_H
#define LK_SAMPLER_PATCH_H

#include <stdbool.h>

/* lk_patch_init - from now on there is something to patch. */
void lk_patch_init(void);

/* lk_patch_tend - once a second: start the thread when something is due, join it when it ended. */
void lk_patch_tend(void);

bool lk_patch_is_running(void);

/* lk_patch_stop - wait for the thread, for a moment at most: who stops us may have the loader's
 * lock, which it waits for. */
void lk_patch_stop(void);

/* lk_patch_after_fork - in the child there is no thread. */
void lk_patch_after_fork(void);

#endif
