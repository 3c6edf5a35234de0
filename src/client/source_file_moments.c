#include "config.h"

#include "client/source_file_moments.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "leaktop/snapshot.h"

#define CHUNK_BYTES 65536
#define SNAPSHOT "{\"schema\":\"" LK_SNAPSHOT_SCHEMA_NAME
#define END "{\"schema\":\"" LK_RECORDING_SCHEMA_NAME

struct line {
	uint64_t offset, bytes;
	char begin[256];	/* and a NUL */
	size_t begin_bytes;
};

static bool
begins(const struct line *line, const char *with)
{
	return strncmp(line->begin, with, strlen(with)) == 0;
}

static int
add(struct lk_source_file_moments *m, const struct line *line)
{
	if (line->bytes > LK_SNAPSHOT_FILE_MAX)
		return 0;
	if (m->count == LK_RECORDING_MOMENTS_MAX) {
		m->is_more = true;
		return 0;
	}
	if (m->count == m->room) {
		size_t room = m->room > 0 ? m->room * 2 : 16;
		struct lk_source_file_moment *list = realloc(m->list, room * sizeof(*list));

		if (list == NULL)
			return -ENOMEM;
		m->list = list;
		m->room = room;
	}
	m->list[m->count++] = (struct lk_source_file_moment){line->offset, (uint32_t)line->bytes};
	return 0;
}

/* LINE is whole. */
static int
end_line(struct lk_source_file_moments *m, struct line *line)
{
	int rc = 0;

	m->end[0] = '\0';
	if (begins(line, SNAPSHOT))
		rc = add(m, line);
	else if (begins(line, END))
		memcpy(m->end, line->begin, sizeof(m->end));
	line->offset += line->bytes + 1;
	line->bytes = 0;
	line->begin_bytes = 0;
	line->begin[0] = '\0';
	return rc;
}

static void
go_on(struct line *line, const char *bytes, size_t length)
{
	size_t room = sizeof(line->begin) - 1 - line->begin_bytes;
	size_t more = length < room ? length : room;

	memcpy(line->begin + line->begin_bytes, bytes, more);
	line->begin_bytes += more;
	line->begin[line->begin_bytes] = '\0';
	line->bytes += length;
}

static int
take(struct lk_source_file_moments *m, struct line *line, const char *bytes, size_t length)
{
	int rc = 0;

	while (length > 0 && rc == 0) {
		const char *newline = memchr(bytes, '\n', length);
		size_t part = newline != NULL ? (size_t)(newline - bytes) : length;

		go_on(line, bytes, part);
		if (newline != NULL) {
			rc = end_line(m, line);
			part++;
		}
		bytes += part;
		length -= part;
	}
	return rc;
}

/* Of a snapshot, or of the end. */
static bool
is_begun(const struct line *line)
{
	size_t shortest = sizeof(SNAPSHOT) < sizeof(END) ? sizeof(SNAPSHOT) : sizeof(END);
	size_t length = line->begin_bytes < shortest - 1 ? line->begin_bytes : shortest - 1;

	return length > 0 && (strncmp(line->begin, SNAPSHOT, length) == 0 ||
	    strncmp(line->begin, END, length) == 0);
}

int
lk_source_file_moments_find(int fd, struct lk_source_file_moments *m)
{
	struct line line = {.offset = m->searched};
	char *chunk = malloc(CHUNK_BYTES);
	uint64_t at = m->searched;
	int rc = chunk != NULL ? 0 : -ENOMEM;

	while (rc == 0 && at < LK_RECORDING_FILE_MAX) {
		ssize_t got = pread(fd, chunk, CHUNK_BYTES, (off_t)at);

		if (got < 0 && errno != EINTR)
			rc = -errno;
		else if (got > 0)
			rc = take(m, &line, chunk, (size_t)got);
		if (got == 0)
			break;
		at += got > 0 ? (uint64_t)got : 0;
	}
	m->searched = line.offset;
	m->is_cut = is_begun(&line);
	free(chunk);
	return rc;
}

bool
lk_source_file_moments_is_recording(const struct lk_source_file_moments *m)
{
	return m->count > 1 || (m->count == 1 && (m->is_cut || m->end[0] != '\0'));
}

void
lk_source_file_moments_free(struct lk_source_file_moments *m)
{
	free(m->list);
	memset(m, 0, sizeof(*m));
}
