#include "config.h"

#include "client/source_file_values.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/arena.h"

#define QUANTITY_MAX 1e36 /* bytes squared; still a float */

typedef struct lk_source_file_reader reader;

bool
lk_source_file_values_refuse(reader *r, int rc, const char *format, ...)
{
	char what[128];
	va_list ap;

	if (r->rc != 0)
		return false;
	r->rc = rc;
	va_start(ap, format);
	vsnprintf(what, sizeof(what), format, ap);
	va_end(ap);
	if (r->part != NULL)
		snprintf(r->words, r->words_bytes, "%s %zu: %s", r->part, r->index, what);
	else
		snprintf(r->words, r->words_bytes, "%s", what);
	return false;
}

/* NULL when it is not there; *ok false when it had to be. */
static const json_t *
find(reader *r, const json_t *object, const char *name, bool needed, bool *ok)
{
	const json_t *value = json_object_get(object, name);

	*ok = true;
	if (value != NULL && !json_is_null(value))
		return value;
	if (needed)
		*ok = lk_source_file_values_refuse(r, -EBADMSG, "\"%s\" is missing", name);
	return NULL;
}

bool
lk_source_file_values_whole(reader *r, const json_t *object, const char *name, bool needed,
    uint64_t max, uint64_t *out)
{
	bool ok;
	const json_t *value = find(r, object, name, needed, &ok);

	if (value == NULL)
		return ok;
	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
	    (uint64_t)json_integer_value(value) > max)
		return lk_source_file_values_refuse(r, -EBADMSG,
		    "\"%s\" is not a whole number in its range", name);
	*out = (uint64_t)json_integer_value(value);
	return true;
}

bool
lk_source_file_values_u32(reader *r, const json_t *object, const char *name, bool needed,
    uint32_t max, uint32_t *out)
{
	uint64_t wide = *out;

	if (!lk_source_file_values_whole(r, object, name, needed, max, &wide))
		return false;
	*out = (uint32_t)wide;
	return true;
}

static bool
is_quantity(const json_t *value)
{
	double number = json_number_value(value);

	return json_is_number(value) && number >= 0 && number <= QUANTITY_MAX;
}

bool
lk_source_file_values_double(reader *r, const json_t *object, const char *name, bool needed,
    double *out)
{
	bool ok;
	const json_t *value = find(r, object, name, needed, &ok);

	if (value == NULL)
		return ok;
	if (!is_quantity(value))
		return lk_source_file_values_refuse(r, -EBADMSG, "\"%s\" is not a quantity", name);
	*out = json_number_value(value);
	return true;
}

bool
lk_source_file_values_doubles(reader *r, const json_t *object,
    const struct lk_schema_field *fields, bool needed, void *base)
{
	for (; fields->name != NULL; fields++) {
		double value = needed ? 0 : NAN;

		if (!lk_source_file_values_double(r, object, fields->name, needed, &value))
			return false;
		lk_schema_set_double(fields, base, value);
	}
	return true;
}

bool
lk_source_file_values_text(reader *r, const json_t *object, const char *name, bool needed,
    const char **out)
{
	bool ok;
	const json_t *value = find(r, object, name, needed, &ok);
	const char *copy;

	if (value == NULL)
		return ok;
	if (!json_is_string(value))
		return lk_source_file_values_refuse(r, -EBADMSG, "\"%s\" is not a text", name);
	copy = lk_arena_text(r->arena, json_string_value(value), json_string_length(value));
	if (copy == NULL)
		return lk_source_file_values_refuse(r, -ENOMEM, "out of memory");
	*out = copy;
	return true;
}

bool
lk_source_file_values_texts(reader *r, const json_t *object,
    const struct lk_schema_field *fields, void *base)
{
	for (; fields->name != NULL; fields++) {
		const char *text = "";

		if (!lk_source_file_values_text(r, object, fields->name, LK_OPTIONAL, &text))
			return false;
		lk_schema_set_text(fields, base, text);
	}
	return true;
}

bool
lk_source_file_values_address(reader *r, const json_t *object, const char *name, uint64_t *out)
{
	const char *text = NULL;

	if (!lk_source_file_values_text(r, object, name, LK_OPTIONAL, &text))
		return false;
	if (text == NULL)
		return true;
	if (strncmp(text, "0x", 2) != 0 || text[2] == '\0' ||
	    text[2 + strspn(text + 2, "0123456789abcdefABCDEF")] != '\0')
		return lk_source_file_values_refuse(r, -EBADMSG, "\"%s\" is no address", name);
	errno = 0;
	*out = strtoull(text + 2, NULL, 16);
	if (errno != 0)
		return lk_source_file_values_refuse(r, -EBADMSG, "\"%s\" is no address", name);
	return true;
}

bool
lk_source_file_values_bool(reader *r, const json_t *object, const char *name, bool *out)
{
	bool ok;
	const json_t *value = find(r, object, name, LK_OPTIONAL, &ok);

	if (value == NULL)
		return ok;
	if (!json_is_boolean(value))
		return lk_source_file_values_refuse(r, -EBADMSG, "\"%s\" is not true or false",
		    name);
	*out = json_is_true(value);
	return true;
}

bool
lk_source_file_values_object(reader *r, const json_t *object, const char *name, bool needed,
    const json_t **out)
{
	bool ok;

	*out = find(r, object, name, needed, &ok);
	if (*out != NULL && !json_is_object(*out))
		return lk_source_file_values_refuse(r, -EBADMSG, "\"%s\" is not an object", name);
	return ok;
}

bool
lk_source_file_values_array(reader *r, const json_t *object, const char *name, bool needed,
    size_t max, const json_t **out)
{
	bool ok;

	*out = find(r, object, name, needed, &ok);
	if (*out != NULL && !json_is_array(*out))
		return lk_source_file_values_refuse(r, -EBADMSG, "\"%s\" is not a list", name);
	if (*out != NULL && json_array_size(*out) > max)
		return lk_source_file_values_refuse(r, -EMSGSIZE, "\"%s\" has more than %zu items",
		    name, max);
	return ok;
}

void *
lk_source_file_values_room(reader *r, size_t count, size_t size_bytes)
{
	void *room = lk_arena_get(r->arena, count, size_bytes);

	if (room == NULL)
		lk_source_file_values_refuse(r, -ENOMEM, "out of memory");
	return room;
}

bool
lk_source_file_values_list(reader *r, const json_t *object, const char *name, bool needed,
    size_t max, size_t size_bytes, struct lk_source_file_list *out)
{
	if (!lk_source_file_values_array(r, object, name, needed, max, &out->json))
		return false;
	out->count = (uint32_t)json_array_size(out->json);
	out->room = lk_source_file_values_room(r, out->count, size_bytes);
	return out->room != NULL;
}

bool
lk_source_file_values_floats(reader *r, const json_t *object, const char *name, size_t max,
    const float **out, uint32_t *count)
{
	const json_t *array;
	float *values;

	*out = NULL;
	*count = 0;
	if (!lk_source_file_values_array(r, object, name, LK_OPTIONAL, max, &array))
		return false;
	if (array == NULL)
		return true;
	values = lk_source_file_values_room(r, json_array_size(array), sizeof(*values));
	if (values == NULL)
		return false;
	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *value = json_array_get(array, i);

		if (!json_is_null(value) && !is_quantity(value))
			return lk_source_file_values_refuse(r, -EBADMSG,
			    "\"%s\" is not a list of quantities", name);
		values[i] = json_is_null(value) ? NAN : (float)json_number_value(value);
	}
	*out = values;
	*count = (uint32_t)json_array_size(array);
	return true;
}
