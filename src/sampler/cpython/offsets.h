/* offsets.h - what the interpreter says of its own structs, 3.13 on.  Room: sampler/cpython.
 * _PyRuntime begins with _Py_DebugOffsets: words of 64 bits in an order that each minor has of
 * its own.  Their values hold for this very build: patch level, distribution, debug. */
#ifndef LK_SAMPLER_CPYTHON_OFFSETS_H
#define LK_SAMPLER_CPYTHON_OFFSETS_H

struct lk_layout;

/* lk_offsets_take - *OUT is ROW, with the interpreter's own words in its place where there are
 * any.  RUNTIME: &_PyRuntime.  Returns: NULL, else which check failed. */
const char *lk_offsets_take(const struct lk_layout *row, const void *runtime,
    struct lk_layout *out);

#endif
