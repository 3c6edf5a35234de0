#include "config.h"

#include "analysis/lines.h"

#include <stdlib.h>
#include <string.h>

#include "model/snapshot.h"

#include "analysis/growth.h"

static int
by_line(const void *a, const void *b)
{
	const struct lk_line *x = a, *y = b;

	return x->line < y->line ? -1 : x->line > y->line;
}

struct lk_line *
lk_lines_of(const struct lk_growth_set *set, const char *file, size_t *count)
{
	struct lk_line *lines = set->count > 0 ? calloc(set->count, sizeof(*lines)) : NULL;
	size_t used = 0;

	*count = 0;
	for (size_t i = 0; lines != NULL && i < set->count; i++) {
		const struct lk_growth *g = &set->rows[i];

		if (g->frame == NULL || strcmp(g->frame->file, file) != 0)
			continue;
		if (!(g->live.bytes > 0) && !(g->died.bytes > 0))
			continue;
		lines[used++] = (struct lk_line){
		    .line = g->frame->line,
		    .delta_bytes = g->delta_bytes,
		    .live_bytes = g->live.bytes,
		    .rate_bytes_per_min = g->rate_bytes_per_min,
		    .delta_error_bytes = g->delta_error_bytes,
		};
	}
	if (used == 0) {
		free(lines);
		return NULL;
	}
	qsort(lines, used, sizeof(*lines), by_line);
	*count = used;
	return lines;
}
