#include "config.h"

#include "attach/mapped.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define TEXT_MAX_BYTES	(64u << 20)

/* All of FD, NUL behind it; NULL with errno. */
static char *
read_all(int fd)
{
	size_t capacity = 64u << 10, length = 0;
	char *text = malloc(capacity), *more;
	ssize_t n = 0;

	while (text != NULL && (n = read(fd, text + length, capacity - length - 1)) > 0) {
		length += (size_t)n;
		if (capacity - length > 1)
			continue;
		more = capacity < TEXT_MAX_BYTES ? realloc(text, capacity * 2) : NULL;
		if (more == NULL) {
			free(text);
			errno = ENOMEM;
			return NULL;
		}
		text = more;
		capacity *= 2;
	}
	if (text != NULL && n < 0) {
		free(text);
		return NULL;
	}
	if (text != NULL)
		text[length] = '\0';
	return text;
}

/* One line, its newline already a NUL. */
static bool
parse(char *line, struct lk_mapping *out)
{
	unsigned int major_number, minor_number;
	char rights[5];
	int path_at = 0;

	*out = (struct lk_mapping){.path = ""};
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 " %n",
	    &out->start, &out->end, rights, &out->offset, &major_number, &minor_number,
	    &out->inode, &path_at) < 7)
		return false;
	out->writable = rights[1] == 'w';
	out->executable = rights[2] == 'x';
	out->device = makedev(major_number, minor_number);
	if (path_at != 0)
		out->path = line + path_at;
	return true;
}

static int
parse_all(struct lk_mapped *m)
{
	size_t lines = 0;
	char *line, *rest = m->text;

	for (const char *p = m->text; *p != '\0'; p++)
		lines += *p == '\n';
	m->list = calloc(lines + 1, sizeof(*m->list));
	if (m->list == NULL)
		return -ENOMEM;
	while (m->count < lines && (line = strsep(&rest, "\n")) != NULL)
		if (parse(line, &m->list[m->count]))
			m->count++;
	return 0;
}

int
lk_mapped_read(pid_t pid, struct lk_mapped *out)
{
	char path[32];
	int fd, rc;

	*out = (struct lk_mapped){0};
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	out->text = read_all(fd);
	rc = out->text == NULL ? -errno : parse_all(out);
	close(fd);
	if (rc < 0)
		lk_mapped_free(out);
	return rc;
}

void
lk_mapped_free(struct lk_mapped *m)
{
	free(m->list);
	free(m->text);
	*m = (struct lk_mapped){0};
}

const struct lk_mapping *
lk_mapped_at(const struct lk_mapped *m, uint64_t address)
{
	size_t low = 0, high = m->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (m->list[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < m->count && m->list[low].start <= address ? &m->list[low] : NULL;
}

const struct lk_mapping *
lk_mapped_base(const struct lk_mapped *m, const struct lk_mapping *mapping)
{
	const struct lk_mapping *at = mapping;

	if (mapping->inode == 0)
		return NULL;
	for (;; at--) {
		if (at->inode == mapping->inode && at->device == mapping->device &&
		    at->offset == 0)
			return at;
		if (at == m->list)
			return NULL;
	}
}

const char *
lk_mapped_name(const struct lk_mapping *mapping)
{
	const char *slash = strrchr(mapping->path, '/');

	return slash == NULL ? mapping->path : slash + 1;
}
