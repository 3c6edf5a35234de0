/* dial.h - sockets of samplers.  Room: client. */
#ifndef LK_CLIENT_DIAL_H
#define LK_CLIENT_DIAL_H

#include <stddef.h>

/* lk_dial_unix - connect to PATH; the descriptor does not block and closes on exec.
 * Who listens must have our effective uid or be root, unless we are root.
 * Returns: descriptor; -EPERM when a stranger listens; -ENOENT, -ECONNREFUSED, -EAGAIN
 * (its queue is full: later) or another negative errno. */
int lk_dial_unix(const char *path);

/* lk_dial_send - as much of BYTES as goes without waiting; never raises SIGPIPE.
 * Returns: bytes sent (0: interrupted); -EAGAIN; other negative errno: connection lost. */
long lk_dial_send(int fd, const char *bytes, size_t count);

#endif
