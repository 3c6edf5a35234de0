#include "config.h"

#include "attach/staging.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/attr.h"

#define CHUNK_BYTES	(1u << 20)

static int
open_root(pid_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* PATH in the root of PID, and never out of it. */
static int
open_there(pid_t pid, const char *path, uint64_t flags, uint64_t mode)
{
	struct open_how how = {.flags = flags | O_CLOEXEC, .mode = mode,
	    .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
	int root = open_root(pid), saved;
	long fd;

	if (root < 0)
		return -errno;
	fd = syscall(SYS_openat2, root, path, &how, sizeof(how));
	saved = errno;
	close(root);
	return fd < 0 ? -saved : (int)fd;
}

static bool
is_fit(int folder)
{
	struct statvfs there;

	return fstatvfs(folder, &there) == 0 && (there.f_flag & (ST_RDONLY | ST_NOEXEC)) == 0;
}

const char *
lk_staging_folder(pid_t pid)
{
	static const char *const folders[] = {"/tmp", "/var/tmp", "/dev/shm", "/run"};
	const char *found = NULL;

	for (size_t i = 0; i < LK_COUNT_OF(folders) && found == NULL; i++) {
		int fd = open_there(pid, folders[i], O_RDONLY | O_DIRECTORY, 0);

		if (fd < 0)
			continue;
		if (is_fit(fd))
			found = folders[i];
		close(fd);
	}
	return found;
}

static int
copy(int from, int to)
{
	ssize_t n;

	while ((n = sendfile(to, from, NULL, CHUNK_BYTES)) > 0)
		;
	return n < 0 || fchmod(to, 0644) < 0 ? -errno : 0;
}

int
lk_staging_put(pid_t pid, const char *folder, const char *library, char *out, size_t out_bytes)
{
	int from = open(library, O_RDONLY | O_CLOEXEC), to, rc;

	if (from < 0)
		return -errno;
	snprintf(out, out_bytes, "%s/libleaktop-sampler.%d-%d.so", folder, (int)pid, (int)getpid());
	to = open_there(pid, out, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
	rc = to < 0 ? to : copy(from, to);
	close(from);
	if (to >= 0)
		close(to);
	if (to >= 0 && rc < 0)
		lk_staging_remove(pid, out);
	return rc;
}

void
lk_staging_remove(pid_t pid, const char *path)
{
	const char *name = strrchr(path, '/');
	char folder[64];
	int fd;

	if (name == NULL || name == path)
		return;
	snprintf(folder, sizeof(folder), "%.*s", (int)(name - path), path);
	fd = open_there(pid, folder, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return;
	unlinkat(fd, name + 1, 0);
	close(fd);
}
