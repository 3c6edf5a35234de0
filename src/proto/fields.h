/* fields.h - tables that say how the fields of a JSON object fill a struct.
 * Room: proto, client half. */
#ifndef LK_PROTO_FIELDS_H
#define LK_PROTO_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

/* The kind names both what the wire holds and the C type it is stored as. */
enum lk_field_kind {
	LK_FIELD_U32,		/* whole, 0 .. 2^32-1: uint32_t */
	LK_FIELD_ID,		/* whole, 1 .. 2^32-1: uint32_t */
	LK_FIELD_U64,		/* whole, 0 .. 2^63-1: uint64_t */
	LK_FIELD_WHOLE,		/* the same: double */
	LK_FIELD_WHOLE_OR_NULL, /* or null, NAN then: double */
	LK_FIELD_REAL,		/* finite, >= 0, whole or not: double */
	LK_FIELD_REAL_OR_NULL,
	LK_FIELD_BOOL,		/* bool */
	LK_FIELD_TEXT,		/* const char *, borrowed from the JSON */
	LK_FIELD_TEXT_OR_NULL,
};

struct lk_field {
	const char *key;
	enum lk_field_kind kind;
	size_t offset; /* in the struct that is filled */
};

/* lk_fields_read - fill the struct at OUT from OBJECT by COUNT rows of FIELDS.
 * Every field must be there.  Returns: 0 or -EBADMSG. */
int lk_fields_read(const json_t *object, const struct lk_field *fields, size_t count, void *out);

/* lk_fields_read_given - the same for fields that an older peer may leave out: what is absent
 * stays in *OUT as it is.  Returns: 0 or -EBADMSG. */
int lk_fields_read_given(const json_t *object, const struct lk_field *fields, size_t count,
    void *out);

/* lk_fields_value - one value of KIND into OUT.  Returns: 0 or -EBADMSG (NULL value too). */
int lk_fields_value(const json_t *value, enum lk_field_kind kind, void *out);

/* lk_fields_array - the array KEY of OBJECT, at most MAX long, into *out (borrowed).
 * Returns: 0, -EBADMSG when it is no array, -EMSGSIZE when it is longer. */
int lk_fields_array(const json_t *object, const char *key, size_t max, const json_t **out);

#endif
