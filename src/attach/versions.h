/* versions.h - the version of the GNU C library that an object needs, and that a process has.
 * Room: attach.  They are in the names of its symbols' versions: GLIBC_2.34. */
#ifndef LK_ATTACH_VERSIONS_H
#define LK_ATTACH_VERSIONS_H

#include <stddef.h>

struct lk_exports;

/* lk_versions_highest - the greatest N of the names GLIBC_2.N in TEXT, which may be anything.
 * 0: there is none. */
unsigned int lk_versions_highest(const char *text, size_t bytes);

/* lk_versions_needed - by the file at PATH.  0: not known. */
unsigned int lk_versions_needed(const char *path);

/* lk_versions_had - by a C library in the memory of a process.  0: not known. */
unsigned int lk_versions_had(const struct lk_exports *libc);

#endif
