/* mapped.h - what is mapped in a process, by /proc/PID/maps.  Room: attach. */
#ifndef LK_ATTACH_MAPPED_H
#define LK_ATTACH_MAPPED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct lk_mapping {
	uint64_t	 start, end, offset;
	uint64_t	 device, inode;		/* 0, 0: no file */
	bool		 executable, writable;
	const char	*path;			/* "" none; " (deleted)" may be behind it */
};

struct lk_mapped {
	struct lk_mapping *list;		/* [count], by address */
	size_t		 count;
	char		*text;			/* what the paths are in */
};

/* lk_mapped_read - Returns: 0, to be freed; negative errno: *out is empty. */
int lk_mapped_read(pid_t pid, struct lk_mapped *out);
void lk_mapped_free(struct lk_mapped *m);	/* an empty one is fine */

/* lk_mapped_at - what ADDRESS is in, or NULL. */
const struct lk_mapping *lk_mapped_at(const struct lk_mapped *m, uint64_t address);

/* lk_mapped_base - where the file that MAPPING shows begins in memory: the nearest mapping of
 * its first byte at or below.  NULL when its first byte is not mapped. */
const struct lk_mapping *lk_mapped_base(const struct lk_mapped *m,
    const struct lk_mapping *mapping);

/* lk_mapped_name - the path behind its last slash. */
const char *lk_mapped_name(const struct lk_mapping *mapping);

#endif
