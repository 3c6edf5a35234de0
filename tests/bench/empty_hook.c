/* empty_hook.c - the least that a hook can be: it passes a call on and does nothing else.  What
 * costs less than this costs less than an empty hook.
 *     cc -O2 -shared -fPIC -o empty_hook.so empty_hook.c; LD_PRELOAD=./empty_hook.so python3 ...
 * puts hooks on malloc and free of all domains in before main; empty_hook_put does so later.
 * Built without CPython's headers; its allocator record is part of its stable documentation. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>

enum { RAW, MEM, OBJ, DOMAINS };
enum { NONE, MALLOC_AND_FREE, LEAKTOPS, COUNTING };

struct allocator {
	void	*ctx;
	void	*(*malloc)(void *ctx, size_t n);
	void	*(*calloc)(void *ctx, size_t count, size_t n);
	void	*(*realloc)(void *ctx, void *p, size_t n);
	void	 (*free)(void *ctx, void *p);
};

typedef void access_fn(int domain, struct allocator *allocator);

static struct allocator next[DOMAINS];
static access_fn *get, *set;
static int what;
static unsigned long calls;

#define PASS_ON(name, domain, count_it)                                                        \
	static void *name##_malloc(void *ctx, size_t n)                                        \
	{                                                                                      \
		count_it;                                                                      \
		return next[domain].malloc(ctx, n);                                            \
	}                                                                                      \
	static void *name##_calloc(void *ctx, size_t count, size_t n)                          \
	{                                                                                      \
		count_it;                                                                      \
		return next[domain].calloc(ctx, count, n);                                     \
	}                                                                                      \
	static void *name##_realloc(void *ctx, void *p, size_t n)                              \
	{                                                                                      \
		count_it;                                                                      \
		return next[domain].realloc(ctx, p, n);                                        \
	}                                                                                      \
	static void name##_free(void *ctx, void *p)                                            \
	{                                                                                      \
		next[domain].free(ctx, p);                                                     \
	}                                                                                      \
	static const struct allocator name = {                                                 \
	    NULL, name##_malloc, name##_calloc, name##_realloc, name##_free};

PASS_ON(raw, RAW, (void)0)
PASS_ON(mem, MEM, (void)0)
PASS_ON(obj, OBJ, (void)0)
PASS_ON(counted_mem, MEM, calls++)
PASS_ON(counted_obj, OBJ, calls++)

static const struct allocator *const passing[] = {&raw, &mem, &obj};
static const struct allocator *const counting[] = {&raw, &counted_mem, &counted_obj};

static void
put(int domain, int which)
{
	const struct allocator *from = (which == COUNTING ? counting : passing)[domain];
	struct allocator hooks;

	get(domain, &next[domain]);
	hooks = next[domain];
	if (which == MALLOC_AND_FREE || domain != RAW)
		hooks.malloc = from->malloc;
	if (which == MALLOC_AND_FREE)
		hooks.free = from->free;
	if (which != MALLOC_AND_FREE && domain != RAW) {
		hooks.calloc = from->calloc;
		hooks.realloc = from->realloc;
	}
	set(domain, &hooks);
}

/* WHICH in place of what was put in last: on malloc and free of all domains, or on what makes
 * blocks in MEM and OBJ, as leaktop's; with the GIL.
 * Returns: calls counted since the last time. */
unsigned long
empty_hook_put(int which)
{
	unsigned long counted = calls;

	get = (access_fn *)dlsym(RTLD_DEFAULT, "PyMem_GetAllocator");
	set = (access_fn *)dlsym(RTLD_DEFAULT, "PyMem_SetAllocator");
	if (get == NULL || set == NULL)
		return 0;		/* not Python */
	for (int domain = 0; what != NONE && domain < DOMAINS; domain++)
		set(domain, &next[domain]);
	for (int domain = 0; which != NONE && domain < DOMAINS; domain++)
		put(domain, which);
	what = which;
	calls = 0;
	return counted;
}

/* Before main: CPython keeps what it finds unless PYTHONMALLOC is set. */
__attribute__((constructor)) static void
install(void)
{
	int (*is_initialized)(void) = (int (*)(void))dlsym(RTLD_DEFAULT, "Py_IsInitialized");

	if (is_initialized == NULL || !is_initialized())
		empty_hook_put(MALLOC_AND_FREE);
}
