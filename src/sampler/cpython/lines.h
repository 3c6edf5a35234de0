/* lines.h - from an instruction to its source line.  Room: sampler/cpython.
 * Pure: reads the table it is given and nothing else; a damaged table gives a wrong line,
 * never a wild read. */
#ifndef LK_SAMPLER_CPYTHON_LINES_H
#define LK_SAMPLER_CPYTHON_LINES_H

#include <stddef.h>
#include <stdint.h>

struct lk_linetable {
	const uint8_t	*bytes;		/* co_linetable, [length] */
	size_t		 length;
	int32_t		 first_line;	/* co_firstlineno */
};

/* lk_lines_find - the line of the instruction at OFFSET bytes, location tables of 3.11 and
 * later (Objects/locations.md there).  A negative offset, or an instruction without a line,
 * gives the first line. */
uint32_t lk_lines_find(const struct lk_linetable *table, int64_t offset_bytes);

#endif
