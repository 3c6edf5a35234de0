/* attach_key.h - leaktop attach, asked for by a key of the screen.  Room: cli. */
#ifndef LK_CLI_ATTACH_KEY_H
#define LK_CLI_ATTACH_KEY_H

#include <stdbool.h>
#include <stddef.h>

/* lk_attach_key - an lk_attach_fn (ui/session.h) with the defaults of leaktop attach; waits until
 * the sampler answers.  Prints nothing.  CTX is not used. */
int lk_attach_key(void *ctx, int pid, bool perform, char *words, size_t words_bytes);

#endif
