/* switch.h - taking the hooks out of CPython's allocator table and putting them in again.
 * Room: sampler/cpython.
 *
 * PyMem_SetAllocator needs the GIL, and copies a record that other threads read meanwhile.  The ctx
 * of a hooked domain is that of the original, and so every mixture of our functions and the
 * originals is valid: each pointer can be exchanged by itself, at any time, by any thread.  The
 * table is not exported.  It is found once, at install: a record with the functions that the domain
 * is known to have, in the interpreter's own data, whose exchange PyMem_GetAllocator confirms.
 *
 * Each exchange is a compare-and-swap: where somebody put a function of his own in our place, as
 * tracemalloc does, nothing is touched.  What he saved and calls is what was there before, so a
 * hook that was in then still runs: it counts as installed until it was taken out. */
#ifndef LK_SAMPLER_CPYTHON_SWITCH_H
#define LK_SAMPLER_CPYTHON_SWITCH_H

#include <stdbool.h>

struct lk_symbols;

/* Which hooks; a set of them is the sum. */
enum lk_switch_part {
	LK_SWITCH_OBJECTS = 1,	/* OBJ and MEM: what makes blocks */
	LK_SWITCH_RAW = 2,	/* RAW: what makes blocks */
	LK_SWITCH_ENDS = 4,	/* what frees or moves sampled blocks */
	LK_SWITCH_ALL = 7,
};

/* lk_switch_look - where the writable memory of the interpreter's own object is.
 * Context: before the GIL is taken: takes the loader's lock. */
void lk_switch_look(const struct lk_symbols *symbols);

/* lk_switch_install - put all hooks of DOMAIN (lk_hooks_ours) in, for the first time: pointer by
 * pointer where its record is found, so that no other thread can load a half-written one, as
 * PyMem_SetAllocator's copy may allow (RAW always; without a GIL, all of them).  Through
 * PyMem_SetAllocator where it is not found.  Context: with the GIL. */
void lk_switch_install(const struct lk_symbols *symbols, int domain);

/* lk_switch_find - the table, after lk_hooks_install.  All parts are in.
 * Context: with the GIL.  Returns: false when it was not found for certain: lk_switch_set then
 * changes nothing. */
bool lk_switch_find(const struct lk_symbols *symbols);
bool lk_switch_is_found(void);

/* lk_switch_set - of PARTS, put in those of IN and take out the others.  Any thread, one at a
 * time.  Returns: false when something of somebody else's was in the way: try again later. */
bool lk_switch_set(unsigned int parts, unsigned int in);

/* lk_switch_has - are all hooks of PARTS in, be it beneath somebody else's? */
bool lk_switch_has(unsigned int parts);

/* lk_switch_count - hooks that are installed; 0 before lk_switch_find. */
unsigned int lk_switch_count(void);

#endif
