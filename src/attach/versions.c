#include "config.h"

#include "attach/versions.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attach/exports.h"

#define PREFIX		"GLIBC_2."
#define TEXT_MAX_BYTES	(4u << 20)
#define MINOR_MAX	999u

unsigned int
lk_versions_highest(const char *text, size_t bytes)
{
	const size_t length = sizeof(PREFIX) - 1;
	const char *end = text + bytes, *at = text;
	unsigned int highest = 0, minor;

	while ((at = memmem(at, (size_t)(end - at), PREFIX, length)) != NULL) {
		at += length;
		for (minor = 0; at < end && *at >= '0' && *at <= '9' && minor <= MINOR_MAX; at++)
			minor = minor * 10 + (unsigned int)(*at - '0');
		if (minor <= MINOR_MAX && minor > highest)
			highest = minor;
	}
	return highest;
}

static unsigned int
highest_at(int fd, uint64_t from, uint64_t bytes)
{
	char *text = bytes == 0 || bytes > TEXT_MAX_BYTES ? NULL : malloc(bytes);
	ssize_t got = text == NULL ? -1 : pread(fd, text, bytes, (off_t)from);
	unsigned int highest = got <= 0 ? 0 : lk_versions_highest(text, (size_t)got);

	free(text);
	return highest;
}

unsigned int
lk_versions_needed(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned int highest = 0;
	struct stat st;

	if (fd < 0)
		return 0;
	if (fstat(fd, &st) == 0 && st.st_size > 0)
		highest = highest_at(fd, 0, (uint64_t)st.st_size);
	close(fd);
	return highest;
}

unsigned int
lk_versions_had(const struct lk_exports *libc)
{
	return highest_at(libc->memory, libc->strings, libc->strings_bytes);
}
