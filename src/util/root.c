#include "config.h"

#include "util/root.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LINK_BYTES 64

static int
open_folder(pid_t pid, const char *name)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int
open_in(int folder, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve)
{
	struct open_how how = {.flags = flags | O_CLOEXEC, .mode = mode,
	    .resolve = resolve | RESOLVE_NO_MAGICLINKS};
	long fd = syscall(SYS_openat2, folder, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

int
lk_root_open(pid_t pid, const char *path, uint64_t flags, uint64_t mode)
{
	int root = open_folder(pid, "root"), fd;

	if (root < 0)
		return root;
	fd = open_in(root, path, flags, mode, RESOLVE_IN_ROOT);
	close(root);
	return fd;
}

/* Are PID's names ours, as far as that can be told?  Also when there is no such process, or when
 * we may not look.  Of two roots that are one folder the mounts may differ, and where the mounts
 * are the same the roots may be two folders. */
static bool
is_ours(pid_t pid)
{
	char path[32], there[LINK_BYTES] = "", here[LINK_BYTES] = "";
	struct stat theirs, ours;

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)pid);
	if (readlink(path, there, sizeof(there) - 1) < 0 ||
	    readlink("/proc/self/ns/mnt", here, sizeof(here) - 1) < 0)
		return true;
	snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
	if (stat(path, &theirs) < 0 || stat("/", &ours) < 0)
		return true;
	return strcmp(there, here) == 0 && theirs.st_dev == ours.st_dev &&
	    theirs.st_ino == ours.st_ino;
}

/* PATH from the descriptor AT of a folder, for a look alone: to open a device or a FIFO is to do
 * something already. */
static int
look_from(int at, const char *path, bool ours, uint64_t resolve)
{
	int fd;

	if (!ours)
		return open_in(at, path, O_PATH, 0, resolve);
	fd = openat(at, path, O_PATH | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int
look(pid_t pid, const char *path)
{
	bool ours = pid <= 0 || is_ours(pid), relative = pid > 0 && path[0] != '/';
	int at, fd;

	if (ours && !relative)
		return look_from(AT_FDCWD, path, true, 0);
	at = open_folder(pid, relative ? "cwd" : "root");
	if (at < 0)
		return at;
	fd = look_from(at, path, ours, relative ? RESOLVE_BENEATH : RESOLVE_IN_ROOT);
	close(at);
	return fd;
}

int
lk_root_open_regular(pid_t pid, const char *path, struct stat *out)
{
	char link[32];
	struct stat st;
	int at = look(pid, path), fd;

	if (at < 0)
		return at;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", at);
	if (fstat(at, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(at);
		return -EINVAL;
	}
	fd = open(link, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	fd = fd < 0 ? -errno : fd;
	close(at);
	if (fd >= 0)
		*out = st;
	return fd;
}
