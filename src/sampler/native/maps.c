#include "config.h"

#include "sampler/native/maps.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES	8192u	/* a path has at most 4096, more when escaped */

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static const char *
read_hex(const char *s, uintptr_t *out)
{
	for (*out = 0; digit(*s) >= 0; s++)
		*out = *out << 4 | (uintptr_t)digit(*s);
	return s;
}

/* "begin-end perms offset device inode   path" */
static void
read_line(const char *line, size_t length, lk_maps_fn each, void *ctx)
{
	uintptr_t begin, offset;
	const char *s = read_hex(line, &begin), *path;

	s = strchr(s, ' ');
	s = s == NULL ? NULL : strchr(s + 1, ' ');
	if (s == NULL)
		return;
	read_hex(s + 1, &offset);
	path = memchr(line, '/', length);
	if (path == NULL)
		path = memchr(line, '[', length);
	if (path != NULL && offset == 0)
		each(ctx, begin, path, length - (size_t)(path - line));
}

/* Whole lines at the begin of BUFFER are read; returns how many bytes of it. */
static size_t
read_lines(char *buffer, size_t used, lk_maps_fn each, void *ctx)
{
	char *line = buffer, *end;

	while ((end = memchr(line, '\n', used - (size_t)(line - buffer))) != NULL) {
		*end = '\0';
		read_line(line, (size_t)(end - line), each, ctx);
		line = end + 1;
	}
	return (size_t)(line - buffer);
}

void
lk_maps_read(lk_maps_fn each, void *ctx)
{
	static char buffer[LINE_MAX_BYTES * 2];
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	size_t used = 0, done;
	ssize_t n;

	if (fd < 0)
		return;
	while ((n = read(fd, buffer + used, sizeof(buffer) - used)) > 0) {
		used += (size_t)n;
		done = read_lines(buffer, used, each, ctx);
		if (done == 0 && used == sizeof(buffer))
			break;	/* no such line */
		memmove(buffer, buffer + done, used - done);
		used -= done;
	}
	close(fd);
}
