/* names.h - the text of a Python str, read from its memory.  Room: sampler/cpython.
 * Context: also inside a hook; the object is alive.  PyUnicode_AsUTF8 would allocate. */
#ifndef LK_SAMPLER_CPYTHON_NAMES_H
#define LK_SAMPLER_CPYTHON_NAMES_H

#include <stddef.h>

struct lk_layout;

/* lk_names_copy - UTF-8 of STR, cut at a whole character to fit; "?" for what is no str or
 * has no data of its own.  Returns: bytes written, no NUL. */
size_t lk_names_copy(const struct lk_layout *layout, const void *str, char *out, size_t max);

#endif
