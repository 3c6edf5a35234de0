/* Messages about the frozen heap: progress, frozen, cycles, types, referrers. */
#include "config.h"

#include "proto/message.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>

#include "base/attr.h"
#include "leaktop/wire.h"

#include "proto/fields.h"
#include "proto/message_private.h"

int
lk_message_read_progress(const json_t *object, struct lk_message *out)
{
	static const struct lk_field fields[] = {
	    {"id", LK_FIELD_U64, offsetof(struct lk_message_progress, id)},
	    {"done", LK_FIELD_U64, offsetof(struct lk_message_progress, done)},
	    {"found", LK_FIELD_U64, offsetof(struct lk_message_progress, found)},
	};

	return lk_fields_read(object, fields, LK_COUNT_OF(fields), &out->progress);
}

int
lk_message_read_frozen(const json_t *object, struct lk_message *out)
{
	static const struct lk_field fields[] = {
	    {"at", LK_FIELD_REAL, offsetof(struct lk_message_frozen, at_s)},
	    {"pause_us", LK_FIELD_REAL, offsetof(struct lk_message_frozen, pause_us)},
	    {"walk_ms", LK_FIELD_REAL, offsetof(struct lk_message_frozen, walk_ms)},
	    {"copied_bytes", LK_FIELD_WHOLE_OR_NULL,
	     offsetof(struct lk_message_frozen, copied_bytes)},
	    {"table_bytes", LK_FIELD_WHOLE, offsetof(struct lk_message_frozen, table_bytes)},
	    {"objects", LK_FIELD_U64, offsetof(struct lk_message_frozen, object_count)},
	    {"bytes", LK_FIELD_WHOLE, offsetof(struct lk_message_frozen, bytes)},
	    {"types", LK_FIELD_U64, offsetof(struct lk_message_frozen, type_count)},
	    {"garbage_objects", LK_FIELD_WHOLE_OR_NULL,
	     offsetof(struct lk_message_frozen, garbage_count)},
	    {"garbage_bytes", LK_FIELD_WHOLE_OR_NULL,
	     offsetof(struct lk_message_frozen, garbage_bytes)},
	    {"complete", LK_FIELD_BOOL, offsetof(struct lk_message_frozen, complete)},
	    {"reason", LK_FIELD_TEXT, offsetof(struct lk_message_frozen, reason)},
	};

	return lk_fields_read(object, fields, LK_COUNT_OF(fields), &out->frozen);
}

struct cell {
	enum lk_field_kind kind;
	void *out;
};

static int
read_cells(const json_t *item, const struct cell *cells, size_t count)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = lk_fields_value(json_array_get(item, i), cells[i].kind, cells[i].out);
	return rc;
}

static int
read_type(const json_t *item, struct lk_message_object_type *row)
{
	const struct cell cells[] = {
	    {LK_FIELD_TEXT, &row->name},	 {LK_FIELD_U64, &row->count},
	    {LK_FIELD_WHOLE, &row->bytes},	 {LK_FIELD_U64, &row->garbage_count},
	    {LK_FIELD_WHOLE, &row->garbage_bytes},
	};

	return read_cells(item, cells, LK_COUNT_OF(cells));
}

static int
read_cyclic(const json_t *item, struct lk_message_cyclic *row)
{
	const struct cell cells[] = {
	    {LK_FIELD_TEXT, &row->name},
	    {LK_FIELD_U64, &row->object_count},
	    {LK_FIELD_U64, &row->garbage_count},
	};

	return read_cells(item, cells, LK_COUNT_OF(cells));
}

static int
read_loop(const json_t *item, struct lk_message_loop *row)
{
	const struct cell cells[] = {
	    {LK_FIELD_TEXT, &row->words},
	    {LK_FIELD_U64, &row->length},
	    {LK_FIELD_U64, &row->cycle_count},
	    {LK_FIELD_U64, &row->object_count},
	};

	return read_cells(item, cells, LK_COUNT_OF(cells));
}

static int
read_referrer(const json_t *item, struct lk_message_referrer *row)
{
	const struct cell cells[] = {
	    {LK_FIELD_TEXT, &row->path},
	    {LK_FIELD_U64, &row->object_count},
	    {LK_FIELD_WHOLE, &row->bytes},
	    {LK_FIELD_WHOLE_OR_NULL, &row->retained_bytes},
	};

	return read_cells(item, cells, LK_COUNT_OF(cells));
}

int
lk_message_read_cycles(const json_t *object, struct lk_message *out)
{
	static const struct lk_field fields[] = {
	    {"cycles", LK_FIELD_U64, offsetof(struct lk_message_cycles, cycle_count)},
	    {"objects", LK_FIELD_U64, offsetof(struct lk_message_cycles, object_count)},
	    {"garbage_objects", LK_FIELD_U64,
	     offsetof(struct lk_message_cycles, garbage_count)},
	};
	struct lk_message_cyclic *rows;
	const json_t *list, *item;
	size_t i;
	int rc = lk_fields_read(object, fields, LK_COUNT_OF(fields), &out->cycles);

	if (rc == 0)
		rc = lk_fields_array(object, "rows", LK_WIRE_CYCLES_MAX, &list);
	if (rc < 0)
		return rc;
	rows = lk_message_list(out, json_array_size(list), sizeof(*rows));
	if (rows == NULL)
		return -ENOMEM;
	json_array_foreach(list, i, item)
	{
		if (read_cyclic(item, &rows[i]) < 0)
			return -EBADMSG;
	}
	out->cycles.list = rows;
	out->cycles.count = (uint32_t)json_array_size(list);
	return 0;
}

int
lk_message_read_types(const json_t *object, struct lk_message *out)
{
	static const struct lk_field fields[] = {
	    {"more", LK_FIELD_BOOL, offsetof(struct lk_message_types, more)},
	};
	struct lk_message_object_type *rows;
	const json_t *list, *item;
	size_t i;
	int rc = lk_fields_read(object, fields, LK_COUNT_OF(fields), &out->types);

	if (rc == 0)
		rc = lk_fields_array(object, "rows", LK_WIRE_TYPES_MAX, &list);
	if (rc < 0)
		return rc;
	rows = lk_message_list(out, json_array_size(list), sizeof(*rows));
	if (rows == NULL)
		return -ENOMEM;
	json_array_foreach(list, i, item)
	{
		if (read_type(item, &rows[i]) < 0)
			return -EBADMSG;
	}
	out->types.list = rows;
	out->types.count = (uint32_t)json_array_size(list);
	return 0;
}

/* What an older sampler does not tell is no cycle. */
static int
read_loops(const json_t *object, struct lk_message *out)
{
	struct lk_message_loop *rows;
	const json_t *list, *item;
	size_t i;
	int rc;

	if (json_object_get(object, "cycles") == NULL)
		return 0;
	rc = lk_fields_array(object, "cycles", LK_WIRE_CYCLES_MAX, &list);
	if (rc < 0)
		return rc;
	rows = lk_message_list(out, json_array_size(list), sizeof(*rows));
	if (rows == NULL)
		return -ENOMEM;
	json_array_foreach(list, i, item)
	{
		if (read_loop(item, &rows[i]) < 0)
			return -EBADMSG;
	}
	out->referrers.loops = rows;
	out->referrers.loop_count = (uint32_t)json_array_size(list);
	return 0;
}

/* What is told of a type, and what came later. */
static int
read_held(const json_t *object, struct lk_message *out)
{
	static const struct lk_field fields[] = {
	    {"type", LK_FIELD_TEXT, offsetof(struct lk_message_referrers, type)},
	    {"objects", LK_FIELD_U64, offsetof(struct lk_message_referrers, object_count)},
	    {"bytes", LK_FIELD_WHOLE, offsetof(struct lk_message_referrers, bytes)},
	    {"paths", LK_FIELD_U64, offsetof(struct lk_message_referrers, path_count)},
	};
	static const struct lk_field later_fields[] = {
	    {"stack", LK_FIELD_WHOLE_OR_NULL, offsetof(struct lk_message_referrers, stack)},
	    {"samples", LK_FIELD_WHOLE_OR_NULL,
	     offsetof(struct lk_message_referrers, sample_count)},
	    {"found", LK_FIELD_WHOLE_OR_NULL, offsetof(struct lk_message_referrers, found_count)},
	    {"address", LK_FIELD_TEXT_OR_NULL, offsetof(struct lk_message_referrers, address)},
	};
	int rc = lk_fields_read(object, fields, LK_COUNT_OF(fields), &out->referrers);

	out->referrers.stack = out->referrers.sample_count = out->referrers.found_count = NAN;
	if (rc == 0)
		rc = lk_fields_read_given(object, later_fields, LK_COUNT_OF(later_fields),
					  &out->referrers);
	return rc;
}

int
lk_message_read_referrers(const json_t *object, struct lk_message *out)
{
	struct lk_message_referrer *rows;
	const json_t *list, *item;
	size_t i;
	int rc = read_held(object, out);

	if (rc == 0)
		rc = read_loops(object, out);
	if (rc == 0)
		rc = lk_fields_array(object, "rows", LK_WIRE_REFERRERS_MAX, &list);
	if (rc < 0)
		return rc;
	rows = lk_message_list(out, json_array_size(list), sizeof(*rows));
	if (rows == NULL)
		return -ENOMEM;
	json_array_foreach(list, i, item)
	{
		if (read_referrer(item, &rows[i]) < 0)
			return -EBADMSG;
	}
	out->referrers.list = rows;
	out->referrers.count = (uint32_t)json_array_size(list);
	return 0;
}
