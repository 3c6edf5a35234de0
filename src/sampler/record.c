#include "config.h"

#include "sampler/record.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"
#include "leaktop/sampler.h"
#include "sampler/core/cells.h"
#include "sampler/core/countdown.h"
#include "sampler/core/readable.h"
#include "sampler/core/thread.h"
#include "sampler/cpython/walk.h"
#include "sampler/native/frames.h"
#include "sampler/native/objects.h"
#include "sampler/native/unwind.h"

#define REAP_IN_HOOK	32u	/* deaths a hook counts at most: about a microsecond */
#define TICKS_MAX	(1u << 17)	/* of one sample: some 50 us on x86-64 */
#define LIVE_AT_DEFAULT	32768.0	/* samples at 16 MB */
#define NO_PYTHON_HASH	2u	/* lk_walk_hash() is odd */

struct lk_record lk_record;

/* Where a sample comes from, as far as it is known without the lock. */
struct origin {
	struct lk_stack_path	 path;		/* its frames are not filled in yet */
	const void		*tstate;	/* NULL: no Python */
	const struct lk_trace	*trace;		/* native frames; NULL: not looked for */
};

/* For a hook that a signal handler may have called at a bad moment. */
LK_COLD static bool
is_sound(const void *tstate)
{
	struct lk_readable walk = {{0}, 0, 0};

	return lk_walk_is_sound(tstate, lk_readable_bytes, &walk);
}

static void
find_origin(struct origin *o, uint8_t domain)
{
	o->tstate = lk_record.thread_state();
	o->trace = NULL;
	if (o->tstate != NULL && lk_thread.unsure && !is_sound(o->tstate))
		o->tstate = NULL;
	o->path = (struct lk_stack_path){.domain = domain, .thread = lk_thread.number};
	o->path.hash = o->tstate == NULL ? NO_PYTHON_HASH : lk_walk_hash(o->tstate);
}

static void
add_trace(struct origin *o, const struct lk_trace *trace)
{
	if (trace->count == 0)
		return;
	o->trace = trace;
	if (o->path.hash != 0)
		o->path.hash = lk_frames_hash(o->path.hash, trace);
}

LK_COLD static uint32_t
walk_and_intern(struct origin *o)
{
	static struct lk_raw_frame merged[LK_FRAMES_MAX];	/* lock */
	struct lk_raw_frame raw[LK_FRAMES_MAX];

	o->path.raw = raw;
	if (o->tstate != NULL)
		o->path.count = lk_walk_frames(o->tstate, raw, LK_FRAMES_MAX, &o->path.truncated);
	o->path.no_python = o->path.count == 0;
	if (o->trace != NULL) {
		o->path.count = lk_frames_join(o->trace, raw, o->path.count, merged,
		    LK_FRAMES_MAX, &o->path.truncated);
		o->path.raw = merged;
	}
	return lk_stacks_intern(&lk_record.stacks, &o->path);
}

static void
resolve(const struct lk_raw_frame *raw, struct lk_frame_words *out)
{
	if (raw->native)
		lk_objects_resolve(raw, out);
	else
		lk_walk_resolve(raw, out);
}

/* The lock is held.  Nearly always the stack is one that was seen lately, and the hash says so:
 * its frames are walked only when it is not. */
static uint32_t
stack_of(struct origin *o)
{
	uint32_t id = lk_stacks_recall(&lk_record.stacks, &o->path);

	return id != LK_STACKS_NONE ? id : walk_and_intern(o);
}

/* What rounding leaves is never negative: the wire has no such quantities. */
static void
add(double *total, double value)
{
	*total += value;
	if (*total < 0)
		*total = 0;
}

/* All three change together; CLUSTERS: by what the squares of the clusters change. */
static void
count_total(const struct lk_sample *sample, double sign, double clusters)
{
	if (lk_record.stacks.stacks[sample->stack].domain == LK_DOMAIN_NATIVE) {
		add(&lk_record.native_live_bytes, sign * sample->est_bytes);
		return;
	}
	add(&lk_record.live_bytes, sign * sample->est_bytes);
	add(&lk_record.live_objects, sign * (double)sample->est_objects);
	add(&lk_record.live_variance, sign * sample->variance +
	    clusters * lk_clusters_factor(sample->duty_shift));
}

static void
count_born(struct lk_sample *sample, uint32_t duty_slot)
{
	double clusters = 0;

	lk_cells_born(&lk_record.stacks, sample, duty_slot);
	if (sample->duty_shift != 0) {
		clusters = lk_clusters_join(&lk_record.stacks.clusters, &lk_record.total_cluster,
		    LK_CLUSTERS_TOTAL, duty_slot, lk_clusters_bytes(sample));
		sample->total_cluster = lk_record.total_cluster;
	}
	count_total(sample, 1, clusters);
	lk_record.allocated_objects += (double)sample->est_objects;
	lk_record.hooked_objects += (double)sample->est_objects /
	    (double)(1u << sample->duty_shift);
}

/* What SAMPLE stands for: the maths is in analysis/estimate.c. */
static void
weigh(struct lk_sample *sample, double interval_bytes)
{
	struct lk_weight w = lk_countdown_weight(sample->size_bytes, interval_bytes);
	double times = (double)(1u << sample->duty_shift);

	sample->est_bytes = w.est_bytes * times;
	sample->est_objects = (float)(w.est_objects * times);
	sample->variance = w.variance * times;
	sample->interval_bytes = (float)interval_bytes;
}

void
lk_record_reweigh(struct lk_sample *sample, double interval_bytes)
{
	struct lk_sample before = {0};
	double clusters = 0;

	memcpy(&before, sample, offsetof(struct lk_sample, next));
	weigh(sample, interval_bytes);
	lk_cells_reweigh(&lk_record.stacks, &before, sample);
	if (sample->duty_shift != 0)
		clusters = lk_clusters_change(&lk_record.stacks.clusters, sample->total_cluster,
		    lk_clusters_bytes(&before), lk_clusters_bytes(sample));
	count_total(&before, -1, 0);
	count_total(sample, 1, clusters);
}

void
lk_record_bury(uint32_t i)
{
	struct lk_sample *sample = &lk_record.live.samples[i];
	double clusters = 0;

	lk_cells_died(&lk_record.stacks, sample);
	if (sample->duty_shift != 0)
		clusters = lk_clusters_leave(&lk_record.stacks.clusters, sample->total_cluster,
		    lk_clusters_bytes(sample));
	count_total(sample, -1, clusters);
	lk_live_recycle(&lk_record.live, i);
	if (lk_record.live.live_count == 0)	/* rounding errors end here */
		lk_record.live_bytes = lk_record.live_objects = lk_record.live_variance =
		    lk_record.native_live_bytes = 0;
}

uint32_t
lk_record_reap(uint32_t max)
{
	uint32_t n, i;

	for (n = 0; n < max; n++) {
		if (lk_record.dead == LK_LIVE_NONE)
			lk_record.dead = lk_live_dead(&lk_record.live);
		i = lk_record.dead;
		if (i == LK_LIVE_NONE)
			break;
		lk_record.dead = lk_record.live.samples[i].next;
		lk_record_bury(i);
	}
	return n;
}

/* OBJ and MEM: the hooks of the others are always in. */
static bool
has_duty(uint8_t domain)
{
	return domain == 1 || domain == 2;
}

/* A sample for a block at P; the lock is held.  LK_LIVE_NONE: no room. */
static uint32_t
add_sample(struct origin *origin, void *p, size_t size, double interval, bool in_slot)
{
	struct lk_sample *sample;
	uint32_t i = lk_live_new(&lk_record.live), lost;
	uint32_t duty = has_duty(origin->path.domain) ?
	    atomic_load_explicit(&lk_record.duty, memory_order_relaxed) : 0;
	bool ok = true;

	if (i == LK_LIVE_NONE)
		return i;
	sample = &lk_record.live.samples[i];
	sample->address = (uintptr_t)p;
	sample->size_bytes = size;
	sample->in_slot = in_slot;
	if (!in_slot) {
		lost = lk_live_track(&lk_record.live, i, &ok);
		if (lost != LK_LIVE_NONE)
			lk_record_bury(lost);
	}
	if (!ok) {
		lk_live_recycle(&lk_record.live, i);
		return LK_LIVE_NONE;
	}
	sample->epoch = lk_record.epoch;
	sample->stack = stack_of(origin);
	sample->duty_shift = (uint8_t)(duty & LK_RECORD_SHIFT_MASK);
	weigh(sample, interval);
	count_born(sample, duty >> LK_RECORD_SHIFT_BITS);
	if (in_slot)
		atomic_store_explicit(
		    &lk_record.slots.sample[lk_slots_index(&lk_record.slots, p)], i,
		    memory_order_release);
	return i;
}

/* All but dropped_busy change with the lock only: no read-modify-write is needed. */
static void
add_stat(_Atomic uint64_t *stat, uint64_t n)
{
	atomic_store_explicit(stat, atomic_load_explicit(stat, memory_order_relaxed) + n,
	    memory_order_relaxed);
}

static void
account(uint64_t began, uint32_t sample)
{
	uint64_t ticks = lk_clock_ticks() - began;

	/* more is not ours: the thread was preempted in between */
	add_stat(&lk_record.stats.slow_ticks, ticks < TICKS_MAX ? ticks : TICKS_MAX);
	add_stat(sample == LK_LIVE_NONE ? &lk_record.stats.dropped_full :
	    &lk_record.stats.samples, 1);
}

static bool
begin(void)
{
	if (lk_spin_take_bounded(&lk_record.lock)) {
		lk_record_reap(REAP_IN_HOOK);
		return true;
	}
	atomic_fetch_add_explicit(&lk_record.stats.dropped_busy, 1, memory_order_relaxed);
	return false;
}

/* Whether we are to sample is asked with the lock: lk_tend_stop() waits for it. */
static bool
begin_sample(void)
{
	if (!begin())
		return false;
	if (atomic_load_explicit(&lk_record.active, memory_order_relaxed))
		return true;
	lk_spin_give(&lk_record.lock);
	return false;
}

static void
remember(struct origin *origin, uint64_t began, void *p, size_t size, double interval)
{
	uint32_t i;

	if (!begin_sample())
		return;
	i = add_sample(origin, p, size, interval, false);
	account(began, i);
	lk_spin_give(&lk_record.lock);
}

/* Apart, so that only native samples have the trace on their stack. */
LK_COLD static void
remember_with_trace(struct origin *origin, uint64_t began, void *p, size_t size, double interval)
{
	struct lk_trace trace;

	lk_unwind_trace(&trace);
	add_trace(origin, &trace);
	remember(origin, began, p, size, interval);
}

/* lk_tend_close() waits for who walks: after it nobody begins to. */
static bool
begin_walk(void)
{
	atomic_fetch_add(&lk_record.walkers, 1);
	return atomic_load(&lk_record.active);
}

static void
end_walk(void)
{
	atomic_fetch_sub(&lk_record.walkers, 1);
}

static void
sampled(uint8_t domain, void *p, size_t size_bytes, double interval_bytes)
{
	uint64_t began = lk_clock_ticks();
	struct origin origin;

	if (!atomic_load_explicit(&lk_record.active, memory_order_relaxed))
		return;
	lk_thread.inside = true;
	if (begin_walk()) {
		find_origin(&origin, domain);
		if (domain == LK_DOMAIN_NATIVE)
			remember_with_trace(&origin, began, p, size_bytes, interval_bytes);
		else
			remember(&origin, began, p, size_bytes, interval_bytes);
	}
	end_walk();
	lk_thread.inside = false;
}

static void *
plain_slot(size_t slot_bytes)
{
	void *p = lk_slots_take(&lk_record.slots, slot_bytes);

	if (p != NULL)
		atomic_store_explicit(
		    &lk_record.slots.sample[lk_slots_index(&lk_record.slots, p)],
		    LK_SLOTS_NO_SAMPLE, memory_order_release);
	return p;
}

static void *
sampled_slot(uint8_t domain, size_t size_bytes, size_t slot_bytes, double interval_bytes)
{
	uint64_t began = lk_clock_ticks();
	struct origin origin;
	uint32_t i = LK_LIVE_NONE;
	void *p;

	find_origin(&origin, domain);
	if (!begin_sample())
		return NULL;
	p = plain_slot(slot_bytes);
	if (p != NULL)
		i = add_sample(&origin, p, size_bytes, interval_bytes, true);
	account(began, i);
	lk_spin_give(&lk_record.lock);
	return p;
}

static void *
unsampled_slot(size_t slot_bytes)
{
	void *p;

	if (!begin())
		return NULL;
	p = plain_slot(slot_bytes);
	lk_spin_give(&lk_record.lock);
	return p;
}

static void *
slot(uint8_t domain, size_t size_bytes, size_t slot_bytes, double interval_bytes)
{
	void *p = NULL;

	lk_thread.inside = true;
	if (size_bytes == 0) {
		p = unsampled_slot(slot_bytes);
	} else {
		if (begin_walk())
			p = sampled_slot(domain, size_bytes, slot_bytes, interval_bytes);
		end_walk();
	}
	lk_thread.inside = false;
	return p;
}

static uint32_t
claim_slot(const void *p)
{
	return atomic_exchange_explicit(
	    &lk_record.slots.sample[lk_slots_index(&lk_record.slots, p)], LK_SLOTS_NO_SAMPLE,
	    memory_order_acq_rel);
}

static void
ended(uint32_t sample)
{
	lk_live_bury(&lk_record.live, sample);
}

static void
slot_ended(void *p)
{
	uint32_t sample = claim_slot(p);

	if (sample != LK_SLOTS_NO_SAMPLE)
		ended(sample);
}

/* A realloc failed: the block is where it was, so is its sample. */
static void
stays(uint32_t sample)
{
	bool ok = false;

	if (begin()) {
		lk_live_track(&lk_record.live, sample, &ok);
		lk_spin_give(&lk_record.lock);
	}
	if (!ok)
		ended(sample);
}

/* One piece, as if it had been allocated at its size; the lock is held. */
static void
keep_piece(const struct lk_sample *whole, const struct lk_piece *piece)
{
	double u = (double)(lk_countdown_random(&lk_thread.random) >> 11) * 0x1p-53;
	double interval = (double)whole->interval_bytes;
	struct lk_sample *sample;
	uint32_t i, lost;
	bool ok = false;

	if (piece->size_bytes == 0 ||
	    u >= lk_countdown_part(whole->size_bytes, piece->size_bytes, interval))
		return;
	i = lk_live_new(&lk_record.live);
	if (i == LK_LIVE_NONE)
		return;
	sample = &lk_record.live.samples[i];
	*sample = *whole;
	sample->address = (uintptr_t)piece->p;
	sample->size_bytes = piece->size_bytes;
	lost = lk_live_track(&lk_record.live, i, &ok);
	if (lost != LK_LIVE_NONE)
		lk_record_bury(lost);
	if (!ok) {
		lk_live_recycle(&lk_record.live, i);
		return;
	}
	weigh(sample, interval);
	lk_cells_recount(&lk_record.stacks, sample, 0);
	count_total(sample, 1, 0);
}

static void
remains(uint32_t sample, const struct lk_piece pieces[2])
{
	bool was_inside = lk_thread.inside;
	struct lk_sample whole;

	lk_thread.inside = true;
	if (begin()) {
		whole = lk_record.live.samples[sample];
		lk_record_bury(sample);
		keep_piece(&whole, &pieces[0]);
		keep_piece(&whole, &pieces[1]);
		lk_spin_give(&lk_record.lock);
	} else {
		ended(sample);
	}
	lk_thread.inside = was_inside;
}

static double
interval_bytes_now(void)
{
	return (double)atomic_load_explicit(&lk_record.interval_bytes, memory_order_relaxed);
}

static void
thread_init(void)
{
	pid_t thread = (pid_t)syscall(SYS_gettid);

	lk_thread.number = thread == lk_record.main_thread ? 0 : (uint32_t)thread;
	lk_thread.random = lk_clock_ticks() ^ (uint64_t)thread << 32 ^
	    (uint64_t)(uintptr_t)&lk_thread;
}

static const void *
no_thread_state(void)
{
	return NULL;
}

static int
carve(struct lk_record *r)
{
	double scale = (double)r->pages.capacity_bytes / (double)LK_MEMORY_DEFAULT_BYTES;

	r->dead = LK_LIVE_NONE;
	r->total_cluster = LK_CLUSTERS_NONE;
	if (lk_live_init(&r->live, &r->pages, (uint32_t)(LIVE_AT_DEFAULT * scale)) < 0)
		return -ENOMEM;
	return lk_stacks_init(&r->stacks, &r->pages, scale, resolve, 0);
}

int
lk_record_init(uint64_t memory_bytes, uint64_t interval_bytes, int main_thread, bool with_slots)
{
	struct lk_record *r = &lk_record;
	void *base = lk_pages_map(memory_bytes);

	if (base == NULL)
		return -ENOMEM;
	lk_pages_init(&r->pages, base, memory_bytes);
	r->main_thread = main_thread;
	r->interval_bytes = interval_bytes;
	r->thread_state = no_thread_state;
	if (with_slots)
		lk_slots_init(&r->slots);	/* without slots: hash */
	r->sink = (struct lk_sink){&r->slots, &r->live, sampled, slot, slot_ended, ended, stays,
	    remains, interval_bytes_now, thread_init};
	return carve(r);
}

/* What fitted once fits again, at the same addresses: the hooks and the history keep theirs.  A
 * serial never means another frame or stack, so they go on; the collectors have theirs again. */
static void
clear_tables(struct lk_record *r)
{
	size_t used_bytes = r->pages.used_bytes;
	uint32_t frames = r->stacks.frame_serials, stacks = r->stacks.stack_serials;

	lk_pages_clear(&r->pages);
	carve(r);
	r->pages.used_bytes = used_bytes;
	r->stacks.frame_serials = frames;
	r->stacks.stack_serials = stacks;
}

void
lk_record_renew(void)
{
	struct lk_record *r = &lk_record;

	clear_tables(r);
	lk_slots_forget(&r->slots);
	r->epoch = 0;
	r->live_bytes = r->live_objects = r->live_variance = r->allocated_objects =
	    r->hooked_objects = r->native_live_bytes = 0;
	lk_spin_give(&r->lock);
}

void
lk_record_clear(void)
{
	clear_tables(&lk_record);
	lk_slots_empty(&lk_record.slots);
}
