/* The stages of containers: by a freeze where there can be one, else by the walk; and what
 * baselines keep of them. */
#include "config.h"

#include "sampler/stage.h"

#include <string.h>

#include "base/attr.h"
#include "base/hash.h"
#include "base/print.h"
#include "proto/emit.h"
#include "sampler/connection.h"
#include "sampler/freeze/answer.h"
#include "sampler/freeze/want.h"
#include "sampler/freezer.h"
#include "sampler/heap/containers.h"
#include "sampler/marks.h"
#include "sampler/stages.h"
#include "sampler/tend.h"

#define DEBUG_WORDS_BYTES 16	/* PYTHONMALLOC=debug: a size, a letter and a fence */
#define CONTAINER_MAX_BYTES 8192u	/* names escaped, 32 baselines */
#define BASELINE_MIN_LENGTH	1000u

static bool baseline_waits;		/* a mark has no containers yet */
static uint32_t baseline_marked;	/* whose freeze is under way, 0: none */

/* ---- waiting --------------------------------------------------------------------------- */

static void
walk_instead(struct lk_connection *c, const char *why)
{
	struct lk_print p;

	lk_print_init(&p, c->why, sizeof(c->why));
	lk_print_str(&p, why);
	lk_print_end(&p);
	c->by_walk = true;
	c->scan_number = 0;
}

/* Whether the answer that C waited for is still there; it waits for the next one if not. */
bool
lk_stage_wait_containers(struct lk_connection *c)
{
	if (c->by_walk)
		return lk_stage_wait_scan(c);
	if (c->scan_number == 0) {
		if (lk_freezer_is_running() && !lk_freezer_serves(&c->want))
			return false;	/* after that one */
		if (lk_freezer_is_running() || lk_freezer_start(&c->want) == 0)
			c->scan_number = lk_stages_freezes() + 1;
		else
			walk_instead(c, lk_freezer_words());
		return c->by_walk && lk_stage_wait_scan(c);
	}
	if (lk_stages_freezes() < c->scan_number) {
		lk_stages_progress(c);
		return false;
	}
	if (lk_freezer_is_running() || !lk_freezer_serves(&c->want)) {
		c->scan_number = 0;
		return false;
	}
	if (lk_freezer_result() != NULL)
		return true;
	walk_instead(c, lk_freezer_words());
	return lk_stage_wait_scan(c);
}

/* ---- rows -------------------------------------------------------------------------------- */

/* Where the items came from, or the object itself.  A debug allocator hands out what follows its
 * own words in the block that it was given. */
static uint32_t
stack_of(const struct lk_connection *c, uint64_t storage, uint64_t block)
{
	const uint64_t blocks[] = {storage, storage - DEBUG_WORDS_BYTES, block,
	    block - DEBUG_WORDS_BYTES};
	uint32_t stack;
	size_t i;

	for (i = 0; i < LK_COUNT_OF(blocks); i++) {
		stack = lk_tend_stack_at((const void *)(uintptr_t)blocks[i]);
		if (stack != LK_STACKS_NONE && lk_stage_knows(c, stack))
			return stack;
	}
	return LK_STACKS_NONE;
}

static void
put_then(struct lk_connection *c, const struct lk_marks_seen *seen)
{
	const struct lk_mark *mark;
	bool first = true;
	uint64_t length;
	uint32_t i;

	for (i = 0; (mark = lk_marks_at(i)) != NULL; i++) {
		switch (lk_marks_then(mark, seen, &length)) {
		case LK_MARKS_NEW:
			continue;
		case LK_MARKS_UNKNOWN:
			length = LK_EMIT_UNKNOWN;
			break;
		case LK_MARKS_SAME:
			break;
		}
		lk_emit_container_then(&c->out, first, mark->id, length);
		first = false;
	}
}

void
lk_stage_put_container(struct lk_connection *c, struct lk_emit_container *row, uint64_t storage,
    uint64_t block, struct lk_marks_seen *seen)
{
	uint32_t stack = stack_of(c, storage, block);

	row->stack = stack != LK_STACKS_NONE ? lk_stage_stack_id(stack) : LK_EMIT_UNKNOWN;
	seen->born = lk_tend_epoch_at((const void *)(uintptr_t)block);
	lk_emit_container(&c->out, c->row == 0, row);
	put_then(c, seen);
	lk_emit_container_end(&c->out);
	c->row++;
}

bool
lk_stage_container_fits(const struct lk_connection *c, size_t began)
{
	return c->out.length + CONTAINER_MAX_BYTES < began + LK_WIRE_LINE_MAX;
}

/* ---- of a freeze ------------------------------------------------------------------------- */

static uint32_t
hash(const char *text)
{
	return (uint32_t)(lk_hash_text(LK_HASH_BEGIN, text) >> 32) | 1;
}

/* Modules, classes and objects by name, to its end: one way, one object. */
static bool
is_one(const char *owner)
{
	return owner[0] != '\0' && owner[0] != '(' && strpbrk(owner, "[>") == NULL;
}

uint32_t
lk_stage_owner(const char *owner, bool *is_one_out)
{
	*is_one_out = is_one(owner);
	return owner[0] != '\0' ? hash(owner) : 0;
}

struct lk_mark_container
lk_stage_mark_of(const struct lk_answer_container *a)
{
	struct lk_mark_container out = {.address = a->address, .length = a->length,
	    .type = a->type, .generation = a->generation, .is_fixed = a->is_fixed,
	    .turns_over = a->turns_over};

	out.owner = lk_stage_owner(a->owner, &out.owner_is_one);
	memcpy(out.probes, a->probes, sizeof(out.probes));
	return out;
}

/* All of them; the list stays until the next call. */
static struct lk_mark_containers
take(const struct lk_answer *a, uint64_t min_length)
{
	static struct lk_mark_container list[LK_ANSWER_CONTAINERS_MAX];
	struct lk_mark_containers taken = {.list = list, .count = a->containers_kept,
	    .min_length = min_length, .is_full = a->containers_full, .by_freeze = true};
	uint32_t i;

	for (i = 0; i < a->containers_kept; i++)
		list[i] = lk_stage_mark_of(&a->containers[i]);
	memcpy(taken.collections, a->collections, sizeof(taken.collections));
	return taken;
}

static uint32_t
shares_of(const struct lk_answer_share *from, uint32_t count, struct lk_emit_share *out)
{
	uint32_t i;

	for (i = 0; i < count; i++)
		out[i] = (struct lk_emit_share){from[i].name, from[i].count};
	return count;
}

static void
put_frozen(struct lk_connection *c, const struct lk_answer *answer,
    const struct lk_answer_container *a)
{
	struct lk_mark_container is = lk_stage_mark_of(a);
	struct lk_marks_seen seen = {.is = &is, .rank = a->rank, .by_freeze = true,
	    .collections = answer->collections};
	struct lk_emit_container row = {.address = a->address, .type = a->type_name,
	    .length = a->length, .shallow_bytes = a->shallow_bytes, .bound = a->bound,
	    .owner = a->owner[0] == '\0' ? NULL : a->owner, .looked = a->looked};

	row.key_count = shares_of(a->keys, a->key_types, row.keys);
	row.value_count = shares_of(a->values, a->value_types, row.values);
	lk_stage_put_container(c, &row, a->storage, a->block, &seen);
}

static const char *
why_incomplete(const struct lk_answer *a)
{
	const char *why = lk_stage_why_incomplete(a);

	return why[0] != '\0' || a->knows_garbage ? why : "too little memory to find the owners";
}

static bool
put_all_frozen(struct lk_connection *c, const struct lk_freeze *f)
{
	const struct lk_answer *a = f->answer;
	size_t began = c->out.length;
	uint32_t last = a->containers_kept < c->limit ? a->containers_kept : c->limit;

	while (last > 0 && a->containers[last - 1].rank < c->min_length)
		last--;		/* the freeze was for one who asked for more */
	lk_emit_containers_begin(&c->out, &(struct lk_emit_containers){.at_s = f->at_s,
	    .by = "freeze", .pause_us = (double)f->pause_ns / 1e3,
	    .scan_ms = (double)a->walk_ns / 1e6, .copied_bytes = f->copied_bytes,
	    .objects = a->objects,
	    .min_length = c->min_length, .complete = lk_stage_why_incomplete(a)[0] == '\0',
	    .reason = why_incomplete(a)});
	for (c->row = 0; c->cursor < last && lk_stage_container_fits(c, began); c->cursor++)
		put_frozen(c, a, &a->containers[c->cursor]);
	lk_emit_containers_end(&c->out, c->cursor < last);
	return c->cursor == last;
}

bool
lk_stage_containers(struct lk_connection *c)
{
	struct lk_mark_containers listed;
	const struct lk_freeze *f;

	if (c->by_walk) {
		lk_stages_listed_by_walk();
		return lk_stage_walked(c);
	}
	f = lk_freezer_result();
	if (f == NULL || lk_stages_freezes() != c->scan_number ||
	    !lk_freezer_serves(&c->want)) {
		lk_stages_refuse(c, "busy", "another freeze has begun; ask again");
		return false;
	}
	if (c->cursor == 0) {
		listed = take(f->answer, c->min_length);
		lk_stages_listed(f->at_s, &listed);
	}
	return put_all_frozen(c, f);
}

/* ---- of baselines ------------------------------------------------------------------------ */

static void
keep_for_baseline(uint32_t id)
{
	struct lk_mark *mark = lk_marks_find(id);
	struct lk_mark_containers taken;

	if (mark == NULL)
		return;
	taken = take(lk_freezer_result()->answer, BASELINE_MIN_LENGTH);
	lk_marks_containers(mark, &taken);
}

static void
begin_for_baseline(void)
{
	const struct lk_want want = {.what = LK_WANT_CONTAINERS, .number = BASELINE_MIN_LENGTH};
	uint32_t newest = 0, i;

	if (!baseline_waits || baseline_marked != 0 || lk_freezer_is_running())
		return;
	baseline_waits = false;
	for (i = 0; lk_marks_at(i) != NULL; i++)
		newest = lk_marks_at(i)->id;
	if (lk_freezer_start(&want) == 0)
		baseline_marked = newest;
	else
		lk_stages_want_scan();
}

void
lk_stages_want_containers(void)
{
	baseline_waits = true;
	begin_for_baseline();
}

void
lk_stages_frozen_for_baseline(void)
{
	if (baseline_marked != 0 && lk_freezer_result() != NULL)
		keep_for_baseline(baseline_marked);
	else if (baseline_marked != 0)
		lk_stages_want_scan();
	baseline_marked = 0;
	begin_for_baseline();
}

bool
lk_stages_freeze_for_baseline(void)
{
	return baseline_marked != 0;
}
