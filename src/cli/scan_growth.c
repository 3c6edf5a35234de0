#include "config.h"

#include "cli/scan_growth.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/census.h"
#include "analysis/growth.h"
#include "client/source.h"
#include "model/frozen.h"
#include "model/snapshot.h"
#include "proto/message.h"
#include "util/text.h"

#include "cli/fault.h"
#include "cli/jsonl.h"
#include "cli/options.h"
#include "cli/scan_types.h"
#include "cli/target.h"

#define READ_WAIT_MS 150000 /* the copy has a minute, and may have to wait for another one */
#define SITES_MAX 10
#define NAME_BYTES 128

/* ---- as the sampler tells it --------------------------------------------------------- */

static struct lk_message_frozen
frozen_of(const struct lk_frozen *f)
{
	return (struct lk_message_frozen){
	    .at_s = f->at_s, .pause_us = f->pause_us,
	    .walk_ms = f->walk_ms, .copied_bytes = f->copied_bytes,
	    .table_bytes = f->table_bytes, .object_count = (uint64_t)f->object_count,
	    .bytes = f->bytes, .type_count = (uint64_t)f->type_count,
	    .garbage_count = f->garbage_count, .garbage_bytes = f->garbage_bytes,
	    .complete = f->complete, .reason = f->reason};
}

static struct lk_message_site
site_of(const struct lk_snapshot *s, const struct lk_site *site)
{
	const struct lk_row *row = lk_snapshot_row(s->rows, s->row_count, site->stack);
	const struct lk_frame *frame = row != NULL ? lk_growth_site(row->stack) : NULL;
	bool is_python = frame != NULL && !frame->native;

	return (struct lk_message_site){
	    .stack = site->stack,
	    .line = is_python ? frame->line : 0, .sample_count = site->sample_count,
	    .bytes = site->bytes, .function = is_python ? frame->function : "",
	    .file = is_python ? frame->file : ""};
}

static void
put_row(struct lk_jsonl *json, const struct lk_snapshot *s, const struct lk_census_row *row)
{
	const struct lk_scan_delta delta = {row->delta_count, row->delta_bytes};
	struct lk_message_site sites[SITES_MAX];
	struct lk_message_object_type type = {.name = row->name,
	    .count = (uint64_t)row->object_count, .bytes = row->bytes,
	    .garbage_count = isnan(row->garbage_count) ? 0 : (uint64_t)row->garbage_count,
	    .garbage_bytes = isnan(row->garbage_bytes) ? 0 : row->garbage_bytes,
	    .cyclic_count = row->cyclic_count, .sample_count = NAN, .sites = sites};

	if (row->type != NULL)
		type.sample_count = row->type->sample_count;
	while (row->type != NULL && type.site_count < row->type->site_count &&
	    type.site_count < SITES_MAX) {
		sites[type.site_count] = site_of(s, &row->type->sites[type.site_count]);
		type.site_count++;
	}
	lk_scan_types_row(json, &type, &delta);
}

/* ---- what it is compared with -------------------------------------------------------- */

static const char *
name_of(const struct lk_baseline *b, char *out, size_t out_bytes)
{
	char clean[NAME_BYTES / 2];

	lk_text_clean(b != NULL ? b->name : "", clean, sizeof(clean));
	if (b == NULL)
		snprintf(out, out_bytes, "the start");
	else if (clean[0] == '\0')
		snprintf(out, out_bytes, "B%u", b->id);
	else
		snprintf(out, out_bytes, "B%u '%s'", b->id, clean);
	return out;
}

static void
put_then(struct lk_jsonl *json, const struct lk_census *c, const struct lk_baseline *b)
{
	char at[LK_TEXT_BYTES], ago[LK_TEXT_BYTES], name[NAME_BYTES];

	if (json == NULL) {
		printf("against those at %s, %s before: the first that were read after %s\n",
		    lk_text_clock(c->then->frozen.at_s, at, sizeof(at)),
		    lk_text_duration(c->seconds, ago, sizeof(ago)),
		    name_of(b, name, sizeof(name)));
		return;
	}
	lk_jsonl_open(json, "then", '{');
	lk_jsonl_whole(json, "baseline", b != NULL ? b->id : 0);
	lk_jsonl_text(json, "name", b != NULL ? b->name : "start");
	lk_jsonl_real(json, "at", c->then->frozen.at_s);
	lk_jsonl_real(json, "objects", c->then->frozen.object_count);
	lk_jsonl_real(json, "bytes", c->then->frozen.bytes);
	lk_jsonl_close(json, '}');
}

static int
by_growth(const void *a, const void *b)
{
	const struct lk_census_row *x = a, *y = b;
	double of_x = isnan(x->delta_bytes) ? -INFINITY : x->delta_bytes;
	double of_y = isnan(y->delta_bytes) ? -INFINITY : y->delta_bytes;

	if (of_x != of_y)
		return of_x > of_y ? -1 : 1;
	return x->bytes > y->bytes ? -1 : x->bytes < y->bytes;
}

static void
put_census(struct lk_jsonl *json, const struct lk_snapshot *s, const struct lk_census *c,
    const struct lk_baseline *b, struct lk_scan_shown *shown)
{
	const struct lk_message_frozen frozen = frozen_of(&c->now->frozen);

	lk_scan_types_frozen(json, &frozen);
	put_then(json, c, b);
	if (c->count > 0)
		qsort(c->rows, c->count, sizeof(*c->rows), by_growth);
	lk_scan_types_begin(json, true);
	for (size_t i = 0; i < c->count; i++)
		if (lk_scan_types_is_shown(shown, c->rows[i].name))
			put_row(json, s, &c->rows[i]);
}

static int
compare(struct lk_source *source, uint32_t reference, struct lk_jsonl *json,
	struct lk_scan_shown *shown)
{
	const struct lk_snapshot *s = lk_source_snapshot(source);
	const struct lk_baseline *b = lk_snapshot_baseline(s, reference);
	const struct lk_types *then = lk_census_then(s, reference, NULL);
	struct lk_census *census;
	char name[NAME_BYTES];

	if (s->types_count == 0 || then == NULL ||
	    (reference != LK_REFERENCE_START && then->baseline != reference))
		return lk_fault("no types to compare with: the heap was not frozen after %s and "
		    "before the next baseline", name_of(b, name, sizeof(name)));
	census = lk_census_new(s->types[s->types_count - 1], then);
	if (census == NULL)
		return lk_fault("out of memory");
	put_census(json, s, census, b, shown);
	lk_census_free(census);
	return LK_EXIT_DONE;
}

int
lk_scan_growth(const char *word, const char *baseline, struct lk_jsonl *json,
    struct lk_scan_shown *shown)
{
	const struct lk_request request = {.op = LK_REQUEST_TYPES};
	struct lk_source *source;
	uint32_t reference;
	int status = lk_target_open(word, 1000, &source), rc;

	if (status != LK_EXIT_DONE)
		return status;
	status = lk_target_reference(source, baseline, &reference);
	if (status == LK_EXIT_DONE) {
		rc = lk_source_ask(source, &request, NULL, READ_WAIT_MS);
		if (rc < 0)
			status = lk_fault("no scan: %s", rc == -ETIMEDOUT ? "no answer in time" :
			    lk_source_words(source));
	}
	if (status == LK_EXIT_DONE)
		status = compare(source, reference, json, shown);
	lk_source_close(source);
	return status;
}
