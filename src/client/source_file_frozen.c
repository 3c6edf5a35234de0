#include "config.h"

#include "client/source_file_frozen.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "leaktop/snapshot.h"
#include "model/frozen.h"
#include "model/snapshot.h"

#define ID_MAX (UINT32_MAX - 1)

typedef struct lk_source_file_reader reader;

static bool
read_frozen(reader *r, const json_t *object, struct lk_frozen *out)
{
	const json_t *frozen;

	lk_frozen_unknown(out);
	return lk_source_file_values_object(r, object, "frozen", LK_NEEDED, &frozen) &&
	    lk_source_file_values_doubles(r, frozen, lk_schema_frozen, LK_OPTIONAL, out) &&
	    lk_source_file_values_bool(r, frozen, "complete", &out->complete) &&
	    lk_source_file_values_text(r, frozen, "reason", LK_OPTIONAL, &out->reason);
}

static bool
read_cycles(reader *r, const json_t *object, struct lk_cycles *out)
{
	const json_t *cycles;

	*out = (struct lk_cycles){NAN, NAN, NAN};
	if (!lk_source_file_values_object(r, object, "cycles", LK_OPTIONAL, &cycles))
		return false;
	return cycles == NULL ||
	    lk_source_file_values_doubles(r, cycles, lk_schema_cycles, LK_OPTIONAL, out);
}

static bool
read_stuck(reader *r, const json_t *object, struct lk_uncollectable *out)
{
	struct lk_source_file_list list;
	struct lk_stuck *stuck;

	if (!lk_source_file_values_list(r, object, "types", LK_NEEDED, LK_SNAPSHOT_SITES_MAX,
	    sizeof(*stuck), &list))
		return false;
	stuck = list.room;
	for (uint32_t i = 0; i < list.count; i++)
		if (!lk_source_file_values_text(r, json_array_get(list.json, i), "type", LK_NEEDED,
			&stuck[i].name) ||
		    !lk_source_file_values_doubles(r, json_array_get(list.json, i), lk_schema_stuck,
			LK_OPTIONAL, &stuck[i]))
			return false;
	out->list = stuck;
	out->count = list.count;
	return true;
}

static bool
read_uncollectable(reader *r, const json_t *object, struct lk_uncollectable *out)
{
	const json_t *uncollectable;

	*out = (struct lk_uncollectable){NAN, 0, NULL};
	if (!lk_source_file_values_object(r, object, "uncollectable", LK_OPTIONAL, &uncollectable))
		return false;
	return uncollectable == NULL ||
	    (lk_source_file_values_doubles(r, uncollectable, lk_schema_uncollectable,
		LK_OPTIONAL, out) && read_stuck(r, uncollectable, out));
}

static bool
read_descriptors(reader *r, const json_t *object, struct lk_descriptors *out)
{
	const json_t *descriptors;

	*out = (struct lk_descriptors){NAN, NAN, NAN, NAN};
	if (!lk_source_file_values_object(r, object, "descriptors", LK_OPTIONAL, &descriptors))
		return false;
	return descriptors == NULL || lk_source_file_values_doubles(r, descriptors,
	    lk_schema_descriptors, LK_OPTIONAL, out);
}

static bool
read_sites(reader *r, const json_t *object, struct lk_type *out)
{
	struct lk_source_file_list list;
	struct lk_site *sites;

	if (!lk_source_file_values_list(r, object, "sites", LK_OPTIONAL, LK_SNAPSHOT_SITES_MAX,
	    sizeof(*sites), &list))
		return false;
	sites = list.room;
	for (uint32_t i = 0; i < list.count; i++) {
		const json_t *item = json_array_get(list.json, i);

		sites[i] = (struct lk_site){0, NAN, NAN};
		if (!lk_source_file_values_u32(r, item, "stack", LK_NEEDED, ID_MAX,
			&sites[i].stack) ||
		    !lk_source_file_values_doubles(r, item, lk_schema_site, LK_OPTIONAL,
			&sites[i]))
			return false;
	}
	out->sites = sites;
	out->site_count = list.count;
	return true;
}

static bool
read_type_rows(reader *r, const json_t *object, struct lk_types *out)
{
	struct lk_source_file_list list;
	struct lk_type *rows;

	if (!lk_source_file_values_list(r, object, "rows", LK_NEEDED, LK_SNAPSHOT_TYPES_MAX,
	    sizeof(*rows), &list))
		return false;
	rows = list.room;
	for (uint32_t i = 0; i < list.count; i++) {
		const json_t *item = json_array_get(list.json, i);

		rows[i] = (struct lk_type){"", NAN, NAN, NAN, NAN, NAN, NAN, 0, NULL};
		if (!lk_source_file_values_text(r, item, "type", LK_NEEDED, &rows[i].name) ||
		    !lk_source_file_values_doubles(r, item, lk_schema_type, LK_OPTIONAL,
			&rows[i]) ||
		    !read_sites(r, item, &rows[i]))
			return false;
	}
	out->list = rows;
	out->count = list.count;
	return true;
}

static bool
read_types(reader *r, const json_t *object, struct lk_types *out)
{
	return read_frozen(r, object, &out->frozen) &&
	    lk_source_file_values_u32(r, object, "baseline", LK_OPTIONAL, ID_MAX,
		&out->baseline) &&
	    read_cycles(r, object, &out->cycles) &&
	    read_uncollectable(r, object, &out->uncollectable) &&
	    read_descriptors(r, object, &out->descriptors) && read_type_rows(r, object, out);
}

static bool
read_path_rows(reader *r, const json_t *object, struct lk_holders *out)
{
	struct lk_source_file_list list;
	struct lk_holder *rows;

	if (!lk_source_file_values_list(r, object, "rows", LK_NEEDED, LK_SNAPSHOT_PATHS_MAX,
	    sizeof(*rows), &list))
		return false;
	rows = list.room;
	for (uint32_t i = 0; i < list.count; i++) {
		const json_t *item = json_array_get(list.json, i);

		rows[i] = (struct lk_holder){"", NAN, NAN, NAN};
		if (!lk_source_file_values_text(r, item, "path", LK_NEEDED, &rows[i].path) ||
		    !lk_source_file_values_doubles(r, item, lk_schema_holder, LK_OPTIONAL,
			&rows[i]))
			return false;
	}
	out->list = rows;
	out->count = list.count;
	return true;
}

static bool
read_loops(reader *r, const json_t *object, struct lk_holders *out)
{
	struct lk_source_file_list list;
	struct lk_loop *loops;

	if (!lk_source_file_values_list(r, object, "cycles", LK_OPTIONAL, LK_SNAPSHOT_PATHS_MAX,
	    sizeof(*loops), &list))
		return false;
	loops = list.room;
	for (uint32_t i = 0; i < list.count; i++) {
		const json_t *item = json_array_get(list.json, i);

		if (!lk_source_file_values_text(r, item, "cycle", LK_NEEDED, &loops[i].words) ||
		    !lk_source_file_values_doubles(r, item, lk_schema_loop, LK_OPTIONAL,
			&loops[i]))
			return false;
	}
	out->loops = loops;
	out->loop_count = list.count;
	return true;
}

/* One of the three says what was asked for. */
static bool
read_held(reader *r, const json_t *object, struct lk_held *out)
{
	const char *name = NULL, *address = NULL;
	uint64_t stack = UINT64_MAX;

	out->type = "";
	if (!lk_source_file_values_text(r, object, "name", LK_OPTIONAL, &name) ||
	    !lk_source_file_values_whole(r, object, "stack", LK_OPTIONAL, ID_MAX, &stack) ||
	    !lk_source_file_values_text(r, object, "address", LK_OPTIONAL, &address))
		return false;
	if ((name != NULL) + (stack != UINT64_MAX) + (address != NULL) != 1)
		return lk_source_file_values_refuse(r, -EBADMSG, "it is not said whose");
	if (name != NULL)
		out->type = name;
	out->kind = name != NULL ? LK_HELD_TYPE : address != NULL ? LK_HELD_ADDRESS :
	    LK_HELD_STACK;
	if (out->kind == LK_HELD_STACK)
		out->number = stack;
	return address == NULL ||
	    lk_source_file_values_address(r, object, "address", &out->number);
}

static bool
read_holders(reader *r, const json_t *object, struct lk_holders *out)
{
	out->type = "";
	out->object_count = out->bytes = out->path_count = NAN;
	return read_held(r, object, &out->held) && read_frozen(r, object, &out->frozen) &&
	    lk_source_file_values_text(r, object, "type", LK_OPTIONAL, &out->type) &&
	    lk_source_file_values_doubles(r, object, lk_schema_holders, LK_OPTIONAL, out) &&
	    read_path_rows(r, object, out) && read_loops(r, object, out);
}

static bool
read_all_types(reader *r, const json_t *list, struct lk_snapshot *s)
{
	size_t count = json_array_size(list);
	struct lk_types *made = lk_source_file_values_room(r, count, sizeof(*made));
	const struct lk_types **all = lk_source_file_values_room(r, count, sizeof(*all));

	if (made == NULL || all == NULL)
		return false;
	r->part = "types";
	for (size_t i = 0; i < count; i++) {
		r->index = i;
		if (!read_types(r, json_array_get(list, i), &made[i]))
			return false;
		all[i] = &made[i];
	}
	s->types = all;
	s->types_count = (uint32_t)count;
	return true;
}

static bool
read_all_holders(reader *r, const json_t *list, struct lk_snapshot *s)
{
	size_t count = json_array_size(list);
	struct lk_holders *made = lk_source_file_values_room(r, count, sizeof(*made));
	const struct lk_holders **all = lk_source_file_values_room(r, count, sizeof(*all));

	if (made == NULL || all == NULL)
		return false;
	r->part = "referrers";
	for (size_t i = 0; i < count; i++) {
		r->index = i;
		if (!read_holders(r, json_array_get(list, i), &made[i]))
			return false;
		all[i] = &made[i];
	}
	s->holders = all;
	s->holders_count = (uint32_t)count;
	return true;
}

bool
lk_source_file_frozen_read(reader *r, const json_t *root, struct lk_snapshot *s)
{
	const json_t *types, *referrers;

	if (!lk_source_file_values_array(r, root, "types", LK_OPTIONAL, LK_SNAPSHOT_FREEZES_MAX,
		&types) ||
	    !lk_source_file_values_array(r, root, "referrers", LK_OPTIONAL,
		LK_SNAPSHOT_FREEZES_MAX, &referrers) ||
	    (types != NULL && !read_all_types(r, types, s)) ||
	    (referrers != NULL && !read_all_holders(r, referrers, s)))
		return false;
	r->part = NULL;
	return true;
}
