#include "config.h"

#include "sampler/duty.h"

#include <stdatomic.h>

#include "base/clock.h"
#include "sampler/core/countdown.h"
#include "sampler/core/events.h"
#include "sampler/cpython/hooks.h"
#include "sampler/cpython/switch.h"
#include "sampler/native/native.h"
#include "sampler/record.h"
#include "sampler/tend.h"

#define LATE_NS		1000000000u	/* the clock was ahead: begin again */

static unsigned int shift;		/* duty 2^-shift */
static bool is_forced, paused;
static bool ends_in = true;		/* or beneath somebody else's */
static bool objects_in = true;		/* what is wanted in this slot */
static bool blocked;			/* somebody else's function was in the way */
static bool next_is_on;			/* what begins at next_ns: a slot that is on, or some off */
static uint64_t next_ns;		/* 0: nothing is drawn */
static uint64_t place;			/* of the slot that is on in its group */
static uint64_t off_slots;		/* before it */
static uint64_t random_state;
static uint64_t in_ns, in_since_ns;	/* in for so long, and again since then; 0: out */

static void
note_blocked(bool is_blocked)
{
	if (is_blocked != blocked)
		lk_events_add(is_blocked ? "hooks-covered" : "hooks-uncovered", 0);
	blocked = is_blocked;
}

/* What sees the ends of sampled blocks is in, and all of it, before anything samples.  False: it is
 * covered by somebody else's; every second it is tried again. */
static bool
put_ends_and_raw(void)
{
	const unsigned int parts = LK_SWITCH_ENDS | LK_SWITCH_RAW;

	lk_switch_set(parts, parts);
	ends_in = !lk_switch_is_found() || lk_switch_has(LK_SWITCH_ENDS);
	if (!ends_in)
		note_blocked(true);
	return ends_in;
}

static void
put_objects(bool in)
{
	if (in && !ends_in)
		return;
	objects_in = in;
	lk_hooks_count_objects(in);	/* also where a hook cannot be taken out */
	note_blocked(!lk_switch_set(LK_SWITCH_OBJECTS, in ? LK_SWITCH_OBJECTS : 0));
}

/* ---- slots of time ----------------------------------------------------------------------- */

/* Of a group of 2^shift slots one is on, any of them alike. */
static uint64_t
draw_place(void)
{
	return lk_countdown_random(&random_state) >> (64 - shift);
}

static void
note_in(bool in, uint64_t now_ns)
{
	if (in_since_ns != 0)
		in_ns += now_ns - in_since_ns;
	in_since_ns = in ? now_ns : 0;
}

static void
enter(bool on, uint64_t slot, uint64_t now_ns)
{
	if (on)
		atomic_store(&lk_record.duty, lk_record_duty_word((uint32_t)slot, shift));
	put_objects(on);
	note_in(objects_in, now_ns);
}

static void
draw_first(uint64_t now_ns)
{
	next_ns = now_ns - now_ns % LK_DUTY_SLOT_NS + LK_DUTY_SLOT_NS;
	place = off_slots = draw_place();
	next_is_on = off_slots == 0;
}

/* What was to begin at next_ns has begun.  A run of slots that are off is one sleep. */
static void
draw_next(void)
{
	if (next_is_on) {
		next_ns += LK_DUTY_SLOT_NS;
		off_slots = (UINT64_C(1) << shift) - 1 - place;
		place = draw_place();
		off_slots += place;
		next_is_on = off_slots == 0;
	} else {
		next_ns += off_slots * LK_DUTY_SLOT_NS;
		next_is_on = true;
	}
}

/* Begins are on a fixed grid, and what is late is made up for: a slot that is on and one that is
 * off are late alike, so that at any time the chance to be in is the duty. */
uint64_t
lk_duty_turn(uint64_t now_ns)
{
	if (paused)
		return UINT64_MAX;
	if (shift == 0) {
		if (!objects_in || in_since_ns == 0 || atomic_load(&lk_record.duty) != 0)
			enter(true, 0, now_ns);
		return UINT64_MAX;
	}
	if (next_ns == 0 || now_ns > next_ns + LATE_NS)
		draw_first(now_ns);
	while (next_ns <= now_ns) {
		enter(next_is_on, next_ns / LK_DUTY_SLOT_NS, now_ns);
		draw_next();
	}
	return next_ns;
}

/* ---- by whom it is chosen ----------------------------------------------------------------- */

void
lk_duty_init(unsigned int forced_shift)
{
	random_state = lk_clock_ticks() ^ (uint64_t)(uintptr_t)&random_state;
	if (!lk_switch_is_found()) {
		lk_events_add("hooks-fixed", 0);
		return;
	}
	is_forced = forced_shift != 0;
	shift = forced_shift;
}

bool
lk_duty_is_free(void)
{
	return lk_switch_is_found() && !is_forced;
}

unsigned int
lk_duty_shift(void)
{
	return shift;
}

uint64_t
lk_duty_in_ns(uint64_t now_ns)
{
	return in_ns + (in_since_ns != 0 ? now_ns - in_since_ns : 0);
}

void
lk_duty_choose(unsigned int wanted)
{
	if (!lk_duty_is_free() || wanted == shift || wanted > LK_DUTY_SHIFT_MAX)
		return;
	shift = wanted;
	next_ns = 0;
}

/* ---- pause -------------------------------------------------------------------------------- */

/* No sample lives, and no block of the host is in a slot: one that was sampled once may be. */
static bool
nothing_to_see(void)
{
	bool nothing;

	lk_spin_take(&lk_record.lock);
	lk_slots_settle(&lk_record.slots);
	nothing = lk_record.live.live_count == 0 &&
	    atomic_load_explicit(&lk_record.slots.taken_bytes, memory_order_relaxed) == 0;
	lk_spin_give(&lk_record.lock);
	return nothing;
}

void
lk_duty_settle(void)
{
	unsigned int kept;

	if (!paused) {
		if (put_ends_and_raw())
			put_objects(objects_in);
		return;
	}
	lk_tend_settle();
	kept = nothing_to_see() ? 0 : LK_SWITCH_ENDS;
	note_blocked(!lk_switch_set(LK_SWITCH_ALL, kept));
}

void
lk_duty_pause(void)
{
	paused = true;
	lk_tend_stop();	/* from here on slots and samples only get fewer */
	lk_hooks_count_objects(false);
	lk_native_pause(true);
	note_in(false, lk_clock_monotonic_ns());
	lk_duty_settle();
}

void
lk_duty_resume(void)
{
	paused = false;
	lk_native_pause(false);
	atomic_store(&lk_record.active, true);
	next_ns = 0;
	if (put_ends_and_raw())
		put_objects(shift == 0);
	note_in(shift == 0, lk_clock_monotonic_ns());
}
