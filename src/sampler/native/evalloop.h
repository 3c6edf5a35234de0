/* evalloop.h - which code is the interpreter's eval loop.  Room: sampler/native. */
#ifndef LK_SAMPLER_NATIVE_EVALLOOP_H
#define LK_SAMPLER_NATIVE_EVALLOOP_H

#include <stddef.h>
#include <stdint.h>

struct lk_image;

/* lk_evalloop_init - tell frames.h: FUNCTION in IMAGE is it, SIZE bytes by its symbol.  The
 * compiler may have put a part that is seldom run elsewhere (".cold", which has no symbol in a
 * stripped file): that is found by the jumps of the function into the middle of another entry of
 * the unwind table.
 * Context: start-up, our thread. */
void lk_evalloop_init(const struct lk_image *image, uintptr_t function, size_t size);

#endif
