/* source_file_values.h - values of a JSON document that nobody vouches for.
 * Room: client, private to source_file*.c. */
#ifndef LK_CLIENT_SOURCE_FILE_VALUES_H
#define LK_CLIENT_SOURCE_FILE_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/attr.h"
#include "model/schema.h"

struct lk_arena;

/* Where the trouble is said: the first one wins. */
struct lk_source_file_reader {
	struct lk_arena *arena;
	int		 rc;		/* 0, or the negative errno of the first trouble */
	char		*words;
	size_t		 words_bytes;
	const char	*part;		/* of the document, for the words */
	size_t		 index;		/* in that part */
};

#define LK_OPTIONAL false
#define LK_NEEDED true

/* lk_source_file_values_refuse - the document is wrong; false, for `return`. */
bool lk_source_file_values_refuse(struct lk_source_file_reader *r, int rc, const char *format, ...)
    LK_PRINTF(3, 4);

/* All of these return false after a refusal.  What is missing or null leaves *out alone, unless it
 * is needed. */

/* Whole, 0 .. MAX. */
bool lk_source_file_values_whole(struct lk_source_file_reader *r, const json_t *object,
    const char *name, bool needed, uint64_t max, uint64_t *out);
bool lk_source_file_values_u32(struct lk_source_file_reader *r, const json_t *object,
    const char *name, bool needed, uint32_t max, uint32_t *out);

/* A quantity: 0 .. 1e36. */
bool lk_source_file_values_double(struct lk_source_file_reader *r, const json_t *object,
    const char *name, bool needed, double *out);
bool lk_source_file_values_doubles(struct lk_source_file_reader *r, const json_t *object,
    const struct lk_schema_field *fields, bool needed, void *base);

/* Copied into the arena. */
bool lk_source_file_values_text(struct lk_source_file_reader *r, const json_t *object,
    const char *name, bool needed, const char **out);
bool lk_source_file_values_texts(struct lk_source_file_reader *r, const json_t *object,
    const struct lk_schema_field *fields, void *base);

/* "0x7f2a10004000". */
bool lk_source_file_values_address(struct lk_source_file_reader *r, const json_t *object,
    const char *name, uint64_t *out);

bool lk_source_file_values_bool(struct lk_source_file_reader *r, const json_t *object,
    const char *name, bool *out);

/* Borrowed from OBJECT; *out is NULL when it is missing or null. */
bool lk_source_file_values_object(struct lk_source_file_reader *r, const json_t *object,
    const char *name, bool needed, const json_t **out);
bool lk_source_file_values_array(struct lk_source_file_reader *r, const json_t *object,
    const char *name, bool needed, size_t max, const json_t **out);

/* The same, and in room zeroed things for its items, SIZE_BYTES each; count is 0 when it is missing
 * or null. */
struct lk_source_file_list {
	const json_t	*json;
	void		*room;		/* [count], in the arena; never NULL */
	uint32_t	 count;
};
bool lk_source_file_values_list(struct lk_source_file_reader *r, const json_t *object,
    const char *name, bool needed, size_t max, size_t size_bytes, struct lk_source_file_list *out);

/* An array of quantities; null becomes NAN.  *count is 0 and *out NULL when it is missing. */
bool lk_source_file_values_floats(struct lk_source_file_reader *r, const json_t *object,
    const char *name, size_t max, const float **out, uint32_t *count);

/* COUNT zeroed things in the arena; NULL after -ENOMEM was noted. */
void *lk_source_file_values_room(struct lk_source_file_reader *r, size_t count, size_t size_bytes);

#endif
