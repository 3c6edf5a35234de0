/* mirror.h - all that one connection has said about a process so far: the mutable state
 * from which immutable snapshots are built.
 * Room: client.  A new connection gets a new mirror: ids mean nothing across connections. */
#ifndef LK_CLIENT_MIRROR_H
#define LK_CLIENT_MIRROR_H

#include <stdbool.h>
#include <stdint.h>

struct lk_message;
struct lk_native_names;
struct lk_process_info;
struct lk_readings;
struct lk_snapshot;

struct lk_mirror;

struct lk_mirror *lk_mirror_new(void); /* NULL without memory */
void lk_mirror_free(struct lk_mirror *mirror);

/* lk_mirror_look_up - as lk_names_look_up(): NATIVE must outlive MIRROR. */
void lk_mirror_look_up(struct lk_mirror *mirror, struct lk_native_names *native);

/* lk_mirror_apply - take in one message; replies and bye change nothing.
 * Returns: 0; -EBADMSG when it refers to what was never defined (drop the peer);
 * -ENOSPC beyond a cap (drop the peer, a new connection starts small); -ENOMEM. */
int lk_mirror_apply(struct lk_mirror *mirror, const struct lk_message *message);

/* lk_mirror_is_ready - there is something new to be shown, and it is whole: a tick was
 * seen, and no live line is waiting for its continuation or its tick. */
bool lk_mirror_is_ready(const struct lk_mirror *mirror);

/* lk_mirror_wants_history - the one it had has a hole. */
bool lk_mirror_wants_history(const struct lk_mirror *mirror);

/* lk_mirror_wants_events - ticks count more events than when this was asked last. */
bool lk_mirror_wants_events(struct lk_mirror *mirror);

/* lk_mirror_touch - something beside it is new: worth a picture. */
void lk_mirror_touch(struct lk_mirror *mirror);

/* lk_mirror_build - a snapshot of now, with READINGS (may be NULL); what did not change is shared
 * with earlier ones.  Returns: 0, *out holds one reference; -ENOMEM. */
int lk_mirror_build(struct lk_mirror *mirror, const struct lk_process_info *process,
		    const struct lk_readings *readings, uint64_t seq,
		    const struct lk_snapshot **out);

#endif
