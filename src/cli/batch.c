#include "config.h"

#include "cli/batch.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/growth.h"
#include "client/source.h"
#include "model/snapshot.h"

#include "cli/fault.h"
#include "cli/frame_text.h"
#include "cli/look.h"
#include "cli/options.h"
#include "cli/target.h"

/* Of a tick that comes a little early: it still is the next frame. */
static const double early_share = 0.9;

static bool
passes(const struct lk_growth *g, const char *filter)
{
	bool want = true, has;

	if (filter == NULL || filter[0] == '\0')
		return true;
	if (filter[0] == '!') {
		want = false;
		filter++;
	}
	has = g->frame != NULL && (strcasestr(g->frame->function, filter) != NULL ||
				   strcasestr(g->frame->file, filter) != NULL);
	return has == want;
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
      const struct lk_look *look)
{
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
		if (passes(&set->rows[i], look->filter))
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
print_frame(struct lk_source *source, uint64_t number, const struct lk_look *look)
{
	const struct lk_snapshot *s;
	struct lk_growth_set *set;
	uint32_t reference, missing = 0;
	int rc, status = lk_target_reference(source, look->baseline, &reference);

	if (status != LK_EXIT_DONE)
		return status;
	s = lk_source_snapshot(source);
	set = lk_growth_new(s, reference, 0, LK_GROUP_LINE, &missing);
	if (set == NULL && missing != 0)
		return lk_fault("baseline %u has no rows in %s", missing, s->origin);
	rc = set == NULL ? -ENOMEM : print(s, set, number, look);
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
					rc == -ETIMEDOUT ? "its sampler fell silent"
							 : lk_source_words(source));
		s = lk_source_snapshot(source);
	}
	return LK_EXIT_DONE;
}

/* The last moments of a recording, as many as there are frames. */
static int
print_recording(struct lk_source *source, const struct lk_look *look)
{
	size_t at, moments = lk_source_moments(source, &at);
	uint64_t count = look->frame_count < moments ? look->frame_count : moments;
	int status;

	if (count > 1)
		lk_source_step(source, -(int)(count - 1));
	status = print_frame(source, 1, look);
	for (uint64_t number = 2; number <= count && status == LK_EXIT_DONE; number++)
		status = lk_source_step(source, 1) == 0 ? print_frame(source, number, look)
							: LK_EXIT_DONE;
	return status;
}

int
lk_batch_run(struct lk_source *source, const struct lk_look *look)
{
	int status = LK_EXIT_DONE;

	if (lk_source_state(source) == LK_SOURCE_OFFLINE)
		return print_recording(source, look);

	for (uint64_t number = 1; status == LK_EXIT_DONE; number++) {
		double at_s = lk_source_snapshot(source)->at_s;

		status = print_frame(source, number, look);
		if (status != LK_EXIT_DONE || number == look->frame_count)
			return status;
		status = wait_next(source, at_s, look);
	}
	return status;
}
