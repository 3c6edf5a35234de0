#include "config.h"

#include "client/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

long
lk_proc_read(pid_t pid, const char *file, char *out, size_t out_bytes)
{
	size_t used = 0;
	ssize_t got = 0;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	while (used + 1 < out_bytes) {
		got = read(fd, out + used, out_bytes - 1 - used);
		if (got <= 0)
			break;
		used += (size_t)got;
	}
	if (got < 0)
		used = 0;
	out[used] = '\0';
	got = got < 0 ? -errno : (ssize_t)used;
	close(fd);
	return got;
}

int
lk_proc_parse_stat(const char *text, struct lk_proc_stat *out)
{
	const char *open = strchr(text, '('), *shut = strrchr(text, ')');
	struct lk_proc_stat stat = {0};
	uint64_t start_time;
	int64_t rss_pages;
	int ppid;

	/* The name may hold anything, ") R 1" too: only the last bracket ends it. */
	if (open == NULL || shut == NULL || shut < open)
		return -EBADMSG;
	if (sscanf(shut + 1,
		" %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d "
		"%" SCNu64 " %*u %" SCNd64,
		&stat.state, &ppid, &start_time, &rss_pages) != 4)
		return -EBADMSG;
	snprintf(stat.name, sizeof(stat.name), "%.*s", (int)(shut - open - 1), open + 1);
	stat.ppid = ppid;
	stat.start_time = start_time;
	stat.rss_bytes = rss_pages > 0 ? (uint64_t)rss_pages * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
	*out = stat;
	return 0;
}

int
lk_proc_read_stat(pid_t pid, struct lk_proc_stat *out)
{
	char text[1024];
	long got = lk_proc_read(pid, "stat", text, sizeof(text));

	if (got == -ENOENT || got == -ESRCH)
		return -ESRCH;
	return got < 0 ? (int)got : lk_proc_parse_stat(text, out);
}

void
lk_proc_command(pid_t pid, char *out, size_t out_bytes)
{
	long got = lk_proc_read(pid, "cmdline", out, out_bytes);
	struct lk_proc_stat stat;

	if (got > 0) {
		while (got > 0 && out[got - 1] == '\0')
			got--;
		for (long i = 0; i < got; i++)
			if (out[i] == '\0')
				out[i] = ' ';
	}
	if (got <= 0 && lk_proc_read_stat(pid, &stat) == 0)
		snprintf(out, out_bytes, "[%s]", stat.name);
	else if (got <= 0)
		out[0] = '\0';
}

int
lk_proc_uid(pid_t pid, uid_t *out)
{
	unsigned int real, effective;
	char text[2048];
	const char *line;
	long got = lk_proc_read(pid, "status", text, sizeof(text));

	if (got < 0)
		return (int)got;
	line = strstr(text, "\nUid:");
	if (line == NULL || sscanf(line, "\nUid: %u %u", &real, &effective) != 2)
		return -EBADMSG;
	*out = effective;
	return 0;
}

pid_t
lk_proc_pid_inside(pid_t pid)
{
	const char *line;
	long value = pid;
	char text[4096];
	int used;

	if (lk_proc_read(pid, "status", text, sizeof(text)) <= 0 ||
	    (line = strstr(text, "\nNSpid:")) == NULL)
		return pid;
	/* from the outermost to its own */
	for (line += strlen("\nNSpid:"); sscanf(line, " %ld%n", &value, &used) == 1 &&
	    *(line += used) == '\t';)
		;
	return (pid_t)value;
}

static bool
has_our(pid_t pid, const char *namespace)
{
	struct stat its, ours;
	char path[32], our_path[32];

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, namespace);
	snprintf(our_path, sizeof(our_path), "/proc/self/ns/%s", namespace);
	return stat(path, &its) < 0 || stat(our_path, &ours) < 0 ||
	    (its.st_ino == ours.st_ino && its.st_dev == ours.st_dev);
}

bool
lk_proc_has_our_mounts(pid_t pid)
{
	return has_our(pid, "mnt");
}

bool
lk_proc_has_our_time(pid_t pid)
{
	return has_our(pid, "time");
}

void
lk_proc_user(uid_t uid, char *out, size_t out_bytes)
{
	struct passwd entry, *found = NULL;
	char buffer[4096];

	if (getpwuid_r(uid, &entry, buffer, sizeof(buffer), &found) == 0 && found != NULL)
		snprintf(out, out_bytes, "%s", entry.pw_name);
	else
		snprintf(out, out_bytes, "%u", (unsigned int)uid);
}

void
lk_proc_cgroup(pid_t pid, char *out, size_t out_bytes)
{
	char text[4096], *save = NULL;

	out[0] = '\0';
	if (lk_proc_read(pid, "cgroup", text, sizeof(text)) <= 0)
		return;
	for (char *line = strtok_r(text, "\n", &save); line != NULL;
	    line = strtok_r(NULL, "\n", &save)) {
		const char *controllers = strchr(line, ':');
		const char *path = controllers == NULL ? NULL : strchr(controllers + 1, ':');

		if (path == NULL)
			continue;
		if (strncmp(line, "0::", 3) == 0 || strstr(controllers, "memory") != NULL)
			snprintf(out, out_bytes, "%s", path + 1);
		if (strncmp(line, "0::", 3) == 0)
			return;
	}
}

bool
lk_proc_is_same(pid_t pid, uint64_t start_time)
{
	struct lk_proc_stat stat;
	int rc = lk_proc_read_stat(pid, &stat);

	if (rc == -ESRCH) /* with hidepid it may be there all the same */
		return kill(pid, 0) < 0 && errno == EPERM;
	if (rc < 0)
		return true;
	if (stat.state == 'Z' || stat.state == 'X')
		return false;
	return start_time == 0 || stat.start_time == start_time;
}
