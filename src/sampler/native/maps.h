/* maps.h - the files that are mapped here, as the kernel names them.  Room: sampler/native.
 * Context: our own threads. */
#ifndef LK_SAMPLER_NATIVE_MAPS_H
#define LK_SAMPLER_NATIVE_MAPS_H

#include <stddef.h>
#include <stdint.h>

typedef void (*lk_maps_fn)(void *ctx, uintptr_t begin, const char *path, size_t length);

/* lk_maps_read - EACH mapping of the first bytes of a file (or of the kernel's, "[vdso]"). */
void lk_maps_read(lk_maps_fn each, void *ctx);

#endif
