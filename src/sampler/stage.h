/* stage.h - the stages that answers are made of: each writes a line, or waits.
 * Room: sampler (top).  Threads: the server's only.
 *
 * A stage returns true when it is done; false: call it again, or it has refused (then C has no
 * stage any more). */
#ifndef LK_SAMPLER_STAGE_H
#define LK_SAMPLER_STAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sampler/marks.h"

struct lk_connection;

/* lk_stage_stack_id - the record's STACK on the wire: ids begin at 1 and do not come again. */
uint32_t lk_stage_stack_id(uint32_t stack);

/* lk_stage_knows - whether this connection has STACK's name. */
bool lk_stage_knows(const struct lk_connection *c, uint32_t stack);

/* lk_stage_has_stack - whether the record has a stack with this id now. */
bool lk_stage_has_stack(uint64_t id);

/* lk_stage_site - the innermost Python frame of the stack at INDEX, if it is still the one with
 * this id, into OUT. */
struct lk_emit_site;
void lk_stage_site(uint32_t index, uint32_t id, struct lk_emit_site *out);

/* names */
bool lk_stage_reset(struct lk_connection *c);
bool lk_stage_names(struct lk_connection *c);

/* rows of stacks */
bool lk_stage_baselines(struct lk_connection *c);
bool lk_stage_live(struct lk_connection *c);
bool lk_stage_tick(struct lk_connection *c);
bool lk_stage_rows(struct lk_connection *c);

/* containers: of a freeze, or walked a slice at a time */
bool lk_stage_wait_containers(struct lk_connection *c);
bool lk_stage_containers(struct lk_connection *c);
bool lk_stage_wait_scan(struct lk_connection *c);
bool lk_stage_walked(struct lk_connection *c);

/* lk_stage_put_container - C's next ROW, whose items are at STORAGE and which itself is in a
 * BLOCK; its stack, and in SEEN when it was born, are filled in.
 * lk_stage_container_fits - into the line that BEGAN there in C's output. */
struct lk_emit_container;
struct lk_marks_seen;
void lk_stage_put_container(struct lk_connection *c, struct lk_emit_container *row,
    uint64_t storage, uint64_t block, struct lk_marks_seen *seen);
bool lk_stage_container_fits(const struct lk_connection *c, size_t began);

/* lk_stage_owner - a hash of OWNER, 0 of "".  *is_one: there can be no other object that is held
 * that way. */
uint32_t lk_stage_owner(const char *owner, bool *is_one);

/* lk_stage_mark_of - what tells later whether a container is still the one it was. */
struct lk_answer_container;
struct lk_mark_container lk_stage_mark_of(const struct lk_answer_container *a);

/* what was */
bool lk_stage_history(struct lk_connection *c);
bool lk_stage_trends(struct lk_connection *c);
bool lk_stage_memory(struct lk_connection *c);
bool lk_stage_events(struct lk_connection *c);

/* the heap, frozen */
struct lk_answer;
struct lk_freeze;
/* lk_stage_freeze_of - the answer that C waited for; NULL when there is none, or no longer: then C
 * was told. */
const struct lk_freeze *lk_stage_freeze_of(struct lk_connection *c);
const char *lk_stage_why_incomplete(const struct lk_answer *a);	/* "" when it is not */
bool lk_stage_wait_freeze(struct lk_connection *c);
bool lk_stage_frozen(struct lk_connection *c);
bool lk_stage_uncollectable(struct lk_connection *c);
bool lk_stage_cycles(struct lk_connection *c);
bool lk_stage_types(struct lk_connection *c);
bool lk_stage_frozen_then(struct lk_connection *c);	/* when it was for a baseline */
bool lk_stage_types_then(struct lk_connection *c);
bool lk_stage_referrers(struct lk_connection *c);
bool lk_stage_reveal(struct lk_connection *c);

#endif
