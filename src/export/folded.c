#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

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

/* With its bytes at the end, of which more than twenty digits are unheard of. */
static size_t
length_of(const struct lk_stack *stack)
{
	uint32_t depth = lk_frames_depth(stack);
	char label[LK_FRAMES_LABEL_BYTES];
	size_t length = 20;

	for (uint32_t i = 0; i < depth; i++) {
		lk_frames_label(lk_frames_at(stack, i), label, sizeof(label));
		length += strlen(label) + 1;
	}
	return length;
}

static int
write_folded(const struct lk_export_job *job, FILE *out)
{
	struct lk_format_choice choice;
	int rc = lk_format_choose(job, length_of, &choice);

	for (size_t i = 0; i < choice.count; i++)
		write_stack(choice.rows[i]->stack, round(lk_format_bytes(job, choice.rows[i])),
		    out);
	if (choice.left_out > 0)
		fprintf(out, "%s %.0f\n", choice.note, choice.left_out_bytes);
	lk_format_choice_free(&choice);
	return rc < 0 ? rc : lk_format_end(out);
}

const struct lk_format lk_folded_format = {
	.name = "folded",
	.suffix = ".folded",
	.has_delta = true,
	.write = write_folded,
};
