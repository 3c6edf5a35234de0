/* ask.h - requests of a client, as lines of the wire.
 * Room: proto, client half. */
#ifndef LK_PROTO_ASK_H
#define LK_PROTO_ASK_H

#include <stddef.h>
#include <stdint.h>

enum lk_ask_op {
	LK_ASK_PING,
	LK_ASK_SUBSCRIBE, /* number: period in ms */
	LK_ASK_UNSUBSCRIBE,
	LK_ASK_BASELINE,	/* text: name, or NULL */
	LK_ASK_BASELINE_RENAME, /* number: baseline, text: name */
	LK_ASK_BASELINE_DROP,	/* number: baseline */
	LK_ASK_BASELINE_ROWS,	/* number: baseline */
	LK_ASK_HISTORY,
	LK_ASK_TRENDS,
	LK_ASK_MEMORY,	   /* number: seconds to watch the collector, or 0 */
	LK_ASK_CONTAINERS, /* number: min_length or 0; limit or 0 */
	LK_ASK_TYPES,	   /* number: of that baseline, 0: now; limit or 0 */
	LK_ASK_REFERRERS,  /* text: a type; limit or 0 */
	LK_ASK_REFERRERS_STACK,	  /* number: its id; limit or 0 */
	LK_ASK_REFERRERS_ADDRESS, /* text: "0x7f2a10004000"; limit or 0 */
	LK_ASK_REVEAL, /* text: address of a container, number: seen_ms; limit or 0 */
	LK_ASK_PAUSE,
	LK_ASK_RESUME,
	LK_ASK_DETACH,
	LK_ASK_INTERVAL, /* number: bytes */
	LK_ASK_EVENTS,
	LK_ASK_CANCEL,
	LK_ASK_COUNT,
};

struct lk_ask {
	uint64_t id;
	enum lk_ask_op op;
	uint64_t number, limit;
	const char *text;
};

/* lk_ask_format - the line, with its '\n' and a NUL, into OUT.
 * Returns: bytes without the NUL; -EINVAL: no such op, or text that is no UTF-8 or longer
 * than LK_WIRE_NAME_MAX; -ENOSPC: OUT is too small (LK_WIRE_REQUEST_MAX is enough). */
long lk_ask_format(const struct lk_ask *ask, char *out, size_t out_bytes);

#endif
