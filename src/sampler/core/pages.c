#include "config.h"

#include "sampler/core/pages.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define CACHE_LINE 64u

void *
lk_pages_map(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

void
lk_pages_init(struct lk_pages *pages, void *base, size_t bytes)
{
	pages->base = base;
	pages->used_bytes = 0;
	pages->capacity_bytes = bytes;
}

void
lk_pages_clear(struct lk_pages *pages)
{
	if (madvise(pages->base, pages->capacity_bytes, MADV_DONTNEED) != 0)
		memset(pages->base, 0, pages->used_bytes);	/* the host locked its memory */
	pages->used_bytes = 0;
}

void *
lk_pages_take(struct lk_pages *pages, size_t count, size_t size_bytes)
{
	size_t bytes = count * size_bytes;
	char *p = pages->base + pages->used_bytes;

	if (bytes > SIZE_MAX - CACHE_LINE)
		return NULL;
	bytes = (bytes + CACHE_LINE - 1) & ~(size_t)(CACHE_LINE - 1);
	if (bytes > pages->capacity_bytes - pages->used_bytes)
		return NULL;
	pages->used_bytes += bytes;
	return p;
}
