/* root.h - files by the names that another process has for them: its root may be another than ours.
 * Room: util.  Such names are not trusted: within that root nothing leads out of it, neither ".."
 * nor a symbolic link, and to open one does nothing and waits for nobody. */
#ifndef LK_UTIL_ROOT_H
#define LK_UTIL_ROOT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/* lk_root_open - PATH in the root of PID, with the FLAGS and MODE of open().
 * Returns: a descriptor or negative errno; -ENOSYS before Linux 5.6. */
int lk_root_open(pid_t pid, const char *path, uint64_t flags, uint64_t mode);

/* lk_root_open_regular - PATH as PID sees it, for reading: a regular file or nothing.  A relative
 * one is looked for where PID is, and below.  PID 0: as we see it.
 * Returns: a descriptor, *OUT is what it is of; -EINVAL: no regular file; negative errno. */
int lk_root_open_regular(pid_t pid, const char *path, struct stat *out);

#endif
