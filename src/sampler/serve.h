/* serve.h - the socket thread: accepts, answers, and once a second looks at the process.
 * Room: sampler (top).  All functions but ring are for the thread that owns the server, or
 * for its starter while it does not run. */
#ifndef LK_SAMPLER_SERVE_H
#define LK_SAMPLER_SERVE_H

#include <stdbool.h>

/* lk_serve_init - once per process image. */
int lk_serve_init(void);

/* lk_serve_run - until lk_serve_stop, or until the host's last thread has ended: opens the
 * socket GRACE_MS after the call (a child that is about to exec leaves none behind), serves,
 * keeps everything open on return.
 * Returns: true when no thread of the host is left, false when stopped. */
bool lk_serve_run(int grace_ms);

/* lk_serve_stop - make run return soon.  Any thread. */
void lk_serve_stop(void);

/* lk_serve_leave - make run return when the clients have heard all that there is for them, and
 * again at once until lk_serve_stay.  The server's thread; stay: who starts it. */
void lk_serve_leave(void);
void lk_serve_stay(void);

/* lk_serve_leaves - whether run returned for that.  lk_serve_is_stopped - stop was called, and run
 * has not noticed. */
bool lk_serve_leaves(void);
bool lk_serve_is_stopped(void);

/* lk_serve_ring - wake the server.  Any thread. */
void lk_serve_ring(void);

/* lk_serve_close - say goodbye, close, unlink.  REASON as on the wire. */
void lk_serve_close(const char *reason);

/* lk_serve_forget - give back the memory of all that is known.  After close, when detached. */
void lk_serve_forget(void);

/* lk_serve_after_fork - in the child: let go of what belongs to the parent. */
void lk_serve_after_fork(void);

#endif
