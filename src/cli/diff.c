#include "config.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/diff.h"
#include "analysis/growth.h"
#include "base/attr.h"
#include "client/source.h"
#include "model/snapshot.h"
#include "util/text.h"

#include "cli/commands.h"
#include "cli/fault.h"
#include "cli/jsonl.h"
#include "cli/options.h"

#define NAME_BYTES 512

struct values {
	uint64_t fail_over_bytes, top;
	bool json;
};

/* 0 is a threshold too: nothing may grow. */
#define NO_LIMIT UINT64_MAX

static const struct lk_option options[] = {
    {"fail-over", 0, LK_OPTION_SIZE, "SIZE", "exit 3 when the total or one stack grew by more",
     offsetof(struct values, fail_over_bytes), NULL},
    {"top", 0, LK_OPTION_COUNT, "N", "rows (default 20)", offsetof(struct values, top), NULL},
    {"json", 0, LK_OPTION_FLAG, NULL, "one JSON object on one line", offsetof(struct values, json),
     NULL},
};

static const struct values defaults = {.fail_over_bytes = NO_LIMIT, .top = 20};

static const char *
words_of(const struct lk_difference *d)
{
	return d->only_b ? "new" : d->only_a ? "gone" : d->significant ? "!" : "";
}

static void
site_of(const struct lk_difference *d, char *out, size_t out_bytes)
{
	const struct lk_frame *frame = lk_growth_site(d->stack);
	char function[NAME_BYTES], file[NAME_BYTES];

	if (frame == NULL) {
		snprintf(out, out_bytes, "(no Python stack) -:0");
		return;
	}
	lk_text_clean(frame->function, function, sizeof(function));
	lk_text_clean(frame->file, file, sizeof(file));
	if (frame->native)
		snprintf(out, out_bytes, "%s %s", function, file);
	else
		snprintf(out, out_bytes, "%s %s:%u", function, file, frame->line);
}

static int
print_text(const struct lk_diff *diff, size_t top)
{
	char a[LK_TEXT_BYTES], b[LK_TEXT_BYTES], c[LK_TEXT_BYTES];
	char site[2 * NAME_BYTES + 16];

	printf("%s later%s: live %s, RSS %s\n", lk_text_duration(diff->seconds, a, sizeof(a)),
	       diff->same_process ? ", the same process" : ", another process",
	       lk_text_bytes_signed(diff->delta_live_bytes, b, sizeof(b)),
	       lk_text_bytes_signed(diff->delta_rss_bytes, c, sizeof(c)));
	printf("%8s %8s %7s %-4s %s\n", "DELTA", "+/-", "OBJECTS", "", "SITE FILE:LINE");
	for (size_t i = 0; i < diff->count && i < top; i++) {
		const struct lk_difference *d = &diff->rows[i];

		site_of(d, site, sizeof(site));
		printf("%8s %8s %7s %-4s %s\n", lk_text_bytes_signed(d->delta_bytes, a, sizeof(a)),
		       lk_text_bytes(d->delta_error_bytes, b, sizeof(b)),
		       lk_text_count_signed(d->delta_objects, c, sizeof(c)), words_of(d), site);
	}
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : -EIO;
}

static void
json_row(struct lk_jsonl *j, const struct lk_difference *d)
{
	lk_jsonl_open(j, NULL, '{');
	lk_jsonl_text(j, "domain", lk_domain_name(d->stack->domain));
	lk_jsonl_open(j, "frames", '[');
	for (uint32_t i = 0; i < d->stack->frame_count; i++) {
		lk_jsonl_open(j, NULL, '{');
		lk_jsonl_text(j, "function", d->stack->frames[i].function);
		lk_jsonl_text(j, "file", d->stack->frames[i].file);
		lk_jsonl_whole(j, "line", d->stack->frames[i].line);
		lk_jsonl_flag(j, "native", d->stack->frames[i].native);
		lk_jsonl_close(j, '}');
	}
	lk_jsonl_close(j, ']');
	lk_jsonl_real(j, "delta_bytes", d->delta_bytes);
	lk_jsonl_real(j, "delta_error_bytes", d->delta_error_bytes);
	lk_jsonl_real(j, "delta_objects", d->delta_objects);
	lk_jsonl_real(j, "live_bytes_a", d->a.bytes);
	lk_jsonl_real(j, "live_bytes_b", d->b.bytes);
	lk_jsonl_flag(j, "significant", d->significant);
	lk_jsonl_flag(j, "only_a", d->only_a);
	lk_jsonl_flag(j, "only_b", d->only_b);
	lk_jsonl_close(j, '}');
}

static int
print_json(const struct lk_diff *diff, size_t top)
{
	struct lk_jsonl j = {.file = stdout};

	lk_jsonl_open(&j, NULL, '{');
	lk_jsonl_real(&j, "seconds", diff->seconds);
	lk_jsonl_flag(&j, "same_process", diff->same_process);
	lk_jsonl_real(&j, "delta_live_bytes", diff->delta_live_bytes);
	lk_jsonl_real(&j, "delta_rss_bytes", diff->delta_rss_bytes);
	lk_jsonl_open(&j, "stacks", '[');
	for (size_t i = 0; i < diff->count && i < top; i++)
		json_row(&j, &diff->rows[i]);
	lk_jsonl_close(&j, ']');
	lk_jsonl_close(&j, '}');
	return lk_jsonl_end(&j);
}

/* The total first, then the stack that grew most: it is the first row. */
static int
judge(const struct lk_diff *diff, uint64_t limit_bytes)
{
	char grew[LK_TEXT_BYTES], limit[LK_TEXT_BYTES], site[2 * NAME_BYTES + 16];
	int status = LK_EXIT_DONE;

	if (limit_bytes == NO_LIMIT)
		return LK_EXIT_DONE;
	lk_text_bytes((double)limit_bytes, limit, sizeof(limit));
	if (diff->delta_live_bytes > (double)limit_bytes) {
		lk_fault("live memory grew by %s, more than %s",
			 lk_text_bytes(diff->delta_live_bytes, grew, sizeof(grew)), limit);
		status = LK_EXIT_THRESHOLD;
	}
	if (diff->count > 0 && diff->rows[0].delta_bytes > (double)limit_bytes) {
		site_of(&diff->rows[0], site, sizeof(site));
		lk_fault("one stack grew by %s, more than %s: %s",
			 lk_text_bytes(diff->rows[0].delta_bytes, grew, sizeof(grew)), limit, site);
		status = LK_EXIT_THRESHOLD;
	}
	return status;
}

static int
compare(const struct lk_snapshot *a, const struct lk_snapshot *b, const struct values *v)
{
	struct lk_diff *diff = lk_diff_new(a, b);
	struct lk_diff *lines = v->json ? NULL : lk_diff_by(a, b, LK_GROUP_LINE);
	int rc = -ENOMEM, status;

	if (diff != NULL && v->json)
		rc = print_json(diff, v->top);
	else if (diff != NULL && lines != NULL)
		rc = print_text(lines, v->top);
	status = rc == -ENOMEM ? lk_fault("%s", strerror(ENOMEM))
	    : rc < 0 ? lk_fault("standard output: %s", strerror(-rc))
		     : judge(diff, v->fail_over_bytes);
	lk_diff_free(lines);
	lk_diff_free(diff);
	return status;
}

static int
open_file(const char *path, struct lk_source **out)
{
	char words[256] = "";
	int rc = lk_source_open_file(path, words, sizeof(words), out);

	if (rc < 0)
		return lk_fault("%s", words[0] != '\0' ? words : strerror(-rc));
	return LK_EXIT_DONE;
}

/* A is the first snapshot of a recording that B is the last of. */
static int
rewind_source(struct lk_source *a)
{
	if (lk_source_step(a, -INT_MAX) < 0)
		return lk_fault("%s: one snapshot alone has no difference",
				lk_source_snapshot(a)->origin);
	return LK_EXIT_DONE;
}

static int
run(const struct lk_arguments *arguments)
{
	struct lk_source *a = NULL, *b = NULL;
	int status = open_file(arguments->words[0], &a);

	if (status == LK_EXIT_DONE)
		status = open_file(arguments->words[arguments->word_count - 1], &b);
	if (status == LK_EXIT_DONE && arguments->word_count == 1)
		status = rewind_source(a);
	if (status == LK_EXIT_DONE)
		status = compare(lk_source_snapshot(a), lk_source_snapshot(b), arguments->values);
	lk_source_close(a);
	lk_source_close(b);
	return status;
}

const struct lk_command lk_diff_command = {
    .name = "diff",
    .words = "A.json [B.json]",
    .summary = "What grew from snapshot A to snapshot B, the largest first.",
    .details = "Of recordings the last snapshots; of one alone, its first and its last.\n"
	       "With --json: {seconds, same_process, delta_live_bytes, delta_rss_bytes,\n"
	       "stacks [{domain, frames [{function, file, line}], delta_bytes,\n"
	       "delta_error_bytes, delta_objects, live_bytes_a, live_bytes_b,\n"
	       "significant, only_a, only_b}]}.\n",
    .options = options,
    .option_count = LK_COUNT_OF(options),
    .defaults = &defaults,
    .values_bytes = sizeof(struct values),
    .words_min = 1,
    .words_max = 2,
    .run = run,
};
