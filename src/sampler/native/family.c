#include "config.h"

#include "sampler/native/family.h"

#include <errno.h>
#include <stdbool.h>

#include "base/attr.h"
#include "sampler/core/countdown.h"
#include "sampler/core/due.h"
#include "sampler/core/live.h"
#include "sampler/core/sink.h"
#include "sampler/core/thread.h"

static const struct lk_sink *sink;
static const _Atomic uint8_t *filter;

/* The functions that the process had without us. */
static struct {
	void	*(*malloc)(size_t);
	void	*(*calloc)(size_t, size_t);
	void	*(*realloc)(void *, size_t);
	void	*(*reallocarray)(void *, size_t, size_t);
	void	 (*free)(void *);
	int	 (*posix_memalign)(void **, size_t, size_t);
	void	*(*aligned_alloc)(size_t, size_t);
	void	*(*memalign)(size_t, size_t);
	void	*(*valloc)(size_t);
} real;

/* ---- allocation --------------------------------------------------------------- */

/* More than any object has is refused by the allocator: count nothing. */
static inline size_t
possible(size_t n)
{
	return n > PTRDIFF_MAX ? 0 : n;
}

LK_COLD static void
sample(void *p, size_t n)
{
	int saved_errno = errno;
	double interval;

	if (lk_due_decide(sink, possible(n), &interval) && p != NULL)
		sink->sampled(LK_DOMAIN_NATIVE, p, n, interval);
	errno = saved_errno;
}

static inline void *
count(void *p, size_t n)
{
	if (lk_countdown_spend(&lk_thread.left_bytes, possible(n)))
		sample(p, n);
	return p;
}

static size_t
product(size_t items, size_t size)
{
	size_t n;

	return __builtin_mul_overflow(items, size, &n) ? 0 : possible(n);
}

LK_COLD static void *
due_malloc(size_t n)
{
	void *p = real.malloc(n);

	sample(p, n);
	return p;
}

LK_HOT static void *
hook_malloc(size_t n)
{
	if (lk_countdown_spend(&lk_thread.left_bytes, possible(n)))
		return due_malloc(n);
	return real.malloc(n);
}

LK_COLD static void *
due_calloc(size_t items, size_t size)
{
	void *p = real.calloc(items, size);

	sample(p, product(items, size));
	return p;
}

LK_HOT static void *
hook_calloc(size_t items, size_t size)
{
	if (lk_countdown_spend(&lk_thread.left_bytes, product(items, size)))
		return due_calloc(items, size);
	return real.calloc(items, size);
}

static int
hook_posix_memalign(void **out, size_t alignment, size_t n)
{
	int rc = real.posix_memalign(out, alignment, n);

	if (rc == 0)
		count(*out, n);
	return rc;
}

static void *
hook_aligned_alloc(size_t alignment, size_t n)
{
	return count(real.aligned_alloc(alignment, n), n);
}

static void *
hook_memalign(size_t alignment, size_t n)
{
	return count(real.memalign(alignment, n), n);
}

static void *
hook_valloc(size_t n)
{
	return count(real.valloc(n), n);
}

/* ---- free and realloc ------------------------------------------------------------ */

static uint32_t
claim(const void *p)
{
	return p == NULL || !lk_live_maybe(filter, p) ? LK_LIVE_NONE :
	    lk_live_claim(sink->live, p);
}

LK_COLD static void
forget_and_free(void *p)
{
	uint32_t sampled = claim(p);

	if (sampled != LK_LIVE_NONE)
		sink->ended(sampled);
	real.free(p);
}

LK_HOT static void
hook_free(void *p)
{
	if (lk_unlikely(lk_live_maybe(filter, p))) {
		forget_and_free(p);	/* in tail position: no frame here */
		return;
	}
	real.free(p);
}

/* The old block's sample, when the call returned Q for N bytes.  Zero bytes: it is freed. */
LK_COLD static void
settle(uint32_t sampled, const void *q, size_t n)
{
	int saved_errno = errno;

	if (q == NULL && n != 0)
		sink->stays(sampled);
	else
		sink->ended(sampled);
	errno = saved_errno;
}

static void *
hook_realloc(void *p, size_t n)
{
	uint32_t sampled = claim(p);
	void *q = real.realloc(p, n);

	if (lk_unlikely(sampled != LK_LIVE_NONE))
		settle(sampled, q, n);
	return q == NULL ? q : count(q, n);
}

static void *
hook_reallocarray(void *p, size_t items, size_t size)
{
	uint32_t sampled = claim(p);
	void *q = real.reallocarray(p, items, size);

	if (lk_unlikely(sampled != LK_LIVE_NONE))
		settle(sampled, q, items == 0 ? 0 : size);
	return q == NULL ? q : count(q, product(items, size));
}

/* ---- the list ------------------------------------------------------------------------ */

#define CALL(name, ends, decides) \
	{#name, (void (*)(void))hook_##name, &real.name, ends, decides}

const struct lk_family_call *
lk_family_init(const struct lk_sink *s, size_t *count_out)
{
	static const struct lk_family_call calls[] = {
		CALL(malloc, false, true),
		CALL(calloc, false, false),
		CALL(realloc, true, false),
		CALL(reallocarray, true, false),
		CALL(free, true, true),
		CALL(posix_memalign, false, false),
		CALL(aligned_alloc, false, false),
		CALL(memalign, false, false),
		CALL(valloc, false, false),
	};

	sink = s;
	filter = s->live->filter;
	*count_out = LK_COUNT_OF(calls);
	return calls;
}
