#include "config.h"

#include "proto/fields.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* No quantity of a process on this planet is larger; a variance is bytes squared. */
static const double real_max = 1e40;

static int
whole(const json_t *value, uint64_t min, uint64_t max, uint64_t *out)
{
	json_int_t number;

	if (!json_is_integer(value))
		return -EBADMSG;
	number = json_integer_value(value);
	if (number < 0 || (uint64_t)number < min || (uint64_t)number > max)
		return -EBADMSG;
	*out = (uint64_t)number;
	return 0;
}

static int
read_u32(const json_t *value, uint64_t min, void *out)
{
	uint64_t number;
	int rc = whole(value, min, UINT32_MAX, &number);

	if (rc == 0)
		*(uint32_t *)out = (uint32_t)number;
	return rc;
}

static int
read_whole_double(const json_t *value, void *out)
{
	uint64_t number;
	int rc = whole(value, 0, INT64_MAX, &number);

	if (rc == 0)
		*(double *)out = (double)number;
	return rc;
}

static int
read_real(const json_t *value, void *out)
{
	double number;

	if (!json_is_number(value))
		return -EBADMSG;
	number = json_number_value(value);
	if (!(number >= 0) || number > real_max)
		return -EBADMSG;
	*(double *)out = number;
	return 0;
}

static int
read_bool(const json_t *value, void *out)
{
	if (!json_is_boolean(value))
		return -EBADMSG;
	*(bool *)out = json_is_true(value);
	return 0;
}

static int
read_text(const json_t *value, void *out)
{
	if (!json_is_string(value))
		return -EBADMSG;
	*(const char **)out = json_string_value(value);
	return 0;
}

int
lk_fields_value(const json_t *value, enum lk_field_kind kind, void *out)
{
	switch (kind) {
	case LK_FIELD_U32:
		return read_u32(value, 0, out);
	case LK_FIELD_ID:
		return read_u32(value, 1, out);
	case LK_FIELD_U64:
		return whole(value, 0, INT64_MAX, out);
	case LK_FIELD_WHOLE_OR_NULL:
		if (json_is_null(value)) {
			*(double *)out = NAN;
			return 0;
		}
		return read_whole_double(value, out);
	case LK_FIELD_WHOLE:
		return read_whole_double(value, out);
	case LK_FIELD_REAL_OR_NULL:
		if (json_is_null(value)) {
			*(double *)out = NAN;
			return 0;
		}
		return read_real(value, out);
	case LK_FIELD_REAL:
		return read_real(value, out);
	case LK_FIELD_BOOL:
		return read_bool(value, out);
	case LK_FIELD_TEXT_OR_NULL:
		if (json_is_null(value)) {
			*(const char **)out = NULL;
			return 0;
		}
		return read_text(value, out);
	case LK_FIELD_TEXT:
		return read_text(value, out);
	}
	return -EBADMSG;
}

int
lk_fields_read(const json_t *object, const struct lk_field *fields, size_t count, void *out)
{
	if (!json_is_object(object))
		return -EBADMSG;
	for (size_t i = 0; i < count; i++) {
		const json_t *value = json_object_get(object, fields[i].key);
		int rc = lk_fields_value(value, fields[i].kind, (char *)out + fields[i].offset);

		if (rc < 0)
			return rc;
	}
	return 0;
}

int
lk_fields_read_given(const json_t *object, const struct lk_field *fields, size_t count, void *out)
{
	for (size_t i = 0; i < count; i++) {
		int rc = json_object_get(object, fields[i].key) == NULL ? 0 :
		    lk_fields_read(object, &fields[i], 1, out);

		if (rc < 0)
			return rc;
	}
	return 0;
}

int
lk_fields_array(const json_t *object, const char *key, size_t max, const json_t **out)
{
	const json_t *array = json_object_get(object, key);

	if (!json_is_array(array))
		return -EBADMSG;
	if (json_array_size(array) > max)
		return -EMSGSIZE;
	*out = array;
	return 0;
}
