/* library.h - where the sampler's library is.  Room: cli. */
#ifndef LK_CLI_LIBRARY_H
#define LK_CLI_LIBRARY_H

#include <stddef.h>

#define LK_LIBRARY_PATH_BYTES (4096 + 64)

/* lk_library_find - its path into OUT: LEAKTOP_SAMPLER, else beside this program, else where it
 * was to be installed.  Returns: LK_EXIT_DONE; else an exit status, said on stderr. */
int lk_library_find(char *out, size_t out_bytes);

/* lk_library_look - the same in silence.  Returns: 0, or negative errno: OUT cannot be read. */
int lk_library_look(char *out, size_t out_bytes);

#endif
