#include "config.h"

#include "attach/limits.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LINE_BYTES	1024
#define KB		1024

/* The number behind START at the beginning of a line of /proc/PID/FILE; NONE: there is none. */
static uint64_t
number_of(pid_t pid, const char *name, const char *start)
{
	char path[64], line[LINE_BYTES];
	uint64_t value = LK_LIMITS_NONE;
	size_t length = strlen(start);
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	file = fopen(path, "re");
	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, start, length) == 0 &&
		    sscanf(line + length, " %" SCNu64, &value) != 1)
			value = LK_LIMITS_NONE;
	if (file != NULL)
		fclose(file);
	return value;
}

static uint64_t
count_descriptors(pid_t pid)
{
	char path[64];
	uint64_t count = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	while (dir != NULL && readdir(dir) != NULL)
		count++;
	if (dir != NULL)
		closedir(dir);
	return count < 2 ? 0 : count - 2;	/* "." and ".." */
}

static uint64_t
left_of(uint64_t limit, uint64_t used)
{
	if (limit == LK_LIMITS_NONE)
		return LK_LIMITS_NONE;
	return used < limit ? limit - used : 0;
}

static uint64_t
kilobytes(pid_t pid, const char *start)
{
	uint64_t value = number_of(pid, "status", start);

	return value == LK_LIMITS_NONE ? 0 : value * KB;
}

void
lk_limits_look(pid_t pid, struct lk_limits *out)
{
	out->descriptors = number_of(pid, "limits", "Max open files");
	out->descriptors_left = left_of(out->descriptors, count_descriptors(pid));
	out->address_bytes_left = left_of(number_of(pid, "limits", "Max address space"),
	    kilobytes(pid, "VmSize:"));
	out->locked_bytes = kilobytes(pid, "VmLck:");
}

/* ---- frozen -------------------------------------------------------------------------------- */

static bool
says(const char *mount, const char *group, const char *name, const char *word)
{
	char path[LINE_BYTES + 64], line[LINE_BYTES];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/fs/cgroup%s%s/%s", mount, group, name);
	file = fopen(path, "re");
	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		found = found || strncmp(line, word, strlen(word)) == 0;
	if (file != NULL)
		fclose(file);
	return found;
}

/* "7:freezer:/docker/1f" of the first version, "0::/system.slice/x" of the second. */
bool
lk_limits_is_frozen(pid_t pid)
{
	char path[64], line[LINE_BYTES], *group;
	bool frozen = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)pid);
	file = fopen(path, "re");
	while (file != NULL && !frozen && fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		group = strstr(line, ":/");
		if (group == NULL)
			continue;
		*group++ = '\0';
		if (strstr(line, "freezer") != NULL)
			frozen = says("/freezer", group, "freezer.state", "FROZEN");
		else if (strncmp(line, "0:", 2) == 0)
			frozen = says("", group, "cgroup.events", "frozen 1") ||
			    says("/unified", group, "cgroup.events", "frozen 1");
	}
	if (file != NULL)
		fclose(file);
	return frozen;
}
