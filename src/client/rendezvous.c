#include "config.h"

#include "client/rendezvous.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/attr.h"
#include "leaktop/sampler.h"

#include "client/dial.h"
#include "client/proc.h"

#define FOLDER_BYTES 256
#define FOLDERS_MAX  8

struct folders {
	size_t count;
	char path[FOLDERS_MAX][FOLDER_BYTES];
};

LK_PRINTF(2, 3)
static void
add(struct folders *f, const char *format, ...)
{
	va_list args;
	int length;

	if (f->count == FOLDERS_MAX)
		return;
	va_start(args, format);
	length = vsnprintf(f->path[f->count], FOLDER_BYTES, format, args);
	va_end(args);
	if (length <= 0 || length >= FOLDER_BYTES || f->path[f->count][0] != '/')
		return;
	for (size_t i = 0; i < f->count; i++)
		if (strcmp(f->path[i], f->path[f->count]) == 0)
			return;
	f->count++;
}

static void
add_variable(struct folders *f, const char *value, const char *below)
{
	if (value != NULL && value[0] != '\0')
		add(f, "%s%s", value, below);
}

static void
add_of_uid(struct folders *f, uid_t uid)
{
	add_variable(f, getenv(LK_ENV_DIR), "");
	if (uid == geteuid())
		add_variable(f, getenv("XDG_RUNTIME_DIR"), "/leaktop");
	add(f, "/run/user/%u/leaktop", (unsigned int)uid);
	add(f, "/run/leaktop");	/* root's there may be another user here */
	add(f, "/tmp/leaktop-%u", (unsigned int)uid);
	add(f, "/dev/shm/leaktop-%u", (unsigned int)uid);
}

/* The process may have been started with other variables than ours. */
static void
add_of_environment(struct folders *f, pid_t pid)
{
	const size_t size_bytes = 64u << 10;
	char *text = malloc(size_bytes);
	long got = text == NULL ? -1 : lk_proc_read(pid, "environ", text, size_bytes);

	for (long at = 0; at < got; at += (long)strlen(text + at) + 1) {
		const char *entry = text + at;

		if (strncmp(entry, LK_ENV_DIR "=", sizeof(LK_ENV_DIR)) == 0)
			add_variable(f, entry + sizeof(LK_ENV_DIR), "");
		else if (strncmp(entry, "XDG_RUNTIME_DIR=", 16) == 0)
			add_variable(f, entry + 16, "/leaktop");
	}
	free(text);
}

/* As the process sees them. */
static void
move(struct folders *f, pid_t pid)
{
	char inside[FOLDER_BYTES];

	for (size_t i = 0; i < f->count; i++) {
		memcpy(inside, f->path[i], sizeof(inside));
		if (snprintf(f->path[i], FOLDER_BYTES, "/proc/%d/root%s", (int)pid, inside) >=
		    FOLDER_BYTES)
			f->path[i][0] = '\0';	/* too long for a socket, too */
	}
}

static bool
is_trusted(uid_t owner, uid_t uid)
{
	return owner == uid || owner == 0 || owner == geteuid();
}

/* 0, -ENOENT, -EACCES (there may be one), -EPERM (somebody else's trap). */
static int
look(const char *folder, pid_t pid, uid_t uid, char *out, size_t out_bytes)
{
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	struct stat st;
	int length;

	if (lstat(folder, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode) || !is_trusted(st.st_uid, uid) || (st.st_mode & 022) != 0)
		return -EPERM;
	length = snprintf(path, sizeof(path), "%s/%s%d%s", folder, LK_SOCKET_PREFIX, (int)pid,
	    LK_SOCKET_SUFFIX);
	if (length < 0 || (size_t)length >= sizeof(path) || (size_t)length >= out_bytes)
		return -ENAMETOOLONG;
	if (lstat(path, &st) < 0)
		return -errno;
	if (!S_ISSOCK(st.st_mode) || !is_trusted(st.st_uid, uid))
		return -EPERM;
	strcpy(out, path);
	return 0;
}

int
lk_rendezvous_find(pid_t pid, uid_t uid, char *out, size_t out_bytes)
{
	struct folders folders = {0};
	int best = -ENOENT;

	add_of_uid(&folders, uid);
	add_of_environment(&folders, pid);
	if (!lk_proc_has_our_mounts(pid))
		move(&folders, pid);
	for (size_t i = 0; i < folders.count; i++) {
		int rc = look(folders.path[i], lk_proc_pid_inside(pid), uid, out, out_bytes);

		if (rc == 0)
			return 0;
		if (rc == -EACCES)
			best = rc;
	}
	return best;
}

/* The process that a socket's name speaks of; 0 when it is no such name. */
static pid_t
pid_of(const char *name)
{
	char *end;
	long pid;

	if (strncmp(name, LK_SOCKET_PREFIX, sizeof(LK_SOCKET_PREFIX) - 1) != 0)
		return 0;
	name += sizeof(LK_SOCKET_PREFIX) - 1;
	if (name[0] < '1' || name[0] > '9')
		return 0;
	pid = strtol(name, &end, 10);
	if (strcmp(end, LK_SOCKET_SUFFIX) != 0 || pid > INT32_MAX)
		return 0;
	return (pid_t)pid;
}

/* Dead by its number is not enough: in another pid namespace the number may live. */
static bool
is_stale(int folder_fd, const char *folder, const char *name)
{
	char path[FOLDER_BYTES + NAME_MAX + 2];
	pid_t pid = pid_of(name);
	struct stat st;
	int fd;

	if (pid == 0 || kill(pid, 0) == 0 || errno != ESRCH)
		return false;
	if (fstatat(folder_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISSOCK(st.st_mode) ||
	    st.st_uid != geteuid())
		return false;
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = lk_dial_unix(path);
	if (fd >= 0)
		close(fd);
	return fd == -ECONNREFUSED;
}

static int
sweep_folder(const char *folder)
{
	struct dirent *entry;
	struct stat st;
	int swept = 0;
	DIR *dir;

	if (lstat(folder, &st) < 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid())
		return 0;
	dir = opendir(folder);
	if (dir == NULL)
		return 0;
	while ((entry = readdir(dir)) != NULL)
		if (is_stale(dirfd(dir), folder, entry->d_name) &&
		    unlinkat(dirfd(dir), entry->d_name, 0) == 0)
			swept++;
	closedir(dir);
	return swept;
}

int
lk_rendezvous_sweep(void)
{
	struct folders folders = {0};
	int swept = 0;

	add_of_uid(&folders, geteuid());
	for (size_t i = 0; i < folders.count; i++)
		swept += sweep_folder(folders.path[i]);
	return swept;
}
