#include "config.h"

#include "sampler/connection.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "sampler/core/pages.h"

int
lk_connection_open(struct lk_connection *c, int fd)
{
	char *bytes = c->out.bytes;	/* kept from an earlier client */

	if (bytes == NULL)
		bytes = lk_pages_map(LK_CONNECTION_OUT_BYTES);
	if (bytes == NULL)
		return -ENOMEM;
	memset(c, 0, sizeof(*c));
	lk_print_init(&c->out, bytes, LK_CONNECTION_OUT_BYTES);
	lk_handle_set(&c->handle, fd);
	return 0;
}

void
lk_connection_close(struct lk_connection *c)
{
	if (c->out.bytes != NULL && c->handle.fd >= 0)
		madvise(c->out.bytes, LK_CONNECTION_OUT_BYTES, MADV_DONTNEED);
	lk_handle_close(&c->handle);
}

bool
lk_connection_flush(struct lk_connection *c)
{
	ssize_t n;

	while (c->out_sent < c->out.length) {
		n = send(c->handle.fd, c->out.bytes + c->out_sent, c->out.length - c->out_sent,
		    MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		c->out_sent += (size_t)n;
	}
	c->out.length = c->out_sent = 0;
	c->out.full = false;
	return true;
}

bool
lk_connection_fill(struct lk_connection *c)
{
	ssize_t n;

	while (c->in_bytes < sizeof(c->in)) {
		n = recv(c->handle.fd, c->in + c->in_bytes, sizeof(c->in) - c->in_bytes,
		    MSG_DONTWAIT);
		if (n == 0) {
			c->in_ended = true;
			return true;
		}
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		c->in_bytes += (size_t)n;
	}
	return true;
}

static void
consume(struct lk_connection *c, size_t bytes)
{
	memmove(c->in, c->in + bytes, c->in_bytes - bytes);
	c->in_bytes -= bytes;
}

ssize_t
lk_connection_line(struct lk_connection *c, const char **line)
{
	static char copy[LK_WIRE_REQUEST_MAX];
	char *end = memchr(c->in, '\n', c->in_bytes);
	bool skipped = c->in_skipping;
	size_t length;

	if (end == NULL) {
		if (c->in_bytes < sizeof(c->in))
			return -1;
		c->in_skipping = true;
		c->in_bytes = 0;
		return -1;
	}
	length = (size_t)(end - c->in);
	memcpy(copy, c->in, length);
	*line = copy;
	consume(c, length + 1);
	c->in_skipping = false;
	return skipped ? -2 : (ssize_t)length;
}

ssize_t
lk_connection_peek(const struct lk_connection *c, const char **line)
{
	const char *end = memchr(c->in, '\n', c->in_bytes);

	*line = c->in;
	return end == NULL || c->in_skipping ? -1 : (ssize_t)(end - c->in);
}

bool
lk_connection_has_room(const struct lk_connection *c)
{
	return c->out.capacity - c->out.length >= LK_WIRE_LINE_MAX;
}
