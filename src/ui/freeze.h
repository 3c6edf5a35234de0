/* freeze.h - asking for a frozen heap, and saying how it was: what Types and Referrers share.
 * Room: ui.  The process stands still for milliseconds and is copied: only by a key. */
#ifndef LK_UI_FREEZE_H
#define LK_UI_FREEZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/source.h"
#include "ui/keys.h"

struct lk_area;
struct lk_canvas;
struct lk_frozen;
struct lk_held;
struct lk_holders;
struct lk_session;
struct lk_snapshot;

/* lk_freeze_types - read how much there is of which type. */
void lk_freeze_types(struct lk_session *s);

/* lk_freeze_holders - show who holds HELD, which people know as LABEL; asks for it unless it is
 * known already, or AGAIN. */
void lk_freeze_holders(struct lk_session *s, const struct lk_held *held, const char *label,
    bool again);

/* lk_freeze_choose - the view with this KEY wants the heap of one process, and a group is watched:
 * Enter, or ^R, goes to the list of workers.
 * Returns: true when ACTION did that. */
bool lk_freeze_choose(struct lk_session *s, char key, enum lk_action action);

/* lk_freeze_forget_choice - the operator goes elsewhere. */
void lk_freeze_forget_choice(struct lk_session *s);

/* lk_freeze_go_on - the worker that was chosen may answer by now: ask it. */
void lk_freeze_go_on(struct lk_session *s);

/* lk_freeze_draw_choice - that a worker is to be chosen, and how. */
void lk_freeze_draw_choice(struct lk_canvas *c, const struct lk_area *area);

/* lk_freeze_reveal - show what the container at ADDRESS holds, which was listed at SEEN_S. */
void lk_freeze_reveal(struct lk_session *s, uint64_t address, double seen_s);

/* lk_freeze_input - Esc gives up what runs; for the view that waits for it.
 * Returns: true when ACTION did that. */
bool lk_freeze_input(struct lk_session *s, enum lk_action action);

/* lk_freeze_draw_nothing - why there is no answer in AREA: it is being read (with a bar), it was
 * refused, or this file has none.  TYPES: of Types, else of Referrers; HINT: what to do. */
void lk_freeze_draw_nothing(const struct lk_session *s, struct lk_canvas *c,
    const struct lk_area *area, bool types, const char *hint);

/* lk_freeze_is_running - a heap is being read. */
bool lk_freeze_is_running(const struct lk_session *s);

/* lk_freeze_draw_bar - how far what is being read has come, in ROW of AREA; nothing else. */
void lk_freeze_draw_bar(const struct lk_session *s, struct lk_canvas *c,
    const struct lk_area *area, int row);

/* lk_freeze_draw_head - how F was read, and below it what is being read, or was refused since.
 * Returns: rows used, 1 or 2. */
int lk_freeze_draw_head(const struct lk_session *s, const struct lk_frozen *f, struct lk_canvas *c,
    const struct lk_area *area, bool types);

/* lk_freeze_draw_progress - what is being read, or was refused since.
 * Returns: rows used, 0 or 1. */
int lk_freeze_draw_progress(const struct lk_session *s, struct lk_canvas *c,
    const struct lk_area *area, bool types);

/* lk_freeze_count - "9,812"; "1.24M" from a million on; "-" unknown. */
char *lk_freeze_count(double count, char *out, size_t out_bytes);

/* lk_freeze_holder - "held by shop.cart._PRICES" and the like: the first way of H in words,
 * cleaned; "" when there is none. */
char *lk_freeze_holder(const struct lk_holders *h, char *out, size_t out_bytes);

/* lk_freeze_is_collector_off - gc.disable() was called, as far as is known: garbage stays then. */
bool lk_freeze_is_collector_off(const struct lk_snapshot *now);

#endif
