#include "config.h"

#include "client/dial.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static bool
is_friend(int fd)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);
	uid_t self = geteuid();

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0)
		return false;
	return peer.uid == self || peer.uid == 0 || self == 0;
}

int
lk_dial_unix(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd, rc;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		rc = -errno;
	else
		rc = is_friend(fd) ? 0 : -EPERM;
	if (rc == 0)
		return fd;
	close(fd);
	return rc;
}

long
lk_dial_send(int fd, const char *bytes, size_t count)
{
	ssize_t sent = send(fd, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (sent >= 0)
		return sent;
	if (errno == EINTR)
		return 0;
	return errno == EWOULDBLOCK ? -EAGAIN : -errno;
}
