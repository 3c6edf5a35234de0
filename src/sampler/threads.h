/* threads.h - threads of our own in somebody else's process: every signal blocked, so that
 * the host's handlers never run on them; a small stack; a name.  Room: sampler (top). */
#ifndef LK_SAMPLER_THREADS_H
#define LK_SAMPLER_THREADS_H

#include <pthread.h>

/* lk_threads_start - joinable.  Returns: 0, negative errno. */
int lk_threads_start(pthread_t *out, void *(*body)(void *));

#endif
