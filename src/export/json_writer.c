#include "config.h"

#include "export/json_writer.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/schema.h"
#include "util/text.h"

/* Doubles are written so that they read back as the same doubles. */
#define DUMP_FLAGS (JSON_COMPACT | JSON_REAL_PRECISION(17) | JSON_ENCODE_ANY)

static void
dump(struct lk_json_writer *w, json_t *take_value)
{
	if (take_value == NULL || json_dumpf(take_value, w->out, DUMP_FLAGS) < 0)
		w->failed = true;
	json_decref(take_value);
}

void
lk_json_begin(struct lk_json_writer *w, FILE *out)
{
	*w = (struct lk_json_writer){.out = out, .separator = "{"};
}

void
lk_json_section(struct lk_json_writer *w, const char *name, json_t *take_value)
{
	fprintf(w->out, "%s\"%s\":", w->separator, name);
	w->separator = ",";
	dump(w, take_value);
}

void
lk_json_end(struct lk_json_writer *w)
{
	fputs("}\n", w->out);
}

void
lk_json_begin_list(struct lk_json_writer *w, const char *name)
{
	fprintf(w->out, "%s\"%s\":[", w->separator, name);
	w->separator = "";
}

void
lk_json_item(struct lk_json_writer *w, json_t *take_value)
{
	fputs(w->separator, w->out);
	w->separator = ",";
	dump(w, take_value);
}

void
lk_json_end_list(struct lk_json_writer *w)
{
	fputs("]", w->out);
	w->separator = ",";
}

void
lk_json_put(struct lk_json_writer *w, json_t *object, const char *name, json_t *take_value)
{
	if (json_object_set_new(object, name, take_value) < 0)
		w->failed = true;
}

void
lk_json_append(struct lk_json_writer *w, json_t *array, json_t *take_value)
{
	if (json_array_append_new(array, take_value) < 0)
		w->failed = true;
}

void
lk_json_put_numbers(struct lk_json_writer *w, json_t *object,
    const struct lk_schema_field *fields, const void *base)
{
	for (; fields->name != NULL; fields++)
		lk_json_put(w, object, fields->name,
		    lk_json_number(lk_schema_double(fields, base)));
}

void
lk_json_put_texts(struct lk_json_writer *w, json_t *object,
    const struct lk_schema_field *fields, const void *base)
{
	for (; fields->name != NULL; fields++)
		lk_json_put(w, object, fields->name, lk_json_text(lk_schema_text(fields, base)));
}

json_t *
lk_json_object(struct lk_json_writer *w, const struct lk_schema_field *fields, const void *base)
{
	json_t *object = json_object();

	lk_json_put_numbers(w, object, fields, base);
	return object;
}

json_t *
lk_json_number(double value)
{
	if (!isfinite(value))
		return json_null();
	if (value == floor(value) && fabs(value) < 0x1p53)
		return json_integer((json_int_t)value);
	return json_real(value);
}

json_t *
lk_json_numbers(struct lk_json_writer *w, const float *values, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		lk_json_append(w, array, lk_json_number((double)values[i]));
	return array;
}

json_t *
lk_json_count(uint64_t value)
{
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

json_t *
lk_json_address(uint64_t address)
{
	char hex[32];

	snprintf(hex, sizeof(hex), "0x%" PRIx64, address);
	return json_string(hex);
}

json_t *
lk_json_text(const char *text)
{
	json_t *value = json_string(text);
	size_t bytes;
	char *clean;

	if (value != NULL)
		return value;
	bytes = strlen(text) + 1;
	clean = malloc(bytes);
	if (clean == NULL)
		return NULL;
	lk_text_clean(text, clean, bytes);
	value = json_string(clean);
	free(clean);
	return value;
}

json_t *
lk_json_text_or_null(const char *text)
{
	return text != NULL ? lk_json_text(text) : json_null();
}
