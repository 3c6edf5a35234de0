/* limits.h - what the process may take yet, and whether it may run at all.  Room: attach.
 * Reads only.  What cannot be read is no limit. */
#ifndef LK_ATTACH_LIMITS_H
#define LK_ATTACH_LIMITS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define LK_LIMITS_NONE UINT64_MAX

struct lk_limits {
	uint64_t	 descriptors, descriptors_left;
	uint64_t	 address_bytes_left;
	uint64_t	 locked_bytes;		/* by mlock() and mlockall() */
};

void lk_limits_look(pid_t pid, struct lk_limits *out);

/* lk_limits_is_frozen - its cgroup is, as of a container that is paused. */
bool lk_limits_is_frozen(pid_t pid);

#endif
