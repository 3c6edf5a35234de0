#include "config.h"

#include <math.h>
#include <stdio.h>

#include "analysis/growth.h"

#include "export/format.h"
#include "export/frames.h"

/* One line a stack, from outside in: "main (app.py:3);load (app.py:9) 1048576".  The last space
 * sets the bytes off, a semicolon the frames: one inside a name becomes a comma. */
static void
write_stack(const struct lk_stack *stack, double bytes, FILE *out)
{
	uint32_t depth = lk_frames_depth(stack);
	char label[LK_FRAMES_LABEL_BYTES];

	for (uint32_t i = 0; i < depth; i++) {
		lk_frames_label(lk_frames_at(stack, i), label, sizeof(label));
		for (char *p = label; *p != '\0'; p++)
			if (*p == ';')
				*p = ',';
		fprintf(out, "%s%s", i > 0 ? ";" : "", label);
	}
	fprintf(out, " %.0f\n", bytes);
}

static int
write_folded(const struct lk_export_job *job, FILE *out)
{
	for (size_t i = 0; i < job->growth->count; i++) {
		double bytes = round(lk_format_bytes(job, &job->growth->rows[i]));

		if (bytes > 0)
			write_stack(job->growth->rows[i].stack, bytes, out);
	}
	return lk_format_end(out);
}

const struct lk_format lk_folded_format = {
	.name = "folded",
	.suffix = ".folded",
	.has_delta = true,
	.write = write_folded,
};
