/* Messages about the whole process that are lists: baselines, history, trends,
 * containers, events. */
#include "config.h"

#include "proto/message.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "leaktop/wire.h"

#include "proto/fields.h"
#include "proto/message_private.h"

#define LIST_MAX (LK_WIRE_LINE_MAX / 2) /* as in message_rows.c */

int
lk_message_read_baselines(const json_t *object, struct lk_message *out)
{
	static const struct lk_field fields[] = {
	    {"id", LK_FIELD_ID, offsetof(struct lk_message_mark, id)},
	    {"name", LK_FIELD_TEXT, offsetof(struct lk_message_mark, name)},
	    {"at", LK_FIELD_REAL, offsetof(struct lk_message_mark, at_s)},
	    {"rss_bytes", LK_FIELD_WHOLE, offsetof(struct lk_message_mark, rss_bytes)},
	    {"live_bytes", LK_FIELD_REAL, offsetof(struct lk_message_mark, live_bytes)},
	    {"interval_bytes", LK_FIELD_WHOLE, offsetof(struct lk_message_mark, interval_bytes)},
	};
	struct lk_message_mark *marks;
	const json_t *list, *item;
	size_t i;
	int rc = lk_fields_array(object, "list", LK_WIRE_BASELINES_MAX, &list);

	if (rc < 0)
		return rc;
	marks = lk_message_list(out, json_array_size(list), sizeof(*marks));
	if (marks == NULL)
		return -ENOMEM;
	json_array_foreach(list, i, item)
	{
		rc = lk_fields_read(item, fields, LK_COUNT_OF(fields), &marks[i]);
		if (rc < 0)
			return rc;
		if (i > 0 && marks[i].id <= marks[i - 1].id)
			return -EBADMSG;
	}
	out->baselines.list = marks;
	out->baselines.count = (uint32_t)json_array_size(list);
	return 0;
}

static int
read_point(const json_t *item, double *rss_bytes, double *live_bytes)
{
	*rss_bytes = *live_bytes = NAN;
	if (json_is_null(item))
		return 0;
	if (lk_fields_value(json_array_get(item, 0), LK_FIELD_WHOLE_OR_NULL, rss_bytes) < 0)
		return -EBADMSG;
	return lk_fields_value(json_array_get(item, 1), LK_FIELD_WHOLE_OR_NULL, live_bytes);
}

static int
read_ring(const json_t *item, struct lk_message_ring *ring, double **points)
{
	static const struct lk_field fields[] = {
	    {"step_s", LK_FIELD_REAL, offsetof(struct lk_message_ring, step_s)},
	    {"end", LK_FIELD_REAL, offsetof(struct lk_message_ring, end_s)},
	};
	const json_t *list = json_object_get(item, "points");
	const json_t *point;
	size_t i, count = json_array_size(list);
	int rc = lk_fields_read(item, fields, LK_COUNT_OF(fields), ring);

	if (rc < 0 || !(ring->step_s > 0))
		return -EBADMSG;
	json_array_foreach(list, i, point)
	{
		if (read_point(point, &(*points)[i], &(*points)[count + i]) < 0)
			return -EBADMSG;
	}
	ring->rss_bytes = *points;
	ring->live_bytes = *points + count;
	ring->count = (uint32_t)count;
	*points += 2 * count;
	return 0;
}

/* The two series that this version knows must come first; later ones may follow. */
static bool
series_are_known(const json_t *object)
{
	static const char *const names[] = {"rss_bytes", "live_bytes"};
	const json_t *series = json_object_get(object, "series");

	for (size_t i = 0; i < LK_COUNT_OF(names); i++) {
		const char *name = json_string_value(json_array_get(series, i));

		if (name == NULL || strcmp(name, names[i]) != 0)
			return false;
	}
	return true;
}

int
lk_message_read_history(const json_t *object, struct lk_message *out)
{
	struct lk_message_ring *rings;
	const json_t *list, *item;
	double *points;
	long point_count;
	size_t i;
	int rc = lk_fields_array(object, "rings", LK_MESSAGE_RINGS_MAX, &list);

	if (rc < 0)
		return rc;
	if (!series_are_known(object))
		return -EBADMSG;
	point_count = lk_message_count_nested(list, "points", 0, LK_MESSAGE_POINTS_MAX);
	if (point_count < 0)
		return (int)point_count;
	rings = lk_message_list(out, json_array_size(list), sizeof(*rings));
	points = lk_message_list(out, 2 * (size_t)point_count, sizeof(*points));
	if (rings == NULL || points == NULL)
		return -ENOMEM;
	json_array_foreach(list, i, item)
	{
		if (read_ring(item, &rings[i], &points) < 0)
			return -EBADMSG;
	}
	out->history.rings = rings;
	out->history.count = (uint32_t)json_array_size(list);
	return 0;
}

static int
read_trend(const json_t *item, struct lk_message_trend *trend, float **bytes)
{
	const json_t *list = json_array_get(item, 1);
	const json_t *value;
	size_t i;

	if (lk_fields_value(json_array_get(item, 0), LK_FIELD_ID, &trend->stack) < 0)
		return -EBADMSG;
	trend->bytes = *bytes;
	trend->count = (uint32_t)json_array_size(list);
	json_array_foreach(list, i, value)
	{
		double number;

		if (lk_fields_value(value, LK_FIELD_WHOLE_OR_NULL, &number) < 0)
			return -EBADMSG;
		*(*bytes)++ = (float)number;
	}
	return 0;
}

int
lk_message_read_trends(const json_t *object, struct lk_message *out)
{
	static const struct lk_field fields[] = {
	    {"step_s", LK_FIELD_REAL, offsetof(struct lk_message_trends, step_s)},
	    {"end", LK_FIELD_REAL, offsetof(struct lk_message_trends, end_s)},
	};
	struct lk_message_trend *rows;
	const json_t *list, *item;
	float *bytes;
	long value_count;
	size_t i;
	int rc = lk_fields_read(object, fields, LK_COUNT_OF(fields), &out->trends);

	if (rc == 0)
		rc = lk_fields_array(object, "rows", LIST_MAX, &list);
	if (rc < 0)
		return rc;
	value_count = lk_message_count_nested(list, NULL, 1, LK_MESSAGE_POINTS_MAX);
	if (value_count < 0)
		return (int)value_count;
	rows = lk_message_list(out, json_array_size(list), sizeof(*rows));
	bytes = lk_message_list(out, (size_t)value_count, sizeof(*bytes));
	if (rows == NULL || bytes == NULL)
		return -ENOMEM;
	json_array_foreach(list, i, item)
	{
		if (read_trend(item, &rows[i], &bytes) < 0)
			return -EBADMSG;
	}
	out->trends.rows = rows;
	out->trends.count = (uint32_t)json_array_size(list);
	return 0;
}

static int
read_address(const char *text, uint64_t *out)
{
	char *end;

	if (text[0] != '0' || text[1] != 'x' || text[2] == '\0' ||
	    strspn(text + 2, "0123456789abcdefABCDEF") != strlen(text + 2))
		return -EBADMSG;
	errno = 0;
	*out = strtoull(text + 2, &end, 16);
	return errno == 0 ? 0 : -EBADMSG;
}

static int
read_then(const json_t *list, struct lk_message_container *row, struct lk_message_then **then)
{
	const json_t *item;
	size_t i;

	row->then = *then;
	row->then_count = (uint32_t)json_array_size(list);
	json_array_foreach(list, i, item)
	{
		struct lk_message_then *one = (*then)++;

		if (lk_fields_value(json_array_get(item, 0), LK_FIELD_ID, &one->baseline) < 0 ||
		    lk_fields_value(json_array_get(item, 1), LK_FIELD_WHOLE_OR_NULL,
			&one->length) < 0)
			return -EBADMSG;
	}
	return 0;
}

/* What an older sampler does not say stays empty. */
static int
read_shares(const json_t *list, struct lk_message_share *out, uint32_t *count)
{
	const json_t *item;
	size_t i;

	if (list != NULL && (!json_is_array(list) || json_array_size(list) >
	    LK_MESSAGE_SHARES_MAX))
		return -EBADMSG;
	*count = (uint32_t)json_array_size(list);
	json_array_foreach(list, i, item)
	{
		if (lk_fields_value(json_array_get(item, 0), LK_FIELD_TEXT, &out[i].type) < 0 ||
		    lk_fields_value(json_array_get(item, 1), LK_FIELD_U32, &out[i].count) < 0)
			return -EBADMSG;
	}
	return 0;
}

static int
read_items(const json_t *item, struct lk_message_container *row)
{
	static const struct lk_field fields[] = {
	    {"bound", LK_FIELD_WHOLE_OR_NULL, offsetof(struct lk_message_container, bound)},
	    {"looked", LK_FIELD_U32, offsetof(struct lk_message_container, looked)},
	};
	int rc;

	row->bound = NAN;
	rc = lk_fields_read_given(item, fields, LK_COUNT_OF(fields), row);
	if (rc == 0)
		rc = read_shares(json_object_get(item, "keys"), row->keys, &row->key_count);
	if (rc == 0)
		rc = read_shares(json_object_get(item, "values"), row->values, &row->value_count);
	return rc;
}

static int
read_container(const json_t *item, struct lk_message_container *row, struct lk_message_then **then)
{
	static const struct lk_field fields[] = {
	    {"address", LK_FIELD_TEXT, offsetof(struct lk_message_container, address_text)},
	    {"type", LK_FIELD_TEXT, offsetof(struct lk_message_container, type)},
	    {"length", LK_FIELD_U64, offsetof(struct lk_message_container, length)},
	    {"shallow_bytes", LK_FIELD_U64, offsetof(struct lk_message_container, shallow_bytes)},
	    {"owner", LK_FIELD_TEXT_OR_NULL, offsetof(struct lk_message_container, owner)},
	};
	const json_t *stack = json_object_get(item, "stack");
	int rc = lk_fields_read(item, fields, LK_COUNT_OF(fields), row);

	if (rc == 0 && !json_is_null(stack))
		rc = lk_fields_value(stack, LK_FIELD_ID, &row->stack);
	if (rc == 0)
		rc = read_items(item, row);
	if (rc == 0)
		rc = read_address(row->address_text, &row->address);
	return rc < 0 ? rc : read_then(json_object_get(item, "then"), row, then);
}

static int
read_container_rows(const json_t *list, struct lk_message *out)
{
	long then_count = lk_message_count_nested(list, "then", 0, LK_WIRE_BASELINES_MAX);
	struct lk_message_container *rows;
	struct lk_message_then *then;
	const json_t *item;
	size_t i;

	if (then_count < 0)
		return (int)then_count;
	rows = lk_message_list(out, json_array_size(list), sizeof(*rows));
	then = lk_message_list(out, (size_t)then_count, sizeof(*then));
	if (rows == NULL || then == NULL)
		return -ENOMEM;
	json_array_foreach(list, i, item)
	{
		int rc = read_container(item, &rows[i], &then);

		if (rc < 0)
			return rc;
	}
	out->containers.list = rows;
	out->containers.count = (uint32_t)json_array_size(list);
	return 0;
}

int
lk_message_read_containers(const json_t *object, struct lk_message *out)
{
	static const struct lk_field fields[] = {
	    {"at", LK_FIELD_REAL, offsetof(struct lk_message_containers, at_s)},
	    {"scan_ms", LK_FIELD_REAL, offsetof(struct lk_message_containers, scan_ms)},
	    {"pause_us", LK_FIELD_REAL,
	    offsetof(struct lk_message_containers, pause_us)},
	    {"objects", LK_FIELD_U64, offsetof(struct lk_message_containers, object_count)},
	    {"min_length", LK_FIELD_U64, offsetof(struct lk_message_containers, min_length)},
	    {"complete", LK_FIELD_BOOL, offsetof(struct lk_message_containers, complete)},
	};
	static const struct lk_field given[] = {
	    {"by", LK_FIELD_TEXT, offsetof(struct lk_message_containers, by)},
	    {"copied_bytes", LK_FIELD_WHOLE_OR_NULL,
	    offsetof(struct lk_message_containers, copied_bytes)},
	    {"reason", LK_FIELD_TEXT, offsetof(struct lk_message_containers, reason)},
	    {"more", LK_FIELD_BOOL, offsetof(struct lk_message_containers, more)},
	};
	const json_t *list;
	int rc = lk_fields_read(object, fields, LK_COUNT_OF(fields), &out->containers);

	out->containers.by = "walk";
	out->containers.reason = "";
	out->containers.copied_bytes = NAN;
	if (rc == 0)
		rc = lk_fields_read_given(object, given, LK_COUNT_OF(given), &out->containers);
	if (rc == 0)
		rc = lk_fields_array(object, "rows", LK_WIRE_CONTAINERS_MAX, &list);
	return rc < 0 ? rc : read_container_rows(list, out);
}

int
lk_message_read_events(const json_t *object, struct lk_message *out)
{
	struct lk_message_event *events;
	const json_t *list, *item;
	size_t i;
	int rc = lk_fields_array(object, "list", LIST_MAX, &list);

	if (rc < 0)
		return rc;
	events = lk_message_list(out, json_array_size(list), sizeof(*events));
	if (events == NULL)
		return -ENOMEM;
	json_array_foreach(list, i, item)
	{
		const json_t *value = json_object_get(item, "value");

		if (!json_is_integer(value) ||
		    lk_fields_value(json_object_get(item, "at"), LK_FIELD_REAL, &events[i].at_s) <
			0 ||
		    lk_fields_value(json_object_get(item, "code"), LK_FIELD_TEXT, &events[i].code) <
			0)
			return -EBADMSG;
		events[i].value = json_integer_value(value);
		events[i].what = "";
		value = json_object_get(item, "what");
		if (value != NULL && lk_fields_value(value, LK_FIELD_TEXT, &events[i].what) < 0)
			return -EBADMSG;
	}
	out->events.list = events;
	out->events.count = (uint32_t)json_array_size(list);
	return 0;
}
