#include "config.h"

#include "cli/batch.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/growth.h"
#include "client/source.h"
#include "leaktop/wire.h"
#include "model/snapshot.h"
#include "ui/columns.h"
#include "ui/filter.h"
#include "util/text.h"

#include "cli/fault.h"
#include "cli/frame_text.h"
#include "cli/look.h"
#include "cli/options.h"
#include "cli/target.h"

/* Of a tick that comes a little early: it still is the next frame. */
static const double early_share = 0.9;

#define WATCH_LEAST_S 5

/* As many as the screens have in Stacks. */
static const char *const fields[] = {"func", "file", "mod", "thread", "domain", NULL};

struct batch {
	const struct lk_look *look;
	struct lk_filter filter;
};

struct candidate {
	const struct lk_growth *row;
	char *text; /* the last one that was asked for, when it had to be put together */
};

/* Function and file, each a line of its own, so that ^ and $ are the ends of either. */
static const char *
field_text(void *ctx, const char *field)
{
	static const struct lk_frame unknown = {.function = "", .file = ""};
	struct candidate *c = ctx;
	const struct lk_frame *frame = c->row->frame != NULL ? c->row->frame : &unknown;
	size_t room = strlen(frame->function) + strlen(frame->file) + 2;

	if (strcmp(field, "func") == 0)
		return frame->function;
	if (strcmp(field, "file") == 0)
		return frame->file;
	if (strcmp(field, "thread") == 0)
		return c->row->stack->thread;
	if (strcmp(field, "domain") == 0)
		return lk_domain_name(c->row->stack->domain);
	free(c->text);
	c->text = malloc(room);
	if (c->text == NULL)
		return "";
	if (strcmp(field, "mod") == 0)
		lk_columns_module(frame->file, c->text, room);
	else
		snprintf(c->text, room, "%s\n%s", frame->function, frame->file);
	return c->text;
}

static bool
passes(const struct lk_growth *g, const struct lk_filter *filter)
{
	struct candidate c = {.row = g};
	bool passes = lk_filter_matches(filter, field_text, &c);

	free(c.text);
	return passes;
}

static int
falling(double a, double b)
{
	if (isnan(a) || isnan(b))
		return isnan(a) - isnan(b);
	return (a < b) - (a > b);
}

static int
by_rate(const void *a, const void *b)
{
	const struct lk_growth *const *x = a, *const *y = b;

	return falling((*x)->rate_bytes_per_min, (*y)->rate_bytes_per_min);
}

static int
by_live(const void *a, const void *b)
{
	const struct lk_growth *const *x = a, *const *y = b;

	return falling((*x)->live.bytes, (*y)->live.bytes);
}

static int
print(const struct lk_snapshot *s, const struct lk_growth_set *set, uint64_t number,
    const struct batch *batch)
{
	const struct lk_look *look = batch->look;
	static int (*const orders[])(const void *, const void *) = {
	    [LK_LOOK_DELTA] = NULL, /* as they come */
	    [LK_LOOK_RATE] = by_rate,
	    [LK_LOOK_LIVE] = by_live,
	};
	struct lk_frame_text frame = {.number = number, .snapshot = s, .set = set};
	int rc;

	frame.rows = calloc(set->count + 1, sizeof(*frame.rows));
	if (frame.rows == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < set->count; i++)
		if (passes(&set->rows[i], &batch->filter))
			frame.rows[frame.count++] = &set->rows[i];
	if (orders[look->sort] != NULL)
		qsort(frame.rows, frame.count, sizeof(*frame.rows), orders[look->sort]);
	if (frame.count > look->top)
		frame.count = look->top;
	rc = look->json ? lk_frame_text_json(&frame) : lk_frame_text_print(&frame);
	free(frame.rows);
	return rc;
}

static int
print_frame(struct lk_source *source, uint64_t number, const struct batch *batch)
{
	const struct lk_snapshot *s;
	struct lk_growth_set *set;
	uint32_t reference, missing = 0;
	int rc, status = lk_target_reference(source, batch->look->baseline, &reference);

	if (status != LK_EXIT_DONE)
		return status;
	s = lk_source_snapshot(source);
	set = lk_growth_new(s, reference, 0, LK_GROUP_LINE, &missing);
	if (set == NULL && missing != 0)
		return lk_fault("baseline %u has no rows in %s", missing, s->origin);
	rc = set == NULL ? -ENOMEM : print(s, set, number, batch);
	lk_growth_free(set);
	return rc < 0 ? lk_fault("%s", strerror(-rc)) : LK_EXIT_DONE;
}

/* Until LOOK's delay has passed since AT_S; ticks may come more often than that. */
static int
wait_next(struct lk_source *source, double at_s, const struct lk_look *look)
{
	const struct lk_snapshot *s = lk_source_snapshot(source);
	double delay_s = (double)look->period_ms / 1000 * early_share;
	int timeout_ms = (int)(look->period_ms < INT32_MAX / 2 ? look->period_ms : INT32_MAX / 2);

	while (s->at_s - at_s < delay_s) {
		int rc = lk_source_wait(source, s->seq, timeout_ms + LK_TARGET_WAIT_MS);

		if (rc < 0)
			return lk_fault("process %d: %s", s->process.pid,
			    rc == -ETIMEDOUT ? "its sampler fell silent" :
			    lk_source_words(source));
		s = lk_source_snapshot(source);
	}
	return LK_EXIT_DONE;
}

/* The last moments of a recording, as many as there are frames. */
static int
print_recording(struct lk_source *source, const struct batch *batch)
{
	size_t at, moments = lk_source_moments(source, &at);
	uint64_t wanted = batch->look->frame_count, count = wanted < moments ? wanted : moments;
	int status;

	if (count > 1)
		lk_source_step(source, -(int)(count - 1));
	status = print_frame(source, 1, batch);
	for (uint64_t number = 2; number <= count && status == LK_EXIT_DONE; number++)
		status = lk_source_step(source, 1) == 0 ? print_frame(source, number, batch) :
		    LK_EXIT_DONE;
	return status;
}

/* How long the collector collects is not looked at when nobody asks: frames have it from the second
 * one on.  What it does not answer is unknown. */
static void
watch_collector(struct lk_source *source, const struct lk_look *look)
{
	uint64_t seconds = 2 * look->period_ms / 1000 + WATCH_LEAST_S;
	const struct lk_request request = {
	    .op = LK_REQUEST_MEMORY,
	    .number = seconds < LK_WIRE_WATCH_MAX_S ? seconds : LK_WIRE_WATCH_MAX_S};

	(void)lk_source_ask(source, &request, NULL, LK_TARGET_WAIT_MS);
}

static int
print_live(struct lk_source *source, const struct batch *batch)
{
	int status = LK_EXIT_DONE;

	for (uint64_t number = 1; status == LK_EXIT_DONE; number++) {
		double at_s;

		if (batch->look->json)
			watch_collector(source, batch->look);
		at_s = lk_source_snapshot(source)->at_s;
		status = print_frame(source, number, batch);
		if (status != LK_EXIT_DONE || number == batch->look->frame_count)
			return status;
		status = wait_next(source, at_s, batch->look);
	}
	return status;
}

int
lk_batch_run(struct lk_source *source, const struct lk_look *look)
{
	struct batch batch = {.look = look};
	char words[128];
	int status;

	lk_text_use_unit((enum lk_text_unit)look->unit);
	if (look->filter != NULL &&
	    lk_filter_parse(&batch.filter, look->filter, fields, words, sizeof(words)) < 0) {
		lk_fault("--filter %s: %s", look->filter, words);
		return LK_EXIT_USAGE;
	}
	status = lk_source_state(source) == LK_SOURCE_OFFLINE ? print_recording(source, &batch) :
	    print_live(source, &batch);
	lk_filter_forget(&batch.filter);
	return status;
}
