#include "config.h"

#include "client/shared.h"

#include <stdlib.h>

#include "model/arena.h"

struct lk_shared *
lk_shared_new(void)
{
	struct lk_shared *shared = calloc(1, sizeof(*shared));

	if (shared == NULL)
		return NULL;
	shared->references = 1;
	shared->arena = lk_arena_new();
	if (shared->arena == NULL) {
		free(shared);
		return NULL;
	}
	return shared;
}

void
lk_shared_put(struct lk_shared *shared)
{
	if (shared == NULL || --shared->references > 0)
		return;
	lk_arena_free(shared->arena);
	free(shared);
}

static void
release(void *held)
{
	lk_shared_put(held);
}

int
lk_shared_keep(struct lk_shared *shared, struct lk_arena *arena)
{
	int rc;

	if (shared == NULL)
		return 0;
	rc = lk_arena_keep(arena, shared, release);
	if (rc == 0)
		shared->references++;
	return rc;
}
