/* staging.h - a copy of the library where the process sees it, when its root is another than ours.
 * Room: attach.  Paths are followed within that root; nothing there can lead out of it.
 *
 * Who made a copy holds a lock on it (flock) as long as it is wanted.  The kernel gives that back
 * for a leaktop that was killed: the next one removes what is left. */
#ifndef LK_ATTACH_STAGING_H
#define LK_ATTACH_STAGING_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct lk_staged {
	pid_t	 pid;
	int	 lock;			/* a descriptor of the copy */
	char	 path[128];		/* as the process sees it; "": there is none */
};

/* lk_staging_folder - where in the root of PID a library of BYTES can be put and loaded from;
 * touches nothing.  Returns: static text, or NULL: all are read-only, noexec or full, or are not
 * there. */
const char *lk_staging_folder(pid_t pid, uint64_t bytes);

/* lk_staging_put - copy LIBRARY into FOLDER there, and remove copies that nobody wants any more.
 * Returns: 0 or negative errno: nothing is left. */
int lk_staging_put(pid_t pid, const char *folder, const char *library, struct lk_staged *out);

/* lk_staging_remove - the copy, once it is loaded, or will not be; none is fine. */
void lk_staging_remove(struct lk_staged *staged);

#endif
