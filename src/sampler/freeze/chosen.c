#include "config.h"

#include "sampler/freeze/chosen.h"

#include <string.h>

#include "base/attr.h"
#include "sampler/core/live.h"
#include "sampler/cpython/layout.h"
#include "sampler/freeze/answer.h"
#include "sampler/freeze/blocks.h"
#include "sampler/freeze/kinds.h"
#include "sampler/freeze/nodes.h"
#include "sampler/freeze/sampled.h"
#include "sampler/freeze/store.h"
#include "sampler/freeze/want.h"

#define DEBUG_WORDS_BYTES 16	/* a debug allocator hands out what is behind its own words */

/* The child's, and only there. */
static const struct lk_chosen *c;
static struct lk_nodes blocks;	/* of the samples */
static uint8_t *is_found;	/* [blocks.count] an object has it */
static bool is_hit;		/* the object that is looked at has one */

static const void *
object_of(uint32_t node)
{
	return (const void *)(uintptr_t)c->nodes->address[node];
}

static uint32_t
kind_of(uint32_t node)
{
	return lk_kinds_of(c->kinds, lk_read_ptr(object_of(node), LK_OBJECT_TYPE));
}

/* ---- of a type ------------------------------------------------------------------------- */

static bool
is_wanted(const struct lk_kind *kind)
{
	size_t length, wanted = strlen(c->want->type);
	char name[LK_ANSWER_NAME_MAX];

	if (kind->objects == 0)
		return false;
	lk_kinds_name(c->kinds, kind->type, name, sizeof(name));
	length = strlen(name);
	return length >= wanted && strcmp(name + length - wanted, c->want->type) == 0 &&
	    (length == wanted || name[length - wanted - 1] == '.');
}

static bool
mark_type(uint8_t *marks, struct lk_answer *out)
{
	uint8_t *wanted = lk_store_map(LK_KINDS_MAX, sizeof(*wanted));
	uint32_t i;

	(void)out;
	if (wanted == NULL)
		return false;
	for (i = 0; i < c->kinds->types.count; i++)
		wanted[i] = is_wanted(&c->kinds->list[i]);
	for (i = 0; i < c->nodes->count; i++)
		marks[i] = wanted[kind_of(i)];
	lk_store_unmap(wanted, LK_KINDS_MAX, sizeof(*wanted));
	return true;
}

/* ---- one ----------------------------------------------------------------------------------- */

static bool
mark_address(uint8_t *marks, struct lk_answer *out)
{
	uint32_t node = lk_nodes_find(c->nodes, c->want->number);

	(void)out;
	if (node != LK_NODES_NONE)
		marks[node] = 1;
	return true;
}

/* ---- of a stack ---------------------------------------------------------------------------- */

static void
take_sample(void *ctx, const struct lk_sample *sample)
{
	(void)ctx;
	lk_nodes_add(&blocks, (uint64_t)sample->address);
}

static void
look_up(void *ctx, uint64_t block)
{
	struct lk_answer *out = ctx;
	uint32_t i = lk_nodes_find(&blocks, block);

	if (i == LK_NODES_NONE)
		i = lk_nodes_find(&blocks, block - DEBUG_WORDS_BYTES);
	if (i == LK_NODES_NONE)
		return;
	is_hit = true;
	out->samples_found += !is_found[i];
	is_found[i] = 1;
}

static void
look_at(uint32_t node, uint8_t *mark, struct lk_answer *out)
{
	const struct lk_kind *kind = &c->kinds->list[kind_of(node)];
	struct lk_measured measured;

	lk_measure_object(c->kinds->layout, kind->measure, kind->type, object_of(node), &measured);
	is_hit = false;
	lk_blocks_each(c->kinds->layout, kind->measure, object_of(node), &measured, look_up, out);
	*mark = is_hit;
}

static bool
mark_stack(uint8_t *marks, struct lk_answer *out)
{
	uint32_t serial = (uint32_t)c->want->number, i;

	out->samples = serial == 0 ? 0 : lk_sampled_each(c->sampled, serial, NULL, NULL);
	if (out->samples == 0)
		return true;
	is_found = lk_store_map(out->samples, sizeof(*is_found));
	if (is_found == NULL || lk_nodes_init(&blocks, (uint32_t)out->samples) < 0)
		return false;
	lk_sampled_each(c->sampled, serial, take_sample, NULL);
	for (i = 0; i < c->nodes->count; i++)
		look_at(i, &marks[i], out);
	return true;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static bool
tell_type(const uint8_t *marks, struct lk_answer *out)
{
	uint32_t *counts = lk_store_map(LK_KINDS_MAX, sizeof(*counts)), i, most = 0;

	if (counts == NULL)
		return false;
	for (i = 0; i < c->nodes->count; i++)
		counts[kind_of(i)] += marks[i];
	for (i = 0; i < c->kinds->types.count; i++)
		if (counts[i] > counts[most])
			most = i;
	if (counts[most] != 0)
		lk_kinds_name(c->kinds, c->kinds->list[most].type, out->held_type,
		    sizeof(out->held_type));
	lk_store_unmap(counts, LK_KINDS_MAX, sizeof(*counts));
	return true;
}

bool
lk_chosen_mark(const struct lk_chosen *chosen, uint8_t *marks, struct lk_answer *out)
{
	static bool (*const mark[])(uint8_t *, struct lk_answer *) = {
		[LK_WANT_TYPE] = mark_type, [LK_WANT_STACK] = mark_stack,
		[LK_WANT_ADDRESS] = mark_address,
	};

	c = chosen;
	if ((uint32_t)c->want->what >= LK_COUNT_OF(mark) || mark[c->want->what] == NULL)
		return false;
	return mark[c->want->what](marks, out) && tell_type(marks, out);
}
