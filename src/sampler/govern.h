/* govern.h - the governor at work: the measured cost in, interval and duty out.
 * Room: sampler (top).  Threads: the server's. */
#ifndef LK_SAMPLER_GOVERN_H
#define LK_SAMPLER_GOVERN_H

#include <stdbool.h>
#include <stdint.h>

struct lk_governor_load;

/* lk_govern_init - BUDGET_PERCENT 0: nothing is governed.  IS_ASKED: somebody chose the interval,
 * which is then the shortest.  After lk_duty_init. */
void lk_govern_init(double budget_percent, bool is_asked);
double lk_govern_budget_percent(void);

/* lk_govern_second - what the last second cost. */
void lk_govern_second(const struct lk_governor_load *load);

/* lk_govern_rebase - the interval is now chosen by somebody else (a client, or the thinning of
 * full tables): the governor never goes below it. */
void lk_govern_rebase(void);

#endif
