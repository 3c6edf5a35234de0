/* governor.h - how much to sample, so that the cost stays within a budget.  Room: sampler/core.
 * Pure: numbers in, a choice out.  Two knobs: the interval, by powers of two above the shortest
 * one, and the duty 2^-shift of the hooks of OBJ and MEM.  Neither biases an estimate. */
#ifndef LK_SAMPLER_CORE_GOVERNOR_H
#define LK_SAMPLER_CORE_GOVERNOR_H

#include <stdbool.h>
#include <stdint.h>

/* Of the last second, in percent of the processor time of the process. */
struct lk_governor_load {
	double	samples_percent;	/* goes down with the interval, and with the duty */
	double	hooks_percent;		/* goes down with the duty */
	double	others_percent;		/* our own threads: goes down with neither */
};

struct lk_governor {
	double		budget_percent;		/* 0: none */
	unsigned int	duty_shift_max;		/* 0: the duty cannot be chosen */
	unsigned int	interval_shift_max;
	unsigned int	usual_shift;	/* of the interval: shorter where samples cost nothing */
	/* the choice */
	unsigned int	duty_shift, interval_shift;
	unsigned int	calm_seconds;		/* so long far below the budget */
};

/* lk_governor_step - once a second.  Returns: true when the choice is another one now. */
bool lk_governor_step(struct lk_governor *g, const struct lk_governor_load *load);

#endif
