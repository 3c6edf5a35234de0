/* threads.h - threads of our own in somebody else's process: every signal blocked, so that
 * the host's handlers never run on them; a small stack; a name.  Room: sampler (top). */
#ifndef LK_SAMPLER_THREADS_H
#define LK_SAMPLER_THREADS_H

#include <pthread.h>
#include <stdint.h>

/* lk_threads_start - joinable.  Returns: 0, negative errno. */
int lk_threads_start(pthread_t *out, void *(*body)(void *));

/* lk_threads_ending - the calling thread is about to end: its processor time is kept.
 * lk_threads_ended_ns - of all that ended; the server's own time is its own affair. */
void lk_threads_ending(void);
uint64_t lk_threads_ended_ns(void);

#endif
