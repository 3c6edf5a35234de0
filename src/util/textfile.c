#include "config.h"

#include "util/textfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Neither waits for a FIFO's writer nor makes a terminal ours. */
#define FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

int
lk_textfile_read(const char *path, size_t max_bytes, char **out)
{
	struct stat st;
	char *text = NULL;
	ssize_t have;
	int rc, fd = open(path, FLAGS);

	if (fd < 0)
		return -errno;
	rc = -EPERM;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		goto fail;
	if (geteuid() == 0 && (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		goto fail;
	rc = -EFBIG;
	if (st.st_size < 0 || (size_t)st.st_size > max_bytes)
		goto fail;
	rc = -ENOMEM;
	text = calloc(1, (size_t)st.st_size + 1);
	if (text == NULL)
		goto fail;
	have = read(fd, text, (size_t)st.st_size);
	rc = have < 0 ? -errno : 0;
	if (rc == 0) {
		*out = text;
		text = NULL;
	}
fail:
	free(text);
	close(fd);
	return rc;
}
