#include "config.h"

#include "sampler/native/mappings.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/types.h>

#include "base/attr.h"
#include "sampler/core/countdown.h"
#include "sampler/core/due.h"
#include "sampler/core/live.h"
#include "sampler/core/sink.h"
#include "sampler/core/thread.h"
#include "sampler/native/family.h"

#define CLAIMED_MAX	8u	/* sampled mappings that one call touches; more end at once */

/* Where a sampled mapping is; which sample, and whether it still is one, says the hash of
 * core/live under the same address.  Whoever swaps begin out may change the rest. */
struct extent {
	_Atomic uintptr_t begin;	/* 0: free, 1: being changed */
	_Atomic uintptr_t end;
};

struct claimed {
	uint32_t	sample;
	uintptr_t	begin, end;
};

struct claims {
	uint32_t	count;
	struct claimed	list[CLAIMED_MAX];
};

static const struct lk_sink *sink;
static struct extent extents[LK_MAPPINGS_MAX];
static atomic_uint extents_used;	/* none at or above this was ever taken */
static size_t page_mask;

static struct {
	void	*(*mmap)(void *, size_t, int, int, int, off_t);
	int	 (*munmap)(void *, size_t);
	void	*(*mremap)(void *, size_t, size_t, int, ...);
} real;

static size_t
whole_pages(size_t n)
{
	size_t rounded;

	return __builtin_add_overflow(n, page_mask, &rounded) ? 0 : rounded & ~page_mask;
}

/* For the countdown, which is signed: more is refused by the kernel. */
static size_t
possible_pages(size_t n)
{
	n = whole_pages(n);
	return n > PTRDIFF_MAX ? 0 : n;
}

/* ---- extents ---------------------------------------------------------------------- */

static bool
take_extent(struct extent *e, uintptr_t expected)
{
	return atomic_compare_exchange_strong(&e->begin, &expected, 1);
}

static void
fill_extent(struct extent *e, uintptr_t begin, uintptr_t end)
{
	atomic_store(&e->end, end);
	atomic_store(&e->begin, begin);
}

/* Whether [BEGIN, END) is still what is sampled at BEGIN.  What ended while no hook was in left its
 * extent, and another block may begin there now. */
static bool
is_sampled(uintptr_t begin, uintptr_t end)
{
	uint32_t sample = lk_live_find(sink->live, (const void *)begin);

	return sample != LK_LIVE_NONE && sink->live->samples[sample].size_bytes == end - begin;
}

/* Samples also end by thinning, which knows no extents. */
static bool
is_stale(uintptr_t begin, uintptr_t end)
{
	return begin > 1 && !is_sampled(begin, end);
}

static void
keep_extent(uintptr_t begin, uintptr_t end)
{
	unsigned int i, used;
	uintptr_t old;

	if (lk_live_find(sink->live, (const void *)begin) == LK_LIVE_NONE)
		return;		/* there was no room for the sample */
	for (i = 0; i < LK_MAPPINGS_MAX; i++) {
		old = atomic_load(&extents[i].begin);
		if ((old != 0 && !is_stale(old, atomic_load(&extents[i].end))) ||
		    !take_extent(&extents[i], old))
			continue;
		used = atomic_load(&extents_used);
		while (used <= i && !atomic_compare_exchange_weak(&extents_used, &used, i + 1))
			continue;
		fill_extent(&extents[i], begin, end);
		return;
	}
}

static void
claim_at(struct claims *out, uintptr_t begin)
{
	uint32_t sample = lk_live_claim(sink->live, (const void *)begin);
	struct claimed *c;

	if (sample == LK_LIVE_NONE)
		return;
	if (out->count == CLAIMED_MAX) {
		sink->ended(sample);
		return;
	}
	c = &out->list[out->count++];
	*c = (struct claimed){sample, begin, begin + sink->live->samples[sample].size_bytes};
}

/* The samples that [BEGIN, END) touches. */
static void
claim_range(struct claims *out, uintptr_t begin, uintptr_t end)
{
	unsigned int i, used = atomic_load(&extents_used);
	uintptr_t at, to;

	out->count = 0;
	for (i = 0; i < used; i++) {
		at = atomic_load(&extents[i].begin);
		if (at <= 1 || at >= end || atomic_load(&extents[i].end) <= begin ||
		    !take_extent(&extents[i], at))
			continue;
		to = atomic_load(&extents[i].end);
		fill_extent(&extents[i], 0, 0);
		if (is_sampled(at, to))
			claim_at(out, at);
	}
	if (lk_live_maybe(sink->live->filter, (const void *)begin))
		claim_at(out, begin);	/* one without an extent */
}

/* Nothing was unmapped: all is as it was. */
static void
give_back(const struct claims *claims)
{
	uint32_t i;

	for (i = 0; i < claims->count; i++) {
		sink->stays(claims->list[i].sample);
		keep_extent(claims->list[i].begin, claims->list[i].end);
	}
}

static void
settle_one(const struct claimed *c, uintptr_t begin, uintptr_t end)
{
	struct lk_piece left[2] = {{(void *)c->begin, 0}, {(void *)end, 0}};
	int i;

	if (c->begin < begin)
		left[0].size_bytes = begin - c->begin;
	if (c->end > end)
		left[1].size_bytes = c->end - end;
	if (left[0].size_bytes == 0 && left[1].size_bytes == 0) {
		sink->ended(c->sample);
		return;
	}
	sink->remains(c->sample, left);
	for (i = 0; i < 2; i++)
		if (left[i].size_bytes != 0)
			keep_extent((uintptr_t)left[i].p,
			    (uintptr_t)left[i].p + left[i].size_bytes);
}

/* [BEGIN, END) is gone, or something else. */
static void
settle(const struct claims *claims, uintptr_t begin, uintptr_t end)
{
	uint32_t i;

	for (i = 0; i < claims->count; i++)
		settle_one(&claims->list[i], begin, end);
}

/* [BEGIN, END) was to go; did it?  errno is the program's. */
static void
conclude(const struct claims *claims, uintptr_t begin, uintptr_t end, bool is_gone)
{
	int saved_errno = errno;

	if (is_gone)
		settle(claims, begin, end);
	else
		give_back(claims);
	errno = saved_errno;
}

/* ---- hooks ---------------------------------------------------------------------------- */

/* A signal handler may be the one who maps, at any moment of what it interrupted. */
LK_COLD static void
sample(void *p, size_t n)
{
	int saved_errno = errno;
	double interval;

	if (lk_due_decide(sink, n, &interval) && p != MAP_FAILED) {
		lk_thread.unsure = true;
		sink->sampled(LK_DOMAIN_NATIVE, p, n, interval);
		lk_thread.unsure = false;
		keep_extent((uintptr_t)p, (uintptr_t)p + n);
	}
	errno = saved_errno;
}

static bool
is_counted(int protection, int flags)
{
	return flags & MAP_ANONYMOUS && !(flags & MAP_NORESERVE) && protection & PROT_WRITE;
}

LK_COLD static void *
map_over(void *p, size_t n, int protection, int flags, int fd, off_t offset)
{
	uintptr_t begin = (uintptr_t)p, end = begin + whole_pages(n);
	struct claims claims;
	void *q;

	claim_range(&claims, begin, end);
	q = real.mmap(p, n, protection, flags, fd, offset);
	conclude(&claims, begin, end, q != MAP_FAILED);
	return q;
}

static void *
hook_mmap(void *p, size_t n, int protection, int flags, int fd, off_t offset)
{
	void *q;

	q = flags & MAP_FIXED && atomic_load_explicit(&extents_used, memory_order_relaxed) != 0 ?
	    map_over(p, n, protection, flags, fd, offset) :
	    real.mmap(p, n, protection, flags, fd, offset);
	if (is_counted(protection, flags) &&
	    lk_countdown_spend(&lk_thread.left_bytes, possible_pages(n)))
		sample(q, whole_pages(n));
	return q;
}

static int
hook_munmap(void *p, size_t n)
{
	uintptr_t begin = (uintptr_t)p, end = begin + whole_pages(n);
	struct claims claims;
	int rc;

	claim_range(&claims, begin, end);
	rc = real.munmap(p, n);
	if (claims.count == 0)
		return rc;
	conclude(&claims, begin, end, rc == 0);
	return rc;
}

/* What a moved mapping is put over is gone, too. */
LK_COLD static void *
move_over(void *p, size_t old, size_t n, int flags, void *to)
{
	uintptr_t begin = (uintptr_t)to, end = begin + whole_pages(n);
	struct claims claims;
	void *q;

	claim_range(&claims, begin, end);
	q = real.mremap(p, old, n, flags, to);
	conclude(&claims, begin, end, q != MAP_FAILED);
	return q;
}

/* The fifth argument is there with MREMAP_FIXED or MREMAP_DONTUNMAP only; reading it always is
 * harmless, it is a register. */
static void *
hook_mremap(void *p, size_t old, size_t n, int flags, ...)
{
	uintptr_t begin = (uintptr_t)p, end = begin + whole_pages(old);
	struct claims claims;
	va_list arguments;
	void *q, *to;

	va_start(arguments, flags);
	to = va_arg(arguments, void *);
	va_end(arguments);
	claim_range(&claims, begin, end);
	q = flags & MREMAP_FIXED ? move_over(p, old, n, flags, to) :
	    real.mremap(p, old, n, flags, to);
	if (claims.count == 0)
		return q;
	conclude(&claims, begin, end, q != MAP_FAILED);
	if (q != MAP_FAILED && lk_countdown_spend(&lk_thread.left_bytes, possible_pages(n)))
		sample(q, whole_pages(n));
	return q;
}

#define CALL(name, function, ends) \
	{#name, (void (*)(void))hook_##function, &real.function, ends, false}

const struct lk_family_call *
lk_mappings_init(const struct lk_sink *s, size_t page_bytes, size_t *count_out)
{
	static const struct lk_family_call calls[] = {
		CALL(mmap, mmap, true),		/* over another one */
		CALL(mmap64, mmap, true),
		CALL(munmap, munmap, true),
		CALL(mremap, mremap, true),
	};

	sink = s;
	page_mask = page_bytes - 1;
	*count_out = LK_COUNT_OF(calls);
	return calls;
}
