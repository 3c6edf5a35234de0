/* names.h - the text of a Python str, read from its memory.  Room: sampler/cpython.
 * Context: also inside a hook; the object is alive.  PyUnicode_AsUTF8 would allocate. */
#ifndef LK_SAMPLER_CPYTHON_NAMES_H
#define LK_SAMPLER_CPYTHON_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lk_layout;

/* The characters of a str, as they are in memory. */
struct lk_names_text {
	const char	*data;
	unsigned int	 kind;		/* bytes of each: 1, 2 or 4 */
	size_t		 length;	/* characters */
};

/* lk_names_open - of STR.  Returns: false for what has no data of its own. */
bool lk_names_open(const struct lk_layout *layout, const void *str, struct lk_names_text *out);

/* lk_names_character - the one at I, which is below the length. */
uint32_t lk_names_character(const struct lk_names_text *text, size_t i);

/* lk_names_encode - UTF-8 of C (a lone surrogate becomes U+FFFD).  Returns: bytes, at most 4. */
size_t lk_names_encode(uint32_t c, char out[4]);

/* lk_names_copy - UTF-8 of STR, cut at a whole character to fit; "?" for what is no str or
 * has no data of its own.  Returns: bytes written, no NUL. */
size_t lk_names_copy(const struct lk_layout *layout, const void *str, char *out, size_t max);

#endif
