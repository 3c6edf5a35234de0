#include "config.h"

#include "export/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "leaktop/snapshot.h"
#include "model/arena.h"
#include "util/replace.h"
#include "util/text.h"

#include "export/export.h"
#include "export/quote.h"
#include "export/slim.h"

#define CHUNK_BYTES 65536
#define BEGIN "{\"schema\":\"leaktop."	/* of each line */

struct lk_recording {
	char *path;
	int fd;			/* -1: it could not be opened again after it was made shorter */
	uint64_t length;	/* of all whole lines: what is behind is none of ours */
	uint64_t limit;		/* of length: the shorter copy takes the rest of what we may */
};

struct lines {
	uint64_t *ends;		/* [count], offsets behind the newlines */
	size_t count, room;
};

static ssize_t
read_at(int fd, void *bytes, size_t size, uint64_t at)
{
	ssize_t got;

	do
		got = pread(fd, bytes, size, (off_t)at);
	while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got;
}

static int
write_at(int fd, const char *bytes, size_t length, uint64_t at)
{
	while (length > 0) {
		ssize_t put = pwrite(fd, bytes, length, (off_t)at);

		if (put < 0 && errno != EINTR)
			return -errno;
		if (put == 0)
			return -ENOSPC;
		if (put < 0)
			continue;
		bytes += put;
		length -= (size_t)put;
		at += (uint64_t)put;
	}
	return 0;
}

static int
add_end(struct lines *l, uint64_t end)
{
	if (l->count == l->room) {
		size_t room = l->room > 0 ? l->room * 2 : 64;
		uint64_t *ends = realloc(l->ends, room * sizeof(*ends));

		if (ends == NULL)
			return -ENOMEM;
		l->ends = ends;
		l->room = room;
	}
	l->ends[l->count++] = end;
	return 0;
}

static int
find_lines(int fd, uint64_t length, struct lines *out)
{
	char *chunk = malloc(CHUNK_BYTES);
	uint64_t at = 0;
	int rc = chunk != NULL ? 0 : -ENOMEM;

	while (rc == 0 && at < length) {
		size_t want = length - at < CHUNK_BYTES ? (size_t)(length - at) : CHUNK_BYTES;
		ssize_t got = read_at(fd, chunk, want, at);

		rc = got > 0 ? 0 : got < 0 ? (int)got : -EIO;
		for (const char *p = chunk; rc == 0; p++) {
			p = memchr(p, '\n', (size_t)(chunk + got - p));
			if (p == NULL)
				break;
			rc = add_end(out, at + (uint64_t)(p - chunk) + 1);
		}
		at += got > 0 ? (uint64_t)got : 0;
	}
	free(chunk);
	return rc;
}

/* A file of ours begins like one; whole lines alone are kept. */
static int
mend(struct lk_recording *r, uint64_t size)
{
	char begin[sizeof(BEGIN) - 1];
	struct lines lines = {0};
	int rc;

	if (size == 0)
		return 0;
	if (read_at(r->fd, begin, sizeof(begin), 0) != (ssize_t)sizeof(begin) ||
	    memcmp(begin, BEGIN, sizeof(begin)) != 0)
		return -EEXIST;
	rc = find_lines(r->fd, size, &lines);
	r->length = lines.count > 0 ? lines.ends[lines.count - 1] : 0;
	free(lines.ends);
	if (rc == 0 && r->length < size && ftruncate(r->fd, (off_t)r->length) < 0)
		rc = -errno;
	return rc;
}

static int
open_fd(struct lk_recording *r)
{
	struct stat st;

	r->fd = open(r->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
	if (r->fd < 0)
		return errno == EISDIR || errno == ENXIO ? -EEXIST : -errno;
	if (fstat(r->fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EEXIST;
	if (flock(r->fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	return mend(r, (uint64_t)st.st_size);
}

static int
explain(int rc, const char *path, char *words, size_t words_bytes)
{
	const char *why = rc == -EEXIST ? "is there and is no recording"
	    : rc == -EBUSY ? "somebody records to it" : strerror(-rc);

	snprintf(words, words_bytes, "%s: %s", path, why);
	return rc;
}

int
lk_recording_open(const char *path, uint64_t max_bytes, char *words, size_t words_bytes,
    struct lk_recording **out)
{
	struct lk_recording *r = calloc(1, sizeof(*r));
	int rc = -ENOMEM;

	if (r != NULL) {
		r->fd = -1;
		r->limit = max_bytes / 3 * 2;
		r->path = strdup(path);
	}
	if (r != NULL && r->path != NULL)
		rc = open_fd(r);
	if (rc < 0) {
		lk_recording_close(r);
		return explain(rc, path, words, words_bytes);
	}
	*out = r;
	return 0;
}

void
lk_recording_close(struct lk_recording *r)
{
	if (r == NULL)
		return;
	if (r->fd >= 0)
		close(r->fd);
	free(r->path);
	free(r);
}

static int
copy_line(int fd, uint64_t from, uint64_t to, FILE *out)
{
	char chunk[CHUNK_BYTES];

	while (from < to) {
		size_t want = to - from < CHUNK_BYTES ? (size_t)(to - from) : CHUNK_BYTES;
		ssize_t got = read_at(fd, chunk, want, from);

		if (got <= 0)
			return got < 0 ? (int)got : -EIO;
		errno = 0;
		if (fwrite(chunk, 1, (size_t)got, out) != (size_t)got)
			return errno != 0 ? -errno : -EIO;
		from += (uint64_t)got;
	}
	return 0;
}

/* The first line, the last one, and every other one between them. */
static int
copy_half(const struct lk_recording *r, const struct lines *lines, FILE *out)
{
	int rc = 0;

	for (size_t i = 0; i < lines->count && rc == 0; i++)
		if (i == 0 || (lines->count - 1 - i) % 2 == 0)
			rc = copy_line(r->fd, i > 0 ? lines->ends[i - 1] : 0, lines->ends[i], out);
	return rc;
}

/* By a copy that takes its place: a reader has the old file or the new one. */
static int
replace_by_half(struct lk_recording *r, const struct lines *lines)
{
	struct lk_replace copy;
	int rc = lk_replace_open(&copy, r->path);

	if (rc < 0)
		return rc;
	rc = copy_half(r, lines, copy.out);
	if (rc < 0)
		lk_replace_abandon(&copy);
	else
		rc = lk_replace_commit(&copy);
	if (rc < 0)
		return rc;
	close(r->fd);
	return open_fd(r);
}

static int
shorten(struct lk_recording *r)
{
	struct lines lines = {0};
	int rc = find_lines(r->fd, r->length, &lines);

	if (rc == 0 && lines.count > 2) {
		rc = replace_by_half(r, &lines);
	} else if (rc == 0) {	/* nothing is between the first and the last */
		rc = ftruncate(r->fd, 0) < 0 ? -errno : 0;
		r->length = rc == 0 ? 0 : r->length;
	}
	free(lines.ends);
	return rc;
}

/* All of LINE or nothing. */
static int
append(struct lk_recording *r, const char *line, size_t length)
{
	int rc = r->fd < 0 ? open_fd(r) : 0;

	while (rc == 0 && r->length > 0 && r->length + length > r->limit)
		rc = shorten(r);
	if (rc < 0)
		return rc;
	rc = write_at(r->fd, line, length, r->length);
	if (rc < 0) {
		/* what stays behind in spite of that is taken away when it is opened again */
		(void)!ftruncate(r->fd, (off_t)r->length);
		return rc;
	}
	r->length += length;
	return 0;
}

static int
add_line(struct lk_recording *r, const char *line, size_t length, char *words, size_t words_bytes)
{
	char size[LK_TEXT_BYTES], limit[LK_TEXT_BYTES];
	int rc;

	if (length > r->limit) {
		snprintf(words, words_bytes, "a snapshot of %s is too large for a recording of %s",
		    lk_text_bytes((double)length, size, sizeof(size)),
		    lk_text_bytes((double)r->limit / 2 * 3, limit, sizeof(limit)));
		return -EFBIG;
	}
	rc = append(r, line, length);
	return rc < 0 ? explain(rc, r->path, words, words_bytes) : 0;
}

int
lk_recording_add(struct lk_recording *r, const struct lk_snapshot *s, uint32_t reference,
    char *words, size_t words_bytes)
{
	const struct lk_export_options options = {.reference = reference};
	struct lk_arena *arena = lk_arena_new();
	char *line = NULL;
	size_t length = 0;
	FILE *out = arena != NULL ? open_memstream(&line, &length) : NULL;
	int rc;

	if (out == NULL) {
		lk_arena_free(arena);
		return explain(-ENOMEM, r->path, words, words_bytes);
	}
	rc = lk_export_print(lk_slim_snapshot(s, arena), &options, out, words, words_bytes);
	lk_arena_free(arena);
	if (fclose(out) != 0 && rc == 0)
		rc = explain(-ENOMEM, r->path, words, words_bytes);
	if (rc == 0)
		rc = add_line(r, line, length, words, words_bytes);
	free(line);
	return rc;
}

int
lk_recording_end(struct lk_recording *r, double at_s, const char *why)
{
	char *line = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&line, &length);
	int rc = -ENOMEM;

	if (out == NULL)
		return rc;
	fputs("{\"schema\":\"" LK_RECORDING_SCHEMA "\",\"ended_at\":", out);
	lk_quote_number(out, at_s);
	fputs(",\"why\":", out);
	lk_quote_put(out, why);
	fputs("}\n", out);
	if (fclose(out) == 0)
		rc = append(r, line, length);
	free(line);
	return rc;
}
