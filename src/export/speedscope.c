#include "config.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "analysis/growth.h"
#include "model/snapshot.h"
#include "util/text.h"

#include "export/format.h"
#include "export/frames.h"
#include "export/quote.h"

#define SCHEMA "https://www.speedscope.app/file-format-schema.json"

/* In the place of stacks that had no room. */
struct rest {
	struct lk_frame frame;
	char note[64];
};

/* Two profiles share the room; a number of a frame takes eight bytes with its comma at most. */
static size_t
length_of(const struct lk_stack *stack)
{
	return 2 * (8 * (size_t)lk_frames_depth(stack) + 24);
}

static int
write_sample(struct lk_frames *frames, const struct lk_stack *stack, FILE *out)
{
	for (uint32_t k = 0; k < lk_frames_depth(stack); k++) {
		uint32_t number = lk_frames_number(frames, lk_frames_at(stack, k));

		if (number == LK_FRAMES_NONE)
			return -ENOMEM;
		fprintf(out, "%c%u", k > 0 ? ',' : '[', number);
	}
	putc(']', out);
	return 0;
}

/* Stacks as lists of frame numbers, from outside in.  A member of an object may come in any order,
 * so the frames are written last, when all of them are known.  REST names what has no room. */
static int
write_samples(const struct lk_format_choice *choice, const struct lk_frame *rest,
    struct lk_frames *frames, FILE *out)
{
	const struct lk_stack left_out = {.frame_count = 1, .frames = rest, .thread = ""};
	int rc = 0;

	fputs(",\"samples\":[", out);
	for (size_t i = 0; i < choice->count && rc == 0; i++) {
		if (i > 0)
			putc(',', out);
		rc = write_sample(frames, choice->rows[i]->stack, out);
	}
	if (rc == 0 && choice->left_out > 0) {
		if (choice->count > 0)
			putc(',', out);
		rc = write_sample(frames, &left_out, out);
	}
	putc(']', out);
	return rc;
}

static void
write_weights(const struct lk_export_job *job, const struct lk_format_choice *choice, FILE *out)
{
	const char *separator = "";
	double total = 0;

	fputs(",\"weights\":[", out);
	for (size_t i = 0; i < choice->count; i++) {
		double bytes = round(lk_format_bytes(job, choice->rows[i]));

		fprintf(out, "%s%.0f", separator, bytes);
		separator = ",";
		total += bytes;
	}
	if (choice->left_out > 0)
		fprintf(out, "%s%.0f", separator, choice->left_out_bytes);
	fprintf(out, "],\"startValue\":0,\"endValue\":%.0f}", total + choice->left_out_bytes);
}

/* REST lives until the frames are written. */
static int
write_profile(const struct lk_export_job *job, struct lk_frames *frames, const char *name,
    struct rest *rest, FILE *out)
{
	struct lk_format_choice choice;
	int rc = lk_format_choose(job, length_of, &choice);

	snprintf(rest->note, sizeof(rest->note), "%s", choice.note);
	rest->frame = (struct lk_frame){.function = rest->note, .file = ""};
	fputs("{\"type\":\"sampled\",\"unit\":\"bytes\",\"name\":", out);
	lk_quote_put(out, name);
	if (rc == 0)
		rc = write_samples(&choice, &rest->frame, frames, out);
	if (rc == 0)
		write_weights(job, &choice, out);
	lk_format_choice_free(&choice);
	return rc;
}

static int
write_profiles(const struct lk_export_job *job, struct lk_frames *frames, struct rest *rests,
    FILE *out)
{
	struct lk_export_job live = *job, grown = *job;
	char name[64], ago[LK_TEXT_BYTES];
	int rc;

	live.delta = false;
	grown.delta = true;
	fprintf(out, ",\"activeProfileIndex\":%d,\"profiles\":[", job->delta ? 1 : 0);
	rc = write_profile(&live, frames, "live", &rests[0], out);
	putc(',', out);
	lk_text_duration(job->growth->window_s, ago, sizeof(ago));
	if (job->growth->reference == LK_REFERENCE_START)
		snprintf(name, sizeof(name), "growth since the start, %s ago", ago);
	else
		snprintf(name, sizeof(name), "growth since B%u, %s ago", job->growth->reference,
		    ago);
	if (rc == 0)
		rc = write_profile(&grown, frames, name, &rests[1], out);
	putc(']', out);
	return rc;
}

static void
write_frames(const struct lk_frames *frames, FILE *out)
{
	fputs(",\"shared\":{\"frames\":[", out);
	for (uint32_t i = 0; i < frames->count; i++) {
		const struct lk_frame *f = frames->list[i];

		fputs(i > 0 ? ",{\"name\":" : "{\"name\":", out);
		lk_quote_put(out, f->function);
		if (f->file[0] != '\0') {
			fputs(",\"file\":", out);
			lk_quote_put(out, f->file);
		}
		if (f->line > 0)
			fprintf(out, ",\"line\":%u", f->line);
		putc('}', out);
	}
	fputs("]}", out);
}

static int
write_speedscope(const struct lk_export_job *job, FILE *out)
{
	const struct lk_process_info *process = &job->s->process;
	struct lk_frames frames = {0};
	struct rest rests[2];	/* the frames point into it */
	char name[LK_QUOTE_BYTES];
	int rc;

	snprintf(name, sizeof(name), "%d@%s %s", process->pid, process->host, process->command);
	fputs("{\"$schema\":\"" SCHEMA "\",\"exporter\":\"leaktop " PACKAGE_VERSION "\",\"name\":",
	    out);
	lk_quote_put(out, name);
	rc = write_profiles(job, &frames, rests, out);
	if (rc == 0)
		write_frames(&frames, out);
	fputs("}\n", out);
	lk_frames_free(&frames);
	return rc < 0 ? rc : lk_format_end(out);
}

const struct lk_format lk_speedscope_format = {
	.name = "speedscope",
	.suffix = ".speedscope.json",
	.has_delta = true,
	.write = write_speedscope,
};
