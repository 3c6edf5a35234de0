#include "config.h"

#include "sampler/core/pages.h"

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define CACHE_LINE 64u
#define MAPPINGS_MAX 32u	/* a dozen, and a buffer for each client */

/* Any of our threads adds, the server reads; a mapping stays for ever. */
static struct {
	const char		*base;
	_Atomic size_t		 bytes;		/* written last */
} mappings[MAPPINGS_MAX];
static _Atomic uint32_t mapping_count;

static void
note(const char *base, size_t bytes)
{
	uint32_t i = atomic_fetch_add(&mapping_count, 1);

	if (i >= MAPPINGS_MAX)
		return;
	mappings[i].base = base;
	atomic_store(&mappings[i].bytes, bytes);
}

static void *
map(size_t bytes, int how)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, how | MAP_ANONYMOUS | MAP_NORESERVE,
	    -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	/* little of it is ever touched, here and there: each touch would take 2 MB of the host's */
	madvise(p, bytes, MADV_NOHUGEPAGE);
	note(p, bytes);
	return p;
}

void *
lk_pages_map(size_t bytes)
{
	return map(bytes, MAP_PRIVATE);
}

void *
lk_pages_share(size_t bytes)
{
	return map(bytes, MAP_SHARED);
}

bool
lk_pages_mapping(uint32_t i, const char **base, size_t *bytes)
{
	if (i >= MAPPINGS_MAX || atomic_load(&mappings[i].bytes) == 0)
		return false;
	*base = mappings[i].base;
	*bytes = atomic_load(&mappings[i].bytes);
	return true;
}

void
lk_pages_init(struct lk_pages *pages, void *base, size_t bytes)
{
	pages->base = base;
	pages->used_bytes = 0;
	pages->capacity_bytes = bytes;
}

bool
lk_pages_drop(void *base, size_t bytes)
{
	return madvise(base, bytes, MADV_DONTNEED) == 0;
}

void
lk_pages_clear(struct lk_pages *pages)
{
	if (!lk_pages_drop(pages->base, pages->capacity_bytes))
		memset(pages->base, 0, pages->used_bytes);
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
