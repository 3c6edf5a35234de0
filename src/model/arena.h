/* arena.h - memory that is released all at once.  Room: model.
 * Not for the sampler: it uses malloc. */
#ifndef LK_MODEL_ARENA_H
#define LK_MODEL_ARENA_H

#include <stddef.h>

struct lk_arena;

/* new/free - NULL without memory; free(NULL) is fine. */
struct lk_arena *lk_arena_new(void);
void lk_arena_free(struct lk_arena *arena);

/* lk_arena_get - zeroed, aligned for any type; lives until the arena is freed.
 * Returns: NULL without memory or when count * size overflows. */
void *lk_arena_get(struct lk_arena *arena, size_t count, size_t size_bytes);

/* lk_arena_text - a copy of the first LENGTH bytes of TEXT and a NUL; NULL without memory. */
char *lk_arena_text(struct lk_arena *arena, const char *text, size_t length);

/* lk_arena_keep - HELD lives as long as the arena: RELEASE(HELD) is called once when it is
 * freed.  So many arenas can share what one of them is too small a home for.
 * Returns: 0, or -ENOMEM (not kept, RELEASE will not be called). */
int lk_arena_keep(struct lk_arena *arena, void *held, void (*release)(void *held));

/* lk_arena_bytes - what it took from malloc so far. */
size_t lk_arena_bytes(const struct lk_arena *arena);

#endif
