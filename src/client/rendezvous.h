/* rendezvous.h - where samplers listen: the path rule of leaktop/sampler.h, seen from the
 * client's side.  Room: client. */
#ifndef LK_CLIENT_RENDEZVOUS_H
#define LK_CLIENT_RENDEZVOUS_H

#include <stddef.h>
#include <sys/types.h>

/* lk_rendezvous_find - the socket of PID, which runs as UID, into OUT (>= 108 bytes).
 * Looks in $LEAKTOP_DIR, the folders of UID, and what PID's own environment names; a folder
 * or socket that belongs to a third party is passed over.
 * Returns: 0; -ENOENT when there is none; -EACCES when it could not look. */
int lk_rendezvous_find(pid_t pid, uid_t uid, char *out, size_t out_bytes);

/* lk_rendezvous_sweep - remove sockets of our own uid whose process has ended and where
 * nobody listens.  Returns: how many. */
int lk_rendezvous_sweep(void);

#endif
