#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "leaktop/snapshot.h"
#include "model/arena.h"
#include "model/snapshot.h"

#include "client/source_file_moments.h"
#include "client/source_file_read.h"
#include "client/source_ops.h"

#define LOOK_MS 1000	/* whether a recording has grown */

struct file {
	struct lk_source source;
	struct lk_snapshot *snapshot;
	char words[LK_SOURCE_WORDS_BYTES];
	char *path;
	int fd;			/* of a recording, else -1 */
	struct lk_source_file_moments moments;
	size_t at;		/* which of them the snapshot is */
	uint64_t bytes;		/* of the file when it was looked at */
	ino_t inode;
	int64_t look_ms;	/* when it is looked at again */
	bool is_growing;	/* it has grown since it was opened */
};

static const struct lk_snapshot *
file_snapshot(const struct lk_source *s)
{
	return ((const struct file *)s)->snapshot;
}

static enum lk_source_state
file_state(const struct lk_source *s)
{
	(void)s;
	return LK_SOURCE_OFFLINE;
}

static const char *
file_words(const struct lk_source *s)
{
	return ((const struct file *)s)->words;
}

static int
file_request(struct lk_source *s, const struct lk_request *request, lk_reply_fn fn, void *ctx)
{
	(void)s;
	(void)request;
	(void)fn;
	(void)ctx;
	return -EOPNOTSUPP;
}

static const struct lk_source_reading *
file_reading(const struct lk_source *s)
{
	(void)s;
	return NULL;
}

static void
file_close(struct lk_source *s)
{
	struct file *f = (struct file *)s;

	lk_snapshot_put(f->snapshot);
	lk_source_file_moments_free(&f->moments);
	if (f->fd >= 0)
		close(f->fd);
	free(f->path);
	free(f);
}

/* What was read so far may be all: the size of a file can change under us. */
static int
read_all(int fd, uint64_t offset, char *text, size_t size, size_t *out_length)
{
	size_t length = 0;
	ssize_t got;

	do {
		got = pread(fd, text + length, size - length, (off_t)(offset + length));
		if (got < 0 && errno != EINTR)
			return -errno;
		length += got > 0 ? (size_t)got : 0;
	} while (got != 0 && length < size);
	*out_length = length;
	return 0;
}

static int
load(int fd, uint64_t offset, size_t size, char **out_text, size_t *out_length)
{
	char *text = malloc(size + 1);
	int rc;

	if (text == NULL)
		return -ENOMEM;
	rc = read_all(fd, offset, text, size, out_length);
	if (rc < 0) {
		free(text);
		return rc;
	}
	*out_text = text;
	return 0;
}

static int
size_of(int fd, off_t *out)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	*out = st.st_size;
	return S_ISREG(st.st_mode) ? 0 : -EINVAL;
}

static int
explain(int rc, const char *path, char *words, size_t words_bytes)
{
	const char *why = rc == -EFBIG ? "larger than any snapshot"
	    : rc == -EINVAL ? "not a regular file" : strerror(-rc);

	snprintf(words, words_bytes, "%s: %s", path, why);
	return rc;
}

/* A new snapshot of the text at OFFSET; f->snapshot is that from then on. */
static int
read_part(struct file *f, int fd, uint64_t offset, size_t size, char *words, size_t words_bytes)
{
	struct lk_snapshot *s = NULL;
	char *text = NULL, what[LK_SOURCE_WORDS_BYTES] = "";
	size_t length = 0;
	int rc = load(fd, offset, size, &text, &length);

	if (rc < 0)
		return explain(rc, f->path, words, words_bytes);
	rc = lk_source_file_read(text, length, what, sizeof(what), &s);
	free(text);
	if (rc < 0) {
		snprintf(words, words_bytes, "%s: %s", f->path, what);
		return rc;
	}
	s->origin = lk_arena_text(s->arena, f->path, strlen(f->path));
	if (s->origin == NULL) {
		lk_snapshot_put(s);
		return explain(-ENOMEM, f->path, words, words_bytes);
	}
	s->seq = f->snapshot != NULL ? f->snapshot->seq + 1 : 1;
	lk_snapshot_put(f->snapshot);
	f->snapshot = s;
	return 0;
}

/* ---- recordings ------------------------------------------------------------ */

static void
end_words(const struct file *f, char *out, size_t out_bytes)
{
	json_t *end = f->moments.end[0] != '\0' && f->at + 1 == f->moments.count
	    ? json_loads(f->moments.end, 0, NULL) : NULL;
	const char *why = json_string_value(json_object_get(end, "why"));

	out[0] = '\0';
	if (why != NULL)
		snprintf(out, out_bytes, ", the last: %s", why);
	else if (f->is_growing && f->moments.end[0] == '\0')
		snprintf(out, out_bytes, ", still recorded%s",
		    f->at + 1 == f->moments.count ? ", followed" : "");
	else if (f->moments.is_cut && f->at + 1 == f->moments.count)
		snprintf(out, out_bytes, ", the last whole one: the file was cut");
	json_decref(end);
}

static void
say_moment(struct file *f)
{
	char end[160];

	end_words(f, end, sizeof(end));
	snprintf(f->words, sizeof(f->words), "%zu of %zu%s: %s", f->at + 1, f->moments.count, end,
	    f->path);
}

/* Reads moment AT, or the nearest that can be read from there on in the direction of STEP. */
static int
show_moment(struct file *f, size_t at, int step, char *words, size_t words_bytes)
{
	int rc = -ERANGE;

	for (; at < f->moments.count; at += step < 0 ? (size_t)-1 : 1) {
		const struct lk_source_file_moment *m = &f->moments.list[at];

		rc = read_part(f, f->fd, m->offset, m->bytes, words, words_bytes);
		if (rc == 0)
			break;
	}
	if (rc < 0)
		return rc;
	f->at = at;
	say_moment(f);
	return 0;
}

static size_t
file_moments(const struct lk_source *s, size_t *at)
{
	const struct file *f = (const struct file *)s;

	*at = f->at;
	return f->moments.count > 0 ? f->moments.count : 1;
}

static int
file_step(struct lk_source *s, int step)
{
	struct file *f = (struct file *)s;
	size_t far = step < 0 ? (size_t)-(int64_t)step : (size_t)step;
	size_t left, at;
	char words[LK_SOURCE_WORDS_BYTES];

	if (f->moments.count < 2)
		return -EOPNOTSUPP;
	left = step < 0 ? f->at : f->moments.count - 1 - f->at;
	far = far < left ? far : left;
	if (far == 0)
		return -ERANGE;
	at = step < 0 ? f->at - far : f->at + far;
	return show_moment(f, at, step, words, sizeof(words)) == 0 ? 0 : -ERANGE;
}

/* ---- one that still grows -------------------------------------------------- */

/* Another file has its name now: what is old was made shorter.  Returns: 0 or negative errno. */
static int
reopen(struct file *f)
{
	int fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct lk_source_file_moments fresh = {0};
	size_t count = f->moments.count;
	off_t size;
	int rc = fd < 0 ? -errno : size_of(fd, &size);

	if (rc == 0)
		rc = lk_source_file_moments_find(fd, &fresh);
	if (rc == 0 && fresh.count == 0)
		rc = -ENODATA;
	if (rc < 0) {
		lk_source_file_moments_free(&fresh);
		if (fd >= 0)
			close(fd);
		return rc;
	}
	/* about where it was: as far from the beginning */
	f->at = f->at + 1 == count ? fresh.count - 1 : f->at * fresh.count / count;
	lk_source_file_moments_free(&f->moments);
	f->moments = fresh;
	close(f->fd);
	f->fd = fd;
	return 0;
}

/* Who looks at the end goes on to the new end; who went back stays.  Returns: it is to be shown. */
static bool
follow(struct file *f, const struct stat *st)
{
	size_t count = f->moments.count;
	bool at_end = f->at + 1 == count, is_same = st->st_ino == f->inode &&
	    (uint64_t)st->st_size >= f->bytes;
	char words[LK_SOURCE_WORDS_BYTES];
	int rc = is_same ? lk_source_file_moments_find(f->fd, &f->moments) : reopen(f);

	if (rc < 0)
		return false;	/* it is being replaced: again at the next look */
	f->bytes = (uint64_t)st->st_size;
	f->inode = st->st_ino;
	f->is_growing = true;
	if (at_end && (f->moments.count != count || !is_same))
		return show_moment(f, f->moments.count - 1, -1, words, sizeof(words)) == 0;
	say_moment(f);
	return true;
}

static bool
is_followed(const struct file *f)
{
	return f->moments.count > 0 && f->fd >= 0;
}

static size_t
file_poll(struct lk_source *s, struct pollfd *fds, size_t max, int *timeout_ms)
{
	(void)fds;
	(void)max;
	if (lk_source_file_moments_is_recording(&((struct file *)s)->moments) &&
	    (*timeout_ms < 0 || *timeout_ms > LOOK_MS))
		*timeout_ms = LOOK_MS;
	return 0;
}

static bool
file_dispatch(struct lk_source *s, const struct pollfd *fds, size_t count, int64_t now_ms)
{
	struct file *f = (struct file *)s;
	struct stat st;

	(void)fds;
	(void)count;
	if (!is_followed(f) || now_ms < f->look_ms)
		return false;
	f->look_ms = now_ms + LOOK_MS;
	if (stat(f->path, &st) < 0 || !S_ISREG(st.st_mode) ||
	    (st.st_ino == f->inode && (uint64_t)st.st_size == f->bytes))
		return false;
	/* a snapshot under the same name is another one; a recording of one may get its second */
	if (!lk_source_file_moments_is_recording(&f->moments) && st.st_ino != f->inode)
		return false;
	return follow(f, &st);
}

static const struct lk_source_ops file_ops = {
	.id = "file",
	.poll = file_poll,
	.dispatch = file_dispatch,
	.snapshot = file_snapshot,
	.state = file_state,
	.words = file_words,
	.request = file_request,
	.reading = file_reading,
	.moments = file_moments,
	.step = file_step,
	.close = file_close,
};

/* Takes FD. */
static int
read_fd(struct file *f, int fd, char *words, size_t words_bytes)
{
	off_t size = 0;
	int rc = size_of(fd, &size);
	struct stat st;

	f->fd = fd;
	if (fstat(fd, &st) == 0)
		f->inode = st.st_ino;
	f->bytes = (uint64_t)size;
	if (rc == 0)
		rc = lk_source_file_moments_find(fd, &f->moments);
	if (rc < 0)
		return explain(rc, f->path, words, words_bytes);
	if (lk_source_file_moments_is_recording(&f->moments))
		return show_moment(f, f->moments.count - 1, -1, words, words_bytes);
	if (f->moments.count != 1)
		lk_source_file_moments_free(&f->moments);
	if (size > (off_t)LK_SNAPSHOT_FILE_MAX)
		return explain(-EFBIG, f->path, words, words_bytes);
	snprintf(f->words, sizeof(f->words), "%s", f->path);
	return read_part(f, fd, 0, (size_t)size, words, words_bytes);
}

int
lk_source_open_file(const char *path, char *words, size_t words_bytes, struct lk_source **out)
{
	struct file *f = calloc(1, sizeof(*f));
	int rc = -ENOMEM, fd;

	if (f == NULL)
		return explain(-ENOMEM, path, words, words_bytes);
	lk_source_init(&f->source, &file_ops);
	f->fd = -1;
	f->path = strdup(path);
	/* not to hang on a pipe that nobody writes to */
	fd = f->path != NULL ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) : -1;
	if (fd >= 0)
		rc = read_fd(f, fd, words, words_bytes);
	else
		rc = explain(f->path != NULL ? -errno : -ENOMEM, path, words, words_bytes);
	if (rc < 0) {
		file_close(&f->source);
		return rc;
	}
	*out = &f->source;
	return 0;
}
