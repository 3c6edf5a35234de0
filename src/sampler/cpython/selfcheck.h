/* selfcheck.h - is the layout this interpreter's?  Room: sampler/cpython.
 * Once, with the GIL, before anything is hooked: a few lines of Python of our own are run, which
 * call back with objects that we know; these, the collector's lists and the frames of that
 * moment must read as what they are.  What was made for it is gone afterwards,
 * but for a str of nine characters. */
#ifndef LK_SAMPLER_CPYTHON_SELFCHECK_H
#define LK_SAMPLER_CPYTHON_SELFCHECK_H

#include <stdbool.h>

struct lk_layout;
struct lk_symbols;

/* lk_selfcheck_run_callspy - Context: with the GIL, in a thread of ours that runs no Python; it
 * leaves the walker initialised.  Returns: NULL, else which check failed. */
const char *lk_selfcheck_run_callspy(const struct lk_symbols *symbols,
    const struct lk_layout *layout);

/* lk_selfcheck_jit_callspy - whether this interpreter compiles as it runs (3.14 on): then the
 * line of the innermost frame may be that of a statement nearby.  Context: with the GIL. */
bool lk_selfcheck_jit_callspy(const struct lk_symbols *symbols);

#endif
