/* lines.h - from an instruction to its source line.  Room: sampler/cpython.
 * Pure: reads the table it is given and nothing else; a damaged table gives a wrong line,
 * never a wild read. */
#ifndef LK_SAMPLER_CPYTHON_LINES_H
#define LK_SAMPLER_CPYTHON_LINES_H

#include <stddef.h>
#include <stdint.h>

enum lk_lines_form {
	LK_LINES_LNOTAB,	/* 3.8, 3.9: co_lnotab, steps of bytecode and of lines */
	LK_LINES_RANGES,	/* 3.10: co_linetable, ranges of bytecode; some have no line */
	LK_LINES_LOCATIONS,	/* 3.11 on: co_linetable, the location table */
	LK_LINES_FORMS
};

struct lk_linetable {
	const uint8_t	*bytes;		/* [length] */
	size_t		 length;
	int32_t		 first_line;	/* co_firstlineno */
	enum lk_lines_form form;
};

/* lk_lines_find - the line of the instruction at OFFSET bytes.  A negative offset, or an
 * instruction without a line, gives the first line. */
uint32_t lk_lines_find(const struct lk_linetable *table, int64_t offset_bytes);

#endif
