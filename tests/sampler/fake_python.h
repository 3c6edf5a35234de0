/* fake_python.h - an interpreter that is not there: frames that a test sets, and allocators that
 * do to the hooks what CPython's do, pymalloc's passing on of foreign pointers included.
 * Linked in place of sampler/cpython/walk. */
#ifndef LK_TESTS_SAMPLER_FAKE_PYTHON_H
#define LK_TESTS_SAMPLER_FAKE_PYTHON_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lk_symbols;

enum fake_domain { FAKE_RAW, FAKE_MEM, FAKE_OBJ, FAKE_DOMAINS };

#define FAKE_SMALL_BYTES	512u
#define FAKE_DEPTH_MAX		8u

/* fake_python_at - where the calling thread is: KEYS [count], innermost first; a key's low 24 bits
 * are its line, the others name the function. */
void fake_python_at(const uint64_t *keys, uint32_t count);

/* fake_python_resolving - called while a frame is resolved, under the sampler's lock; NULL: not. */
extern void (*fake_python_resolving)(void);

/* fake_python_thread_state - there is one. */
const void *fake_python_thread_state(void);

/* fake_python_start - allocators without hooks; *OUT can get and set them. */
void fake_python_start(struct lk_symbols *out);

/* As the interpreter calls them, through whatever hooks there are: OBJ and MEM under a lock that
 * stands for the GIL, RAW without. */
void *fake_python_malloc(enum fake_domain domain, size_t n);
void *fake_python_calloc(enum fake_domain domain, size_t n);
void *fake_python_realloc(enum fake_domain domain, void *p, size_t n);
void fake_python_free(enum fake_domain domain, void *p);

#endif
