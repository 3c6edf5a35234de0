#include "config.h"

#include "sampler/stage.h"

#include "proto/emit.h"
#include "sampler/connection.h"
#include "sampler/freeze/answer.h"
#include "sampler/freezer.h"
#include "sampler/marks.h"
#include "sampler/stages.h"
#include "sampler/status.h"

#define TYPE_MAX_BYTES	40000u	/* three sites, with names of 1 kB escaped */

static uint32_t freezes_done;		/* freezes that ended */

uint32_t
lk_stages_freezes(void)
{
	return freezes_done;
}

void
lk_stages_progress(struct lk_connection *c)
{
	uint64_t done, found;

	lk_freezer_progress(&done, &found);
	if (done == c->told_done)
		return;
	c->told_done = done;
	lk_emit_progress(&c->out, c->reply_id, done, found);
}

/* One that is under way serves who asks the same meanwhile, too. */
bool
lk_stage_wait_freeze(struct lk_connection *c)
{
	if (c->scan_number == 0) {
		if (lk_freezer_is_running() && !lk_freezer_serves(&c->want))
			return false;	/* after that one */
		if (!lk_freezer_is_running() && lk_freezer_start(&c->want) < 0) {
			lk_stages_refuse(c, "unavailable", lk_status.dormant_reason != NULL ?
			    lk_status.dormant_reason : lk_freezer_words());
			return false;
		}
		c->scan_number = freezes_done + 1;
		return false;
	}
	if (freezes_done >= c->scan_number)
		return true;
	lk_stages_progress(c);
	return false;
}

const struct lk_freeze *
lk_stage_freeze_of(struct lk_connection *c)
{
	const struct lk_freeze *f = lk_freezer_result();

	if (freezes_done != c->scan_number || lk_freezer_is_running() ||
	    !lk_freezer_serves(&c->want)) {
		lk_stages_refuse(c, "busy", "another freeze has begun; ask again");
		return NULL;
	}
	if (f == NULL)
		lk_stages_refuse(c, "unavailable", lk_freezer_words());
	return f;
}

const char *
lk_stage_why_incomplete(const struct lk_answer *a)
{
	return a->no_room ? "there are more objects than there is memory to number them" :
	    a->was_collecting ? "a collection was under way" : a->unread_interpreters != 0 ?
	    "objects of other interpreters with a GIL of their own are not counted" : "";
}

static struct lk_emit_frozen
how(const struct lk_freeze *f)
{
	const struct lk_answer *a = f->answer;

	return (struct lk_emit_frozen){.at_s = f->at_s,
	    .pause_us = (double)f->pause_ns / 1e3, .walk_ms = (double)a->walk_ns / 1e6,
	    .copied_bytes = f->copied_bytes, .table_bytes = a->table_bytes,
	    .objects = a->objects, .bytes = a->bytes, .types = a->type_count,
	    .garbage_objects = a->knows_garbage ? a->garbage_objects : LK_EMIT_UNKNOWN,
	    .garbage_bytes = a->knows_garbage ? a->garbage_bytes : LK_EMIT_UNKNOWN,
	    .complete = lk_stage_why_incomplete(a)[0] == '\0',
	    .reason = lk_stage_why_incomplete(a)};
}

bool
lk_stage_frozen(struct lk_connection *c)
{
	const struct lk_freeze *f = lk_stage_freeze_of(c);
	struct lk_emit_frozen line;

	if (f == NULL)
		return false;
	line = how(f);
	lk_emit_frozen(&c->out, &line);
	return true;
}

/* Nothing when there was no room to find them. */
bool
lk_stage_cycles(struct lk_connection *c)
{
	const struct lk_freeze *f = lk_stage_freeze_of(c);
	const struct lk_answer *a;
	uint32_t i;

	if (f == NULL)
		return false;
	a = f->answer;
	if (!a->knows_cycles)
		return true;
	lk_emit_cycles_begin(&c->out, a->cycle_count, a->cyclic_objects,
	    a->cyclic_garbage_objects);
	for (i = 0; i < a->cyclic_kept; i++)
		lk_emit_cyclic(&c->out, i == 0, a->cyclic[i].name, a->cyclic[i].objects,
		    a->cyclic[i].garbage_objects);
	lk_emit_list_end(&c->out);
	return true;
}

static struct lk_emit_type
type_at(uint32_t i)
{
	const struct lk_answer *a = lk_freezer_result()->answer;
	const struct lk_answer_type *t = &a->types[i];

	return (struct lk_emit_type){t->name, t->objects, t->bytes, t->garbage_objects,
	    t->garbage_bytes, a->knows_cycles ? t->cyclic_objects : LK_EMIT_UNKNOWN,
	    a->knows_sites ? t->samples : LK_EMIT_UNKNOWN};
}

static void
put_sites(struct lk_connection *c, uint32_t row)
{
	const struct lk_answer_type *t = &lk_freezer_result()->answer->types[row];
	struct lk_emit_site site;
	uint32_t i;

	for (i = 0; i < t->sites_kept; i++) {
		site = (struct lk_emit_site){.stack = t->sites[i].stack,
		    .samples = t->sites[i].samples, .bytes = (uint64_t)t->sites[i].bytes};
		lk_stage_site(t->sites[i].index, t->sites[i].stack, &site);
		lk_emit_type_site(&c->out, i == 0, &site);
	}
}

/* A line of the COUNT types from C's cursor on: of LIST, or of the freeze, with their sites.
 * Returns: whether it was the last one. */
static bool
put_types(struct lk_connection *c, uint32_t count, const struct lk_emit_type *list)
{
	uint32_t last = count < c->limit ? count : c->limit, from = c->cursor;
	size_t began = c->out.length;
	struct lk_emit_type t;

	lk_emit_types_begin(&c->out);
	for (; c->cursor < last && c->out.length + TYPE_MAX_BYTES < began + LK_WIRE_LINE_MAX;
	    c->cursor++) {
		t = list != NULL ? list[c->cursor] : type_at(c->cursor);
		lk_emit_type(&c->out, c->cursor == from, &t);
		if (list == NULL)
			put_sites(c, c->cursor);
		lk_emit_type_end(&c->out);
	}
	lk_emit_types_end(&c->out, c->cursor < last);
	return c->cursor == last;
}

/* Nothing when it is not known. */
bool
lk_stage_uncollectable(struct lk_connection *c)
{
	const struct lk_freeze *f = lk_stage_freeze_of(c);
	uint32_t i;

	if (f == NULL || !f->answer->knows_uncollectable)
		return f != NULL;
	lk_emit_uncollectable_begin(&c->out, f->answer->uncollectable);
	for (i = 0; i < f->answer->uncollectable_kept; i++)
		lk_emit_uncollectable(&c->out, i == 0, f->answer->uncollectable_types[i].name,
		    f->answer->uncollectable_types[i].count);
	lk_emit_list_end(&c->out);
	return true;
}

bool
lk_stage_types(struct lk_connection *c)
{
	const struct lk_freeze *f = lk_stage_freeze_of(c);

	return f != NULL && put_types(c, f->answer->types_kept, NULL);
}

/* ---- of a baseline ---------------------------------------------------------------------- */

/* Those of the baseline that C asked for; NULL when there are none, or no longer: C was told. */
static const struct lk_mark_types *
types_then(struct lk_connection *c)
{
	const struct lk_mark *mark = lk_marks_find(c->mark_id);

	if (mark == NULL)
		lk_stages_refuse(c, "bad-argument", "no such baseline");
	else if (mark->types == NULL)
		lk_stages_refuse(c, "unavailable", "the heap was not frozen since that baseline");
	return mark == NULL ? NULL : mark->types;
}

bool
lk_stage_frozen_then(struct lk_connection *c)
{
	const struct lk_mark_types *then = types_then(c);

	if (then != NULL)
		lk_emit_frozen(&c->out, &then->how);
	return then != NULL;
}

bool
lk_stage_types_then(struct lk_connection *c)
{
	const struct lk_mark_types *then = types_then(c);

	return then != NULL && put_types(c, then->count, then->list);
}

/* The first freeze after a baseline, whatever it was for, tells its types: one for the newest, as
 * that is the first after older ones, too. */
static void
keep_types(void)
{
	const struct lk_freeze *f = lk_freezer_result();
	struct lk_mark *newest = NULL, *mark;
	struct lk_emit_frozen line;
	uint32_t i;

	for (i = 0; f != NULL && (mark = lk_marks_at(i)) != NULL; i++)
		if (mark->at_s <= f->at_s)
			newest = mark;
	if (newest == NULL)
		return;
	line = how(f);
	lk_marks_types(newest, &line, f->answer->types_kept, type_at);
}

/* ---- holders ------------------------------------------------------------------------------ */

static void
begin_referrers(struct lk_connection *c, const struct lk_answer *a)
{
	bool of_stack = c->want.what == LK_WANT_STACK;

	lk_emit_referrers_begin(&c->out, &(struct lk_emit_referrers){
	    .type = c->want.what == LK_WANT_TYPE ? c->want.type : a->held_type,
	    .stack = of_stack ? c->want.number : LK_EMIT_UNKNOWN,
	    .samples = of_stack ? a->samples : LK_EMIT_UNKNOWN,
	    .found = of_stack ? a->samples_found : LK_EMIT_UNKNOWN,
	    .address = c->want.what == LK_WANT_ADDRESS ? c->want.number : 0,
	    .objects = a->held_objects, .bytes = a->held_bytes, .paths = a->holder_count});
}

bool
lk_stage_referrers(struct lk_connection *c)
{
	const struct lk_freeze *f = lk_stage_freeze_of(c);
	const struct lk_answer_holder *h;
	uint32_t i;

	if (f == NULL)
		return false;
	if (!f->answer->knows_holders) {
		lk_stages_refuse(c, "unavailable", "too little memory to find the holders");
		return false;
	}
	begin_referrers(c, f->answer);
	for (i = 0; i < f->answer->loops_kept; i++)
		lk_emit_loop(&c->out, i == 0, f->answer->loops[i].words,
		    f->answer->loops[i].length, f->answer->loops[i].components,
		    f->answer->loops[i].objects);
	lk_emit_referrers_rows(&c->out);
	for (i = 0; i < f->answer->holders_kept && i < c->limit; i++) {
		h = &f->answer->holders[i];
		lk_emit_referrer(&c->out, i == 0, h->path, h->objects, h->bytes,
		    f->answer->knows_retained ? h->retained_bytes : LK_EMIT_UNKNOWN);
	}
	lk_emit_list_end(&c->out);
	return true;
}

void
lk_stages_frozen(uint32_t number)
{
	freezes_done = number;
	keep_types();
	lk_stages_frozen_for_baseline();
}
