#include "config.h"

#include "client/readings.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "leaktop/wire.h"
#include "model/arena.h"
#include "model/snapshot.h"
#include "proto/message.h"

#include "client/shared.h"

#define TYPES_MAX   (2 * LK_WIRE_BASELINES_MAX)
#define HOLDERS_MAX 8

/* One answer, in an arena that snapshots share. */
struct reading {
	struct lk_shared *block;	/* NULL: none */
	struct lk_types *types;		/* one of the two */
	struct lk_holders *holders;
	bool is_frozen;			/* its first message was there */
	bool is_first;			/* after its baseline, as the sampler says */
	uint32_t room;			/* of the list that comes */
};

struct lk_readings {
	struct reading coming;
	uint32_t types_count, holders_count;
	struct reading types[TYPES_MAX];	/* oldest first */
	struct reading holders[HOLDERS_MAX];	/* oldest first */
};

struct lk_readings *
lk_readings_new(void)
{
	return calloc(1, sizeof(struct lk_readings));
}

static void
drop(struct reading *list, uint32_t *count, uint32_t at)
{
	lk_shared_put(list[at].block);
	(*count)--;
	memmove(&list[at], &list[at + 1], (*count - at) * sizeof(*list));
}

void
lk_readings_forget(struct lk_readings *r)
{
	lk_readings_abandon(r);
	while (r->types_count > 0)
		drop(r->types, &r->types_count, r->types_count - 1);
	while (r->holders_count > 0)
		drop(r->holders, &r->holders_count, r->holders_count - 1);
}

void
lk_readings_free(struct lk_readings *r)
{
	if (r == NULL)
		return;
	lk_readings_forget(r);
	free(r);
}

void
lk_readings_abandon(struct lk_readings *r)
{
	lk_shared_put(r->coming.block);
	memset(&r->coming, 0, sizeof(r->coming));
}

/* ---- an answer comes ----------------------------------------------------------------- */

static const char *
copy(struct reading *c, const char *text)
{
	return lk_arena_text(c->block->arena, text, strlen(text));
}

static int
begin_holders(struct reading *c, const struct lk_held *held)
{
	c->holders = lk_arena_get(c->block->arena, 1, sizeof(*c->holders));
	if (c->holders == NULL)
		return -ENOMEM;
	c->holders->held = *held;
	c->holders->held.type = copy(c, held->type);
	c->holders->type = "";
	lk_frozen_unknown(&c->holders->frozen);
	return c->holders->held.type != NULL ? 0 : -ENOMEM;
}

int
lk_readings_begin(struct lk_readings *r, const struct lk_held *held, uint32_t baseline)
{
	struct reading *c = &r->coming;
	int rc = 0;

	lk_readings_abandon(r);
	c->block = lk_shared_new();
	if (c->block == NULL)
		return -ENOMEM;
	if (held != NULL)
		rc = begin_holders(c, held);
	else if ((c->types = lk_arena_get(c->block->arena, 1, sizeof(*c->types))) == NULL)
		rc = -ENOMEM;
	else {
		c->types->cycles = (struct lk_cycles){NAN, NAN, NAN};
		c->types->uncollectable.object_count = NAN;
		c->types->descriptors = (struct lk_descriptors){NAN, NAN, NAN, NAN};
		c->types->baseline = baseline;
		c->is_first = baseline != 0;
	}
	if (rc < 0)
		lk_readings_abandon(r);
	return rc;
}

static int
take_frozen(struct reading *c, const struct lk_message_frozen *m)
{
	struct lk_frozen *f = c->types != NULL ? &c->types->frozen : &c->holders->frozen;

	if (c->is_frozen)
		return -EBADMSG;
	*f = (struct lk_frozen){
	    .at_s = m->at_s,
	    .pause_us = m->pause_us,
	    .walk_ms = m->walk_ms,
	    .copied_bytes = m->copied_bytes,
	    .table_bytes = m->table_bytes,
	    .object_count = (double)m->object_count,
	    .bytes = m->bytes,
	    .type_count = (double)m->type_count,
	    .garbage_count = m->garbage_count,
	    .garbage_bytes = m->garbage_bytes,
	    .complete = m->complete,
	    .reason = copy(c, m->reason),
	};
	if (f->reason == NULL)
		return -ENOMEM;
	c->is_frozen = true;
	return 0;
}

static void
take_cycles(struct reading *c, const struct lk_message_cycles *m)
{
	if (c->types != NULL)
		c->types->cycles = (struct lk_cycles){(double)m->cycle_count,
		    (double)m->object_count, (double)m->garbage_count};
}

static int
take_uncollectable(struct reading *c, const struct lk_message_uncollectable *m)
{
	struct lk_stuck *list = lk_arena_get(c->block->arena, m->count + 1, sizeof(*list));

	if (c->types == NULL)
		return 0;
	for (uint32_t i = 0; list != NULL && i < m->count; i++) {
		list[i] = (struct lk_stuck){copy(c, m->list[i].name), m->list[i].object_count};
		if (list[i].name == NULL)
			return -ENOMEM;
	}
	c->types->uncollectable = (struct lk_uncollectable){m->object_count, m->count, list};
	return list != NULL ? 0 : -ENOMEM;
}

static const struct lk_site *
sites_of(struct reading *c, const struct lk_message_object_type *from)
{
	struct lk_site *sites = lk_arena_get(c->block->arena, from->site_count + 1, sizeof(*sites));

	for (uint32_t i = 0; sites != NULL && i < from->site_count; i++)
		sites[i] = (struct lk_site){from->sites[i].stack, from->sites[i].sample_count,
		    from->sites[i].bytes};
	return sites;
}

static int
take_types(struct reading *c, const struct lk_message_types *m)
{
	bool knows_garbage;
	struct lk_type *list;

	if (c->types == NULL || !c->is_frozen || m->count > LK_WIRE_TYPES_MAX - c->types->count)
		return -EBADMSG;
	if (c->types->list == NULL) {
		c->types->list = list =
		    lk_arena_get(c->block->arena, LK_WIRE_TYPES_MAX, sizeof(*list));
		c->room = LK_WIRE_TYPES_MAX;
	}
	list = (struct lk_type *)(uintptr_t)c->types->list;
	if (list == NULL)
		return -ENOMEM;
	knows_garbage = !isnan(c->types->frozen.garbage_count);
	for (uint32_t i = 0; i < m->count; i++) {
		const struct lk_message_object_type *from = &m->list[i];
		struct lk_type *to = &list[c->types->count++];

		to->name = copy(c, from->name);
		to->object_count = (double)from->count;
		to->bytes = from->bytes;
		to->garbage_count = knows_garbage ? (double)from->garbage_count : NAN;
		to->garbage_bytes = knows_garbage ? from->garbage_bytes : NAN;
		to->cyclic_count = from->cyclic_count;
		to->sample_count = from->sample_count;
		to->site_count = from->site_count;
		to->sites = sites_of(c, from);
		if (to->name == NULL || to->sites == NULL)
			return -ENOMEM;
	}
	return 0;
}

static int
take_loops(struct reading *c, const struct lk_message_referrers *m)
{
	struct lk_loop *loops = lk_arena_get(c->block->arena, m->loop_count + 1, sizeof(*loops));

	for (uint32_t i = 0; loops != NULL && i < m->loop_count; i++) {
		loops[i] = (struct lk_loop){
		    .words = copy(c, m->loops[i].words),
		    .length = (double)m->loops[i].length,
		    .cycle_count = (double)m->loops[i].cycle_count,
		    .object_count = (double)m->loops[i].object_count,
		};
		if (loops[i].words == NULL)
			return -ENOMEM;
	}
	c->holders->loops = loops;
	c->holders->loop_count = m->loop_count;
	return loops != NULL ? 0 : -ENOMEM;
}

static int
take_referrers(struct reading *c, const struct lk_message_referrers *m)
{
	struct lk_holders *h = c->holders;
	struct lk_holder *list;

	if (h == NULL || !c->is_frozen || h->list != NULL)
		return -EBADMSG;
	list = lk_arena_get(c->block->arena, m->count + 1, sizeof(*list));
	h->type = copy(c, m->type);
	if (list == NULL || h->type == NULL)
		return -ENOMEM;
	h->sample_count = m->sample_count;
	h->found_count = m->found_count;
	h->object_count = (double)m->object_count;
	h->bytes = m->bytes;
	h->path_count = (double)m->path_count;
	for (uint32_t i = 0; i < m->count; i++) {
		list[i] = (struct lk_holder){
		    .path = copy(c, m->list[i].path),
		    .object_count = (double)m->list[i].object_count,
		    .bytes = m->list[i].bytes,
		    .retained_bytes = m->list[i].retained_bytes,
		};
		if (list[i].path == NULL)
			return -ENOMEM;
	}
	h->list = list;
	h->count = m->count;
	return take_loops(c, m);
}

int
lk_readings_take(struct lk_readings *r, const struct lk_message *m)
{
	struct reading *c = &r->coming;

	if (c->block == NULL)
		return 0;
	switch (m->type) {
	case LK_MESSAGE_FROZEN:
		return take_frozen(c, &m->frozen);
	case LK_MESSAGE_CYCLES:
		take_cycles(c, &m->cycles);
		return 0;
	case LK_MESSAGE_UNCOLLECTABLE:
		return take_uncollectable(c, &m->uncollectable);
	case LK_MESSAGE_TYPES:
		return take_types(c, &m->types);
	case LK_MESSAGE_REFERRERS:
		return take_referrers(c, &m->referrers);
	default:
		return 0;
	}
}

/* ---- what is kept ---------------------------------------------------------------------- */

static uint32_t
newest_baseline(const struct lk_snapshot *s, double at_s)
{
	uint32_t newest = 0;

	for (uint32_t i = 0; s != NULL && i < s->baseline_count; i++)
		if (s->baselines[i].at_s <= at_s)
			newest = s->baselines[i].id;
	return newest;
}

/* Where it belongs in time; *is_there: that one is there already. */
static uint32_t
place_of(const struct lk_readings *r, const struct reading *fresh, bool *is_there)
{
	double at_s = fresh->types->frozen.at_s;
	uint32_t at = r->types_count;

	while (at > 0 && r->types[at - 1].types->frozen.at_s >= at_s)
		at--;
	*is_there = at < r->types_count && !(r->types[at].types->frozen.at_s > at_s);
	return at;
}

/* Of those after the same baseline only the first and the last stay; when there are too many all
 * the same, the second oldest goes. */
static void
make_room(struct lk_readings *r)
{
	for (uint32_t i = 2; i < r->types_count; i++) {
		uint32_t baseline = r->types[i].types->baseline;

		if (r->types[i - 1].types->baseline == baseline &&
		    r->types[i - 2].types->baseline == baseline)
			drop(r->types, &r->types_count, --i);
	}
	if (r->types_count == TYPES_MAX)
		drop(r->types, &r->types_count, 1);
}

static void
keep_types(struct lk_readings *r, const struct reading *fresh)
{
	bool is_there;
	uint32_t at = place_of(r, fresh, &is_there);

	if (is_there) { /* told when it was made, and now by its baseline */
		r->types[at].is_first |= fresh->is_first;
		lk_shared_put(fresh->block);
		return;
	}
	memmove(&r->types[at + 1], &r->types[at], (r->types_count - at) * sizeof(*r->types));
	r->types[at] = *fresh;
	r->types_count++;
	make_room(r);
}

uint32_t
lk_readings_wants(const struct lk_readings *r, const struct lk_snapshot *s, uint32_t after)
{
	for (uint32_t i = 0; s != NULL && i < s->baseline_count; i++) {
		uint32_t id = s->baselines[i].id, k = 0;

		while (k < r->types_count && !(r->types[k].is_first &&
		    r->types[k].types->baseline == id))
			k++;
		if (k == r->types_count && id > after)
			return id;
	}
	return 0;
}

static void
keep_holders(struct lk_readings *r, const struct reading *fresh)
{
	for (uint32_t i = 0; i < r->holders_count; i++) {
		if (!lk_frozen_is_same(&r->holders[i].holders->held, &fresh->holders->held))
			continue;
		drop(r->holders, &r->holders_count, i);
		break;
	}
	if (r->holders_count == HOLDERS_MAX)
		drop(r->holders, &r->holders_count, 0);
	r->holders[r->holders_count++] = *fresh;
}

int
lk_readings_keep(struct lk_readings *r, const struct lk_snapshot *s,
    const struct lk_descriptors *descriptors)
{
	struct reading *c = &r->coming;
	bool whole = c->block != NULL && c->is_frozen &&
	    (c->types != NULL ? c->types->list != NULL : c->holders->list != NULL);

	if (!whole) {
		lk_readings_abandon(r);
		return -EBADMSG;
	}
	if (c->types != NULL) {
		if (!c->is_first) {
			c->types->baseline = newest_baseline(s, c->types->frozen.at_s);
			c->types->descriptors = *descriptors;
		}
		keep_types(r, c);
	} else
		keep_holders(r, c);
	memset(c, 0, sizeof(*c)); /* its block went along */
	return 0;
}

int
lk_readings_attach(const struct lk_readings *r, struct lk_snapshot *s)
{
	const struct lk_types **types = lk_arena_get(s->arena, r->types_count + 1, sizeof(*types));
	const struct lk_holders **holders =
	    lk_arena_get(s->arena, r->holders_count + 1, sizeof(*holders));

	if (types == NULL || holders == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < r->types_count; i++) {
		types[i] = r->types[i].types;
		if (lk_shared_keep(r->types[i].block, s->arena) < 0)
			return -ENOMEM;
	}
	for (uint32_t i = 0; i < r->holders_count; i++) {
		holders[i] = r->holders[i].holders;
		if (lk_shared_keep(r->holders[i].block, s->arena) < 0)
			return -ENOMEM;
	}
	s->types = types;
	s->types_count = r->types_count;
	s->holders = holders;
	s->holders_count = r->holders_count;
	return 0;
}
