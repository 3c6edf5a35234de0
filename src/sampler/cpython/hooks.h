/* hooks.h - between CPython and its allocators.  Room: sampler/cpython.
 *
 * Two ways to see the free of a sampled small block, chosen by a self-test at install:
 *
 *   slots  OBJ and MEM free is not hooked at all.  A sampled block is asked for with 513
 *          bytes, so that pymalloc forwards it to RAW, where it is served from a slot
 *          (core/slots.h).  Its free comes back through RAW in the same way.  Only blocks
 *          of at most 512 bytes are counted in OBJ and MEM: RAW counts the others.
 *   hash   where the test fails (PYTHONMALLOC=malloc, tracemalloc already on, no room for
 *          the slots, no GIL): all four functions are hooked, blocks stay where they are.
 *
 * Each thread has its own countdowns: interpreters may have a GIL of their own (3.12 on), and a
 * counter in the static TLS block costs what a global one does.
 *
 * The ctx pointers stay those of the original allocators, so every mixture of old and new
 * pointers that a racing reader of the table may load is valid, and an allocation that is
 * not due is a subtraction, a branch and a jump. */
#ifndef LK_SAMPLER_CPYTHON_HOOKS_H
#define LK_SAMPLER_CPYTHON_HOOKS_H

#include <stdbool.h>

struct lk_allocator;
struct lk_sink;
struct lk_symbols;

#define LK_HOOKS_DOMAINS 3	/* RAW, MEM, OBJ: CPython's numbers, and the wire's order */

enum lk_hook_mode { LK_HOOKS_NONE, LK_HOOKS_SLOTS, LK_HOOKS_HASH };

/* Puts lk_hooks_ours(DOMAIN) into CPython's table: lk_switch_install. */
typedef void (*lk_hooks_put_fn)(const struct lk_symbols *symbols, int domain);

/* lk_hooks_install - hook all three domains, once per process.  SINK lives for ever.
 * ALLOW_SLOTS false: hash at once.  Context: with the GIL, outside a hook. */
enum lk_hook_mode lk_hooks_install(const struct lk_symbols *symbols, const struct lk_sink *sink,
    bool allow_slots, lk_hooks_put_fn put);

/* What was put into CPython's table, and what was there.  For ever, after install. */
const struct lk_allocator *lk_hooks_ours(int domain);
const struct lk_allocator *lk_hooks_originals(int domain);

/* lk_hooks_count_objects - whether blocks of OBJ and MEM may be sampled now.  Any thread. */
void lk_hooks_count_objects(bool yes);

#endif
