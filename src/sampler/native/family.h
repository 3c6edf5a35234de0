/* family.h - the hooks of malloc and its relatives, for calls that come from libraries.
 * Room: sampler/native.
 *
 * A call that is not due is a subtraction, a branch and a jump; a free is one byte looked up.
 * The blocks are tracked by their address together with those of the interpreter's RAW domain, so
 * it does not matter which of the two sides frees them.  A block is forgotten before it is freed
 * or moved (then its address may belong to another thread), and remembered again when the
 * call failed.
 *
 * What is not seen: calls inside libc (strdup, getline, asprintf: the memory is libc's to take,
 * though its free is seen), calls through pointers that were looked up with dlsym, allocators
 * that are linked into a library, and the interpreter's own object: there RAW counts. */
#ifndef LK_SAMPLER_NATIVE_FAMILY_H
#define LK_SAMPLER_NATIVE_FAMILY_H

#include <stdbool.h>
#include <stddef.h>

struct lk_sink;

/* A call, as native.c puts it into the objects. */
struct lk_family_call {
	const char	*name;
	void		(*hook)(void);
	void		*real;		/* where the original's address is to be stored */
	bool		 ends;		/* it can end a block: stays while samples live */
	bool		 decides;	/* tells which allocator an object is bound to */
};

/* lk_family_init - SINK lives for ever.  Returns: the calls, *count_out of them. */
const struct lk_family_call *lk_family_init(const struct lk_sink *sink, size_t *count_out);

#endif
