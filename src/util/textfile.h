/* textfile.h - a small text file that an operator writes: themes, the config.  Room: util. */
#ifndef LK_UTIL_TEXTFILE_H
#define LK_UTIL_TEXTFILE_H

#include <stddef.h>

/* lk_textfile_read - the whole of PATH, NUL-terminated, for free().  A regular file only; what
 * others may write does not decide what root sees.
 * Returns: 0; -EPERM for what is no regular file, and as root for a file that its group or others
 * may write; -EFBIG above MAX_BYTES; or what open or read said.  *out untouched then. */
int lk_textfile_read(const char *path, size_t max_bytes, char **out);

#endif
