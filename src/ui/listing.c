#include "config.h"

#include "ui/listing.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/snapshot.h"
#include "util/clock.h"
#include "util/root.h"
#include "util/text.h"

#define FILE_MAX_BYTES (4u << 20)

/* The process of a file's snapshot is not one of this machine. */
static int
pid_of(const struct lk_snapshot *s)
{
	return strcmp(s->origin, "live") == 0 ? s->process.pid : 0;
}

static int
open_source(const char *file, int pid, struct stat *st)
{
	int fd;

	if (file[0] != '/' && pid <= 0)
		return -ENOENT;
	fd = lk_root_open_regular(pid, file, st);
	if (fd < 0 || st->st_size <= FILE_MAX_BYTES)
		return fd;
	close(fd);
	return -EFBIG;
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
lk_listing_load(struct lk_listing *l, const char *file, const struct lk_snapshot *now)
{
	struct stat st = {.st_size = 0};
	int fd, rc;

	if (strcmp(l->file, file) == 0 && file[0] != '\0')
		return -l->error;
	lk_listing_fini(l);
	snprintf(l->file, sizeof(l->file), "%s", file);
	fd = rc = open_source(file, pid_of(now), &st);
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

/* The sampler may have come later than the process. */
bool
lk_listing_is_newer(const struct lk_listing *l, const struct lk_snapshot *now)
{
	double began_s = now->sampler.started_at_s;

	if (pid_of(now) > 0 && now->process.start_time > 0)
		began_s = fmin(began_s, lk_clock_began_s(now->process.start_time));
	return began_s > 0 && l->modified_s > began_s;
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
