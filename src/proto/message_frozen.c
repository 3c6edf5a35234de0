/* Messages about the frozen heap: progress, frozen, cycles, uncollectable, types, referrers,
 * revealed. */
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

/* ---- lists of rows ---------------------------------------------------------------------- */

/* A cell of a row, which is an array.  LATER: a double that older samplers leave out, NAN. */
struct cell {
	enum lk_field_kind kind;
	size_t offset;
	bool later;
};

struct list {
	const char *key;
	uint32_t max;
	size_t row_bytes;
	size_t cell_count;
	const struct cell *cells;
};

#define CELLS(list) .cell_count = LK_COUNT_OF(list), .cells = list

static const struct cell type_cells[] = {
    {LK_FIELD_TEXT, offsetof(struct lk_message_object_type, name), false},
    {LK_FIELD_U64, offsetof(struct lk_message_object_type, count), false},
    {LK_FIELD_WHOLE, offsetof(struct lk_message_object_type, bytes), false},
    {LK_FIELD_U64, offsetof(struct lk_message_object_type, garbage_count), false},
    {LK_FIELD_WHOLE, offsetof(struct lk_message_object_type, garbage_bytes), false},
    {LK_FIELD_WHOLE_OR_NULL, offsetof(struct lk_message_object_type, cyclic_count), true},
    {LK_FIELD_WHOLE_OR_NULL, offsetof(struct lk_message_object_type, sample_count), true},
};
static const struct list types = {"rows", LK_WIRE_TYPES_MAX,
				  sizeof(struct lk_message_object_type), CELLS(type_cells)};
#define TYPE_SITES 7 /* index of the array of them in a row */

static const struct cell site_cells[] = {
    {LK_FIELD_ID, offsetof(struct lk_message_site, stack), false},
    {LK_FIELD_WHOLE, offsetof(struct lk_message_site, sample_count), false},
    {LK_FIELD_WHOLE, offsetof(struct lk_message_site, bytes), false},
    {LK_FIELD_TEXT, offsetof(struct lk_message_site, function), false},
    {LK_FIELD_TEXT, offsetof(struct lk_message_site, file), false},
    {LK_FIELD_U32, offsetof(struct lk_message_site, line), false},
};

static const struct cell cyclic_cells[] = {
    {LK_FIELD_TEXT, offsetof(struct lk_message_cyclic, name), false},
    {LK_FIELD_U64, offsetof(struct lk_message_cyclic, object_count), false},
    {LK_FIELD_U64, offsetof(struct lk_message_cyclic, garbage_count), false},
};
static const struct list cyclic = {"rows", LK_WIRE_CYCLES_MAX, sizeof(struct lk_message_cyclic),
				   CELLS(cyclic_cells)};

static const struct cell stuck_cells[] = {
    {LK_FIELD_TEXT, offsetof(struct lk_message_stuck, name), false},
    {LK_FIELD_WHOLE, offsetof(struct lk_message_stuck, object_count), false},
};
static const struct list stuck = {"rows", LK_WIRE_CYCLES_MAX, sizeof(struct lk_message_stuck),
				  CELLS(stuck_cells)};

static const struct cell loop_cells[] = {
    {LK_FIELD_TEXT, offsetof(struct lk_message_loop, words), false},
    {LK_FIELD_U64, offsetof(struct lk_message_loop, length), false},
    {LK_FIELD_U64, offsetof(struct lk_message_loop, cycle_count), false},
    {LK_FIELD_U64, offsetof(struct lk_message_loop, object_count), false},
};
static const struct list loops = {"cycles", LK_WIRE_CYCLES_MAX, sizeof(struct lk_message_loop),
				  CELLS(loop_cells)};

static const struct cell referrer_cells[] = {
    {LK_FIELD_TEXT, offsetof(struct lk_message_referrer, path), false},
    {LK_FIELD_U64, offsetof(struct lk_message_referrer, object_count), false},
    {LK_FIELD_WHOLE, offsetof(struct lk_message_referrer, bytes), false},
    {LK_FIELD_WHOLE_OR_NULL, offsetof(struct lk_message_referrer, retained_bytes), false},
};
static const struct list referrers = {"rows", LK_WIRE_REFERRERS_MAX,
				      sizeof(struct lk_message_referrer), CELLS(referrer_cells)};

static int
read_row(const json_t *item, const struct cell *cells, size_t count, void *row)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < count; i++) {
		const json_t *value = json_array_get(item, i);
		void *out = (char *)row + cells[i].offset;

		if (value == NULL && cells[i].later)
			*(double *)out = NAN;
		else
			rc = lk_fields_value(value, cells[i].kind, out);
	}
	return rc;
}

/* The list L of OBJECT: *COUNT rows in *ROWS.  Returns: 0; negative errno. */
static int
read_list(const json_t *object, const struct list *l, struct lk_message *out, void **rows,
    uint32_t *count)
{
	const json_t *list, *item;
	size_t i;
	int rc = lk_fields_array(object, l->key, l->max, &list);

	if (rc < 0)
		return rc;
	*rows = lk_message_list(out, json_array_size(list), l->row_bytes);
	if (*rows == NULL)
		return -ENOMEM;
	json_array_foreach(list, i, item)
	{
		rc = read_row(item, l->cells, l->cell_count, (char *)*rows + i * l->row_bytes);
		if (rc < 0)
			return rc;
	}
	*count = (uint32_t)json_array_size(list);
	return 0;
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
	void *rows = NULL;
	int rc = lk_fields_read(object, fields, LK_COUNT_OF(fields), &out->cycles);

	if (rc == 0)
		rc = read_list(object, &cyclic, out, &rows, &out->cycles.count);
	out->cycles.list = rows;
	return rc;
}

int
lk_message_read_uncollectable(const json_t *object, struct lk_message *out)
{
	static const struct lk_field fields[] = {
	    {"objects", LK_FIELD_WHOLE, offsetof(struct lk_message_uncollectable, object_count)},
	};
	void *rows = NULL;
	int rc = lk_fields_read(object, fields, LK_COUNT_OF(fields), &out->uncollectable);

	if (rc == 0)
		rc = read_list(object, &stuck, out, &rows, &out->uncollectable.count);
	out->uncollectable.list = rows;
	return rc;
}

/* The sites of all ROWS of the JSON list, one after the other. */
static int
read_sites(const json_t *list, struct lk_message *out, struct lk_message_object_type *rows)
{
	long count = lk_message_count_nested(list, NULL, TYPE_SITES, LK_WIRE_SITES_MAX);
	struct lk_message_site *sites;
	const json_t *item, *site;
	size_t i, k;

	if (count < 0)
		return (int)count;
	sites = lk_message_list(out, (size_t)count, sizeof(*sites));
	if (sites == NULL)
		return -ENOMEM;
	json_array_foreach(list, i, item)
	{
		rows[i].sites = sites;
		json_array_foreach(json_array_get(item, TYPE_SITES), k, site)
		{
			if (read_row(site, site_cells, LK_COUNT_OF(site_cells), sites++) < 0)
				return -EBADMSG;
		}
		rows[i].site_count = (uint32_t)k;
	}
	return 0;
}

int
lk_message_read_types(const json_t *object, struct lk_message *out)
{
	static const struct lk_field fields[] = {
	    {"more", LK_FIELD_BOOL, offsetof(struct lk_message_types, more)},
	};
	const json_t *list = json_object_get(object, types.key);
	void *rows = NULL;
	int rc = lk_fields_read(object, fields, LK_COUNT_OF(fields), &out->types);

	if (rc == 0)
		rc = read_list(object, &types, out, &rows, &out->types.count);
	if (rc == 0 && json_array_size(json_array_get(list, 0)) > TYPE_SITES)
		rc = read_sites(list, out, rows);
	out->types.list = rows;
	return rc;
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
	void *rows = NULL, *told = NULL;
	int rc = read_held(object, out);

	/* what an older sampler does not tell is no cycle */
	if (rc == 0 && json_object_get(object, loops.key) != NULL)
		rc = read_list(object, &loops, out, &told, &out->referrers.loop_count);
	if (rc == 0)
		rc = read_list(object, &referrers, out, &rows, &out->referrers.count);
	out->referrers.loops = told;
	out->referrers.list = rows;
	return rc;
}

int
lk_message_read_revealed(const json_t *object, struct lk_message *out)
{
	static const struct lk_field fields[] = {
	    {"address", LK_FIELD_TEXT, offsetof(struct lk_message_revealed, address)},
	    {"type", LK_FIELD_TEXT, offsetof(struct lk_message_revealed, type)},
	    {"length", LK_FIELD_U64, offsetof(struct lk_message_revealed, length)},
	    {"owner", LK_FIELD_TEXT_OR_NULL, offsetof(struct lk_message_revealed, owner)},
	    {"same", LK_FIELD_BOOL, offsetof(struct lk_message_revealed, same)},
	};
	static const struct cell cells[] = {
	    {LK_FIELD_TEXT_OR_NULL, offsetof(struct lk_message_item, key), false},
	    {LK_FIELD_TEXT, offsetof(struct lk_message_item, value), false},
	};
	static const struct list items = {"items", LK_WIRE_REVEALED_MAX,
	    sizeof(struct lk_message_item), CELLS(cells)};
	void *list = NULL;
	int rc = lk_fields_read(object, fields, LK_COUNT_OF(fields), &out->revealed);

	if (rc == 0)
		rc = read_list(object, &items, out, &list, &out->revealed.count);
	out->revealed.items = list;
	return rc;
}
