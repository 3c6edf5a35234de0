#include "config.h"

#include "client/source_file_read.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "leaktop/snapshot.h"
#include "model/arena.h"
#include "model/snapshot.h"

#include "client/source_file_frozen.h"
#include "client/source_file_group.h"
#include "client/source_file_values.h"

#define ID_MAX (UINT32_MAX - 1) /* the last one means "the newest" */

typedef struct lk_source_file_reader reader;

struct document {
	reader r;
	const json_t *root;
	struct lk_snapshot *s;
	struct lk_stack **stacks; /* [stack_count], by id */
	uint32_t stack_count;
};

static bool
check_schema(struct document *d)
{
	static const size_t name_length = sizeof(LK_SNAPSHOT_SCHEMA_NAME) - 1;
	const char *schema = json_string_value(json_object_get(d->root, "schema"));
	const char *digits;

	if (schema == NULL || strncmp(schema, LK_SNAPSHOT_SCHEMA_NAME, name_length) != 0)
		return lk_source_file_values_refuse(&d->r, -EBADMSG, "not a leaktop snapshot");
	digits = schema + name_length;
	if (digits[strspn(digits, "0123456789")] != '\0' || strlen(digits) > 9 ||
	    atoi(digits) != LK_SNAPSHOT_SCHEMA_MAJOR)
		return lk_source_file_values_refuse(&d->r, -EPROTONOSUPPORT,
		    "its schema is %.32s, this leaktop reads %s", schema, LK_SNAPSHOT_SCHEMA);
	return true;
}

static bool
read_process(struct document *d)
{
	struct lk_process_info *p = &d->s->process;
	const json_t *object;
	uint64_t pid = 0;

	if (!lk_source_file_values_object(&d->r, d->root, "process", LK_NEEDED, &object) ||
	    !lk_source_file_values_whole(&d->r, object, "pid", LK_NEEDED, INT_MAX, &pid))
		return false;
	p->pid = (int)pid;
	return lk_source_file_values_whole(&d->r, object, "start_time", LK_OPTIONAL, INT64_MAX,
	    &p->start_time) &&
	    lk_source_file_values_texts(&d->r, object, lk_schema_process_texts, p) &&
	    lk_source_file_values_text(&d->r, d->root, "host", LK_OPTIONAL, &p->host);
}

static bool
read_sampler(struct document *d)
{
	struct lk_sampler_status *status = &d->s->sampler;
	const char *state = lk_state_name(LK_STATE_DORMANT);
	const json_t *object;

	if (!lk_source_file_values_object(&d->r, d->root, "sampler", LK_NEEDED, &object) ||
	    !lk_source_file_values_doubles(&d->r, object, lk_schema_sampler, LK_OPTIONAL,
		status) ||
	    !lk_source_file_values_texts(&d->r, object, lk_schema_sampler_texts, status) ||
	    !lk_source_file_values_text(&d->r, object, "state", LK_OPTIONAL, &state))
		return false;
	if (lk_state_parse(state) < 0)
		return lk_source_file_values_refuse(&d->r, -EBADMSG, "no state is called %.32s",
		    state);
	status->state = (enum lk_state)lk_state_parse(state);
	return true;
}

static bool
read_totals(struct document *d)
{
	const json_t *object;

	if (!lk_source_file_values_double(&d->r, d->root, "taken_at", LK_NEEDED, &d->s->at_s) ||
	    !lk_source_file_values_object(&d->r, d->root, "totals", LK_OPTIONAL, &object))
		return false;
	return object == NULL ||
	    lk_source_file_values_doubles(&d->r, object, lk_schema_totals, LK_OPTIONAL, d->s);
}

static bool
read_generations(struct document *d, const json_t *gc)
{
	struct lk_memory *m = &d->s->memory;
	const json_t *list, *pauses;

	if (!lk_source_file_values_bool(&d->r, gc, "enabled", &m->gc_enabled) ||
	    !lk_source_file_values_array(&d->r, gc, "generations", LK_OPTIONAL, 3, &list) ||
	    !lk_source_file_values_object(&d->r, gc, "pauses", LK_OPTIONAL, &pauses))
		return false;
	if (pauses != NULL &&
	    (!lk_source_file_values_doubles(&d->r, pauses, lk_schema_pauses, LK_OPTIONAL,
		&m->gc_pauses) ||
	    !lk_source_file_values_bool(&d->r, pauses, "exact", &m->gc_pauses.exact)))
		return false;
	for (size_t i = 0; list != NULL && i < json_array_size(list); i++)
		if (!lk_source_file_values_doubles(&d->r, json_array_get(list, i), lk_schema_gc,
			LK_OPTIONAL, &m->gc[i]))
			return false;
	return true;
}

static bool
read_memory(struct document *d)
{
	const json_t *memory, *gc;

	if (!lk_source_file_values_object(&d->r, d->root, "memory", LK_OPTIONAL, &memory) ||
	    !lk_source_file_values_object(&d->r, d->root, "gc", LK_OPTIONAL, &gc))
		return false;
	if (memory != NULL &&
	    !lk_source_file_values_doubles(&d->r, memory, lk_schema_memory, LK_OPTIONAL,
		&d->s->memory))
		return false;
	return gc == NULL || read_generations(d, gc);
}

/* Old files have native frames without these two. */
static bool
read_native(struct document *d, const json_t *object, struct lk_frame *out)
{
	out->build_id = "";
	return lk_source_file_values_text(&d->r, object, "build_id", LK_OPTIONAL,
	    &out->build_id) &&
	    lk_source_file_values_address(&d->r, object, "address", &out->address);
}

static bool
read_frame(struct document *d, const json_t *object, struct lk_frame *out)
{
	out->function = out->file = "";
	return lk_source_file_values_text(&d->r, object, "function", LK_OPTIONAL,
	    &out->function) &&
	    lk_source_file_values_text(&d->r, object, "file", LK_OPTIONAL, &out->file) &&
	    lk_source_file_values_u32(&d->r, object, "line", LK_OPTIONAL, UINT32_MAX,
		&out->line) &&
	    lk_source_file_values_bool(&d->r, object, "native", &out->native) &&
	    (!out->native || read_native(d, object, out));
}

static bool
read_frames(struct document *d, const json_t *object, struct lk_stack *out)
{
	struct lk_source_file_list list;
	struct lk_frame *frames;

	if (!lk_source_file_values_list(&d->r, object, "frames", LK_NEEDED, LK_SNAPSHOT_FRAMES_MAX,
	    sizeof(*frames), &list))
		return false;
	frames = list.room;
	for (uint32_t i = 0; i < list.count; i++)
		if (!read_frame(d, json_array_get(list.json, i), &frames[i]))
			return false;
	out->frames = frames;
	out->frame_count = list.count;
	return true;
}

static bool
read_stack(struct document *d, const json_t *object, struct lk_stack *out)
{
	const char *domain = "";

	out->thread = "";
	if (!lk_source_file_values_u32(&d->r, object, "id", LK_NEEDED, ID_MAX, &out->id) ||
	    !lk_source_file_values_text(&d->r, object, "domain", LK_NEEDED, &domain) ||
	    !lk_source_file_values_text(&d->r, object, "thread", LK_OPTIONAL, &out->thread) ||
	    !lk_source_file_values_u32(&d->r, object, "flags", LK_OPTIONAL, UINT32_MAX,
		&out->flags))
		return false;
	if (lk_domain_parse(domain) < 0)
		return lk_source_file_values_refuse(&d->r, -EBADMSG, "no domain is called %.32s",
		    domain);
	out->domain = (enum lk_domain)lk_domain_parse(domain);
	return read_frames(d, object, out);
}

static bool
read_cell(struct document *d, const json_t *object, struct lk_cell *out)
{
	return lk_source_file_values_u32(&d->r, object, "baseline", LK_NEEDED, ID_MAX,
	    &out->epoch) &&
	    lk_source_file_values_u32(&d->r, object, "samples", LK_NEEDED, UINT32_MAX,
		&out->sampled_count) &&
	    lk_source_file_values_doubles(&d->r, object, lk_schema_cell, LK_NEEDED, out);
}

/* What a row has beside its stack, which the caller has set. */
static bool
read_row(struct document *d, const json_t *object, struct lk_row *out)
{
	struct lk_source_file_list list;
	struct lk_cell *cells;

	if (!lk_source_file_values_doubles(&d->r, object, lk_schema_row, LK_OPTIONAL, out) ||
	    !lk_source_file_values_whole(&d->r, object, "allocated_samples", LK_OPTIONAL,
		INT64_MAX, &out->sampled_allocated_count) ||
	    !lk_source_file_values_list(&d->r, object, "born", LK_NEEDED, LK_SNAPSHOT_CELLS_MAX,
		sizeof(*cells), &list))
		return false;
	cells = list.room;
	for (uint32_t i = 0; i < list.count; i++) {
		if (!read_cell(d, json_array_get(list.json, i), &cells[i]))
			return false;
		if (i > 0 && cells[i].epoch <= cells[i - 1].epoch)
			return lk_source_file_values_refuse(&d->r, -EBADMSG,
			    "\"born\" is not in order");
	}
	out->cells = cells;
	out->cell_count = list.count;
	return true;
}

static int
rows_by_stack(const void *a, const void *b)
{
	const struct lk_row *x = a, *y = b;

	return x->stack->id < y->stack->id ? -1 : x->stack->id > y->stack->id;
}

static bool
sort_rows(struct document *d, struct lk_row *rows, uint32_t count)
{
	qsort(rows, count, sizeof(*rows), rows_by_stack);
	for (uint32_t i = 1; i < count; i++)
		if (rows[i].stack->id == rows[i - 1].stack->id)
			return lk_source_file_values_refuse(&d->r, -EBADMSG,
			    "stack %" PRIu32 " is there twice", rows[i].stack->id);
	return true;
}

static int
stacks_by_id(const void *a, const void *b)
{
	const struct lk_stack *x = *(struct lk_stack *const *)a, *y = *(struct lk_stack *const *)b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static bool
sort_stacks(struct document *d)
{
	qsort(d->stacks, d->stack_count, sizeof(d->stacks[0]), stacks_by_id);
	for (uint32_t i = 1; i < d->stack_count; i++)
		if (d->stacks[i]->id == d->stacks[i - 1]->id)
			return lk_source_file_values_refuse(&d->r, -EBADMSG,
			    "stack %" PRIu32 " is there twice", d->stacks[i]->id);
	return true;
}

static const struct lk_stack *
stack_by_id(struct document *d, uint32_t id)
{
	struct lk_stack wanted = {.id = id}, *key = &wanted, **found;

	found = bsearch(&key, d->stacks, d->stack_count, sizeof(d->stacks[0]), stacks_by_id);
	if (found == NULL)
		lk_source_file_values_refuse(&d->r, -EBADMSG, "no stack %" PRIu32, id);
	return found != NULL ? *found : NULL;
}

/* One item of "stacks": its stack, and its row unless it is only named by others. */
static bool
read_stack_item(struct document *d, const json_t *object, struct lk_stack *stack,
    struct lk_row *rows)
{
	struct lk_row *row = &rows[d->s->row_count];
	bool vanished = false;

	if (!read_stack(d, object, stack) ||
	    !lk_source_file_values_bool(&d->r, object, "vanished", &vanished))
		return false;
	d->stacks[d->stack_count++] = stack;
	if (vanished)
		return true;
	row->stack = stack;
	d->s->row_count++;
	return read_row(d, object, row) &&
	    lk_source_file_values_floats(&d->r, object, "trend_bytes", LK_SNAPSHOT_POINTS_MAX,
		&row->trend_bytes, &row->trend_count);
}

static bool
read_stacks(struct document *d)
{
	const json_t *list;
	struct lk_stack *stacks;
	struct lk_row *rows;
	size_t count;

	if (!lk_source_file_values_array(&d->r, d->root, "stacks", LK_NEEDED,
		LK_SNAPSHOT_STACKS_MAX, &list))
		return false;
	count = json_array_size(list);
	stacks = lk_source_file_values_room(&d->r, count, sizeof(*stacks));
	rows = lk_source_file_values_room(&d->r, count, sizeof(*rows));
	d->stacks = lk_source_file_values_room(&d->r, count, sizeof(*d->stacks));
	if (stacks == NULL || rows == NULL || d->stacks == NULL)
		return false;
	d->r.part = "stack";
	for (size_t i = 0; i < count; i++) {
		d->r.index = i;
		if (!read_stack_item(d, json_array_get(list, i), &stacks[i], rows))
			return false;
	}
	d->r.part = NULL;
	d->s->rows = rows;
	return sort_stacks(d) && sort_rows(d, rows, d->s->row_count);
}

static bool
read_baseline_rows(struct document *d, const json_t *list, struct lk_baseline *out)
{
	size_t count = json_array_size(list);
	struct lk_row *rows = lk_source_file_values_room(&d->r, count, sizeof(*rows));

	if (rows == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		const json_t *object = json_array_get(list, i);
		uint32_t id = 0;

		if (!lk_source_file_values_u32(&d->r, object, "stack", LK_NEEDED, ID_MAX, &id))
			return false;
		rows[i].stack = stack_by_id(d, id);
		if (rows[i].stack == NULL || !read_row(d, object, &rows[i]))
			return false;
	}
	out->has_rows = true;
	out->rows = rows;
	out->row_count = (uint32_t)count;
	return sort_rows(d, rows, out->row_count);
}

static bool
read_baseline(struct document *d, const json_t *object, struct lk_baseline *out)
{
	const json_t *rows;

	out->name = "";
	if (!lk_source_file_values_u32(&d->r, object, "id", LK_NEEDED, ID_MAX, &out->id) ||
	    !lk_source_file_values_text(&d->r, object, "name", LK_OPTIONAL, &out->name) ||
	    !lk_source_file_values_doubles(&d->r, object, lk_schema_baseline, LK_OPTIONAL, out) ||
	    !lk_source_file_values_array(&d->r, object, "rows", LK_OPTIONAL,
		LK_SNAPSHOT_STACKS_MAX, &rows))
		return false;
	return rows == NULL || read_baseline_rows(d, rows, out);
}

static bool
read_baselines(struct document *d)
{
	struct lk_source_file_list list;
	struct lk_baseline *out;

	if (!lk_source_file_values_list(&d->r, d->root, "baselines", LK_OPTIONAL,
	    LK_SNAPSHOT_BASELINES_MAX, sizeof(*out), &list))
		return false;
	out = list.room;
	d->r.part = "baseline";
	for (uint32_t i = 0; i < list.count; i++) {
		d->r.index = i;
		if (!read_baseline(d, json_array_get(list.json, i), &out[i]))
			return false;
		if (out[i].id <= (i > 0 ? out[i - 1].id : 0))
			return lk_source_file_values_refuse(&d->r, -EBADMSG, "not in order");
	}
	d->r.part = NULL;
	d->s->baselines = out;
	d->s->baseline_count = list.count;
	return true;
}

static bool
read_way(struct document *d, const json_t *object, struct lk_containers *c)
{
	const char *by = "walk";

	if (!lk_source_file_values_text(&d->r, object, "by", LK_OPTIONAL, &by))
		return false;
	c->by_walk = strcmp(by, "walk") == 0;
	return true;
}

static bool
read_scan(struct document *d)
{
	struct lk_containers *c = &d->s->containers;
	const json_t *object;

	if (!lk_source_file_values_object(&d->r, d->root, "scan", LK_OPTIONAL, &object))
		return false;
	if (object == NULL)
		return true;
	return lk_source_file_values_doubles(&d->r, object, lk_schema_scan, LK_OPTIONAL, c) &&
	    lk_source_file_values_whole(&d->r, object, "objects", LK_OPTIONAL, INT64_MAX,
		&c->object_count) &&
	    lk_source_file_values_whole(&d->r, object, "min_length", LK_OPTIONAL, INT64_MAX,
		&c->min_length) &&
	    lk_source_file_values_bool(&d->r, object, "complete", &c->complete) &&
	    lk_source_file_values_text(&d->r, object, "reason", LK_OPTIONAL, &c->reason) &&
	    read_way(d, object, c);
}

static bool
read_then(struct document *d, const json_t *object, struct lk_container *out)
{
	struct lk_source_file_list list;
	struct lk_container_then *then;

	if (!lk_source_file_values_list(&d->r, object, "then", LK_OPTIONAL,
	    LK_SNAPSHOT_BASELINES_MAX, sizeof(*then), &list))
		return false;
	then = list.room;
	for (uint32_t i = 0; i < list.count; i++) {
		const json_t *item = json_array_get(list.json, i);

		then[i].length = NAN;
		if (!lk_source_file_values_u32(&d->r, item, "baseline", LK_NEEDED, ID_MAX,
			&then[i].baseline) ||
		    !lk_source_file_values_double(&d->r, item, "length", LK_OPTIONAL,
			&then[i].length))
			return false;
	}
	out->then = then;
	out->then_count = list.count;
	return true;
}

static bool
read_shares(struct document *d, const json_t *object, const char *name,
    struct lk_container_share *out, uint32_t *count)
{
	const json_t *list;

	if (!lk_source_file_values_array(&d->r, object, name, LK_OPTIONAL, LK_CONTAINER_SHARES,
		&list))
		return false;
	*count = (uint32_t)json_array_size(list);
	for (uint32_t i = 0; i < *count; i++) {
		const json_t *item = json_array_get(list, i);

		if (!lk_source_file_values_text(&d->r, item, "type", LK_NEEDED, &out[i].type) ||
		    !lk_source_file_values_u32(&d->r, item, "count", LK_NEEDED, UINT32_MAX,
			&out[i].count))
			return false;
	}
	return true;
}

static bool
read_items(struct document *d, const json_t *object, struct lk_container *out)
{
	out->bound = NAN;
	return lk_source_file_values_double(&d->r, object, "bound", LK_OPTIONAL, &out->bound) &&
	    lk_source_file_values_u32(&d->r, object, "looked", LK_OPTIONAL, UINT32_MAX,
		&out->looked) &&
	    read_shares(d, object, "keys", out->keys, &out->key_count) &&
	    read_shares(d, object, "values", out->values, &out->value_count);
}

static bool
read_container(struct document *d, const json_t *object, struct lk_container *out)
{
	uint32_t stack = UINT32_MAX;

	out->type = "";
	if (!lk_source_file_values_address(&d->r, object, "address", &out->address) ||
	    !lk_source_file_values_text(&d->r, object, "type", LK_OPTIONAL, &out->type) ||
	    !lk_source_file_values_whole(&d->r, object, "length", LK_NEEDED, INT64_MAX,
		&out->length) ||
	    !lk_source_file_values_whole(&d->r, object, "shallow_bytes", LK_OPTIONAL, INT64_MAX,
		&out->shallow_bytes) ||
	    !lk_source_file_values_u32(&d->r, object, "stack", LK_OPTIONAL, ID_MAX, &stack) ||
	    !lk_source_file_values_text(&d->r, object, "owner", LK_OPTIONAL, &out->owner))
		return false;
	if (stack != UINT32_MAX && (out->stack = stack_by_id(d, stack)) == NULL)
		return false;
	return read_items(d, object, out) && read_then(d, object, out);
}

static bool
read_containers(struct document *d)
{
	struct lk_source_file_list list;
	struct lk_container *out;

	if (!read_scan(d) ||
	    !lk_source_file_values_list(&d->r, d->root, "containers", LK_OPTIONAL,
		LK_SNAPSHOT_CONTAINERS_MAX, sizeof(*out), &list))
		return false;
	out = list.room;
	d->r.part = "container";
	for (uint32_t i = 0; i < list.count; i++) {
		d->r.index = i;
		if (!read_container(d, json_array_get(list.json, i), &out[i]))
			return false;
	}
	d->r.part = NULL;
	d->s->containers.list = out;
	d->s->containers.count = list.count;
	return true;
}

static bool
read_events(struct document *d)
{
	struct lk_source_file_list list;
	struct lk_sampler_event *out;

	if (!lk_source_file_values_list(&d->r, d->root, "events", LK_OPTIONAL,
	    LK_SNAPSHOT_EVENTS_MAX, sizeof(*out), &list))
		return false;
	out = list.room;
	for (uint32_t i = 0; i < list.count; i++) {
		const json_t *item = json_array_get(list.json, i);

		out[i] = (struct lk_sampler_event){.at_s = NAN, .code = "", .what = ""};
		if (!lk_source_file_values_double(&d->r, item, "at", LK_OPTIONAL, &out[i].at_s) ||
		    !lk_source_file_values_text(&d->r, item, "code", LK_NEEDED, &out[i].code) ||
		    !lk_source_file_values_whole(&d->r, item, "value", LK_OPTIONAL, INT64_MAX,
			&out[i].value) ||
		    !lk_source_file_values_text(&d->r, item, "what", LK_OPTIONAL, &out[i].what))
			return false;
	}
	d->s->events = out;
	d->s->event_count = list.count;
	return true;
}

static bool
read_series(struct document *d, const json_t *object, struct lk_series *out)
{
	uint32_t live_count;

	if (!lk_source_file_values_doubles(&d->r, object, lk_schema_series, LK_NEEDED, out) ||
	    !lk_source_file_values_floats(&d->r, object, "rss_bytes", LK_SNAPSHOT_POINTS_MAX,
		&out->rss_bytes, &out->count) ||
	    !lk_source_file_values_floats(&d->r, object, "live_bytes", LK_SNAPSHOT_POINTS_MAX,
		&out->live_bytes, &live_count))
		return false;
	if (live_count != out->count || !(out->step_s > 0))
		return lk_source_file_values_refuse(&d->r, -EBADMSG, "not a series");
	return true;
}

static bool
read_history(struct document *d)
{
	struct lk_source_file_list list;
	const json_t *history;
	struct lk_series *out;

	if (!lk_source_file_values_object(&d->r, d->root, "history", LK_OPTIONAL, &history))
		return false;
	if (history == NULL)
		return true;
	if (!lk_source_file_values_double(&d->r, history, "trend_step_s", LK_OPTIONAL,
		&d->s->trend_step_s) ||
	    !lk_source_file_values_list(&d->r, history, "series", LK_OPTIONAL,
		LK_SNAPSHOT_SERIES_MAX, sizeof(*out), &list))
		return false;
	out = list.room;
	d->r.part = "series";
	for (uint32_t i = 0; i < list.count; i++) {
		d->r.index = i;
		if (!read_series(d, json_array_get(list.json, i), &out[i]))
			return false;
	}
	d->r.part = NULL;
	d->s->series = out;
	d->s->series_count = list.count;
	return true;
}

static bool
read_freezes(struct document *d)
{
	return lk_source_file_frozen_read(&d->r, d->root, d->s);
}

static bool
read_processes(struct document *d)
{
	return lk_source_file_group_read(&d->r, d->root, d->s);
}

static bool
read_document(struct document *d)
{
	static bool (*const parts[])(struct document *) = {
		check_schema, read_process, read_sampler, read_totals, read_memory,
		read_stacks,  /* before those that name stacks */
		read_baselines, read_processes, read_containers, read_freezes, read_events,
		read_history,
	};

	for (size_t i = 0; i < LK_COUNT_OF(parts); i++)
		if (!parts[i](d))
			return false;
	return true;
}

/* A value costs a few dozen bytes once it is parsed: count them first. */
static bool
is_modest(const char *text, size_t length)
{
	size_t values = 0;

	for (size_t i = 0; i < length; i++)
		values += text[i] == ',' || text[i] == '[' || text[i] == '{';
	return values <= LK_SNAPSHOT_VALUES_MAX;
}

static json_t *
parse(reader *r, const char *text, size_t length)
{
	json_error_t error = {0};	/* jansson sets no code when it cannot even begin */
	enum json_error_code code;
	json_t *root;

	if (!is_modest(text, length)) {
		lk_source_file_values_refuse(r, -EMSGSIZE, "there are too many values in it");
		return NULL;
	}
	root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
	if (root != NULL)
		return root;
	code = json_error_code(&error);
	if (code == json_error_out_of_memory || code == json_error_unknown)
		lk_source_file_values_refuse(r, -ENOMEM, "out of memory");
	else
		lk_source_file_values_refuse(r, -EBADMSG, "line %d: not JSON", error.line);
	return NULL;
}

int
lk_source_file_read(const char *text, size_t length, char *words, size_t words_bytes,
    struct lk_snapshot **out)
{
	struct document d = {.r = {.words = words, .words_bytes = words_bytes}};
	json_t *root;

	d.s = lk_snapshot_new();
	if (d.s == NULL) {
		lk_source_file_values_refuse(&d.r, -ENOMEM, "out of memory");
		return -ENOMEM;
	}
	d.r.arena = d.s->arena;
	d.root = root = parse(&d.r, text, length);
	if (root == NULL || !read_document(&d)) {
		json_decref(root);
		lk_snapshot_put(d.s);
		return d.r.rc;
	}
	json_decref(root);
	d.s->seq = 1;
	*out = d.s;
	return 0;
}
