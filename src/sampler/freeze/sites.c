#include "config.h"

#include "sampler/freeze/sites.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "sampler/core/live.h"
#include "sampler/core/slots.h"
#include "sampler/freeze/answer.h"
#include "sampler/freeze/blocks.h"
#include "sampler/freeze/kinds.h"
#include "sampler/freeze/nodes.h"
#include "sampler/freeze/sampled.h"
#include "sampler/freeze/store.h"

#define DEBUG_WORDS_BYTES 16	/* a debug allocator hands out what is behind its own words */
#define PAIR_ALIGN_LOG2	4	/* as addresses have it, which nodes are made for */
#define SERIAL_BITS	32

struct site {
	double		bytes;
	uint32_t	stack;
	uint32_t	samples;
};

/* The child's, and only there. */
static const struct lk_kinds *kinds;
static const struct lk_sampled *sampled;
static struct lk_nodes blocks;		/* of the samples */
static const struct lk_sample **sample_of;	/* [blocks.count] */
static uint8_t *is_taken;		/* [blocks.count] an object has it */
static struct lk_nodes pairs;		/* of a kind and a stack */
static struct site *sites;		/* [pairs.count] */
static bool is_ready;

static void
take_sample(void *ctx, const struct lk_sample *sample)
{
	uint32_t i = lk_nodes_add(&blocks, (uint64_t)sample->address);

	(void)ctx;
	if (i != LK_NODES_NONE)
		sample_of[i] = sample;
}

int
lk_sites_init(const struct lk_kinds *k, const struct lk_sampled *s)
{
	uint32_t count = lk_sampled_each(s, 0, NULL, NULL);

	kinds = k;
	sampled = s;
	is_ready = false;
	if (count == 0)
		return 0;
	sample_of = lk_store_map(count, sizeof(*sample_of));
	is_taken = lk_store_map(count, sizeof(*is_taken));
	sites = lk_store_map(count, sizeof(*sites));
	if (sample_of == NULL || is_taken == NULL || sites == NULL ||
	    lk_nodes_init(&blocks, count) < 0 || lk_nodes_init(&pairs, count) < 0)
		return -ENOMEM;
	lk_sampled_each(s, 0, take_sample, NULL);
	is_ready = true;
	return 0;
}

/* Nearly all blocks are not: these are told by a few bytes that stay in the cache. */
static bool
may_be_sampled(uint64_t block)
{
	const void *p = (const void *)(uintptr_t)block;

	return lk_slots_owns(sampled->slots->base, sampled->slots->bytes, p) ||
	    lk_live_maybe(sampled->live->filter, p);
}

static uint32_t
find(uint64_t block)
{
	return may_be_sampled(block) ? lk_nodes_find(&blocks, block) : LK_NODES_NONE;
}

static void
count(uint32_t number, const struct lk_sample *sample)
{
	uint64_t pair = ((uint64_t)number << SERIAL_BITS | lk_sampled_stack(sampled, sample)) <<
	    PAIR_ALIGN_LOG2;
	uint32_t i = lk_nodes_add(&pairs, pair);

	if (i == LK_NODES_NONE)
		return;
	sites[i].bytes += sample->est_bytes;
	sites[i].stack = sample->stack;
	sites[i].samples++;
}

static void
look_up(void *ctx, uint64_t block)
{
	const uint32_t *number = ctx;
	uint32_t i = find(block);

	if (i == LK_NODES_NONE)
		i = find(block - DEBUG_WORDS_BYTES);
	if (i == LK_NODES_NONE || is_taken[i])
		return;
	is_taken[i] = 1;
	count(*number, sample_of[i]);
}

void
lk_sites_see(uint32_t number, const void *object, const struct lk_measured *measured)
{
	if (is_ready)
		lk_blocks_each(kinds->layout, kinds->list[number].measure, object, measured,
		    look_up, &number);
}

/* ---- the answer ------------------------------------------------------------------------ */

static void
keep(struct lk_answer_type *type, const struct lk_answer_site *site)
{
	uint32_t at = type->sites_kept;

	if (at < LK_ANSWER_SITES)
		type->sites_kept++;
	else if (type->sites[--at].bytes >= site->bytes)
		return;
	for (; at > 0 && type->sites[at - 1].bytes < site->bytes; at--)
		type->sites[at] = type->sites[at - 1];
	type->sites[at] = *site;
}

void
lk_sites_tell(struct lk_answer *out, const uint32_t *row_of)
{
	uint32_t i, row;
	uint64_t pair;

	for (i = 0; is_ready && i < pairs.count; i++) {
		pair = pairs.address[i] >> PAIR_ALIGN_LOG2;
		row = row_of[pair >> SERIAL_BITS];
		if (row-- == 0)
			continue;	/* not among the types that are told */
		out->types[row].samples += sites[i].samples;
		keep(&out->types[row], &(struct lk_answer_site){.index = sites[i].stack,
		    .stack = (uint32_t)pair, .samples = sites[i].samples, .bytes = sites[i].bytes});
	}
	out->knows_sites = is_ready;
}
