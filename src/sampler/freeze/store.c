#include "config.h"

#include "sampler/freeze/store.h"

#include <sys/mman.h>
#include <unistd.h>

#define MAPS_MAX	64u	/* a freeze for a stack has 40 at a time */
#define LOOK_PAGES	4096u	/* of one question to the kernel */

static struct {
	char	*base;
	size_t	 bytes;
} maps[MAPS_MAX];

void *
lk_store_map(size_t count, size_t size_bytes)
{
	size_t bytes = count * size_bytes;
	uint32_t i;
	void *p;

	for (i = 0; i < MAPS_MAX && maps[i].base != NULL; i++)
		continue;
	if (i == MAPS_MAX || bytes == 0 || bytes / count != size_bytes)
		return NULL;
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	maps[i].base = p;
	maps[i].bytes = bytes;
	return p;
}

void
lk_store_unmap(void *p, size_t count, size_t size_bytes)
{
	uint32_t i;

	if (p == NULL)
		return;
	for (i = 0; i < MAPS_MAX; i++)
		if (maps[i].base == p)
			maps[i].base = NULL;
	munmap(p, count * size_bytes);
}

static uint64_t
resident_bytes(char *base, size_t bytes, size_t page)
{
	unsigned char pages[LOOK_PAGES];
	size_t at, part, i;
	uint64_t resident = 0;

	for (at = 0; at < bytes; at += part) {
		part = bytes - at < page * LOOK_PAGES ? bytes - at : page * LOOK_PAGES;
		if (mincore(base + at, part, pages) != 0)
			return 0;
		for (i = 0; i < (part + page - 1) / page; i++)
			resident += pages[i] & 1 ? page : 0;
	}
	return resident;
}

uint64_t
lk_store_resident_bytes(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint64_t resident = 0;
	uint32_t i;

	for (i = 0; i < MAPS_MAX; i++)
		if (maps[i].base != NULL)
			resident += resident_bytes(maps[i].base, maps[i].bytes, page);
	return resident;
}
