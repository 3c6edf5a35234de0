#include "config.h"

#include "sampler/core/governor.h"

/* Down at once, up slowly: what would be well below the budget, for so long, comes back. */
#define CALM_SECONDS	3u
#define CALM_SHARE	0.6	/* of what is allowed, with what would come back */
#define SAMPLING_SHARE	0.7
#define WORTH_SHARE	0.1	/* of what is allowed: samples of less are left alone */

/* Where hooks are all of the cost, samples are to be had for next to nothing, and twice as many
 * make errors smaller by a third: they may cost this much of what is allowed, beside hooks that
 * fill it nearly. */
#define CHEAP_SHARE	0.15
#define CHEAP_CALM_SHARE	0.85

/* What is left for sampling when our threads have taken theirs; most of the budget in any case:
 * what our threads do is asked for by somebody who looks, and he must see something. */
static double
allowed_percent(const struct lk_governor *g, const struct lk_governor_load *load)
{
	double left = g->budget_percent - load->others_percent;

	return left > g->budget_percent * SAMPLING_SHARE ? left :
	    g->budget_percent * SAMPLING_SHARE;
}

/* What was given beyond the usual is the first to go. */
static bool
interval_helps(const struct lk_governor *g, const struct lk_governor_load *load, double allowed)
{
	return g->interval_shift < g->interval_shift_max &&
	    load->samples_percent > allowed * WORTH_SHARE &&
	    (load->samples_percent >= load->hooks_percent || g->duty_shift >= g->duty_shift_max ||
	    g->interval_shift < g->usual_shift);
}

/* Half of it, by the knob that helps most.  False: none is left that would help.  Where the hooks
 * cost more than is allowed even at the least duty, a longer interval would only see less. */
static bool
take_back(struct lk_governor *g, struct lk_governor_load *load, double allowed)
{
	if (interval_helps(g, load, allowed)) {
		g->interval_shift++;
		load->samples_percent /= 2;
		return true;
	}
	if (g->duty_shift >= g->duty_shift_max)
		return false;
	g->duty_shift++;
	load->samples_percent /= 2;
	load->hooks_percent /= 2;
	return true;
}

/* What it would cost to give back one step of the duty, or of the interval. */
static double
cost_with_more(const struct lk_governor_load *load, bool of_duty)
{
	return 2 * load->samples_percent + (of_duty ? 2 : 1) * load->hooks_percent;
}

static bool
interval_fits(const struct lk_governor *g, const struct lk_governor_load *load, double allowed)
{
	double whole = cost_with_more(load, false);

	if (g->interval_shift == 0)
		return false;
	if (2 * load->samples_percent <= allowed * CHEAP_SHARE)
		return whole <= allowed * CHEAP_CALM_SHARE;
	return g->interval_shift > g->usual_shift && whole <= allowed * CALM_SHARE;
}

/* The duty first: it is what makes errors larger than samples alone would.  Where the hooks cost
 * too much for that, samples may still be had for little. */
static bool
give_back(struct lk_governor *g, const struct lk_governor_load *load, double allowed)
{
	bool duty = g->duty_shift > 0 && cost_with_more(load, true) <= allowed * CALM_SHARE;
	bool interval = !duty && interval_fits(g, load, allowed);

	if (!duty && !interval) {
		g->calm_seconds = 0;
		return false;
	}
	if (++g->calm_seconds < CALM_SECONDS)
		return false;
	g->calm_seconds = 0;
	g->duty_shift -= duty;
	g->interval_shift -= interval;
	return true;
}

bool
lk_governor_step(struct lk_governor *g, const struct lk_governor_load *load)
{
	struct lk_governor_load now = *load;
	double allowed = allowed_percent(g, load);
	bool changed = false;

	if (g->budget_percent <= 0)
		return false;
	if (now.samples_percent + now.hooks_percent > allowed) {
		g->calm_seconds = 0;
		while (now.samples_percent + now.hooks_percent > allowed &&
		    take_back(g, &now, allowed))
			changed = true;
		return changed;
	}
	return give_back(g, &now, allowed);
}
