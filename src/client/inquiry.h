/* inquiry.h - one question to a sampler, on a connection of its own.  Room: client.
 * For what takes its time: while it is answered nothing else of the client waits, and to close the
 * connection is to give it up. */
#ifndef LK_CLIENT_INQUIRY_H
#define LK_CLIENT_INQUIRY_H

#include <stddef.h>

struct lk_ask;
struct lk_message;

#define LK_INQUIRY_WORDS_BYTES 512

/* Every message but hello and the reply; borrowed until it returns.  Not 0: give up, with it. */
typedef int (*lk_inquiry_fn)(const struct lk_message *message, void *ctx);

/* lk_inquiry_make - ask the sampler that listens at PATH, of process PID, and wait for the reply,
 * at most SILENCE_MS without a word.
 * Returns: 0; -EREMOTEIO: it said no; -ETIMEDOUT; -EPROTO: it is no sampler of this version or
 * that process; other negative errno; with the reason, safe for a terminal, in
 * WORDS[LK_INQUIRY_WORDS_BYTES]. */
int lk_inquiry_make(const char *path, int pid, const struct lk_ask *ask, int silence_ms,
    lk_inquiry_fn fn, void *ctx, char *words);

#endif
