/* address.h - where this process listens: the socket path rule of leaktop/sampler.h.
 * Room: sampler/process.  Context: start-up and the sampler's own thread. */
#ifndef LK_SAMPLER_PROCESS_ADDRESS_H
#define LK_SAMPLER_PROCESS_ADDRESS_H

#include <stddef.h>

/* lk_address_tell - where the socket is to be, once: the values of LEAKTOP_DIR and XDG_RUNTIME_DIR,
 * or NULL.  Context: start-up. */
void lk_address_tell(const char *dir, const char *xdg);

/* lk_address_check - whether there is a folder for it; it is made.
 * Returns: 0; negative errno as of listen. */
int lk_address_check(void);

/* lk_address_listen - a listening socket at PATH (filled in), its folder made 0700 and
 * verified; a stale socket there is replaced.
 * Returns: the descriptor (close-on-exec, non-blocking), or negative errno: -EPERM for a
 * folder that is not ours alone, -ENAMETOOLONG. */
int lk_address_listen(char *path, size_t size);

#endif
