/* handle.h - descriptors of ours in somebody else's process.  Room: sampler (top). */
#ifndef LK_SAMPLER_HANDLE_H
#define LK_SAMPLER_HANDLE_H

#include <stdbool.h>
#include <sys/types.h>

/* A descriptor and what it was when we opened it: a host that closes all descriptors may
 * have given the number to another file since. */
struct lk_handle {
	int	fd;		/* -1: none */
	dev_t	device;
	ino_t	inode;
};

void lk_handle_set(struct lk_handle *handle, int fd);	/* owns FD, moved to a high number */
bool lk_handle_is_ours(const struct lk_handle *handle);
void lk_handle_close(struct lk_handle *handle);		/* only when it is still ours */

#endif
