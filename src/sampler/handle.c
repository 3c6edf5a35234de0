#include "config.h"

#include "sampler/handle.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define HIGH_FD	400	/* above what programs count on, below the usual limit of 1024 */

void
lk_handle_set(struct lk_handle *handle, int fd)
{
	int high = fcntl(fd, F_DUPFD_CLOEXEC, HIGH_FD);
	struct stat st;

	if (high >= 0) {
		close(fd);
		fd = high;
	}
	handle->fd = fd;
	handle->device = 0;
	handle->inode = 0;
	if (fstat(fd, &st) == 0) {
		handle->device = st.st_dev;
		handle->inode = st.st_ino;
	}
}

bool
lk_handle_is_ours(const struct lk_handle *handle)
{
	struct stat st;

	return handle->fd >= 0 && fstat(handle->fd, &st) == 0 &&
	    st.st_dev == handle->device && st.st_ino == handle->inode;
}

void
lk_handle_close(struct lk_handle *handle)
{
	if (lk_handle_is_ours(handle))
		close(handle->fd);
	handle->fd = -1;
}
