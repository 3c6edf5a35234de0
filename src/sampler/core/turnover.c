#include "config.h"

#include "sampler/core/turnover.h"

#include <string.h>

#include "base/attr.h"
#include "sampler/core/live.h"

/* How much of a table may be in use: before a pass, and after one of each kind. */
#define DUE		(7.0 / 8)
static const double target[LK_STACKS_COLLECTORS] = {
	[LK_STACKS_ENDED] = 1.0 / 2,
	[LK_STACKS_NO_ROOM] = 3.0 / 4,
};

/* ---- how full ------------------------------------------------------------------------------- */

struct load {
	double used, capacity;
};

#define LOADS	5
static void
read_loads(const struct lk_stacks *s, struct load out[LOADS])
{
	const struct lk_strings *names = &s->strings;

	out[0] = (struct load){s->stack_used, s->stack_capacity};
	out[1] = (struct load){s->node_used, s->node_capacity};
	out[2] = (struct load){s->frame_used, s->frame_capacity};
	out[3] = (struct load){names->used, names->capacity};
	out[4] = (struct load){names->bytes_used - names->bytes_dead, names->bytes_capacity};
}

bool
lk_turnover_is_due(const struct lk_stacks *s)
{
	struct load loads[LOADS];
	int i;

	read_loads(s, loads);
	for (i = 0; i < LOADS; i++)
		if (loads[i].used > loads[i].capacity * DUE)
			return true;
	return false;
}

/* So many of the stacks that the fullest table is down to its target, if all are alike. */
static uint32_t
wanted_of(const struct lk_stacks *s, enum lk_stacks_collector into)
{
	struct load loads[LOADS];
	double share = 0, one;
	int i;

	read_loads(s, loads);
	for (i = 0; i < LOADS; i++) {
		one = 1 - loads[i].capacity * target[into] / loads[i].used;
		if (one > share)
			share = one;
	}
	return (uint32_t)(share * s->stack_used);
}

/* ---- who goes first ------------------------------------------------------------------------- */

/* Like a float of three bits: in the order of VALUE, and below LK_TURNOVER_RANKS. */
static uint32_t
rank_of(uint64_t value)
{
	uint32_t power;

	if (value < 8)
		return (uint32_t)value;
	power = 63u - (uint32_t)__builtin_clzll(value);
	return (power - 2) * 8 + (uint32_t)(value >> (power - 3) & 7);
}

static bool
is_dead(const struct lk_stacks *s, uint32_t stack)
{
	return atomic_load_explicit(&s->stack_serial[stack], memory_order_relaxed) != 0 &&
	    s->stacks[stack].live_count == 0 && !lk_stacks_is_collector(s, stack);
}

/* false: STACK is none of those the pass may take. */
static bool
find_rank(const struct lk_turnover *t, uint32_t stack, uint32_t *rank)
{
	const struct lk_stacks *s = t->stacks;
	const struct lk_stack_entry *entry = &s->stacks[stack];
	uint64_t version = atomic_load_explicit(&entry->version, memory_order_relaxed);

	if (atomic_load_explicit(&s->stack_serial[stack], memory_order_relaxed) == 0 ||
	    (entry->live_count != 0) != (t->into == LK_STACKS_NO_ROOM) ||
	    lk_stacks_is_collector(s, stack))
		return false;
	if (t->into == LK_STACKS_NO_ROOM) {
		*rank = LK_TURNOVER_RANKS - 1 - rank_of((uint64_t)entry->live_bytes);
		return true;
	}
	*rank = rank_of(t->began - version);
	return version <= t->began;
}

/* ---- the steps: from AT, at most MAX; where to go on ---------------------------------------- */

static uint32_t
survey(struct lk_turnover *t, uint32_t at, uint32_t max)
{
	uint32_t rank;

	for (; at < t->stacks->stack_count && max > 0; at++, max--) {
		if (find_rank(t, at, &rank))
			t->ranks[rank]++;
		else if (t->into == LK_STACKS_NO_ROOM && is_dead(t->stacks, at))
			t->dead++;
	}
	return at;
}

/* The rank at which the sum is reached.  Dead ones that came meanwhile are room, too: the next pass
 * finds them. */
static uint32_t
choose(struct lk_turnover *t, uint32_t at, uint32_t max)
{
	uint32_t left = t->wanted > t->dead ? t->wanted - t->dead : 0;
	uint32_t rank = LK_TURNOVER_RANKS - 1;

	(void)max;
	for (; rank > 0 && t->ranks[rank] <= left; rank--)
		left -= t->ranks[rank];
	t->last_rank = rank;
	t->of_last = left;
	return at + 1;
}

static uint32_t
mark(struct lk_turnover *t, uint32_t at, uint32_t max)
{
	uint32_t rank;
	bool leaves;

	for (; at < t->stacks->stack_count && max > 0; at++, max--) {
		leaves = find_rank(t, at, &rank) && (rank > t->last_rank ||
		    (rank == t->last_rank && t->of_last > 0));
		if (leaves && rank == t->last_rank)
			t->of_last--;
		t->stacks->stacks[at].leaving = leaves ? LK_STACKS_LEAVES : LK_STACKS_STAYS;
	}
	return at;
}

static uint32_t
move(struct lk_turnover *t, uint32_t at, uint32_t max)
{
	const struct lk_stack_entry *entry;
	struct lk_sample *sample;

	if (t->into != LK_STACKS_NO_ROOM)
		return t->live->used_count;
	for (; at < t->live->used_count && max > 0; at++, max--) {
		sample = &t->live->samples[at];
		if (!sample->used)
			continue;
		entry = &t->stacks->stacks[sample->stack];
		if (entry->leaving == LK_STACKS_LEAVES)
			lk_cells_move(t->stacks, sample, lk_stacks_collector(t->stacks, t->into,
			    entry->domain), t->hint);
	}
	return at;
}

static uint32_t
unrecall(struct lk_turnover *t, uint32_t at, uint32_t max)
{
	lk_stacks_unrecall(t->stacks, at, max);
	return at + max;
}

static uint32_t
release(struct lk_turnover *t, uint32_t at, uint32_t max)
{
	struct lk_stack_entry *entry;

	for (; at < t->stacks->stack_count && max > 0; at++, max--) {
		entry = &t->stacks->stacks[at];
		if (entry->leaving != LK_STACKS_LEAVES || entry->live_count != 0)
			continue;
		lk_cells_fold(t->stacks, at, lk_stacks_collector(t->stacks, t->into,
		    entry->domain));
		lk_stacks_remove(t->stacks, at);
		t->ended_count++;
		if (t->ended != NULL)
			t->ended(t->ctx, at);
	}
	return at;
}

static uint32_t
sweep_nodes(struct lk_turnover *t, uint32_t at, uint32_t max)
{
	return lk_stacks_sweep_nodes(t->stacks, at, max);
}

static uint32_t
clear_memo(struct lk_turnover *t, uint32_t at, uint32_t max)
{
	return lk_stacks_clear_memo(t->stacks, at, max);
}

static uint32_t
sweep_frames(struct lk_turnover *t, uint32_t at, uint32_t max)
{
	return lk_stacks_sweep_frames(t->stacks, at, max);
}

static uint32_t
open_memo(struct lk_turnover *t, uint32_t at, uint32_t max)
{
	(void)max;
	lk_stacks_open_memo(t->stacks);
	return at + 1;
}

static uint32_t
sweep_names(struct lk_turnover *t, uint32_t at, uint32_t max)
{
	return lk_strings_sweep(&t->stacks->strings, at, max);
}

static uint32_t
slide_names(struct lk_turnover *t, uint32_t at, uint32_t max)
{
	return at + !lk_strings_slide(&t->stacks->strings, max);
}

/* ---- where each of them ends ---------------------------------------------------------------- */

static uint32_t
once(const struct lk_turnover *t)
{
	(void)t;
	return 1;
}

static uint32_t
every_stack(const struct lk_turnover *t)
{
	return t->stacks->stack_count;
}

static uint32_t
every_sample(const struct lk_turnover *t)
{
	return t->live->used_count;
}

static uint32_t
every_recalled(const struct lk_turnover *t)
{
	return t->stacks->recall_mask + 1;
}

static uint32_t
every_memo(const struct lk_turnover *t)
{
	return t->stacks->memo_mask + 1;
}

static uint32_t
every_node(const struct lk_turnover *t)
{
	return t->stacks->node_count;
}

static uint32_t
every_frame(const struct lk_turnover *t)
{
	return t->stacks->frame_count;
}

static uint32_t
every_name(const struct lk_turnover *t)
{
	return t->stacks->strings.count;
}

/* What refers to a thing goes before it: recall before stacks, the memo before frames. */
static const struct {
	uint32_t (*run)(struct lk_turnover *t, uint32_t at, uint32_t max);
	uint32_t (*end)(const struct lk_turnover *t);
	uint32_t max;
} steps[] = {
	{survey, every_stack, 512},
	{choose, once, 1},
	{mark, every_stack, 512},
	{move, every_sample, 64},
	{unrecall, every_recalled, 512},
	{release, every_stack, 32},
	{sweep_nodes, every_node, 1024},
	{clear_memo, every_memo, 4096},
	{sweep_frames, every_frame, 256},
	{open_memo, once, 1},
	{sweep_names, every_name, 128},
	{slide_names, once, 32768},
};

void
lk_turnover_begin(struct lk_turnover *t, struct lk_stacks *s, struct lk_live *live,
    enum lk_stacks_collector into)
{
	memset(t, 0, sizeof(*t));
	memset(t->hint, 0xff, sizeof(t->hint));		/* LK_CLUSTERS_NONE */
	t->stacks = s;
	t->live = live;
	t->into = into;
	t->began = s->change_count;
	t->wanted = wanted_of(s, into);
}

bool
lk_turnover_step(struct lk_turnover *t)
{
	t->at = steps[t->phase].run(t, t->at, steps[t->phase].max);
	if (t->at < steps[t->phase].end(t))
		return true;
	t->at = 0;
	return ++t->phase < LK_COUNT_OF(steps);
}
