/* descriptors.h - what a process has open, by kind, as /proc tells.  Room: client. */
#ifndef LK_CLIENT_DESCRIPTORS_H
#define LK_CLIENT_DESCRIPTORS_H

#include "model/frozen.h"

#define LK_DESCRIPTORS_MAX 65536	/* looked at; of more nothing is known */

/* lk_descriptors_count - of process PID.  Cannot fail: unknown when it cannot be read. */
void lk_descriptors_count(int pid, struct lk_descriptors *out);

/* lk_descriptors_kind - the count in D that a link of /proc/PID/fd with this TEXT belongs to. */
double *lk_descriptors_kind(struct lk_descriptors *d, const char *text);

#endif
