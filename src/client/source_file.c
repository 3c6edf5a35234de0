#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "leaktop/snapshot.h"
#include "model/arena.h"
#include "model/snapshot.h"

#include "client/source_file_read.h"
#include "client/source_ops.h"

struct file {
	struct lk_source source;
	struct lk_snapshot *snapshot;
	char words[LK_SOURCE_WORDS_BYTES];
};

static size_t
file_poll(struct lk_source *s, struct pollfd *fds, size_t max, int *timeout_ms)
{
	(void)s;
	(void)fds;
	(void)max;
	(void)timeout_ms;
	return 0;
}

static bool
file_dispatch(struct lk_source *s, const struct pollfd *fds, size_t count, int64_t now_ms)
{
	(void)s;
	(void)fds;
	(void)count;
	(void)now_ms;
	return false;
}

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
	free(f);
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
	.close = file_close,
};

/* What was read so far may be all: the size of a file can change under us. */
static int
read_all(int fd, char *text, size_t size, size_t *out_length)
{
	size_t length = 0;
	ssize_t got;

	do {
		got = read(fd, text + length, size - length);
		if (got < 0 && errno != EINTR)
			return -errno;
		length += got > 0 ? (size_t)got : 0;
	} while (got != 0 && length < size);
	*out_length = length;
	return 0;
}

static int
load(int fd, char **out_text, size_t *out_length)
{
	struct stat st;
	char *text;
	int rc;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (st.st_size > (off_t)LK_SNAPSHOT_FILE_MAX)
		return -EFBIG;
	text = malloc((size_t)st.st_size + 1);
	if (text == NULL)
		return -ENOMEM;
	rc = read_all(fd, text, (size_t)st.st_size, out_length);
	if (rc < 0) {
		free(text);
		return rc;
	}
	*out_text = text;
	return 0;
}

static int
load_path(const char *path, char **out_text, size_t *out_length)
{
	/* not to hang on a pipe that nobody writes to */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), rc;

	if (fd < 0)
		return -errno;
	rc = load(fd, out_text, out_length);
	close(fd);
	return rc;
}

static int
explain(int rc, const char *path, char *words, size_t words_bytes)
{
	const char *why = rc == -EFBIG ? "larger than any snapshot"
	    : rc == -EINVAL ? "not a regular file" : strerror(-rc);

	snprintf(words, words_bytes, "%s: %s", path, why);
	return rc;
}

static int
read_path(const char *path, char *words, size_t words_bytes, struct lk_snapshot **out)
{
	char *text = NULL, what[LK_SOURCE_WORDS_BYTES] = "";
	size_t length = 0;
	int rc = load_path(path, &text, &length);

	if (rc < 0)
		return explain(rc, path, words, words_bytes);
	rc = lk_source_file_read(text, length, what, sizeof(what), out);
	free(text);
	if (rc < 0)
		snprintf(words, words_bytes, "%s: %s", path, what);
	return rc;
}

int
lk_source_open_file(const char *path, char *words, size_t words_bytes, struct lk_source **out)
{
	struct file *f = calloc(1, sizeof(*f));
	int rc;

	if (f == NULL)
		return explain(-ENOMEM, path, words, words_bytes);
	lk_source_init(&f->source, &file_ops);
	rc = read_path(path, words, words_bytes, &f->snapshot);
	if (rc < 0)
		goto fail;
	f->snapshot->origin = lk_arena_text(f->snapshot->arena, path, strlen(path));
	if (f->snapshot->origin == NULL) {
		rc = explain(-ENOMEM, path, words, words_bytes);
		goto fail;
	}
	snprintf(f->words, sizeof(f->words), "%s", path);
	*out = &f->source;
	return 0;

fail:
	file_close(&f->source);
	return rc;
}
