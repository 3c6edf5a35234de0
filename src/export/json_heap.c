#include "config.h"

#include "export/json_heap.h"

#include <math.h>

#include "model/frozen.h"
#include "model/schema.h"
#include "model/snapshot.h"

#include "export/json_writer.h"

/* ---- containers ------------------------------------------------------------- */

static json_t *
scan(struct lk_json_writer *w, const struct lk_containers *c)
{
	json_t *object;

	if (isnan(c->at_s))
		return json_null();
	object = lk_json_object(w, lk_schema_scan, c);
	lk_json_put(w, object, "objects", lk_json_count(c->object_count));
	lk_json_put(w, object, "min_length", lk_json_count(c->min_length));
	lk_json_put(w, object, "complete", json_boolean(c->complete));
	lk_json_put(w, object, "by", json_string(c->by_walk ? "walk" : "freeze"));
	lk_json_put(w, object, "reason", lk_json_text(c->reason != NULL ? c->reason : ""));
	return object;
}

static json_t *
shares(struct lk_json_writer *w, const struct lk_container_share *list, uint32_t count)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < count; i++) {
		json_t *share = json_object();

		lk_json_put(w, share, "type", lk_json_text(list[i].type));
		lk_json_put(w, share, "count", json_integer(list[i].count));
		lk_json_append(w, array, share);
	}
	return array;
}

static json_t *
lengths_then(struct lk_json_writer *w, const struct lk_container *c)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < c->then_count; i++) {
		json_t *at = json_object();

		lk_json_put(w, at, "baseline", json_integer(c->then[i].baseline));
		lk_json_put(w, at, "length", lk_json_number(c->then[i].length));
		lk_json_append(w, list, at);
	}
	return list;
}

static json_t *
container(struct lk_json_writer *w, const struct lk_container *c)
{
	json_t *object = json_object();

	lk_json_put(w, object, "address", lk_json_address(c->address));
	lk_json_put(w, object, "type", lk_json_text(c->type));
	lk_json_put(w, object, "length", lk_json_count(c->length));
	lk_json_put(w, object, "shallow_bytes", lk_json_count(c->shallow_bytes));
	lk_json_put(w, object, "stack",
	    c->stack != NULL ? json_integer(c->stack->id) : json_null());
	lk_json_put(w, object, "owner", lk_json_text_or_null(c->owner));
	lk_json_put(w, object, "bound", lk_json_number(c->bound));
	lk_json_put(w, object, "looked", json_integer(c->looked));
	lk_json_put(w, object, "keys", shares(w, c->keys, c->key_count));
	lk_json_put(w, object, "values", shares(w, c->values, c->value_count));
	lk_json_put(w, object, "then", lengths_then(w, c));
	return object;
}

static json_t *
containers(struct lk_json_writer *w, const struct lk_containers *c)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < c->count; i++)
		lk_json_append(w, list, container(w, &c->list[i]));
	return list;
}

/* ---- types ------------------------------------------------------------------ */

static json_t *
frozen(struct lk_json_writer *w, const struct lk_frozen *f)
{
	json_t *object = lk_json_object(w, lk_schema_frozen, f);

	lk_json_put(w, object, "complete", json_boolean(f->complete));
	lk_json_put(w, object, "reason", lk_json_text(f->reason));
	return object;
}

static json_t *
uncollectable(struct lk_json_writer *w, const struct lk_uncollectable *u)
{
	json_t *object = json_object(), *list = json_array();

	lk_json_put(w, object, "objects", lk_json_number(u->object_count));
	for (uint32_t i = 0; i < u->count; i++) {
		json_t *type = json_object();

		lk_json_put(w, type, "type", lk_json_text(u->list[i].name));
		lk_json_put(w, type, "objects", lk_json_number(u->list[i].object_count));
		lk_json_append(w, list, type);
	}
	lk_json_put(w, object, "types", list);
	return object;
}

static json_t *
sites(struct lk_json_writer *w, const struct lk_type *type)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < type->site_count; i++) {
		json_t *site = lk_json_object(w, lk_schema_site, &type->sites[i]);

		lk_json_put(w, site, "stack", json_integer(type->sites[i].stack));
		lk_json_append(w, list, site);
	}
	return list;
}

static json_t *
type_rows(struct lk_json_writer *w, const struct lk_types *types)
{
	json_t *rows = json_array();

	for (uint32_t i = 0; i < types->count; i++) {
		const struct lk_type *type = &types->list[i];
		json_t *row = lk_json_object(w, lk_schema_type, type);

		lk_json_put(w, row, "type", lk_json_text(type->name));
		lk_json_put(w, row, "sites", sites(w, type));
		lk_json_append(w, rows, row);
	}
	return rows;
}

static json_t *
types_once(struct lk_json_writer *w, const struct lk_types *types)
{
	json_t *object = json_object();

	lk_json_put(w, object, "frozen", frozen(w, &types->frozen));
	lk_json_put(w, object, "baseline", json_integer(types->baseline));
	lk_json_put(w, object, "cycles", lk_json_object(w, lk_schema_cycles, &types->cycles));
	lk_json_put(w, object, "uncollectable", uncollectable(w, &types->uncollectable));
	lk_json_put(w, object, "descriptors",
	    lk_json_object(w, lk_schema_descriptors, &types->descriptors));
	lk_json_put(w, object, "rows", type_rows(w, types));
	return object;
}

/* ---- referrers -------------------------------------------------------------- */

/* What was asked about: of name, stack and address one, the others null. */
static void
put_held(struct lk_json_writer *w, json_t *object, const struct lk_holders *h)
{
	lk_json_put(w, object, "name",
	    h->held.kind == LK_HELD_TYPE ? lk_json_text(h->held.type) : json_null());
	lk_json_put(w, object, "stack",
	    h->held.kind == LK_HELD_STACK ? lk_json_count(h->held.number) : json_null());
	lk_json_put(w, object, "address",
	    h->held.kind == LK_HELD_ADDRESS ? lk_json_address(h->held.number) : json_null());
}

static json_t *
paths(struct lk_json_writer *w, const struct lk_holders *h)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < h->count; i++) {
		json_t *row = lk_json_object(w, lk_schema_holder, &h->list[i]);

		lk_json_put(w, row, "path", lk_json_text(h->list[i].path));
		lk_json_append(w, list, row);
	}
	return list;
}

static json_t *
loops(struct lk_json_writer *w, const struct lk_holders *h)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < h->loop_count; i++) {
		json_t *loop = lk_json_object(w, lk_schema_loop, &h->loops[i]);

		lk_json_put(w, loop, "cycle", lk_json_text(h->loops[i].words));
		lk_json_append(w, list, loop);
	}
	return list;
}

static json_t *
holders(struct lk_json_writer *w, const struct lk_holders *h)
{
	json_t *object = lk_json_object(w, lk_schema_holders, h);

	lk_json_put(w, object, "frozen", frozen(w, &h->frozen));
	put_held(w, object, h);
	lk_json_put(w, object, "type", lk_json_text(h->type));
	lk_json_put(w, object, "rows", paths(w, h));
	lk_json_put(w, object, "cycles", loops(w, h));
	return object;
}

void
lk_json_heap_write(struct lk_json_writer *w, const struct lk_snapshot *s)
{
	lk_json_section(w, "scan", scan(w, &s->containers));
	lk_json_section(w, "containers", containers(w, &s->containers));
	lk_json_begin_list(w, "types");
	for (uint32_t i = 0; i < s->types_count; i++)
		lk_json_item(w, types_once(w, s->types[i]));
	lk_json_end_list(w);
	lk_json_begin_list(w, "referrers");
	for (uint32_t i = 0; i < s->holders_count; i++)
		lk_json_item(w, holders(w, s->holders[i]));
	lk_json_end_list(w);
}
