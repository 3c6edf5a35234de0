#include "config.h"

#include <errno.h>
#include <math.h>

#include "analysis/growth.h"
#include "analysis/verdict.h"
#include "leaktop/snapshot.h"
#include "model/schema.h"
#include "model/snapshot.h"

#include "export/format.h"
#include "export/json_budget.h"
#include "export/json_heap.h"
#include "export/json_stacks.h"
#include "export/json_writer.h"

static json_t *
process(struct lk_json_writer *w, const struct lk_process_info *p)
{
	json_t *object = json_object();

	lk_json_put(w, object, "pid", json_integer(p->pid));
	lk_json_put(w, object, "start_time", lk_json_count(p->start_time));
	lk_json_put_texts(w, object, lk_schema_process_texts, p);
	return object;
}

static json_t *
sampler(struct lk_json_writer *w, const struct lk_sampler_status *status)
{
	json_t *object = lk_json_object(w, lk_schema_sampler, status);

	lk_json_put(w, object, "state", json_string(lk_state_name(status->state)));
	lk_json_put_texts(w, object, lk_schema_sampler_texts, status);
	return object;
}

static json_t *
memory(struct lk_json_writer *w, const struct lk_memory *m)
{
	return isnan(m->at_s) ? json_null() : lk_json_object(w, lk_schema_memory, m);
}

static json_t *
gc_pauses(struct lk_json_writer *w, const struct lk_gc_pauses *pauses)
{
	json_t *object;

	if (isnan(pauses->watched_s))
		return json_null();
	object = lk_json_object(w, lk_schema_pauses, pauses);
	lk_json_put(w, object, "exact", json_boolean(pauses->exact));
	return object;
}

static json_t *
gc(struct lk_json_writer *w, const struct lk_memory *m)
{
	json_t *object, *list;

	if (isnan(m->at_s))
		return json_null();
	object = json_object();
	list = json_array();
	for (size_t i = 0; i < sizeof(m->gc) / sizeof(m->gc[0]); i++)
		lk_json_append(w, list, lk_json_object(w, lk_schema_gc, &m->gc[i]));
	lk_json_put(w, object, "enabled", json_boolean(m->gc_enabled));
	lk_json_put(w, object, "generations", list);
	lk_json_put(w, object, "pauses", gc_pauses(w, &m->gc_pauses));
	return object;
}

static json_t *
verdict(struct lk_json_writer *w, const struct lk_snapshot *s)
{
	struct lk_verdict v;
	json_t *object = json_object();

	lk_verdict_of(s, &v);
	lk_json_put(w, object, "kind", lk_json_text(lk_verdict_kind_name(v.kind)));
	lk_json_put(w, object, "sentence", lk_json_text(v.sentence));
	lk_json_put(w, object, "rss_growth_bytes_per_min",
	    lk_json_number(v.rss_growth_bytes_per_min));
	lk_json_put(w, object, "live_growth_bytes_per_min",
	    lk_json_number(v.live_growth_bytes_per_min));
	lk_json_put(w, object, "native_growth_bytes_per_min",
	    lk_json_number(v.native_growth_bytes_per_min));
	lk_json_put(w, object, "seconds_to_limit", lk_json_number(v.seconds_to_limit));
	lk_json_put(w, object, "python_bytes", lk_json_number(v.python_bytes));
	lk_json_put(w, object, "fragmented_bytes", lk_json_number(v.fragmented_bytes));
	lk_json_put(w, object, "native_bytes", lk_json_number(v.native_bytes));
	lk_json_put(w, object, "other_bytes", lk_json_number(v.other_bytes));
	return object;
}

static json_t *
reference(struct lk_json_writer *w, const struct lk_growth_set *growth)
{
	json_t *object = json_object();

	lk_json_put(w, object, "baseline", json_integer(growth->reference));
	lk_json_put(w, object, "window_s", lk_json_number(growth->window_s));
	return object;
}

static json_t *
events(struct lk_json_writer *w, const struct lk_snapshot *s)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < s->event_count; i++) {
		const struct lk_sampler_event *event = &s->events[i];
		json_t *object = json_object();

		lk_json_put(w, object, "at", lk_json_number(event->at_s));
		lk_json_put(w, object, "code", lk_json_text(event->code));
		lk_json_put(w, object, "value", json_integer((json_int_t)event->value));
		if (event->what != NULL && event->what[0] != '\0')
			lk_json_put(w, object, "what", lk_json_text(event->what));
		lk_json_append(w, list, object);
	}
	return list;
}

static json_t *
history(struct lk_json_writer *w, const struct lk_snapshot *s)
{
	json_t *object = json_object(), *list = json_array();

	for (uint32_t i = 0; i < s->series_count; i++) {
		const struct lk_series *series = &s->series[i];
		json_t *one = lk_json_object(w, lk_schema_series, series);

		lk_json_put(w, one, "rss_bytes",
		    lk_json_numbers(w, series->rss_bytes, series->count));
		lk_json_put(w, one, "live_bytes",
		    lk_json_numbers(w, series->live_bytes, series->count));
		lk_json_append(w, list, one);
	}
	lk_json_put(w, object, "trend_step_s", lk_json_number(s->trend_step_s));
	lk_json_put(w, object, "series", list);
	return object;
}

/* Of a group: who is in the sums. */
static json_t *
processes(struct lk_json_writer *w, const struct lk_snapshot *s, uint32_t reference)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < s->member_count; i++) {
		const struct lk_member *m = &s->members[i];
		const struct lk_baseline *b = m->part != NULL ?
		    lk_snapshot_baseline(m->part, reference) : NULL;
		json_t *object = json_object();

		lk_json_put(w, object, "pid", json_integer(m->pid));
		lk_json_put(w, object, "start_time", lk_json_count(m->start_time));
		lk_json_put(w, object, "state", json_string(lk_snapshot_member_word(m->state)));
		lk_json_put(w, object, "in_sum", json_boolean(m->in_sum));
		lk_json_put(w, object, "missed_reference", json_boolean(b != NULL ?
		    b->missed_count > 0 : m->missed_reference));
		lk_json_put(w, object, "rss_bytes", lk_json_number(m->rss_bytes));
		lk_json_put(w, object, "live_bytes", lk_json_number(m->live_bytes));
		lk_json_append(w, list, object);
	}
	return list;
}

static void
write_document(struct lk_json_writer *w, const struct lk_export_job *job, FILE *out)
{
	const struct lk_snapshot *s = job->s;
	struct lk_json_budget budget = lk_json_budget_of(s, job->growth);

	lk_json_begin(w, out);
	lk_json_section(w, "schema", json_string(LK_SNAPSHOT_SCHEMA));
	lk_json_section(w, "taken_at", lk_json_number(s->at_s));
	lk_json_section(w, "host", lk_json_text(s->process.host));
	lk_json_section(w, "process", process(w, &s->process));
	if (s->member_count > 0)
		lk_json_section(w, "processes", processes(w, s, job->growth->reference));
	lk_json_section(w, "sampler", sampler(w, &s->sampler));
	lk_json_section(w, "totals", lk_json_object(w, lk_schema_totals, s));
	lk_json_section(w, "memory", memory(w, &s->memory));
	lk_json_section(w, "gc", gc(w, &s->memory));
	lk_json_section(w, "verdict", verdict(w, s));
	lk_json_section(w, "reference", reference(w, job->growth));
	lk_json_baselines_write(w, job, &budget);
	lk_json_stacks_write(w, job, &budget);
	lk_json_heap_write(w, s);
	lk_json_section(w, "events", events(w, s));
	lk_json_section(w, "history", history(w, s));
	lk_json_end(w);
}

static int
write_json(const struct lk_export_job *job, FILE *out)
{
	struct lk_json_writer w;
	long start = ftell(out);
	int rc;

	write_document(&w, job, out);
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
