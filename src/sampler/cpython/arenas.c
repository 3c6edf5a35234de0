#include "config.h"

#include "sampler/cpython/arenas.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* PyObjectArenaAllocator: the ABI of PyObject_GetArenaAllocator, unchanged since 3.4. */
struct arena_allocator {
	void	*ctx;
	void	*(*alloc)(void *ctx, size_t size);
	void	 (*free)(void *ctx, void *p, size_t size);
};

static struct arena_allocator next;
static _Atomic uint64_t held_bytes;
static bool installed;

static void *
counted_alloc(void *ctx, size_t size)
{
	void *p = next.alloc(ctx, size);

	if (p != NULL)
		atomic_fetch_add_explicit(&held_bytes, size, memory_order_relaxed);
	return p;
}

static void
counted_free(void *ctx, void *p, size_t size)
{
	atomic_fetch_sub_explicit(&held_bytes, size, memory_order_relaxed);
	next.free(ctx, p, size);
}

void
lk_arenas_install(void)
{
	void (*get)(struct arena_allocator *), (*set)(struct arena_allocator *);
	struct arena_allocator hooks;
	void *get_symbol = dlsym(RTLD_DEFAULT, "PyObject_GetArenaAllocator");
	void *set_symbol = dlsym(RTLD_DEFAULT, "PyObject_SetArenaAllocator");

	if (get_symbol == NULL || set_symbol == NULL)
		return;
	memcpy(&get, &get_symbol, sizeof(get));
	memcpy(&set, &set_symbol, sizeof(set));
	get(&next);
	hooks = (struct arena_allocator){next.ctx, counted_alloc, counted_free};
	set(&hooks);
	installed = true;
}

uint64_t
lk_arenas_bytes(void)
{
	return installed ? atomic_load(&held_bytes) : LK_ARENAS_UNKNOWN;
}
