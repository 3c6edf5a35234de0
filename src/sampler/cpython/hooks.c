#include "config.h"

#include "sampler/cpython/hooks.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/attr.h"
#include "sampler/core/countdown.h"
#include "sampler/core/due.h"
#include "sampler/core/live.h"
#include "sampler/core/sink.h"
#include "sampler/core/slots.h"
#include "sampler/core/thread.h"
#include "sampler/cpython/symbols.h"

enum { RAW, MEM, OBJ, DOMAINS = LK_HOOKS_DOMAINS };

#define PYMALLOC_MAX_BYTES	512u	/* SMALL_REQUEST_THRESHOLD, all versions */
#define FORWARDED_BYTES		513u	/* pymalloc passes it on to RAW */

/* Written once under the GIL before the first hook is visible, read-only afterwards. */
static _Alignas(64) struct lk_allocator next[DOMAINS];
static struct lk_allocator ours[DOMAINS];
static const struct lk_sink *sink;
static lk_hooks_put_fn put_in;
static uintptr_t region_base;
static size_t region_bytes;
static const _Atomic uint8_t *filter;
static size_t small_max_bytes = PYMALLOC_MAX_BYTES;
static size_t padding_bytes;	/* what a debug allocator adds to each block */
static size_t hash_max_bytes = SIZE_MAX; /* larger blocks reach RAW and are counted there */
/* A block that came through RAW and shrinks to this or less: pymalloc passes the request on,
 * OBJ or MEM have counted it.  RAW itself has next to no such requests. */
static size_t passed_on_max_bytes;

/* Read where something is due, so that what is sampled does not depend on which pointers a racing
 * reader of CPython's table has loaded. */
static atomic_bool objects_count = true;

/* What the self-test looks at. */
static void *test_slot_freed;
static size_t test_raw_bytes;

/* ---- blocks that stay where they are: RAW, and every domain in hash mode --------- */

LK_COLD static void
sample_in_place(int domain, void *p, size_t n)
{
	int saved_errno = errno;
	double interval;

	if (lk_due_decide(sink, n, &interval) && p != NULL &&
	    (domain == RAW || atomic_load_explicit(&objects_count, memory_order_relaxed)))
		sink->sampled((uint8_t)domain, p, n, interval);
	errno = saved_errno;
}

static inline void
count_in_place(int domain, void *p, size_t n)
{
	if (lk_countdown_spend(&lk_thread.left_bytes, n))
		sample_in_place(domain, p, n);
}

/* A slot was wanted: the request comes from pymalloc, with whatever padding was added. */
LK_COLD static void *
serve_slot(size_t n)
{
	int saved_errno = errno;
	void *p;

	lk_thread.want = false;
	lk_thread.left_bytes = lk_thread.kept_left_bytes;
	test_raw_bytes = n;
	p = sink->slot(lk_thread.want_domain, lk_thread.want_bytes,
	    padding_bytes == 0 && lk_thread.want_bytes != 0 ? lk_thread.want_bytes : n,
	    (double)lk_thread.want_interval_bytes);
	errno = saved_errno;
	return p;
}

LK_COLD static void *
due_raw_malloc(void *ctx, size_t n)
{
	bool wanted = lk_thread.want;
	void *p = wanted ? serve_slot(n) : NULL;

	if (p != NULL)
		return p;
	p = next[RAW].malloc(ctx, n);
	if (!wanted)
		sample_in_place(RAW, p, n);
	return p;
}

LK_HOT static void *
raw_malloc(void *ctx, size_t n)
{
	if (lk_countdown_spend(&lk_thread.left_bytes, n))
		return due_raw_malloc(ctx, n);
	return next[RAW].malloc(ctx, n);
}

/* A product that overflows is refused by the allocator: count nothing. */
static size_t
product(size_t count, size_t size)
{
	size_t n;

	return __builtin_mul_overflow(count, size, &n) || n > PTRDIFF_MAX ? 0 : n;
}

/* The product is spent, or no product: then product() says so, and the draw that follows in either
 * case makes good what was taken from the countdown. */
static inline bool
spend_product(uint64_t *left_bytes, size_t count, size_t size)
{
	int64_t n;

	return lk_unlikely(__builtin_mul_overflow((int64_t)count, (int64_t)size, &n)) ||
	    lk_countdown_spend(left_bytes, (size_t)n);
}

LK_COLD static void *
due_raw_calloc(void *ctx, size_t count, size_t size)
{
	bool wanted = lk_thread.want;
	void *p = wanted ? serve_slot(count * size) : NULL;

	if (p != NULL)
		return memset(p, 0, lk_slots_capacity(sink->slots, p));
	p = next[RAW].calloc(ctx, count, size);
	if (!wanted)
		sample_in_place(RAW, p, product(count, size));
	return p;
}

LK_HOT static void *
raw_calloc(void *ctx, size_t count, size_t size)
{
	if (spend_product(&lk_thread.left_bytes, count, size))
		return due_raw_calloc(ctx, count, size);
	return next[RAW].calloc(ctx, count, size);
}

LK_COLD static void
free_slot(void *p)
{
	int saved_errno = errno;

	test_slot_freed = p;
	sink->slot_ended(p);
	lk_slots_release(sink->slots, p);
	errno = saved_errno;
}

LK_COLD static void
forget(const void *p)
{
	int saved_errno = errno;
	uint32_t sample = p == NULL ? LK_LIVE_NONE : lk_live_claim(sink->live, p);

	if (sample != LK_LIVE_NONE)
		sink->ended(sample);
	errno = saved_errno;
}

/* Forget before the memory can belong to another thread. */
LK_COLD static void
forget_and_free(int domain, void *ctx, void *p)
{
	forget(p);
	next[domain].free(ctx, p);
}

static inline void
free_in_domain(int domain, void *ctx, void *p)
{
	if (lk_unlikely(lk_live_maybe(filter, p))) {
		forget_and_free(domain, ctx, p);	/* in tail position: no frame here */
		return;
	}
	next[domain].free(ctx, p);
}

LK_HOT static void
raw_free(void *ctx, void *p)
{
	if (lk_unlikely(lk_slots_owns(region_base, region_bytes, p)))
		free_slot(p);
	else
		free_in_domain(RAW, ctx, p);
}

/* The sampled block is no more; what follows is a fresh decision on the new size.  It keeps
 * its slot when it still fits: the slot is then only memory.  A size that RAW counts leaves it
 * even so, as the free of a block in a slot is not looked up by its address. */
LK_COLD static void *
realloc_slot(void *ctx, void *p, size_t n)
{
	size_t capacity = lk_slots_capacity(sink->slots, p);
	bool counted = n > passed_on_max_bytes;
	int saved_errno = errno;
	void *q = p;

	if (n > capacity || counted) {
		q = next[RAW].malloc(ctx, n);
		if (q == NULL)
			return NULL;
		memcpy(q, p, n < capacity ? n : capacity);
		free_slot(p);
	} else {
		sink->slot_ended(p);
	}
	errno = saved_errno;
	if (counted)
		count_in_place(RAW, q, n);
	return q;
}

static inline bool
is_counted_here(int domain, size_t n)
{
	return domain == RAW ? n > passed_on_max_bytes : n <= hash_max_bytes;
}

LK_COLD static void *
realloc_tracked(int domain, void *ctx, void *p, size_t n)
{
	uint32_t sample = p == NULL ? LK_LIVE_NONE : lk_live_claim(sink->live, p);
	void *q = next[domain].realloc(ctx, p, n);
	int saved_errno = errno;

	if (sample != LK_LIVE_NONE && q == NULL)
		sink->stays(sample);
	else if (sample != LK_LIVE_NONE)
		sink->ended(sample);
	errno = saved_errno;
	if (q != NULL && is_counted_here(domain, n))
		count_in_place(domain, q, n);
	return q;
}

static inline void *
realloc_in_domain(int domain, void *ctx, void *p, size_t n)
{
	if (lk_unlikely(lk_live_maybe(filter, p)))
		return realloc_tracked(domain, ctx, p, n);
	p = next[domain].realloc(ctx, p, n);
	if (lk_likely(p != NULL) && is_counted_here(domain, n))
		count_in_place(domain, p, n);
	return p;
}

static void *
raw_realloc(void *ctx, void *p, size_t n)
{
	if (lk_unlikely(lk_slots_owns(region_base, region_bytes, p)))
		return realloc_slot(ctx, p, n);
	return realloc_in_domain(RAW, ctx, p, n);
}

/* ---- OBJ and MEM with slots: free stays the original --------------------------- */

/* Whether a block is small is asked here, not on the way of every block: those that RAW counts are
 * spent here too, and when one of them is due the countdown is drawn again. */
static bool
object_due(size_t n)
{
	return lk_due_decide_object(sink, n, &lk_thread.want_interval_bytes) &&
	    n != 0 && n <= small_max_bytes &&
	    atomic_load_explicit(&objects_count, memory_order_relaxed);
}

static void
want_slot(int domain, size_t n)
{
	lk_thread.want = true;
	lk_thread.want_domain = (uint8_t)domain;
	lk_thread.want_bytes = (uint16_t)n;
	lk_thread.kept_left_bytes = lk_thread.left_bytes;
	lk_thread.left_bytes = 0;	/* so that RAW takes its slow path */
}

static void
want_no_slot(void)
{
	if (!lk_thread.want)
		return;
	lk_thread.want = false;		/* the request did not come through RAW */
	lk_thread.left_bytes = lk_thread.kept_left_bytes;
}

LK_COLD static void *
sampled_malloc(int domain, void *ctx, size_t n)
{
	void *p;

	if (!object_due(n))
		return next[domain].malloc(ctx, n);
	want_slot(domain, n);
	p = next[domain].malloc(ctx, FORWARDED_BYTES);
	want_no_slot();
	return p;
}

LK_COLD static void *
sampled_calloc(int domain, void *ctx, size_t count, size_t size)
{
	size_t n = product(count, size);
	void *p;

	if (!object_due(n))
		return next[domain].calloc(ctx, count, size);
	want_slot(domain, n);
	p = next[domain].calloc(ctx, 1, FORWARDED_BYTES);
	want_no_slot();
	return p;
}

/* pymalloc alone knows how large the old block was, so it moves the block first; then the
 * result moves into a slot. */
LK_COLD static void *
sampled_realloc(int domain, void *ctx, void *p, size_t n)
{
	void *q = next[domain].realloc(ctx, p, n), *slot;

	if (!object_due(n) || q == NULL)
		return q;
	want_slot(domain, n);
	slot = next[domain].malloc(ctx, FORWARDED_BYTES);
	want_no_slot();
	if (slot == NULL)
		return q;
	memcpy(slot, q, n);
	next[domain].free(ctx, q);
	return slot;
}

static inline void *
slot_malloc(int domain, void *ctx, size_t n)
{
	if (lk_countdown_spend(&lk_thread.object_left_bytes, n))
		return sampled_malloc(domain, ctx, n);
	return next[domain].malloc(ctx, n);
}

static inline void *
slot_calloc(int domain, void *ctx, size_t count, size_t size)
{
	if (spend_product(&lk_thread.object_left_bytes, count, size))
		return sampled_calloc(domain, ctx, count, size);
	return next[domain].calloc(ctx, count, size);
}

static inline void *
slot_realloc(int domain, void *ctx, void *p, size_t n)
{
	if (lk_countdown_spend(&lk_thread.object_left_bytes, n))
		return sampled_realloc(domain, ctx, p, n);
	return next[domain].realloc(ctx, p, n);
}

/* ---- OBJ and MEM by hash ---------------------------------------------------- */

static inline void *
hash_malloc(int domain, void *ctx, size_t n)
{
	void *p = next[domain].malloc(ctx, n);

	if (n <= hash_max_bytes)
		count_in_place(domain, p, n);
	return p;
}

static inline void *
hash_calloc(int domain, void *ctx, size_t count, size_t size)
{
	void *p = next[domain].calloc(ctx, count, size);
	size_t n = product(count, size);

	if (n <= hash_max_bytes)
		count_in_place(domain, p, n);
	return p;
}

/* ---- one function per domain: the ctx must stay the original's ------------------ */

#define DOMAIN_HOOKS(name, domain, mode)                                                       \
	LK_HOT static void *name##_malloc(void *ctx, size_t n)                                 \
	{                                                                                      \
		return mode##_malloc(domain, ctx, n);                                          \
	}                                                                                      \
	LK_HOT static void *name##_calloc(void *ctx, size_t count, size_t size)                \
	{                                                                                      \
		return mode##_calloc(domain, ctx, count, size);                                \
	}

DOMAIN_HOOKS(obj_slots, OBJ, slot)
DOMAIN_HOOKS(mem_slots, MEM, slot)
DOMAIN_HOOKS(obj_hash, OBJ, hash)
DOMAIN_HOOKS(mem_hash, MEM, hash)

LK_HOT static void *
obj_slots_realloc(void *ctx, void *p, size_t n)
{
	return slot_realloc(OBJ, ctx, p, n);
}

LK_HOT static void *
mem_slots_realloc(void *ctx, void *p, size_t n)
{
	return slot_realloc(MEM, ctx, p, n);
}

static void *
obj_hash_realloc(void *ctx, void *p, size_t n)
{
	return realloc_in_domain(OBJ, ctx, p, n);
}

static void *
mem_hash_realloc(void *ctx, void *p, size_t n)
{
	return realloc_in_domain(MEM, ctx, p, n);
}

static void
obj_hash_free(void *ctx, void *p)
{
	free_in_domain(OBJ, ctx, p);
}

static void
mem_hash_free(void *ctx, void *p)
{
	free_in_domain(MEM, ctx, p);
}

/* ---- install -------------------------------------------------------------- */

static void
set_hooks(const struct lk_symbols *py, int domain, struct lk_allocator hooks)
{
	hooks.ctx = next[domain].ctx;
	if (hooks.free == NULL)
		hooks.free = next[domain].free;
	ours[domain] = hooks;
	put_in(py, domain);
}

const struct lk_allocator *
lk_hooks_ours(int domain)
{
	return &ours[domain];
}

const struct lk_allocator *
lk_hooks_originals(int domain)
{
	return &next[domain];
}

void
lk_hooks_count_objects(bool yes)
{
	atomic_store(&objects_count, yes);
}

/* Is a block asked for with 513 bytes served from a slot, and does RAW see its free? */
static bool
slots_work(int domain)
{
	void *p;
	bool served;

	test_slot_freed = NULL;
	test_raw_bytes = 0;
	want_slot(domain, 0);
	p = next[domain].malloc(next[domain].ctx, FORWARDED_BYTES);
	want_no_slot();
	if (p == NULL)
		return false;
	served = lk_slots_owns(region_base, region_bytes, p);
	next[domain].free(next[domain].ctx, p);
	if (test_raw_bytes != 0)
		hash_max_bytes = passed_on_max_bytes = PYMALLOC_MAX_BYTES;
	if (!served || test_slot_freed == NULL || test_raw_bytes < FORWARDED_BYTES ||
	    test_raw_bytes - FORWARDED_BYTES > 64)
		return false;
	if (test_raw_bytes - FORWARDED_BYTES > padding_bytes)
		padding_bytes = test_raw_bytes - FORWARDED_BYTES;
	small_max_bytes = PYMALLOC_MAX_BYTES - padding_bytes;
	return true;
}

enum lk_hook_mode
lk_hooks_install(const struct lk_symbols *py, const struct lk_sink *s, bool allow_slots,
    lk_hooks_put_fn put)
{
	bool mem_slots, obj_slots;
	int domain;

	sink = s;
	put_in = put;
	region_base = s->slots->base;
	region_bytes = s->slots->bytes;
	filter = s->live->filter;
	for (domain = 0; domain < DOMAINS; domain++)
		py->get_allocator(domain, &next[domain]);
	set_hooks(py, RAW, (struct lk_allocator){
	    NULL, raw_malloc, raw_calloc, raw_realloc, raw_free});
	mem_slots = slots_work(MEM);	/* always run: they also tell what reaches RAW */
	obj_slots = slots_work(OBJ);
	if (mem_slots && obj_slots && allow_slots) {
		set_hooks(py, MEM, (struct lk_allocator){
		    NULL, mem_slots_malloc, mem_slots_calloc, mem_slots_realloc, NULL});
		set_hooks(py, OBJ, (struct lk_allocator){
		    NULL, obj_slots_malloc, obj_slots_calloc, obj_slots_realloc, NULL});
		return LK_HOOKS_SLOTS;
	}
	set_hooks(py, MEM, (struct lk_allocator){
	    NULL, mem_hash_malloc, mem_hash_calloc, mem_hash_realloc, mem_hash_free});
	set_hooks(py, OBJ, (struct lk_allocator){
	    NULL, obj_hash_malloc, obj_hash_calloc, obj_hash_realloc, obj_hash_free});
	return LK_HOOKS_HASH;
}
