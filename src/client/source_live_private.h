/* source_live_private.h - one live source, cut into source_live*.c; only those include it.
 * Room: client. */
#ifndef LK_CLIENT_SOURCE_LIVE_PRIVATE_H
#define LK_CLIENT_SOURCE_LIVE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "leaktop/wire.h"
#include "model/revealed.h"
#include "model/snapshot.h"
#include "proto/ask.h"
#include "proto/framing.h"

#include "client/source_ops.h"

struct lk_inquiry;
struct lk_message_bye;
struct lk_message_hello;
struct lk_message_reply;
struct lk_mirror;
struct lk_native_names;
struct lk_readings;

#define LK_LIVE_PENDING_MAX   64
#define LK_LIVE_OUT_MAX_BYTES (64u << 10)

#define LK_LIVE_TRENDS_EVERY_MS 10000
#define LK_LIVE_MEMORY_EVERY_MS 10000
#define LK_LIVE_EVENTS_EVERY_MS 2000 /* when there are new ones */

struct lk_pending {
	uint64_t id;
	lk_reply_fn fn; /* NULL: nobody waits */
	void *ctx;
};

/*
 *   CONNECTING --tick--> LIVE <--bytes-- STALE (silence for three periods)
 *        ^                |  \----------^
 *        |            connection lost
 *        |                v
 *        +---retry----- LOST -- process ended, other start time --> GONE
 *   not permitted, wrong protocol, other pid: REFUSED, for good; too many clients:
 *   REFUSED, tried again now and then.
 */
struct lk_live {
	struct lk_source base;
	char path[108];
	int pid;
	uint64_t start_time; /* of PID at open; 0 unknown */
	unsigned int period_ms;

	enum lk_source_state state;
	char words[LK_SOURCE_WORDS_BYTES];
	bool is_changed;

	int fd; /* -1: none */
	bool has_hello, is_final;
	double started_at_s; /* of the sampler last seen; 0 none yet */
	int64_t now_ms, heard_ms, retry_ms, backoff_ms;
	int64_t trends_ms, memory_ms, history_ms, events_ms;

	struct lk_framing in;
	char out[LK_LIVE_OUT_MAX_BYTES];
	size_t out_used;
	uint64_t next_id;
	size_t pending_count, pending_first;
	struct lk_pending pending[LK_LIVE_PENDING_MAX];

	struct lk_mirror *mirror;		/* NULL without a connection */
	struct lk_native_names *native;		/* of the process; NULL until it is known */
	uint32_t wanted[LK_WIRE_BASELINES_MAX]; /* rows to fetch again */
	size_t wanted_count;

	struct lk_inquiry *inquiry; /* a frozen heap that is being read; NULL: none */
	struct lk_source_reading reading;
	struct lk_pending inquirer;
	bool is_given_up;
	uint32_t baseline; /* the inquiry is about its types, before those of now; 0: about now */
	bool has_revealed;
	struct lk_revealed revealed;
	struct lk_readings *readings; /* what frozen heaps said; NULL until one was asked for */

	struct lk_process_info process;
	char host[64], command[1024], cgroup[512], user[32];
	uint64_t seq;
	const struct lk_snapshot *snapshot;
};

static inline struct lk_live *
lk_source_live_of(struct lk_source *source)
{
	return (struct lk_live *)source;
}

/* lk_source_live_enter - a state and the words for it, made safe for a terminal. */
void lk_source_live_enter(struct lk_live *l, enum lk_source_state state, const char *format, ...)
    LK_PRINTF(3, 4);

/* ---- source_live_ask.c: requests ---- */


/* lk_source_live_ask_op - nobody waits for the answer; when the queue is full it is not asked,
 * and asked again later. */
void lk_source_live_ask_op(struct lk_live *l, enum lk_ask_op op, uint64_t number);

/* lk_source_live_ask_rows - of all baselines whose rows were asked for. */
void lk_source_live_ask_rows(struct lk_live *l);

/* lk_source_live_answer_first - tell who made the oldest request without an answer. */
void lk_source_live_answer_first(struct lk_live *l, bool ok, uint64_t number, const char *words);

int lk_source_live_request(struct lk_source *source, const struct lk_request *request,
    lk_reply_fn fn, void *ctx);

/* ---- source_live_inquiry.c: frozen heaps, on connections of their own ---- */

/* lk_source_live_inquire - what the heap is to be frozen for, or LK_REQUEST_GIVE_UP. */
int lk_source_live_inquire(struct lk_live *l, const struct lk_request *request, lk_reply_fn fn,
    void *ctx);

/* lk_source_live_inquiry_go_on - takes in what came; tells who asked when it is over. */
void lk_source_live_inquiry_go_on(struct lk_live *l);
size_t lk_source_live_inquiry_poll(const struct lk_live *l, struct pollfd *fds, size_t max,
    int *timeout_ms);
void lk_source_live_inquiry_fini(struct lk_live *l);

/* ---- source_live_link.c: the connection ---- */

/* lk_source_live_dial - a connection, or the state and words that say why there is none. */
void lk_source_live_dial(struct lk_live *l);

/* lk_source_live_greet - what the hello says decides whether to stay, and what to ask first. */
void lk_source_live_greet(struct lk_live *l, const struct lk_message_hello *hello);
void lk_source_live_farewell(struct lk_live *l, const struct lk_message_bye *bye);

/* lk_source_live_lose - the connection is no good; try again later, unless the process is gone. */
void lk_source_live_lose(struct lk_live *l, const char *why);

/* lk_source_live_hang_up - back to no connection; who waits for an answer is told. */
void lk_source_live_hang_up(struct lk_live *l);

/* ---- source_live_read.c: what comes in ---- */

/* lk_source_live_receive - all there is, within a budget; may lose the connection. */
void lk_source_live_receive(struct lk_live *l);

/* lk_source_live_build - a new picture when one is whole; on failure the old one stays and the
 * next tick tries again. */
void lk_source_live_build(struct lk_live *l);

#endif
