/* literals.h - values as Python writes them: 'text', b'bytes', 12, 1.5, True, None, and tuples of
 * such.  Anything else is "<its type>": what a class of the program's own is, or how it wants to be
 * written, takes its code to say.
 * Room: sampler/freeze.  Reads memory only. */
#ifndef LK_SAMPLER_FREEZE_LITERALS_H
#define LK_SAMPLER_FREEZE_LITERALS_H

#include <stddef.h>

struct lk_kinds;

#define LK_LITERALS_CHARACTERS	64u	/* what is longer is cut there, with "..." behind */

/* lk_literals_write - OBJECT, into OUT, terminated.  Quotes, what is not to be seen and what turns
 * the direction of text are escaped.  A number has 15 digits, if it is no int; of an int of more
 * than 64 the bits are told. */
void lk_literals_write(const struct lk_kinds *k, const void *object, char *out, size_t out_bytes);

#endif
