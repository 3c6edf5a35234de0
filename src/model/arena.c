#include "config.h"

#include "model/arena.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES (32u << 10)

struct chunk {
	struct chunk *next;
	size_t used_bytes, size_bytes;
	max_align_t data[];
};

struct kept {
	struct kept *next;
	void *held;
	void (*release)(void *held);
};

struct lk_arena {
	struct kept *kept;
	struct chunk *chunks; /* the first one is being filled */
	size_t bytes;
};

struct lk_arena *
lk_arena_new(void)
{
	return calloc(1, sizeof(struct lk_arena));
}

void
lk_arena_free(struct lk_arena *arena)
{
	struct chunk *next;

	if (arena == NULL)
		return;
	for (struct kept *k = arena->kept; k != NULL; k = k->next)
		k->release(k->held);
	for (struct chunk *c = arena->chunks; c != NULL; c = next) {
		next = c->next;
		free(c);
	}
	free(arena);
}

static struct chunk *
grow(struct lk_arena *arena, size_t need_bytes)
{
	size_t size = need_bytes > CHUNK_BYTES ? need_bytes : CHUNK_BYTES;
	struct chunk *c = calloc(1, sizeof(*c) + size);

	if (c == NULL)
		return NULL;
	c->size_bytes = size;
	arena->bytes += sizeof(*c) + size;
	/* A large block of its own goes behind the chunk that still has room. */
	if (need_bytes > CHUNK_BYTES / 4 && arena->chunks != NULL) {
		c->next = arena->chunks->next;
		arena->chunks->next = c;
	} else {
		c->next = arena->chunks;
		arena->chunks = c;
	}
	return c;
}

void *
lk_arena_get(struct lk_arena *arena, size_t count, size_t size_bytes)
{
	const size_t align = _Alignof(max_align_t);
	struct chunk *c = arena->chunks;
	size_t need;
	void *p;

	if (size_bytes != 0 && count > (SIZE_MAX / 2) / size_bytes)
		return NULL;
	need = (count * size_bytes + align - 1) / align * align;
	if (need == 0)
		need = align;
	if (c == NULL || c->size_bytes - c->used_bytes < need)
		c = grow(arena, need);
	if (c == NULL)
		return NULL;
	p = (char *)c->data + c->used_bytes;
	c->used_bytes += need;
	return p;
}

char *
lk_arena_text(struct lk_arena *arena, const char *text, size_t length)
{
	char *copy = length < SIZE_MAX ? lk_arena_get(arena, length + 1, 1) : NULL;

	if (copy != NULL)
		memcpy(copy, text, length);
	return copy;
}

int
lk_arena_keep(struct lk_arena *arena, void *held, void (*release)(void *held))
{
	struct kept *k = lk_arena_get(arena, 1, sizeof(*k));

	if (k == NULL)
		return -ENOMEM;
	*k = (struct kept){.next = arena->kept, .held = held, .release = release};
	arena->kept = k;
	return 0;
}

size_t
lk_arena_bytes(const struct lk_arena *arena)
{
	return arena->bytes;
}
