/* threads.h - threads of our own in somebody else's process: every signal blocked, so that
 * the host's handlers never run on them; a small stack; a name.  Room: sampler (top). */
#ifndef LK_SAMPLER_THREADS_H
#define LK_SAMPLER_THREADS_H

#include <pthread.h>
#include <stdint.h>

/* lk_threads_start - joinable.  Returns: 0, negative errno. */
int lk_threads_start(pthread_t *out, void *(*body)(void *));

/* Processor time of these threads; the server's own is its own affair.
 * lk_threads_ending - the calling thread is about to end, and had not told of any; spent - a thread
 * that lives on tells of a part; spent_ns - what was told so far. */
void lk_threads_ending(void);
void lk_threads_spent(uint64_t ns);
uint64_t lk_threads_spent_ns(void);

#endif
