/* empty_hook.c - the least that a hook can be: it passes malloc and free on and does nothing else,
 * in all three domains.  What costs less than this costs less than an empty hook.
 *     cc -O2 -shared -fPIC -o empty_hook.so empty_hook.c; LD_PRELOAD=./empty_hook.so python3 ...
 * Built without CPython's headers; its allocator record is part of its stable documentation. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>

enum { RAW, MEM, OBJ, DOMAINS };

struct allocator {
	void	*ctx;
	void	*(*malloc)(void *ctx, size_t n);
	void	*(*calloc)(void *ctx, size_t count, size_t n);
	void	*(*realloc)(void *ctx, void *p, size_t n);
	void	 (*free)(void *ctx, void *p);
};

typedef void access_fn(int domain, struct allocator *allocator);

static struct allocator next[DOMAINS];

#define PASS_ON(name, domain)                                                                  \
	static void *name##_malloc(void *ctx, size_t n)                                        \
	{                                                                                      \
		return next[domain].malloc(ctx, n);                                            \
	}                                                                                      \
	static void name##_free(void *ctx, void *p)                                            \
	{                                                                                      \
		next[domain].free(ctx, p);                                                     \
	}

PASS_ON(raw, RAW)
PASS_ON(mem, MEM)
PASS_ON(obj, OBJ)

/* Before main: CPython keeps what it finds unless PYTHONMALLOC is set. */
__attribute__((constructor)) static void
install(void)
{
	static void *(*const mallocs[])(void *, size_t) = {raw_malloc, mem_malloc, obj_malloc};
	static void (*const frees[])(void *, void *) = {raw_free, mem_free, obj_free};
	access_fn *get = (access_fn *)dlsym(RTLD_DEFAULT, "PyMem_GetAllocator");
	access_fn *set = (access_fn *)dlsym(RTLD_DEFAULT, "PyMem_SetAllocator");
	struct allocator hooks;

	if (get == NULL || set == NULL)
		return;		/* not Python */
	for (int domain = 0; domain < DOMAINS; domain++) {
		get(domain, &next[domain]);
		hooks = next[domain];
		hooks.malloc = mallocs[domain];
		hooks.free = frees[domain];
		set(domain, &hooks);
	}
}
