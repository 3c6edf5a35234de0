/* framing.h - cut a byte stream into lines.
 * Room: proto, client half.  Pure: no sockets. */
#ifndef LK_PROTO_FRAMING_H
#define LK_PROTO_FRAMING_H

#include <stddef.h>

/* Zeroed is empty.  bytes[consumed..used) is what came and was not taken yet. */
struct lk_framing {
	char *bytes;
	size_t used, consumed, scanned, capacity;
};

/* lk_framing_room - where the next bytes of the stream may be written.
 * Lifetime: *out until the next call on F.  Lines peeked before are gone.
 * Returns: how many fit (> 0); -EMSGSIZE when a line is longer than LK_WIRE_LINE_MAX
 * (the stream is lost: drop the peer); -ENOMEM. */
long lk_framing_room(struct lk_framing *f, char **out);

/* lk_framing_wrote - COUNT bytes were written there. */
void lk_framing_wrote(struct lk_framing *f, size_t count);

/* lk_framing_next - the next whole line, without its '\n', and past it.
 * Lifetime: until the next lk_framing_room().
 * Returns: 1 if *line and *length were set; 0 when more bytes are needed. */
int lk_framing_next(struct lk_framing *f, const char **line, size_t *length);

/* lk_framing_reset - drops what is buffered, frees the memory. */
void lk_framing_reset(struct lk_framing *f);

#endif
