#include "config.h"

#include "ui/listing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/text.h"

#define FILE_MAX_BYTES (4u << 20)

static int
open_regular(const char *path, struct stat *st)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return -errno;
	if (fstat(fd, st) == 0 && S_ISREG(st->st_mode) && st->st_size <= FILE_MAX_BYTES)
		return fd;
	close(fd);
	return S_ISREG(st->st_mode) ? -EFBIG : -EINVAL;
}

static int
open_somewhere(const char *file, int pid, struct stat *st)
{
	char path[8192];
	int fd = -ENOENT;

	if (file[0] == '/')
		fd = open_regular(file, st);
	if (fd >= 0 || pid <= 0)
		return fd;
	snprintf(path, sizeof(path), "/proc/%d/%s/%s", pid, file[0] == '/' ? "root" : "cwd", file);
	return open_regular(path, st);
}

static int
read_text(int fd, size_t size, char **out)
{
	char *text = calloc(1, size + 1);
	size_t have = 0;

	if (text == NULL)
		return -ENOMEM;
	while (have < size) {
		ssize_t got = read(fd, text + have, size - have);

		if (got <= 0)
			break;
		have += (size_t)got;
	}
	*out = text;
	return 0;
}

static size_t
count_lines(const char *text)
{
	size_t count = 1;

	for (; *text != '\0'; text++)
		count += *text == '\n';
	return count;
}

static int
split(struct lk_listing *l)
{
	char *at = l->text;

	l->lines = calloc(count_lines(l->text), sizeof(*l->lines));
	if (l->lines == NULL)
		return -ENOMEM;
	while (at != NULL && *at != '\0') {
		char *line = strsep(&at, "\n");

		/* In place: what it becomes is never longer. */
		lk_text_clean(line, line, strlen(line) + 1);
		l->lines[l->count++] = line;
	}
	return 0;
}

int
lk_listing_load(struct lk_listing *l, const char *file, int pid)
{
	struct stat st = {.st_size = 0};
	int fd, rc;

	if (strcmp(l->file, file) == 0 && file[0] != '\0')
		return -l->error;
	lk_listing_fini(l);
	snprintf(l->file, sizeof(l->file), "%s", file);
	fd = rc = open_somewhere(file, pid, &st);
	if (fd >= 0) {
		l->modified_s = (double)st.st_mtime;
		rc = read_text(fd, (size_t)st.st_size, &l->text);
		close(fd);
	}
	if (rc >= 0)
		rc = split(l);
	l->error = rc < 0 ? -rc : 0;
	return rc < 0 ? rc : 0;
}

void
lk_listing_fini(struct lk_listing *l)
{
	free(l->text);
	free(l->lines);
	memset(l, 0, sizeof(*l));
}

const char *
lk_listing_line(const struct lk_listing *l, uint32_t line)
{
	return line >= 1 && line <= l->count ? l->lines[line - 1] : "";
}
