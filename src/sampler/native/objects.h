/* objects.h - which object an address of code is in: a table of our own, because the loader's
 * must not be asked in a hook.  Room: sampler/native.
 *
 * The patching thread makes a new table beside the one in use and publishes it; the next one
 * is made a second later at the earliest.  A hook that was stopped in the middle of a look-up
 * for that long may take one frame for another, never leave the table.  Names of objects are
 * kept for ever, each once: a library that comes again keeps its number. */
#ifndef LK_SAMPLER_NATIVE_OBJECTS_H
#define LK_SAMPLER_NATIVE_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sampler/core/stacks.h"

#define LK_OBJECTS_MAX		4096u
#define LK_OBJECTS_NAMES_MAX	6144u
#define LK_OBJECTS_UNKNOWN	0u		/* the name of code outside of any object */

enum lk_object_kind { LK_OBJECT_OTHER, LK_OBJECT_LIBC, LK_OBJECT_INTERPRETER, LK_OBJECT_OURS };

struct lk_object {
	uintptr_t	begin, end, bias;
	uintptr_t	unwind;		/* its .eh_frame_hdr; 0: none */
	uint32_t	unwind_bytes;
	uint32_t	name;
	uint8_t		kind;		/* enum lk_object_kind */
};

/* ---- the patching thread ---- */

/* lk_objects_init - take the memory.  Returns: 0, -ENOMEM. */
int lk_objects_init(void);

/* lk_objects_begin - an empty table; add - one object of it, any order (more than there is room
 * for are left out); publish - from now on it is the one in use. */
void lk_objects_begin(void);
void lk_objects_add(const struct lk_object *object);
void lk_objects_publish(void);

/* lk_objects_name - the number of BUILD_ID and PATH; UNKNOWN when there is no room. */
uint32_t lk_objects_name(const char *build_id, size_t build_id_length, const char *path,
    size_t path_length);

/* ---- any thread, also in a hook ---- */

/* lk_objects_find - the object that ADDRESS is in; false: none that is known. */
bool lk_objects_find(uintptr_t address, struct lk_object *out);

/* lk_objects_version - another one for each table. */
uint64_t lk_objects_version(void);

/* lk_objects_frame - the frame of the call before return address PC, which is in OBJECT (NULL:
 * in none). */
void lk_objects_frame(uintptr_t pc, const struct lk_object *object, struct lk_raw_frame *out);

/* lk_objects_resolve - an lk_resolve_fn for native frames. */
void lk_objects_resolve(const struct lk_raw_frame *raw, struct lk_frame_words *out);

#endif
