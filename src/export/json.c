#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "analysis/growth.h"
#include "analysis/verdict.h"
#include "leaktop/snapshot.h"
#include "model/frozen.h"
#include "model/schema.h"
#include "model/snapshot.h"
#include "util/text.h"

#include "export/format.h"

/* A reader refuses more than LK_SNAPSHOT_FILE_MAX, so a writer stays below: of very many or very
 * deep stacks the outermost frames go first, then what older baselines held. */
#define STACKS_BUDGET_BYTES (LK_SNAPSHOT_FILE_MAX / 8 * 5)
#define ROWS_BUDGET_BYTES (LK_SNAPSHOT_FILE_MAX / 8 * 2)
#define DEPTH_MIN 4
#define FRAME_BYTES 64	/* of one frame beside its texts, and so on */
#define STACK_BYTES 512
#define ROW_BYTES 144
#define CELL_BYTES 112
#define POINT_BYTES 12

/* Doubles are written so that they read back as the same doubles. */
#define DUMP_FLAGS (JSON_COMPACT | JSON_REAL_PRECISION(17) | JSON_ENCODE_ANY)

/* jansson takes NULL for a value and refuses it, so failures travel upwards: put() remembers the
 * first one, and the whole document is thrown away.  Stacks are written one by one: a tree of all
 * of them would be many times the file. */
struct writer {
	const struct lk_snapshot *s;
	const struct lk_growth_set *growth;
	FILE *out;
	const char *separator;		/* before the next section or item */
	uint32_t depth;			/* frames kept of a stack */
	uint32_t first_rows;		/* index of the oldest baseline with rows */
	bool failed;
};

static void
dump(struct writer *w, json_t *take_value)
{
	if (take_value == NULL || json_dumpf(take_value, w->out, DUMP_FLAGS) < 0)
		w->failed = true;
	json_decref(take_value);
}

static void
section(struct writer *w, const char *name, json_t *take_value)
{
	fprintf(w->out, "%s\"%s\":", w->separator, name);
	w->separator = ",";
	dump(w, take_value);
}

static void
begin_list(struct writer *w, const char *name)
{
	fprintf(w->out, "%s\"%s\":[", w->separator, name);
	w->separator = "";
}

static void
item(struct writer *w, json_t *take_value)
{
	fputs(w->separator, w->out);
	w->separator = ",";
	dump(w, take_value);
}

static void
end_list(struct writer *w)
{
	fputs("]", w->out);
	w->separator = ",";
}

static void
put(struct writer *w, json_t *object, const char *name, json_t *take_value)
{
	if (json_object_set_new(object, name, take_value) < 0)
		w->failed = true;
}

static void
add(struct writer *w, json_t *array, json_t *take_value)
{
	if (json_array_append_new(array, take_value) < 0)
		w->failed = true;
}

/* Whole numbers without a point; what is not finite is unknown. */
static json_t *
number(double value)
{
	if (!isfinite(value))
		return json_null();
	if (value == floor(value) && fabs(value) < 0x1p53)
		return json_integer((json_int_t)value);
	return json_real(value);
}

static json_t *
count_of(uint64_t value)
{
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

/* Names come from a foreign process; one that is not UTF-8 is repaired. */
static json_t *
text(const char *value)
{
	json_t *plain = json_string(value);
	size_t size;
	char *clean;

	if (plain != NULL)
		return plain;
	size = strlen(value) + 1;
	clean = malloc(size);
	if (clean == NULL)
		return NULL;
	lk_text_clean(value, clean, size);
	plain = json_string(clean);
	free(clean);
	return plain;
}

static json_t *
text_or_null(const char *value)
{
	return value != NULL ? text(value) : json_null();
}

static json_t *
object_of(struct writer *w, const struct lk_schema_field *fields, const void *base)
{
	json_t *object = json_object();

	for (; fields->name != NULL; fields++)
		put(w, object, fields->name, number(lk_schema_double(fields, base)));
	return object;
}

static void
put_texts(struct writer *w, json_t *object, const struct lk_schema_field *fields, const void *base)
{
	for (; fields->name != NULL; fields++)
		put(w, object, fields->name, text(lk_schema_text(fields, base)));
}

static json_t *
numbers(struct writer *w, const float *values, uint32_t count)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < count; i++)
		add(w, array, number((double)values[i]));
	return array;
}

static json_t *
process(struct writer *w)
{
	const struct lk_process_info *p = &w->s->process;
	json_t *object = json_object();

	put(w, object, "pid", json_integer(p->pid));
	put(w, object, "start_time", count_of(p->start_time));
	put_texts(w, object, lk_schema_process_texts, p);
	return object;
}

static json_t *
sampler(struct writer *w)
{
	const struct lk_sampler_status *status = &w->s->sampler;
	json_t *object = object_of(w, lk_schema_sampler, status);

	put(w, object, "state", json_string(lk_state_name(status->state)));
	put_texts(w, object, lk_schema_sampler_texts, status);
	return object;
}

static json_t *
gc_pauses(struct writer *w)
{
	const struct lk_gc_pauses *pauses = &w->s->memory.gc_pauses;
	json_t *object;

	if (isnan(pauses->watched_s))
		return json_null();
	object = object_of(w, lk_schema_pauses, pauses);
	put(w, object, "exact", json_boolean(pauses->exact));
	return object;
}

static json_t *
gc(struct writer *w)
{
	const struct lk_memory *m = &w->s->memory;
	json_t *object, *list;

	if (isnan(m->at_s))
		return json_null();
	object = json_object();
	list = json_array();
	for (size_t i = 0; i < sizeof(m->gc) / sizeof(m->gc[0]); i++)
		add(w, list, object_of(w, lk_schema_gc, &m->gc[i]));
	put(w, object, "enabled", json_boolean(m->gc_enabled));
	put(w, object, "generations", list);
	put(w, object, "pauses", gc_pauses(w));
	return object;
}

static json_t *
verdict(struct writer *w)
{
	struct lk_verdict v;
	json_t *object = json_object();

	lk_verdict_of(w->s, &v);
	put(w, object, "sentence", text(v.sentence));
	put(w, object, "rss_growth_bytes_per_min", number(v.rss_growth_bytes_per_min));
	put(w, object, "live_growth_bytes_per_min", number(v.live_growth_bytes_per_min));
	put(w, object, "native_growth_bytes_per_min", number(v.native_growth_bytes_per_min));
	put(w, object, "seconds_to_limit", number(v.seconds_to_limit));
	put(w, object, "python_bytes", number(v.python_bytes));
	put(w, object, "fragmented_bytes", number(v.fragmented_bytes));
	put(w, object, "native_bytes", number(v.native_bytes));
	put(w, object, "other_bytes", number(v.other_bytes));
	return object;
}

static json_t *
reference(struct writer *w)
{
	json_t *object = json_object();

	put(w, object, "baseline", json_integer(w->growth->reference));
	put(w, object, "window_s", number(w->growth->window_s));
	return object;
}

static json_t *
born(struct writer *w, const struct lk_row *row)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < row->cell_count; i++) {
		const struct lk_cell *cell = &row->cells[i];
		json_t *object = object_of(w, lk_schema_cell, cell);

		put(w, object, "baseline", json_integer(cell->epoch));
		put(w, object, "samples", json_integer(cell->sampled_count));
		add(w, list, object);
	}
	return list;
}

static void
put_row(struct writer *w, json_t *object, const struct lk_row *row)
{
	const struct lk_schema_field *f;

	for (f = lk_schema_row; f->name != NULL; f++)
		put(w, object, f->name, number(lk_schema_double(f, row)));
	put(w, object, "allocated_samples", count_of(row->sampled_allocated_count));
	put(w, object, "born", born(w, row));
}

static json_t *
baseline_rows(struct writer *w, const struct lk_baseline *b)
{
	json_t *list;

	if (!b->has_rows ||
	    (b < &w->s->baselines[w->first_rows] && b->id != w->growth->reference))
		return json_null();
	list = json_array();
	for (uint32_t i = 0; i < b->row_count; i++) {
		json_t *object = json_object();

		put(w, object, "stack", json_integer(b->rows[i].stack->id));
		put_row(w, object, &b->rows[i]);
		add(w, list, object);
	}
	return list;
}

static void
write_baselines(struct writer *w)
{
	begin_list(w, "baselines");
	for (uint32_t i = 0; i < w->s->baseline_count; i++) {
		const struct lk_baseline *b = &w->s->baselines[i];
		json_t *object = object_of(w, lk_schema_baseline, b);

		put(w, object, "id", json_integer(b->id));
		put(w, object, "name", text(b->name));
		put(w, object, "rows", baseline_rows(w, b));
		item(w, object);
	}
	end_list(w);
}

static json_t *
frame(struct writer *w, const struct lk_frame *f)
{
	json_t *object = json_object();
	char address[32];

	put(w, object, "function", text(f->function));
	put(w, object, "file", text(f->file));
	put(w, object, "line", json_integer(f->line));
	put(w, object, "native", json_boolean(f->native));
	if (!f->native)
		return object;
	snprintf(address, sizeof(address), "0x%" PRIx64, f->address);
	put(w, object, "build_id", text(f->build_id != NULL ? f->build_id : ""));
	put(w, object, "address", json_string(address));
	return object;
}

static json_t *
frames(struct writer *w, const struct lk_stack *stack)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < stack->frame_count && i < w->depth; i++)
		add(w, list, frame(w, &stack->frames[i]));
	return list;
}

static json_t *
stack_alone(struct writer *w, const struct lk_stack *stack)
{
	uint32_t cut = stack->frame_count > w->depth ? LK_SNAPSHOT_TRUNCATED : 0;
	json_t *object = json_object();

	put(w, object, "id", json_integer(stack->id));
	put(w, object, "domain", json_string(lk_domain_name(stack->domain)));
	put(w, object, "thread", text(stack->thread));
	put(w, object, "flags", json_integer(stack->flags | cut));
	put(w, object, "frames", frames(w, stack));
	return object;
}

static void
put_growth(struct writer *w, json_t *object, const struct lk_growth *g)
{
	put(w, object, "delta_bytes", number(g->delta_bytes));
	put(w, object, "delta_bytes_error", number(g->delta_error_bytes));
	put(w, object, "delta_objects", number(g->delta_objects));
	put(w, object, "rate_bytes_per_min", number(g->rate_bytes_per_min));
	put(w, object, "significant", json_boolean(g->significant));
	put(w, object, "survived_intervals", json_integer(g->survived_count));
	put(w, object, "intervals", json_integer(g->interval_count));
}

static json_t *
grown_stack(struct writer *w, const struct lk_growth *g)
{
	const struct lk_row *row =
	    lk_snapshot_row(w->s->rows, w->s->row_count, g->stack->id);
	json_t *object = stack_alone(w, g->stack);

	put_growth(w, object, g);
	if (row == NULL) {
		put(w, object, "vanished", json_true());
		return object;
	}
	put(w, object, "live_bytes", number(g->live.bytes));
	put(w, object, "live_bytes_error", number(g->live_error_bytes));
	put(w, object, "live_objects", number(g->live.objects));
	put(w, object, "freed_bytes_total", number(g->est_freed_bytes));
	put_row(w, object, row);
	if (row->trend_bytes != NULL)
		put(w, object, "trend_bytes", numbers(w, row->trend_bytes, row->trend_count));
	return object;
}

static int
by_id(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* The ids of stacks that are in the list already, to be asked by binary search. */
struct known {
	uint32_t *ids;
	size_t count, sorted_count;
};

static bool
is_known(struct known *known, uint32_t id)
{
	if (bsearch(&id, known->ids, known->sorted_count, sizeof(id), by_id) != NULL)
		return true;
	for (size_t i = known->sorted_count; i < known->count; i++)
		if (known->ids[i] == id)
			return true;
	return false;
}

/* A stack that only an older baseline or a container still names. */
static void
write_named(struct writer *w, struct known *known, const struct lk_stack *stack)
{
	json_t *object;

	if (stack == NULL || is_known(known, stack->id))
		return;
	known->ids[known->count++] = stack->id;
	if (known->count - known->sorted_count > 256) {
		qsort(known->ids, known->count, sizeof(known->ids[0]), by_id);
		known->sorted_count = known->count;
	}
	object = stack_alone(w, stack);
	put(w, object, "vanished", json_true());
	item(w, object);
}

static void
write_all_named(struct writer *w, struct known *known)
{
	const struct lk_snapshot *s = w->s;

	for (uint32_t i = 0; i < s->baseline_count; i++)
		for (uint32_t k = 0; k < s->baselines[i].row_count; k++)
			write_named(w, known, s->baselines[i].rows[k].stack);
	for (uint32_t i = 0; i < s->containers.count; i++)
		write_named(w, known, s->containers.list[i].stack);
}

static void
write_stacks(struct writer *w)
{
	const struct lk_snapshot *s = w->s;
	size_t max = w->growth->count + s->containers.count + 1;
	struct known known = {0};

	for (uint32_t i = 0; i < s->baseline_count; i++)
		max += s->baselines[i].row_count;
	known.ids = calloc(max, sizeof(*known.ids));
	if (known.ids == NULL) {
		w->failed = true;
		return;
	}
	begin_list(w, "stacks");
	for (size_t i = 0; i < w->growth->count; i++) {
		known.ids[known.count++] = w->growth->rows[i].stack->id;
		item(w, grown_stack(w, &w->growth->rows[i]));
	}
	qsort(known.ids, known.count, sizeof(known.ids[0]), by_id);
	known.sorted_count = known.count;
	write_all_named(w, &known);
	end_list(w);
	free(known.ids);
}

static json_t *
scan(struct writer *w)
{
	const struct lk_containers *c = &w->s->containers;
	json_t *object;

	if (isnan(c->at_s))
		return json_null();
	object = object_of(w, lk_schema_scan, c);
	put(w, object, "objects", count_of(c->object_count));
	put(w, object, "min_length", count_of(c->min_length));
	put(w, object, "complete", json_boolean(c->complete));
	put(w, object, "by", json_string(c->by_walk ? "walk" : "freeze"));
	put(w, object, "reason", text(c->reason != NULL ? c->reason : ""));
	return object;
}

static json_t *
shares(struct writer *w, const struct lk_container_share *list, uint32_t count)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < count; i++) {
		json_t *share = json_object();

		put(w, share, "type", text(list[i].type));
		put(w, share, "count", json_integer(list[i].count));
		add(w, array, share);
	}
	return array;
}

static json_t *
container(struct writer *w, const struct lk_container *c)
{
	json_t *object = json_object(), *then = json_array();
	char address[32];

	snprintf(address, sizeof(address), "0x%" PRIx64, c->address);
	put(w, object, "address", json_string(address));
	put(w, object, "type", text(c->type));
	put(w, object, "length", count_of(c->length));
	put(w, object, "shallow_bytes", count_of(c->shallow_bytes));
	put(w, object, "stack", c->stack != NULL ? json_integer(c->stack->id) : json_null());
	put(w, object, "owner", text_or_null(c->owner));
	put(w, object, "bound", number(c->bound));
	put(w, object, "looked", json_integer(c->looked));
	put(w, object, "keys", shares(w, c->keys, c->key_count));
	put(w, object, "values", shares(w, c->values, c->value_count));
	for (uint32_t i = 0; i < c->then_count; i++) {
		json_t *at = json_object();

		put(w, at, "baseline", json_integer(c->then[i].baseline));
		put(w, at, "length", number(c->then[i].length));
		add(w, then, at);
	}
	put(w, object, "then", then);
	return object;
}

static json_t *
containers(struct writer *w)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < w->s->containers.count; i++)
		add(w, list, container(w, &w->s->containers.list[i]));
	return list;
}

static json_t *
frozen(struct writer *w, const struct lk_frozen *f)
{
	json_t *object = object_of(w, lk_schema_frozen, f);

	put(w, object, "complete", json_boolean(f->complete));
	put(w, object, "reason", text(f->reason));
	return object;
}

static json_t *
uncollectable(struct writer *w, const struct lk_uncollectable *u)
{
	json_t *object = json_object(), *list = json_array();

	put(w, object, "objects", number(u->object_count));
	for (uint32_t i = 0; i < u->count; i++) {
		json_t *type = json_object();

		put(w, type, "type", text(u->list[i].name));
		put(w, type, "objects", number(u->list[i].object_count));
		add(w, list, type);
	}
	put(w, object, "types", list);
	return object;
}

static json_t *
sites(struct writer *w, const struct lk_type *type)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < type->site_count; i++) {
		json_t *site = object_of(w, lk_schema_site, &type->sites[i]);

		put(w, site, "stack", json_integer(type->sites[i].stack));
		add(w, list, site);
	}
	return list;
}

static void
write_types(struct writer *w)
{
	begin_list(w, "types");
	for (uint32_t i = 0; i < w->s->types_count; i++) {
		const struct lk_types *types = w->s->types[i];
		json_t *object = json_object(), *rows = json_array();

		put(w, object, "frozen", frozen(w, &types->frozen));
		put(w, object, "baseline", json_integer(types->baseline));
		put(w, object, "cycles", object_of(w, lk_schema_cycles, &types->cycles));
		put(w, object, "uncollectable", uncollectable(w, &types->uncollectable));
		put(w, object, "descriptors",
		    object_of(w, lk_schema_descriptors, &types->descriptors));
		for (uint32_t k = 0; k < types->count; k++) {
			json_t *row = object_of(w, lk_schema_type, &types->list[k]);

			put(w, row, "type", text(types->list[k].name));
			put(w, row, "sites", sites(w, &types->list[k]));
			add(w, rows, row);
		}
		put(w, object, "rows", rows);
		item(w, object);
	}
	end_list(w);
}

static json_t *
holders(struct writer *w, const struct lk_holders *h)
{
	json_t *object = object_of(w, lk_schema_holders, h);
	json_t *rows = json_array(), *loops = json_array();
	char address[32];

	snprintf(address, sizeof(address), "0x%" PRIx64, h->held.number);
	put(w, object, "frozen", frozen(w, &h->frozen));
	put(w, object, "name", h->held.kind == LK_HELD_TYPE ? text(h->held.type) : json_null());
	put(w, object, "stack",
	    h->held.kind == LK_HELD_STACK ? count_of(h->held.number) : json_null());
	put(w, object, "address",
	    h->held.kind == LK_HELD_ADDRESS ? json_string(address) : json_null());
	put(w, object, "type", text(h->type));
	for (uint32_t i = 0; i < h->count; i++) {
		json_t *row = object_of(w, lk_schema_holder, &h->list[i]);

		put(w, row, "path", text(h->list[i].path));
		add(w, rows, row);
	}
	for (uint32_t i = 0; i < h->loop_count; i++) {
		json_t *loop = object_of(w, lk_schema_loop, &h->loops[i]);

		put(w, loop, "cycle", text(h->loops[i].words));
		add(w, loops, loop);
	}
	put(w, object, "rows", rows);
	put(w, object, "cycles", loops);
	return object;
}

static void
write_referrers(struct writer *w)
{
	begin_list(w, "referrers");
	for (uint32_t i = 0; i < w->s->holders_count; i++)
		item(w, holders(w, w->s->holders[i]));
	end_list(w);
}

static json_t *
events(struct writer *w)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < w->s->event_count; i++) {
		const struct lk_sampler_event *event = &w->s->events[i];
		json_t *object = json_object();

		put(w, object, "at", number(event->at_s));
		put(w, object, "code", text(event->code));
		put(w, object, "value", json_integer((json_int_t)event->value));
		if (event->what != NULL && event->what[0] != '\0')
			put(w, object, "what", text(event->what));
		add(w, list, object);
	}
	return list;
}

static json_t *
history(struct writer *w)
{
	json_t *object = json_object(), *list = json_array();

	for (uint32_t i = 0; i < w->s->series_count; i++) {
		const struct lk_series *series = &w->s->series[i];
		json_t *one = object_of(w, lk_schema_series, series);

		put(w, one, "rss_bytes", numbers(w, series->rss_bytes, series->count));
		put(w, one, "live_bytes", numbers(w, series->live_bytes, series->count));
		add(w, list, one);
	}
	put(w, object, "trend_step_s", number(w->s->trend_step_s));
	put(w, object, "series", list);
	return object;
}

static size_t
stack_bytes(const struct lk_stack *stack, uint32_t depth)
{
	size_t bytes = STACK_BYTES;

	for (uint32_t i = 0; i < stack->frame_count && i < depth; i++) {
		const struct lk_frame *f = &stack->frames[i];

		bytes += FRAME_BYTES + strlen(f->function) + strlen(f->file);
		if (f->native)
			bytes += FRAME_BYTES + (f->build_id != NULL ? strlen(f->build_id) : 0);
	}
	return bytes;
}

static size_t
stacks_bytes(const struct writer *w, uint32_t depth)
{
	size_t bytes = 0;

	for (size_t i = 0; i < w->growth->count; i++)
		bytes += stack_bytes(w->growth->rows[i].stack, depth);
	for (uint32_t i = 0; i < w->s->row_count; i++)
		bytes += w->s->rows[i].cell_count * CELL_BYTES +
		    w->s->rows[i].trend_count * POINT_BYTES;
	return bytes;
}

static size_t
rows_bytes(const struct lk_baseline *b)
{
	size_t bytes = 0;

	for (uint32_t i = 0; i < b->row_count; i++)
		bytes += ROW_BYTES + b->rows[i].cell_count * CELL_BYTES;
	return bytes;
}

static void
fit(struct writer *w)
{
	size_t bytes = 0;

	w->depth = LK_SNAPSHOT_FRAMES_MAX;
	while (w->depth > DEPTH_MIN && stacks_bytes(w, w->depth) > STACKS_BUDGET_BYTES)
		w->depth /= 2;
	w->first_rows = w->s->baseline_count;
	while (w->first_rows > 0) {
		bytes += rows_bytes(&w->s->baselines[w->first_rows - 1]);
		if (bytes > ROWS_BUDGET_BYTES)
			break;
		w->first_rows--;
	}
}

static void
write_document(struct writer *w)
{
	const struct lk_snapshot *s = w->s;

	w->separator = "{";
	section(w, "schema", json_string(LK_SNAPSHOT_SCHEMA));
	section(w, "taken_at", number(s->at_s));
	section(w, "host", text(s->process.host));
	section(w, "process", process(w));
	section(w, "sampler", sampler(w));
	section(w, "totals", object_of(w, lk_schema_totals, s));
	section(w, "memory", isnan(s->memory.at_s)
	    ? json_null() : object_of(w, lk_schema_memory, &s->memory));
	section(w, "gc", gc(w));
	section(w, "verdict", verdict(w));
	section(w, "reference", reference(w));
	write_baselines(w);
	write_stacks(w);
	section(w, "scan", scan(w));
	section(w, "containers", containers(w));
	write_types(w);
	write_referrers(w);
	section(w, "events", events(w));
	section(w, "history", history(w));
	fputs("}\n", w->out);
}

static int
write_json(const struct lk_export_job *job, FILE *out)
{
	struct writer w = {.s = job->s, .growth = job->growth, .out = out};
	long start = ftell(out);
	int rc;

	fit(&w);
	write_document(&w);
	rc = lk_format_end(out);
	if (rc < 0)
		return rc;
	if (w.failed)
		return -ENOMEM;
	return ftell(out) - start > (long)LK_SNAPSHOT_FILE_MAX ? -EFBIG : 0;
}

const struct lk_format lk_json_format = {
	.name = "json",
	.suffix = ".json",
	.write = write_json,
};
