/* locals.h - the local variables of the functions that run, in all threads of the frozen process.
 * Room: sampler/freeze.  Reads memory only. */
#ifndef LK_SAMPLER_FREEZE_LOCALS_H
#define LK_SAMPLER_FREEZE_LOCALS_H

#include <stdint.h>

struct lk_layout;
struct lk_print;
struct lk_symbols;

#define LK_LOCALS_MAX	4096u	/* different ones; what is beyond is left out */

/* lk_locals_each - CALL for each of the main interpreter's threads' variables that has a value: its
 * number, that of all with its name on that line of that function, and the value; of a variable
 * that closures share, its cell. */
void lk_locals_each(const struct lk_symbols *py, void (*call)(uint32_t number, const void *value));

/* lk_locals_print - "(local in work, cart.py:52) name". */
void lk_locals_print(struct lk_print *p, const struct lk_layout *l, uint32_t number);

#endif
