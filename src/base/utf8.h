/* utf8.h - is this text?  Room: base.  Pure. */
#ifndef LK_BASE_UTF8_H
#define LK_BASE_UTF8_H

#include <stddef.h>

/* lk_utf8_length - of the UTF-8 sequence at S, of which LEFT (> 0) bytes may be read.
 * Returns: 1 to 4; 0 when it is none: overlong, a surrogate, beyond U+10FFFF, cut. */
size_t lk_utf8_length(const char *s, size_t left);

#endif
