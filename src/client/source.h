/* source.h - where snapshots come from, behind one face.
 * Room: client; ui and cli use it and never ask what is behind.
 * Implementations: source_live.c (a sampler's socket), source_group.c (those of a process and
 * all below it, as a sum), source_file.c (a snapshot file, or a recording of many),
 * source_dummy.c (seeded fake data for tests and screens).
 *
 * One thread.  Nothing here blocks except the open functions, which give up after
 * their deadline.  A source that lost its sampler reconnects by itself. */
#ifndef LK_CLIENT_SOURCE_H
#define LK_CLIENT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lk_process;
struct lk_revealed;
struct lk_snapshot;
struct lk_source;
struct pollfd;

#define LK_SOURCE_POLL_MAX 320	/* as many descriptors as a source may want to have watched */

enum lk_source_state {
	LK_SOURCE_CONNECTING,
	LK_SOURCE_LIVE,
	LK_SOURCE_STALE,	/* nothing heard for three periods */
	LK_SOURCE_LOST,		/* connection gone; trying again */
	LK_SOURCE_GONE,		/* the process has ended, or another has its pid */
	LK_SOURCE_OFFLINE,	/* a file: nothing will change */
	LK_SOURCE_REFUSED,	/* not permitted, protocol, limit: see words */
};

enum lk_request_op {
	LK_REQUEST_BASELINE,		/* text: name or NULL */
	LK_REQUEST_BASELINE_RENAME,	/* number: id, text: name */
	LK_REQUEST_BASELINE_DROP,	/* number: id */
	LK_REQUEST_BASELINE_ROWS,	/* number: id; rows appear in a later snapshot */
	LK_REQUEST_HISTORY,
	LK_REQUEST_TRENDS,
	LK_REQUEST_MEMORY,		/* number: seconds to watch the collector, or 0 */
	LK_REQUEST_EVENTS,
	LK_REQUEST_CONTAINERS,		/* number: minimum length, 0: default */
	LK_REQUEST_PAUSE,		/* the sampler, not the screen */
	LK_REQUEST_RESUME,
	LK_REQUEST_DETACH,		/* reply: hooks that cannot be taken out yet */
	LK_REQUEST_PERIOD,		/* number: milliseconds */
	/* The heap is frozen for these: they take seconds and are answered when they are done,
	 * one at a time (-EBUSY); what was read is in the snapshot then (model/frozen.h). */
	LK_REQUEST_TYPES,
	LK_REQUEST_HOLDERS,		/* text: a type; see lk_source_held_name */
	LK_REQUEST_HOLDERS_STACK,	/* number: id of a stack */
	LK_REQUEST_HOLDERS_ADDRESS,	/* number: of an object */
	LK_REQUEST_REVEAL,		/* number: address of a container, seen_ms; what it holds is
					 * in lk_source_revealed() then, in no snapshot */
	LK_REQUEST_GIVE_UP,		/* that: it is answered with ok false, this one never */
};

struct lk_request {
	enum lk_request_op	 op;
	uint64_t		 number;
	const char		*text;		/* copied */
	uint64_t		 seen_ms;	/* containers.at_s of the list it is in, as ms */
};

/* A frozen heap that is being read. */
struct lk_source_reading {
	enum lk_request_op	 op;		/* LK_REQUEST_TYPES, _HOLDERS* or _REVEAL */
	double			 done, found;	/* objects, as far as it was told */
};

/* Called once per request, from dispatch: OK, or the sampler's words. */
typedef void (*lk_reply_fn)(void *ctx, bool ok, uint64_t number, const char *words);

/* Open. *out untouched on failure.  A live source with a sampler that does not answer
 * yet opens in state CONNECTING. */
int lk_source_open_live(const char *socket_path, int pid, unsigned int period_ms,
    struct lk_source **out);
/* How a group finds its processes and opens one; discover.h says what a scan is. */
struct lk_group_finder {
	int	(*scan)(void *ctx, int64_t now_ms, const struct lk_process **out);
	void	*scan_ctx;
	int	(*open)(void *ctx, const struct lk_process *process, struct lk_source **out);
	void	*open_ctx;
};

/* lk_source_open_group - PID and the Python processes below it, as they come and go: snapshots are
 * the sum of all that have a sampler, with each of them in members.  FINDER: NULL for this host's
 * processes; else copied. */
int lk_source_open_group(int pid, unsigned int period_ms, const struct lk_group_finder *finder,
    struct lk_source **out);
/* words: at least 256 bytes, what is wrong with the file.  -EPROTONOSUPPORT: schema. */
int lk_source_open_file(const char *path, char *words, size_t words_bytes,
    struct lk_source **out);
int lk_source_open_dummy(uint32_t seed, struct lk_source **out);
void lk_source_close(struct lk_source *source);	/* NULL is fine */

/* lk_source_poll - fills at most MAX pollfds; *timeout_ms is lowered (never raised)
 * to when dispatch must be called even without an event (-1: no need).
 * Returns: how many were filled. */
size_t lk_source_poll(struct lk_source *source, struct pollfd *fds, size_t max, int *timeout_ms);

/* lk_source_dispatch - read, write, time out, reconnect; NOW_MS is a monotonic clock.
 * Returns: true when a new snapshot or state is there to be shown. */
bool lk_source_dispatch(struct lk_source *source, const struct pollfd *fds, size_t count,
    int64_t now_ms);

/* lk_source_snapshot - the newest one, borrowed until the next dispatch (get to keep);
 * NULL before the first. */
const struct lk_snapshot *lk_source_snapshot(const struct lk_source *source);

enum lk_source_state lk_source_state(const struct lk_source *source);
const char *lk_source_words(const struct lk_source *source);	/* why it is in that state */

/* lk_source_request - queue a request; FN may be NULL.
 * Returns: 0; -EOPNOTSUPP for a source that cannot (a file); -ENOTCONN; -ENOSPC. */
int lk_source_request(struct lk_source *source, const struct lk_request *request,
    lk_reply_fn fn, void *ctx);

/* lk_source_reading - borrowed until the next dispatch; NULL when no heap is being read. */
const struct lk_source_reading *lk_source_reading(const struct lk_source *source);

/* lk_source_revealed - what was revealed last, borrowed until the next dispatch or request; NULL:
 * nothing. */
const struct lk_revealed *lk_source_revealed(const struct lk_source *source);

/* lk_source_held_name - what LK_REQUEST_HOLDERS takes for a type of this NAME: all of it, or where
 * that is too long its last words.  NULL: not even its last one fits.  Borrowed from NAME. */
const char *lk_source_held_name(const char *name);

/* lk_source_moments - how many moments there are to go to: those of a recording, else 1.  *at: the
 * one that is shown, from 0. */
size_t lk_source_moments(const struct lk_source *source, size_t *at);

/* lk_source_step - go STEP moments on, back when it is negative, as far as there are any; what
 * cannot be read is skipped.  The snapshot is another one then.
 * Returns: 0; -EOPNOTSUPP where there is one moment only; -ERANGE there is none further. */
int lk_source_step(struct lk_source *source, int step);

/* lk_source_wait - for cli: dispatches until a snapshot newer than SEQ with all names,
 * or the deadline.  Returns: 0, -ETIMEDOUT, -ENOTCONN (see words). */
int lk_source_wait(struct lk_source *source, uint64_t seq, int timeout_ms);

/* lk_source_ask - for cli: one request, dispatching until its reply.
 * Returns: 0, -ETIMEDOUT, -ENOTCONN, -EREMOTEIO when the sampler said no (see words). */
int lk_source_ask(struct lk_source *source, const struct lk_request *request,
    uint64_t *number_out, int timeout_ms);

#endif
