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

/* Stacks as lists of frame numbers, from outside in.  A member of an object may come in any order,
 * so the frames are written last, when all of them are known. */
static int
write_samples(const struct lk_export_job *job, struct lk_frames *frames, FILE *out)
{
	const char *separator = "";

	fputs(",\"samples\":[", out);
	for (size_t i = 0; i < job->growth->count; i++) {
		const struct lk_stack *stack = job->growth->rows[i].stack;

		if (round(lk_format_bytes(job, &job->growth->rows[i])) < 1)
			continue;
		fputs(separator, out);
		for (uint32_t k = 0; k < lk_frames_depth(stack); k++) {
			uint32_t number = lk_frames_number(frames, lk_frames_at(stack, k));

			if (number == LK_FRAMES_NONE)
				return -ENOMEM;
			fprintf(out, "%c%u", k > 0 ? ',' : '[', number);
		}
		separator = "],";
	}
	fputs(separator[0] != '\0' ? "]]" : "]", out);
	return 0;
}

static void
write_weights(const struct lk_export_job *job, FILE *out)
{
	const char *separator = "";
	double total = 0;

	fputs(",\"weights\":[", out);
	for (size_t i = 0; i < job->growth->count; i++) {
		double bytes = round(lk_format_bytes(job, &job->growth->rows[i]));

		if (bytes < 1)
			continue;
		fprintf(out, "%s%.0f", separator, bytes);
		separator = ",";
		total += bytes;
	}
	fprintf(out, "],\"startValue\":0,\"endValue\":%.0f}", total);
}

static int
write_profile(const struct lk_export_job *job, struct lk_frames *frames, const char *name,
    FILE *out)
{
	int rc;

	fputs("{\"type\":\"sampled\",\"unit\":\"bytes\",\"name\":", out);
	lk_quote_put(out, name);
	rc = write_samples(job, frames, out);
	if (rc == 0)
		write_weights(job, out);
	return rc;
}

static int
write_profiles(const struct lk_export_job *job, struct lk_frames *frames, FILE *out)
{
	struct lk_export_job live = *job, grown = *job;
	char name[64], ago[LK_TEXT_BYTES];
	int rc;

	live.delta = false;
	grown.delta = true;
	fprintf(out, ",\"activeProfileIndex\":%d,\"profiles\":[", job->delta ? 1 : 0);
	rc = write_profile(&live, frames, "live", out);
	putc(',', out);
	lk_text_duration(job->growth->window_s, ago, sizeof(ago));
	if (job->growth->reference == LK_REFERENCE_START)
		snprintf(name, sizeof(name), "growth since the start, %s ago", ago);
	else
		snprintf(name, sizeof(name), "growth since B%u, %s ago", job->growth->reference,
		    ago);
	if (rc == 0)
		rc = write_profile(&grown, frames, name, out);
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
	char name[LK_QUOTE_BYTES];
	int rc;

	snprintf(name, sizeof(name), "%d@%s %s", process->pid, process->host, process->command);
	fputs("{\"$schema\":\"" SCHEMA "\",\"exporter\":\"leaktop " PACKAGE_VERSION "\",\"name\":",
	    out);
	lk_quote_put(out, name);
	rc = write_profiles(job, &frames, out);
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
