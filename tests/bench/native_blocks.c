/* native_blocks.c - a library that takes blocks from malloc below some frames of its own.
 *     cc -O1 -fno-optimize-sibling-calls -fno-builtin -shared -fPIC native_blocks.c */
#include <stdlib.h>

int take_blocks(int frames, int count);

/* Returns: how many frames deep the blocks were taken. */
int
take_blocks(int frames, int count)
{
	if (frames > 1)
		return take_blocks(frames - 1, count) + 1;
	for (int i = 0; i < count; i++)
		free(malloc(249));
	return 1;
}
