/* stages.h - answers as short programs of stages (messages.h shows them).
 * Room: sampler (top).  Threads: the server's only. */
#ifndef LK_SAMPLER_STAGES_H
#define LK_SAMPLER_STAGES_H

#include <stdbool.h>
#include <stdint.h>

struct lk_connection;
struct lk_history;

enum lk_program { LK_PROGRAM_ROWS, LK_PROGRAM_CONTAINERS, LK_PROGRAM_HISTORY,
	LK_PROGRAM_TRENDS, LK_PROGRAM_MEMORY, LK_PROGRAM_EVENTS, LK_PROGRAM_TYPES,
	LK_PROGRAM_TYPES_THEN, LK_PROGRAM_REFERRERS, LK_PROGRAM_REVEAL,
	LK_PROGRAM_COUNT };

/* lk_stages_history - the history that is shown; set once. */
void lk_stages_history(const struct lk_history *history);

/* lk_stages_begin - C's next answer. */
void lk_stages_begin(struct lk_connection *c, enum lk_program program);

/* lk_stages_waits - whether C's answer waits for the heap to be read: ticks come between.
 * lk_stages_tick - a tick; what C's answer waits for goes on after it. */
bool lk_stages_waits(const struct lk_connection *c);
void lk_stages_tick(struct lk_connection *c);

/* lk_stages_run - one stage's worth of C's answer.  false: nothing can be done now. */
bool lk_stages_run(struct lk_connection *c);

/* lk_stages_refuse - the answer is no; it ends here.  CODE as in wire.h. */
void lk_stages_refuse(struct lk_connection *c, const char *code, const char *words);

/* lk_stages_want_containers - the newest baseline is to know its containers.
 * lk_stages_freeze_for_baseline - whether a freeze is under way for that.
 * lk_stages_frozen_for_baseline - a freeze has ended.
 * lk_stages_want_scan - as there is no freeze, by the walk. */
void lk_stages_want_containers(void);
bool lk_stages_freeze_for_baseline(void);
void lk_stages_frozen_for_baseline(void);
void lk_stages_want_scan(void);

/* lk_stages_listed - a client is told this LIST, which was taken at AT_S: what it may ask to see
 * the contents of.
 * lk_stages_listed_by_walk - or one that a walk made.
 * lk_stages_why_no_reveal - of the container at ADDRESS in the list of SEEN_MS; NULL: it may be.
 * lk_stages_forbid_reveal - never. */
struct lk_mark_containers;
void lk_stages_listed(double at_s, const struct lk_mark_containers *list);
void lk_stages_listed_by_walk(void);
const char *lk_stages_why_no_reveal(uint64_t address, uint64_t seen_ms);
void lk_stages_forbid_reveal(void);

/* lk_stages_scanned - walk NUMBER has ended (0: look whether one is wanted). */
void lk_stages_scanned(uint32_t number);

/* lk_stages_freezes - how many have ended.
 * lk_stages_progress - tell C of the one under way.
 * lk_stages_frozen - freeze NUMBER has ended.
 * lk_stages_wait_frozen - whether C waits for the one under way. */
uint32_t lk_stages_freezes(void);
void lk_stages_progress(struct lk_connection *c);
void lk_stages_frozen(uint32_t number);
bool lk_stages_wait_frozen(const struct lk_connection *c);

#endif
