#include "config.h"

#include "sampler/govern.h"

#include <stdatomic.h>

#include "leaktop/sampler.h"
#include "sampler/core/events.h"
#include "sampler/core/governor.h"
#include "sampler/duty.h"
#include "sampler/record.h"

static struct lk_governor governor;
static uint64_t base_bytes;	/* the interval at shift 0, the shortest */

static unsigned int
shifts_left(uint64_t interval_bytes)
{
	unsigned int shift = 0;

	while (interval_bytes << (shift + 1) <= LK_INTERVAL_MAX_BYTES)
		shift++;
	return shift;
}

void
lk_govern_rebase(void)
{
	base_bytes = atomic_load(&lk_record.interval_bytes);
	governor.interval_shift = governor.usual_shift = 0;
	governor.interval_shift_max = shifts_left(base_bytes);
	governor.calm_seconds = 0;
}

static void
allow_shorter(void)
{
	while (base_bytes > LK_INTERVAL_FINEST_BYTES) {
		base_bytes /= 2;
		governor.usual_shift++;
	}
	governor.interval_shift = governor.usual_shift;
	governor.interval_shift_max = shifts_left(base_bytes);
}

void
lk_govern_init(double budget_percent, bool is_asked)
{
	governor.budget_percent = budget_percent;
	governor.duty_shift_max = lk_duty_is_free() ? LK_DUTY_SHIFT_MAX : 0;
	lk_govern_rebase();
	if (!is_asked)
		allow_shorter();
}

double
lk_govern_budget_percent(void)
{
	return governor.budget_percent;
}

/* A new interval is for new samples; each one has the interval it was drawn with. */
void
lk_govern_second(const struct lk_governor_load *load)
{
	uint64_t interval;

	if (base_bytes == 0 || !lk_governor_step(&governor, load))
		return;
	interval = base_bytes << governor.interval_shift;
	if (atomic_exchange(&lk_record.interval_bytes, interval) != interval)
		lk_events_add("governor-interval", interval);
	if (governor.duty_shift != lk_duty_shift() && lk_duty_is_free()) {
		lk_duty_choose(governor.duty_shift);
		lk_events_add("governor-duty", UINT64_C(1) << governor.duty_shift);
	}
}
