/* exports.h - the functions that an object exports, read from the memory of the process that has
 * it: right also when its file was replaced since, or is in another mount namespace.
 * Room: attach.  Nothing that is read is trusted. */
#ifndef LK_ATTACH_EXPORTS_H
#define LK_ATTACH_EXPORTS_H

#include <stdint.h>

struct lk_exports {
	int		 memory;	/* /proc/PID/mem, borrowed */
	uint64_t	 bias;		/* what is added to addresses of the file */
	uint64_t	 symbols, strings, strings_bytes, hash;
};

/* lk_exports_open - of the object whose first byte is at BASE.
 * Returns: 0; -ENOEXEC: no object of this machine, or none with a GNU hash table. */
int lk_exports_open(int memory, uint64_t base, struct lk_exports *out);

/* lk_exports_find - the address of what is exported as NAME, function or variable; 0: none. */
uint64_t lk_exports_find(const struct lk_exports *e, const char *name);

#endif
