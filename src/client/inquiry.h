/* inquiry.h - one question to a sampler, on a connection of its own.  Room: client.
 * For what takes its time: while it is answered nothing else of the client waits, and to close the
 * connection is to give it up. */
#ifndef LK_CLIENT_INQUIRY_H
#define LK_CLIENT_INQUIRY_H

#include <stddef.h>
#include <stdint.h>

struct lk_ask;
struct lk_inquiry;
struct lk_message;
struct pollfd;

#define LK_INQUIRY_WORDS_BYTES 512

/* Every message but hello and the reply; borrowed until it returns.
 * Returns: 0; negative errno: give up, with it. */
typedef int (*lk_inquiry_fn)(const struct lk_message *message, void *ctx);

/* lk_inquiry_begin - ask the sampler that listens at PATH, of process PID, and do not wait; what
 * goes wrong is said by go_on.  SILENCE_MS: how long it may say nothing.  ASK is copied.
 * Returns: NULL without memory. */
struct lk_inquiry *lk_inquiry_begin(const char *path, int pid, const struct lk_ask *ask,
    int silence_ms, int64_t now_ms, lk_inquiry_fn fn, void *ctx);

/* lk_inquiry_poll - fills one pollfd; *timeout_ms is lowered to when go_on must be called even
 * without an event.  Returns: how many were filled, 0 or 1. */
size_t lk_inquiry_poll(const struct lk_inquiry *q, int64_t now_ms, struct pollfd *fd,
    int *timeout_ms);

/* lk_inquiry_go_on - takes in what came, without waiting; NOW_MS is a monotonic clock.
 * Returns: 1: not answered yet; 0: answered; negative errno as of lk_inquiry_make. */
int lk_inquiry_go_on(struct lk_inquiry *q, int64_t now_ms);

/* lk_inquiry_words - why it failed, safe for a terminal; "" else. */
const char *lk_inquiry_words(const struct lk_inquiry *q);

/* lk_inquiry_end - hangs up and frees Q; NULL is fine. */
void lk_inquiry_end(struct lk_inquiry *q);

/* lk_inquiry_make - the same, waiting for the reply.
 * Returns: 0; -EREMOTEIO: it said no; -ETIMEDOUT; -EPROTO: it is no sampler of this version or
 * that process; other negative errno; with the reason, safe for a terminal, in
 * WORDS[LK_INQUIRY_WORDS_BYTES]. */
int lk_inquiry_make(const char *path, int pid, const struct lk_ask *ask, int silence_ms,
    lk_inquiry_fn fn, void *ctx, char *words);

#endif
