/* fuzz.h - a target takes any bytes and must come back; replay.c and libFuzzer feed it. */
#ifndef LK_TESTS_FUZZ_FUZZ_H
#define LK_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Patterns of files in the source tree to begin with; NULL-terminated. */
extern const char *const fuzz_seeds[];

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

#endif
