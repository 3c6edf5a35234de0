/* staging.h - a copy of the library where the process sees it, when its root is another than ours.
 * Room: attach.  Paths are followed within that root; nothing there can lead out of it. */
#ifndef LK_ATTACH_STAGING_H
#define LK_ATTACH_STAGING_H

#include <stddef.h>
#include <sys/types.h>

/* lk_staging_folder - where in the root of PID a library can be put and loaded from; touches
 * nothing.  Returns: static text, or NULL: all are read-only or noexec, or are not there. */
const char *lk_staging_folder(pid_t pid);

/* lk_staging_put - copy LIBRARY into FOLDER there; its path as seen by PID into OUT.
 * Returns: 0 or negative errno: nothing is left. */
int lk_staging_put(pid_t pid, const char *folder, const char *library, char *out,
    size_t out_bytes);

/* lk_staging_remove - the name, once it is loaded; "" is fine. */
void lk_staging_remove(pid_t pid, const char *path);

#endif
