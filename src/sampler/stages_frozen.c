#include "config.h"

#include "sampler/stage.h"

#include "proto/emit.h"
#include "sampler/connection.h"
#include "sampler/freeze/answer.h"
#include "sampler/freezer.h"
#include "sampler/stages.h"
#include "sampler/status.h"

#define TYPES_PER_LINE	200u	/* a name with every byte escaped is 1 kB */

static uint32_t freezes_done;		/* freezes that ended */

static void
put_progress(struct lk_connection *c)
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
		if (lk_freezer_is_running() && !lk_freezer_serves(c->holders_of))
			return false;	/* after that one */
		if (!lk_freezer_is_running() && lk_freezer_start(c->holders_of) < 0) {
			lk_stages_refuse(c, "unavailable", lk_status.dormant_reason != NULL ?
			    lk_status.dormant_reason : lk_freezer_words());
			return false;
		}
		c->scan_number = freezes_done + 1;
		return false;
	}
	if (freezes_done >= c->scan_number)
		return true;
	put_progress(c);
	return false;
}

/* The answer that C waited for; NULL when there is none, or no longer: then C was told. */
static const struct lk_freeze *
freeze_of(struct lk_connection *c)
{
	const struct lk_freeze *f = lk_freezer_result();

	if (freezes_done != c->scan_number || lk_freezer_is_running() ||
	    !lk_freezer_serves(c->holders_of)) {
		lk_stages_refuse(c, "busy", "another freeze has begun; ask again");
		return NULL;
	}
	if (f == NULL)
		lk_stages_refuse(c, "unavailable", lk_freezer_words());
	return f;
}

bool
lk_stage_frozen(struct lk_connection *c)
{
	const struct lk_freeze *f = freeze_of(c);
	const struct lk_answer *a;

	if (f == NULL)
		return false;
	a = f->answer;
	lk_emit_frozen(&c->out, &(struct lk_emit_frozen){.at_s = f->at_s,
	    .pause_us = (double)f->pause_ns / 1e3, .walk_ms = (double)a->walk_ns / 1e6,
	    .copied_bytes = f->copied_bytes, .table_bytes = a->table_bytes,
	    .objects = a->objects, .bytes = a->bytes, .types = a->type_count,
	    .garbage_objects = a->knows_garbage ? a->garbage_objects : LK_EMIT_UNKNOWN,
	    .garbage_bytes = a->knows_garbage ? a->garbage_bytes : LK_EMIT_UNKNOWN,
	    .complete = !a->no_room && !a->was_collecting,
	    .reason = a->no_room ? "there are more objects than there is memory to number them" :
	    a->was_collecting ? "a collection was under way" : ""});
	return true;
}

bool
lk_stage_types(struct lk_connection *c)
{
	const struct lk_freeze *f = freeze_of(c);
	const struct lk_answer_type *t;
	uint32_t last, until, i;

	if (f == NULL)
		return false;
	last = f->answer->types_kept < c->limit ? f->answer->types_kept : c->limit;
	until = last - c->cursor > TYPES_PER_LINE ? c->cursor + TYPES_PER_LINE : last;
	lk_emit_types_begin(&c->out, until < last);
	for (i = c->cursor; i < until; i++) {
		t = &f->answer->types[i];
		lk_emit_type(&c->out, i == c->cursor, &(struct lk_emit_type){t->name, t->objects,
		    t->bytes, t->garbage_objects, t->garbage_bytes});
	}
	lk_emit_list_end(&c->out);
	c->cursor = until;
	return until == last;
}

bool
lk_stage_referrers(struct lk_connection *c)
{
	const struct lk_freeze *f = freeze_of(c);
	const struct lk_answer_holder *h;
	uint32_t i;

	if (f == NULL)
		return false;
	if (!f->answer->knows_holders) {
		lk_stages_refuse(c, "unavailable", "too little memory to find the holders");
		return false;
	}
	lk_emit_referrers_begin(&c->out, c->holders_of, f->answer->held_objects,
	    f->answer->held_bytes, f->answer->holder_count);
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
}
