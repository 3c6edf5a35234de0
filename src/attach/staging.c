#include "config.h"

#include "attach/staging.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/attr.h"
#include "util/root.h"

#define CHUNK_BYTES	(1u << 20)
#define NAME_FORMAT	"libleaktop-sampler.%d-%d.so"	/* of the process, of leaktop */
#define NAMES_MAX	100000u	/* that are looked at: the folder is others', too */

/* Blocks that there are none of are not counted. */
static bool
is_fit(int folder, uint64_t bytes)
{
	struct statvfs there;

	return fstatvfs(folder, &there) == 0 && (there.f_flag & (ST_RDONLY | ST_NOEXEC)) == 0 &&
	    (there.f_blocks == 0 || (uint64_t)there.f_bavail * there.f_frsize >= bytes);
}

const char *
lk_staging_folder(pid_t pid, uint64_t bytes)
{
	static const char *const folders[] = {"/tmp", "/var/tmp", "/dev/shm", "/run"};
	const char *found = NULL;

	for (size_t i = 0; i < LK_COUNT_OF(folders) && found == NULL; i++) {
		int fd = lk_root_open(pid, folders[i], O_RDONLY | O_DIRECTORY, 0);

		if (fd < 0)
			continue;
		if (is_fit(fd, bytes))
			found = folders[i];
		close(fd);
	}
	return found;
}

/* ---- what is left of one that was killed ------------------------------------------------- */

static bool
is_copy(const char *name)
{
	int pid, by, end = 0;

	return sscanf(name, NAME_FORMAT "%n", &pid, &by, &end) == 2 && end > 0 &&
	    name[end] == '\0';
}

/* Nobody has the lock: whoever made it is gone.  A process that has it mapped keeps it. */
static void
remove_left(int folder, const char *name)
{
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	    flock(fd, LOCK_EX | LOCK_NB) == 0)
		unlinkat(folder, name, 0);
	close(fd);
}

static void
remove_all_left(pid_t pid, const char *path)
{
	int folder = lk_root_open(pid, path, O_RDONLY | O_DIRECTORY, 0);
	DIR *dir = folder < 0 ? NULL : fdopendir(folder);
	struct dirent *entry;

	for (unsigned int n = 0; dir != NULL && n < NAMES_MAX; n++) {
		entry = readdir(dir);
		if (entry == NULL)
			break;
		if (is_copy(entry->d_name))
			remove_left(folder, entry->d_name);
	}
	if (dir != NULL)
		closedir(dir);
	else if (folder >= 0)
		close(folder);
}

/* ---- a copy -------------------------------------------------------------------------------- */

static int
copy(int from, int to)
{
	ssize_t n;

	while ((n = sendfile(to, from, NULL, CHUNK_BYTES)) > 0)
		;
	return n < 0 || fchmod(to, 0644) < 0 ? -errno : 0;
}

/* Locked before it has a byte: one that comes just then, and takes it for left, finds it empty, and
 * we find that it has gone. */
static int
make(struct lk_staged *s, int from)
{
	struct stat st;
	int to = lk_root_open(s->pid, s->path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
	int rc = 0;

	if (to < 0)
		return to;
	s->lock = to;
	if (flock(to, LOCK_EX) < 0 || fstat(to, &st) < 0)
		rc = -errno;
	else if (st.st_nlink == 0)
		rc = -EAGAIN;
	return rc < 0 ? rc : copy(from, to);
}

int
lk_staging_put(pid_t pid, const char *folder, const char *library, struct lk_staged *out)
{
	int from = open(library, O_RDONLY | O_CLOEXEC), rc;

	if (from < 0)
		return -errno;
	remove_all_left(pid, folder);
	*out = (struct lk_staged){.pid = pid, .lock = -1};
	snprintf(out->path, sizeof(out->path), "%s/" NAME_FORMAT, folder, (int)pid, (int)getpid());
	rc = make(out, from);
	close(from);
	if (rc < 0 && out->lock < 0)	/* it is not ours */
		out->path[0] = '\0';
	if (rc < 0)
		lk_staging_remove(out);
	return rc;
}

void
lk_staging_remove(struct lk_staged *s)
{
	const char *name = strrchr(s->path, '/');
	char folder[sizeof(s->path)];
	int fd;

	if (name == NULL || name == s->path)
		return;
	snprintf(folder, sizeof(folder), "%.*s", (int)(name - s->path), s->path);
	fd = lk_root_open(s->pid, folder, O_RDONLY | O_DIRECTORY, 0);
	if (fd >= 0) {
		unlinkat(fd, name + 1, 0);
		close(fd);
	}
	close(s->lock);
	s->path[0] = '\0';
}
