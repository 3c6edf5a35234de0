/* lookout.h - how long the cyclic collector collects: a thread of ours looks every few milliseconds
 * whether it does, while a client wants to know.  No callback, no hook and no GIL: the interpreter
 * says so in a word of its memory.  Where it keeps the times of its collections (3.15) these are
 * read instead, and there is no thread.  Room: sampler (top).
 * Threads: the server's calls these, but for stop (whoever stops the server) and forks. */
#ifndef LK_SAMPLER_LOOKOUT_H
#define LK_SAMPLER_LOOKOUT_H

#include <stdbool.h>
#include <stdint.h>

struct lk_emit_pauses;

/* lk_lookout_watch - there is a thread that looks, for the next SECONDS.  What it has seen counts
 * from the beginning of this when nobody wanted to know for LK_LOOKOUT_FORGETS_S. */
#define LK_LOOKOUT_FORGETS_S	600u
void lk_lookout_watch(uint64_t now_ns, uint64_t seconds);

/* lk_lookout_tend - once a second: ends the thread when nobody wants to know, and begins it
 * anew after a fork. */
void lk_lookout_tend(uint64_t now_ns);

/* lk_lookout_is_running - there is such a thread. */
bool lk_lookout_is_running(void);

/* lk_lookout_tell - what is known.  Returns: false when nobody has looked. */
bool lk_lookout_tell(struct lk_emit_pauses *out);

/* lk_lookout_stop - the thread is waited for; tend begins it anew. */
void lk_lookout_stop(void);

/* lk_lookout_after_fork - in the child: nothing is known, and nobody wants to know. */
void lk_lookout_after_fork(void);

#endif
