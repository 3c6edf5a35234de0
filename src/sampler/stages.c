#include "config.h"

#include "sampler/stages.h"

#include "proto/emit.h"
#include "sampler/connection.h"
#include "sampler/stage.h"

enum stage { STAGE_END, STAGE_RESET, STAGE_BASELINES, STAGE_NAMES, STAGE_LIVE, STAGE_TICK,
	STAGE_ROWS, STAGE_WAIT_CONTAINERS, STAGE_CONTAINERS, STAGE_HISTORY, STAGE_TRENDS,
	STAGE_MEMORY, STAGE_EVENTS, STAGE_WAIT_FREEZE, STAGE_FROZEN, STAGE_CYCLES, STAGE_TYPES,
	STAGE_UNCOLLECTABLE, STAGE_FROZEN_THEN, STAGE_TYPES_THEN, STAGE_REFERRERS,
	STAGE_REVEAL, STAGE_REPLY, STAGE_COUNT };

static const uint8_t program_tick[] = {STAGE_RESET, STAGE_BASELINES, STAGE_NAMES, STAGE_LIVE,
	STAGE_TICK, STAGE_END};
static const uint8_t program_rows[] = {STAGE_NAMES, STAGE_ROWS, STAGE_REPLY, STAGE_END};
static const uint8_t program_containers[] = {STAGE_WAIT_CONTAINERS, STAGE_NAMES,
	STAGE_CONTAINERS, STAGE_REPLY, STAGE_END};
static const uint8_t program_history[] = {STAGE_HISTORY, STAGE_REPLY, STAGE_END};
static const uint8_t program_trends[] = {STAGE_NAMES, STAGE_TRENDS, STAGE_REPLY, STAGE_END};
static const uint8_t program_memory[] = {STAGE_MEMORY, STAGE_REPLY, STAGE_END};
static const uint8_t program_events[] = {STAGE_EVENTS, STAGE_REPLY, STAGE_END};

static const uint8_t program_types[] = {STAGE_WAIT_FREEZE, STAGE_FROZEN, STAGE_CYCLES,
	STAGE_UNCOLLECTABLE, STAGE_TYPES, STAGE_REPLY, STAGE_END};

static const uint8_t program_types_then[] = {STAGE_FROZEN_THEN, STAGE_TYPES_THEN, STAGE_REPLY,
	STAGE_END};

static const uint8_t program_referrers[] = {STAGE_WAIT_FREEZE, STAGE_FROZEN, STAGE_REFERRERS,
	STAGE_REPLY, STAGE_END};

static const uint8_t program_reveal[] = {STAGE_WAIT_FREEZE, STAGE_FROZEN, STAGE_REVEAL,
	STAGE_REPLY, STAGE_END};

void
lk_stages_refuse(struct lk_connection *c, const char *code, const char *words)
{
	lk_emit_refusal(&c->out, true, c->reply_id, code, words);
	c->stage = NULL;
}

static bool
stage_reply(struct lk_connection *c)
{
	lk_emit_reply(&c->out, c->reply_id);
	return true;
}

static bool (*const stages[STAGE_COUNT])(struct lk_connection *) = {
	[STAGE_RESET] = lk_stage_reset,
	[STAGE_BASELINES] = lk_stage_baselines,
	[STAGE_NAMES] = lk_stage_names,
	[STAGE_LIVE] = lk_stage_live,
	[STAGE_TICK] = lk_stage_tick,
	[STAGE_ROWS] = lk_stage_rows,
	[STAGE_WAIT_CONTAINERS] = lk_stage_wait_containers,
	[STAGE_CONTAINERS] = lk_stage_containers,
	[STAGE_HISTORY] = lk_stage_history,
	[STAGE_TRENDS] = lk_stage_trends,
	[STAGE_MEMORY] = lk_stage_memory,
	[STAGE_EVENTS] = lk_stage_events,
	[STAGE_WAIT_FREEZE] = lk_stage_wait_freeze,
	[STAGE_FROZEN] = lk_stage_frozen,
	[STAGE_UNCOLLECTABLE] = lk_stage_uncollectable,
	[STAGE_CYCLES] = lk_stage_cycles,
	[STAGE_TYPES] = lk_stage_types,
	[STAGE_FROZEN_THEN] = lk_stage_frozen_then,
	[STAGE_TYPES_THEN] = lk_stage_types_then,
	[STAGE_REFERRERS] = lk_stage_referrers,
	[STAGE_REVEAL] = lk_stage_reveal,
	[STAGE_REPLY] = stage_reply,
};

static const uint8_t *const programs[LK_PROGRAM_COUNT] = {
	[LK_PROGRAM_ROWS] = program_rows,
	[LK_PROGRAM_CONTAINERS] = program_containers,
	[LK_PROGRAM_HISTORY] = program_history,
	[LK_PROGRAM_TRENDS] = program_trends,
	[LK_PROGRAM_MEMORY] = program_memory,
	[LK_PROGRAM_EVENTS] = program_events,
	[LK_PROGRAM_TYPES] = program_types,
	[LK_PROGRAM_TYPES_THEN] = program_types_then,
	[LK_PROGRAM_REFERRERS] = program_referrers,
	[LK_PROGRAM_REVEAL] = program_reveal,
};

void
lk_stages_begin(struct lk_connection *c, enum lk_program program)
{
	c->stage = programs[program];
	c->cursor = 0;
	c->mark_cursor = 0;
	c->scan_number = 0;
	c->by_walk = false;
	c->told_done = 0;
}

void
lk_stages_tick(struct lk_connection *c)
{
	c->after_tick = c->stage;
	c->stage = program_tick;
	c->cursor = 0;
}

bool
lk_stages_run(struct lk_connection *c)
{
	size_t before = c->out.length;
	const uint8_t *stage = c->stage;

	if (!stages[*stage](c))
		return c->out.length != before;
	c->stage = stage[1] == STAGE_END ? c->after_tick : stage + 1;
	if (stage[1] == STAGE_END)
		c->after_tick = NULL;
	c->cursor = 0;
	return true;
}

bool
lk_stages_waits(const struct lk_connection *c)
{
	return c->stage != NULL && (*c->stage == STAGE_WAIT_FREEZE ||
	    *c->stage == STAGE_WAIT_CONTAINERS);
}

bool
lk_stages_wait_frozen(const struct lk_connection *c)
{
	const uint8_t *stage = c->after_tick != NULL ? c->after_tick : c->stage;

	return stage != NULL && (*stage == STAGE_WAIT_FREEZE ||
	    (*stage == STAGE_WAIT_CONTAINERS && !c->by_walk));
}
