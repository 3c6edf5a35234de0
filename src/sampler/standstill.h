/* standstill.h - the host's main thread stands still while ours is in the interpreter for the first
 * time.  Room: sampler (top).
 *
 * Whoever has the GIL may lose it between two bytecodes, and some of what we do at the start is
 * bytecode (imports, the self-check).  If the main thread then came to the end of a short program,
 * it took the interpreter down, and ours woke up in what was left of it: a crash or a hang of one
 * start in a thousand.  Later our exit callback waits for us; at the start there is none yet.  So
 * the main thread is asked, by a pending call, to wait for us without the GIL: while it waits it
 * ends nothing.
 *
 * It waits for half a second at most, where our few milliseconds may take as long on a machine
 * that is overloaded; and is waited for, for a second: one that is busy outside of the interpreter
 * for so long is at no end.  When it comes while it has the lock of the import system, which we
 * need, it goes on and is asked again: it has that for moments only.
 *
 * 3.8 takes a pending call badly once it is at its end (it sets an error for whoever has the GIL);
 * that is looked at right before, which leaves a gap of nanoseconds. */
#ifndef LK_SAMPLER_STANDSTILL_H
#define LK_SAMPLER_STANDSTILL_H

#include <stdatomic.h>
#include <stdbool.h>

struct lk_layout;
struct lk_symbols;

/* lk_standstill_begin - wait until the main thread stands still, or for a second; LATE: a tenth of
 * that, as the main thread of a program that has run for long is likely to wait for something, and
 * when it comes back it still finds that it was asked.  Our thread, without the GIL.
 * Returns: false: the interpreter ends, or *stop became true: nothing is to be done. */
bool lk_standstill_begin(const struct lk_symbols *symbols, const struct lk_layout *layout,
    const atomic_bool *stop, bool late);

/* lk_standstill_is_late - the interpreter is at its end: it is not to be entered any more. */
bool lk_standstill_is_late(const struct lk_symbols *symbols, const struct lk_layout *layout);

/* lk_standstill_end - the main thread goes on. */
void lk_standstill_end(void);

#endif
