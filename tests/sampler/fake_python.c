#include "config.h"

#include "fake_python.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "sampler/core/pages.h"
#include "sampler/cpython/symbols.h"
#include "sampler/cpython/walk.h"

#define ARENA_BYTES	(64u << 20)

static _Thread_local uint64_t keys_now[FAKE_DEPTH_MAX];
static _Thread_local uint32_t depth_now;
void (*fake_python_resolving)(void);

static pthread_mutex_t gil = PTHREAD_MUTEX_INITIALIZER;
static struct lk_allocator allocators[FAKE_DOMAINS];
static char *arena;
static size_t arena_used;
static void *arena_free;	/* linked through the blocks */

/* ---- frames ---------------------------------------------------------------------- */

void
fake_python_at(const uint64_t *keys, uint32_t count)
{
	memcpy(keys_now, keys, count * sizeof(*keys));
	depth_now = count;
}

const void *
fake_python_thread_state(void)
{
	return keys_now;
}

uint64_t
lk_walk_hash(const void *tstate)
{
	const uint64_t *keys = tstate;
	uint64_t hash = depth_now;
	uint32_t i;

	for (i = 0; i < depth_now; i++)
		hash = (hash ^ keys[i]) * 0x9e3779b97f4a7c15ULL;
	return hash | 1;
}

uint32_t
lk_walk_frames(const void *tstate, struct lk_raw_frame *out, uint32_t max, bool *truncated)
{
	const uint64_t *keys = tstate;
	uint32_t i;

	*truncated = depth_now > max;
	for (i = 0; i < depth_now && i < max; i++)
		out[i] = (struct lk_raw_frame){.key = keys[i]};
	return i;
}

/* Its heap cannot be frozen. */
void
lk_walk_locals(const void *tstate, void (*call)(void *ctx, const struct lk_local *local), void *ctx)
{
	(void)tstate, (void)call, (void)ctx;
}

bool
lk_walk_is_sound(const void *tstate, lk_walk_readable_fn readable, void *ctx)
{
	(void)tstate, (void)readable, (void)ctx;
	return true;
}

/* Only under the sampler's lock. */
void
lk_walk_resolve(const struct lk_raw_frame *raw, struct lk_frame_words *out)
{
	static char function[32];

	if (fake_python_resolving != NULL)
		fake_python_resolving();
	snprintf(function, sizeof(function), "f%llu", (unsigned long long)(raw->key >> 24));
	*out = (struct lk_frame_words){.function = function, .function_length = strlen(function),
	    .file = "fake.py", .file_length = 7, .line = (uint32_t)(raw->key & 0xffffff)};
}

/* ---- allocators: RAW is malloc, the others serve 512 bytes from an arena ------------- */

static void *
raw_malloc(void *ctx, size_t n)
{
	(void)ctx;
	return malloc(n);
}

static void *
raw_calloc(void *ctx, size_t count, size_t n)
{
	(void)ctx;
	return calloc(count, n);
}

static void *
raw_realloc(void *ctx, void *p, size_t n)
{
	(void)ctx;
	return realloc(p, n);
}

static void
raw_free(void *ctx, void *p)
{
	(void)ctx;
	free(p);
}

static bool
is_ours(const void *p)
{
	return (uintptr_t)p - (uintptr_t)arena < ARENA_BYTES;
}

static void *
small_malloc(void *ctx, size_t n)
{
	const struct lk_allocator *raw = &allocators[FAKE_RAW];
	void *p = arena_free;

	(void)ctx;
	if (n > FAKE_SMALL_BYTES)
		return raw->malloc(raw->ctx, n);
	if (p != NULL) {
		memcpy(&arena_free, p, sizeof(arena_free));
		return p;
	}
	if (arena_used == ARENA_BYTES)
		return NULL;
	arena_used += FAKE_SMALL_BYTES;
	return arena + arena_used - FAKE_SMALL_BYTES;
}

static void *
small_calloc(void *ctx, size_t count, size_t n)
{
	const struct lk_allocator *raw = &allocators[FAKE_RAW];
	void *p;

	if (count * n > FAKE_SMALL_BYTES)
		return raw->calloc(raw->ctx, count, n);
	p = small_malloc(ctx, n);
	return p == NULL ? NULL : memset(p, 0, count * n);
}

static void
small_free(void *ctx, void *p)
{
	const struct lk_allocator *raw = &allocators[FAKE_RAW];

	(void)ctx;
	if (p == NULL)
		return;
	if (!is_ours(p)) {
		raw->free(raw->ctx, p);
		return;
	}
	memcpy(p, &arena_free, sizeof(arena_free));
	arena_free = p;
}

static void *
small_realloc(void *ctx, void *p, size_t n)
{
	const struct lk_allocator *raw = &allocators[FAKE_RAW];
	void *q;

	if (p != NULL && !is_ours(p))
		return raw->realloc(raw->ctx, p, n);
	if (p != NULL && n <= FAKE_SMALL_BYTES)
		return p;
	q = small_malloc(ctx, n);
	if (q != NULL && p != NULL) {
		memcpy(q, p, n < FAKE_SMALL_BYTES ? n : FAKE_SMALL_BYTES);
		small_free(ctx, p);
	}
	return q;
}

static void
get_allocator(int domain, struct lk_allocator *out)
{
	*out = allocators[domain];
}

static void
set_allocator(int domain, struct lk_allocator *allocator)
{
	allocators[domain] = *allocator;
}

void
fake_python_start(struct lk_symbols *out)
{
	static const struct lk_allocator raw = {NULL, raw_malloc, raw_calloc, raw_realloc,
	    raw_free};
	static const struct lk_allocator small = {NULL, small_malloc, small_calloc, small_realloc,
	    small_free};

	arena = lk_pages_map(ARENA_BYTES);
	ck_assert_ptr_nonnull(arena);
	allocators[FAKE_RAW] = raw;
	allocators[FAKE_MEM] = allocators[FAKE_OBJ] = small;
	memset(out, 0, sizeof(*out));
	out->get_allocator = get_allocator;
	out->set_allocator = set_allocator;
}

/* ---- calls ----------------------------------------------------------------------- */

static const struct lk_allocator *
enter(enum fake_domain domain)
{
	if (domain != FAKE_RAW)
		pthread_mutex_lock(&gil);
	return &allocators[domain];
}

static void *
leave(enum fake_domain domain, void *p)
{
	if (domain != FAKE_RAW)
		pthread_mutex_unlock(&gil);
	return p;
}

void *
fake_python_malloc(enum fake_domain domain, size_t n)
{
	const struct lk_allocator *a = enter(domain);

	return leave(domain, a->malloc(a->ctx, n));
}

void *
fake_python_calloc(enum fake_domain domain, size_t n)
{
	const struct lk_allocator *a = enter(domain);

	return leave(domain, a->calloc(a->ctx, 1, n));
}

void *
fake_python_realloc(enum fake_domain domain, void *p, size_t n)
{
	const struct lk_allocator *a = enter(domain);

	return leave(domain, a->realloc(a->ctx, p, n));
}

void
fake_python_free(enum fake_domain domain, void *p)
{
	const struct lk_allocator *a = enter(domain);

	a->free(a->ctx, p);
	leave(domain, NULL);
}
