/* request.h - the sampler's half of the wire: one request line to a struct.  Room: proto.
 * A reader of its own, because Debian's jansson archive is not position-independent and a
 * shared jansson would be one more library in somebody else's process.  Strict JSON, flat
 * use: values of fields it does not know are checked and skipped.
 * Pure: no allocation. */
#ifndef LK_PROTO_REQUEST_H
#define LK_PROTO_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "leaktop/wire.h"

#define LK_REQUEST_OP_MAX	24u
#define LK_REQUEST_ABSENT	INT64_MIN

struct lk_wire_request {
	bool	has_id;
	int64_t	id, seen_ms;			/* seen_ms: or LK_REQUEST_ABSENT */
	char	op[LK_REQUEST_OP_MAX];		/* "" when absent or too long */
	char	name[LK_WIRE_NAME_MAX + 1];
	bool	has_name, name_too_long;
	/* LK_REQUEST_ABSENT when they are */
	int64_t	period_ms, baseline, min_length, limit, bytes, stack, watch_s;
	bool	has_address;
	uint64_t address;
	bool	bad_argument;			/* a known field of the wrong type */
};

/* lk_request_read - LINE of LENGTH bytes without its '\n'.
 * Returns: 0; -EBADMSG: not a JSON object with an op (*out is filled as far as it came). */
int lk_request_read(const char *line, size_t length, struct lk_wire_request *out);

#endif
