/* protobuf.h - the encoding of protocol buffers, as much of it as pprof.c writes.
 * Room: export, private to it. */
#ifndef LK_EXPORT_PROTOBUF_H
#define LK_EXPORT_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A message that is being put together; zeroed at first. */
struct lk_protobuf {
	uint8_t *bytes;
	size_t length, room;
	bool failed;		/* no memory: what is in it is not all */
};

void lk_protobuf_varint(struct lk_protobuf *p, uint64_t value);

/* lk_protobuf_number - field NUMBER, a varint; a reader takes one that is not there for 0, so 0 is
 * not written.  Negative numbers of int64 fields are cast. */
void lk_protobuf_number(struct lk_protobuf *p, unsigned int number, uint64_t value);

/* lk_protobuf_bytes - field NUMBER: a string, a message, or packed numbers. */
void lk_protobuf_bytes(struct lk_protobuf *p, unsigned int number, const void *bytes,
    size_t length);

/* lk_protobuf_message - field NUMBER: MESSAGE, which is empty then. */
void lk_protobuf_message(struct lk_protobuf *p, unsigned int number, struct lk_protobuf *message);

void lk_protobuf_free(struct lk_protobuf *p);

#endif
