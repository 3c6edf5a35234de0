/* json_writer.h - a JSON document that goes to a file piece by piece: a tree of all stacks would be
 * many times the file.  Room: export, private to it.
 *
 * Values are jansson's.  It takes NULL for a value and refuses it, so what failed without memory
 * travels upwards: put and append remember the first failure, and the caller throws the whole
 * document away.  Each json_t * that is returned is the caller's, each TAKE_VALUE is no longer. */
#ifndef LK_EXPORT_JSON_WRITER_H
#define LK_EXPORT_JSON_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

struct lk_schema_field;

struct lk_json_writer {
	FILE *out;
	const char *separator;	/* before the next section or item */
	bool failed;		/* something of it is missing */
};

/* begin, a section or a list for each name, end: the whole document, one line. */
void lk_json_begin(struct lk_json_writer *w, FILE *out);
void lk_json_section(struct lk_json_writer *w, const char *name, json_t *take_value);
void lk_json_end(struct lk_json_writer *w);

/* begin_list, item for each value, end_list: a section that is a list. */
void lk_json_begin_list(struct lk_json_writer *w, const char *name);
void lk_json_item(struct lk_json_writer *w, json_t *take_value);
void lk_json_end_list(struct lk_json_writer *w);

/* put into an object, append to an array. */
void lk_json_put(struct lk_json_writer *w, json_t *object, const char *name, json_t *take_value);
void lk_json_append(struct lk_json_writer *w, json_t *array, json_t *take_value);

/* lk_json_put_numbers, lk_json_put_texts - the FIELDS of BASE: model/schema.h. */
void lk_json_put_numbers(struct lk_json_writer *w, json_t *object,
    const struct lk_schema_field *fields, const void *base);
void lk_json_put_texts(struct lk_json_writer *w, json_t *object,
    const struct lk_schema_field *fields, const void *base);

/* lk_json_object - a new one with the quantities FIELDS of BASE. */
json_t *lk_json_object(struct lk_json_writer *w, const struct lk_schema_field *fields,
    const void *base);

/* lk_json_number - whole numbers without a point; what is not finite is unknown: null. */
json_t *lk_json_number(double value);
json_t *lk_json_numbers(struct lk_json_writer *w, const float *values, size_t count);

/* lk_json_count - at most INT64_MAX. */
json_t *lk_json_count(uint64_t value);

/* lk_json_address - "0x1a2b". */
json_t *lk_json_address(uint64_t address);

/* lk_json_text - a name of a foreign process: one that is not UTF-8 is repaired. */
json_t *lk_json_text(const char *text);
json_t *lk_json_text_or_null(const char *text);

#endif
