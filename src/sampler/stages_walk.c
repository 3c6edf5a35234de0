#include "config.h"

#include "sampler/stage.h"

#include <errno.h>

#include "base/clock.h"
#include "proto/emit.h"
#include "sampler/connection.h"
#include "sampler/cpython/layout.h"
#include "sampler/heap/containers.h"
#include "sampler/marks.h"
#include "sampler/scan.h"
#include "sampler/stages.h"
#include "sampler/status.h"
#include "sampler/tend.h"

#define BASELINE_MIN_LENGTH	1000u

static uint32_t scans_done;		/* walks that ended */
static bool baseline_wants_scan;	/* a mark has no containers yet */
static uint32_t baseline_scan_mark;
static uint64_t scan_min_length;	/* of the walk under way */

static const char *
why_no_scan(int rc)
{
	if (lk_status.dormant_reason != NULL)
		return lk_status.dormant_reason;
	return rc == -ENOTSUP ? "this Python has no GIL: its containers cannot be walked" :
	    "no thread for the walk";
}

/* A walk that began before the request may have a larger minimum; then wait for the next. */
bool
lk_stage_wait_scan(struct lk_connection *c)
{
	int rc;

	if (c->scan_number != 0)
		return scans_done >= c->scan_number;
	if (!lk_scan_is_running()) {
		rc = lk_scan_start(c->min_length);
		if (rc < 0) {
			lk_stages_refuse(c, "unavailable", why_no_scan(rc));
			return false;
		}
		scan_min_length = c->min_length;
		c->scan_number = scans_done + 1;
	} else if (scan_min_length <= c->min_length) {
		c->scan_number = scans_done + 1;
	}
	return false;	/* not ours: ask again when it has ended */
}

static void
put_walked(struct lk_connection *c, const struct lk_container_found *f)
{
	struct lk_mark_container is = {.address = f->address, .length = f->length,
	    .type = f->type, .generation = LK_MARKS_UNTRACKED};
	struct lk_marks_seen seen = {.is = &is, .rank = f->length};
	struct lk_emit_container row = {.address = f->address, .type = f->type_name,
	    .length = f->length, .shallow_bytes = f->shallow_bytes, .bound = LK_EMIT_UNKNOWN,
	    .owner = f->owner[0] == '\0' ? NULL : f->owner};

	is.owner = lk_stage_owner(f->owner, &is.owner_is_one);
	lk_stage_put_container(c, &row, f->storage, f->address - LK_GC_HEAD_BYTES, &seen);
}

bool
lk_stage_walked(struct lk_connection *c)
{
	const struct lk_containers_scan *scan = lk_scan_result();
	size_t began = c->out.length;
	uint32_t last;

	if (scan == NULL) {
		lk_stages_refuse(c, "busy", "the walk was interrupted; ask again");
		return false;
	}
	lk_emit_containers_begin(&c->out, &(struct lk_emit_containers){.at_s = lk_clock_wall_s(),
	    .by = "walk", .pause_us = (double)scan->longest_slice_ns / 1e3,
	    .scan_ms = (double)scan->scan_ns / 1e6, .copied_bytes = LK_EMIT_UNKNOWN,
	    .objects = scan->objects,
	    .min_length = c->min_length, .complete = scan->complete, .reason = c->why});
	for (last = 0; last < scan->count && last < c->limit &&
	    scan->found[last].length >= c->min_length; last++)
		continue;
	for (c->row = 0; c->cursor < last && lk_stage_container_fits(c, began); c->cursor++)
		put_walked(c, &scan->found[c->cursor]);
	lk_emit_containers_end(&c->out, c->cursor < last);
	return c->cursor == last;
}

/* ---- of baselines ------------------------------------------------------------ */

void
lk_stages_want_scan(void)
{
	baseline_wants_scan = true;
	lk_stages_scanned(0);
}

static void
keep_for_baseline(void)
{
	static struct lk_mark_container list[LK_CONTAINERS_KEPT];
	const struct lk_containers_scan *scan = lk_scan_result();
	struct lk_mark *mark = lk_marks_find(baseline_scan_mark);
	struct lk_mark_containers taken = {.list = list, .min_length = BASELINE_MIN_LENGTH};
	uint32_t i;

	baseline_scan_mark = 0;
	if (scan == NULL || mark == NULL)
		return;
	for (i = 0; i < scan->count; i++) {
		list[i] = (struct lk_mark_container){.address = scan->found[i].address,
		    .length = scan->found[i].length, .type = scan->found[i].type,
		    .generation = LK_MARKS_UNTRACKED};
		list[i].owner = lk_stage_owner(scan->found[i].owner, &list[i].owner_is_one);
	}
	taken.count = scan->count;
	taken.is_full = scan->count == LK_CONTAINERS_KEPT;
	lk_marks_containers(mark, &taken);
}

void
lk_stages_scanned(uint32_t number)
{
	uint32_t newest = 0, i;

	if (number != 0) {
		scans_done = number;
		if (baseline_scan_mark != 0)
			keep_for_baseline();
	}
	if (!baseline_wants_scan || lk_scan_is_running())
		return;
	for (i = 0; lk_marks_at(i) != NULL; i++)
		newest = lk_marks_at(i)->id;
	if (lk_scan_start(BASELINE_MIN_LENGTH) == 0) {
		scan_min_length = BASELINE_MIN_LENGTH;
		baseline_scan_mark = newest;
	}
	baseline_wants_scan = false;
}
