/* image.h - a loaded object as its program headers describe it, read without trust.
 * Room: sampler/native.
 * Everything is checked against the object's own loadable segments before it is read: a
 * damaged dynamic section gives no slots, never a wild read.
 * Context: the object stays mapped during the call (native.c pins it).  Never allocates. */
#ifndef LK_SAMPLER_NATIVE_IMAGE_H
#define LK_SAMPLER_NATIVE_IMAGE_H

#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LK_BUILD_ID_HEX_MAX	64u	/* digits kept; SHA-1 has 40 */

struct lk_image {
	uintptr_t	 bias;		/* what is added to the addresses in the file */
	const ElfW(Phdr) *phdr;
	uint16_t	 phnum;
	uintptr_t	 begin, end;	/* of all that is loaded */
};

/* A word that the loader filled with the address of a symbol. */
struct lk_image_slot {
	uintptr_t	*at;
	const char	*name;		/* NUL-terminated within the object */
	bool		 lazy;		/* a jump slot: may still point into the object itself */
	bool		 is_data;	/* a plain word, which the program may have changed */
};

typedef void (*lk_image_slot_fn)(void *ctx, const struct lk_image_slot *slot);

/* lk_image_init - fills *OUT.  Returns: false when nothing is loaded. */
bool lk_image_init(struct lk_image *out, uintptr_t bias, const ElfW(Phdr) *phdr, uint16_t phnum);

/* lk_image_slots - calls EACH for every word that was bound to a symbol of another object. */
void lk_image_slots(const struct lk_image *image, lk_image_slot_fn each, void *ctx);

/* lk_image_relro - the pages that are read-only once the object is loaded; empty when none. */
void lk_image_relro(const struct lk_image *image, uintptr_t *begin_out, uintptr_t *end_out);

/* lk_image_build_id - as hex digits into OUT.  Returns: how many, 0: there is none. */
size_t lk_image_build_id(const struct lk_image *image, char out[LK_BUILD_ID_HEX_MAX]);

/* lk_image_eh_frame_hdr - the table of functions for unwinding; NULL when there is none. */
const uint8_t *lk_image_eh_frame_hdr(const struct lk_image *image, size_t *bytes_out);

/* lk_image_holds - whether BYTES at ADDRESS are in a segment with FLAGS (PF_R, PF_W, PF_X). */
bool lk_image_holds(const struct lk_image *image, uintptr_t address, size_t bytes,
    uint32_t flags);

#endif
