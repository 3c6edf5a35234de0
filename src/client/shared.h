/* shared.h - an arena that several snapshots hold together: names, rows of baselines,
 * trends, containers change rarely, a snapshot is built every tick.
 * Room: client.  One thread. */
#ifndef LK_CLIENT_SHARED_H
#define LK_CLIENT_SHARED_H

struct lk_arena;

struct lk_shared {
	struct lk_arena *arena;
	unsigned int references;
};

/* lk_shared_new - with one reference; NULL without memory. */
struct lk_shared *lk_shared_new(void);

/* lk_shared_put - drops one; NULL is fine. */
void lk_shared_put(struct lk_shared *shared);

/* lk_shared_keep - ARENA holds a reference until it is freed; SHARED may be NULL.
 * Returns: 0 or -ENOMEM. */
int lk_shared_keep(struct lk_shared *shared, struct lk_arena *arena);

#endif
