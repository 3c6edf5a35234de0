#include "config.h"

#include "sampler/stage.h"

#include <errno.h>

#include "base/attr.h"
#include "base/clock.h"
#include "proto/emit.h"
#include "sampler/connection.h"
#include "sampler/heap/containers.h"
#include "sampler/marks.h"
#include "sampler/scan.h"
#include "sampler/stages.h"
#include "sampler/status.h"
#include "sampler/tend.h"

#define LK_GC_HEAD	16	/* an object tracked by the collector starts behind it */
#define DEBUG_WORDS_BYTES 16	/* PYTHONMALLOC=debug: a size, a letter and a fence */
#define CONTAINER_MAX_BYTES 8192u	/* names escaped, 32 baselines */
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

/* Where the items came from, or the object itself.  A debug allocator hands out what follows its
 * own words in the block that it was given. */
static uint32_t
stack_of(const struct lk_connection *c, const struct lk_container_found *f)
{
	const uint64_t blocks[] = {f->storage, f->storage - DEBUG_WORDS_BYTES,
	    f->address - LK_GC_HEAD, f->address - LK_GC_HEAD - DEBUG_WORDS_BYTES};
	uint32_t stack;
	size_t i;

	for (i = 0; i < LK_COUNT_OF(blocks); i++) {
		stack = lk_tend_stack_at((const void *)(uintptr_t)blocks[i]);
		if (stack != LK_STACKS_NONE && lk_stage_knows(c, stack))
			return stack;
	}
	return LK_STACKS_NONE;
}

static void
put_container(struct lk_connection *c, bool first, const struct lk_container_found *f)
{
	const struct lk_mark *mark;
	uint32_t i, stack = stack_of(c, f);
	uint64_t length;
	bool first_then = true;

	lk_emit_container(&c->out, first, f->address, f->type_name, f->length,
	    f->shallow_bytes, stack != LK_STACKS_NONE ? (int64_t)lk_stage_stack_id(stack) : -1,
	    f->owner[0] == '\0' ? NULL : f->owner);
	for (i = 0; (mark = lk_marks_at(i)) != NULL; i++) {
		if (!lk_marks_length(mark, f->address, f->type, &length))
			continue;
		lk_emit_container_then(&c->out, first_then, mark->id, length);
		first_then = false;
	}
	lk_emit_container_end(&c->out);
}

bool
lk_stage_containers(struct lk_connection *c)
{
	const struct lk_containers_scan *scan = lk_scan_result();
	struct lk_emit_containers m;
	size_t stop = c->out.length + LK_WIRE_LINE_MAX - CONTAINER_MAX_BYTES;
	uint32_t i, sent = 0;

	if (scan == NULL) {
		lk_stages_refuse(c, "busy", "the walk was interrupted; ask again");
		return false;
	}
	m = (struct lk_emit_containers){lk_clock_wall_s(), (double)scan->scan_ns / 1e6,
	    (double)scan->longest_slice_ns / 1e3, scan->objects, c->min_length, scan->complete};
	lk_emit_containers_begin(&c->out, &m);
	for (i = 0; i < scan->count && sent < c->limit && c->out.length < stop; i++)
		if (scan->found[i].length >= c->min_length)
			put_container(c, sent++ == 0, &scan->found[i]);
	lk_emit_list_end(&c->out);
	return true;
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
	uint32_t i;

	baseline_scan_mark = 0;
	if (scan == NULL || mark == NULL)
		return;
	for (i = 0; i < scan->count; i++)
		list[i] = (struct lk_mark_container){scan->found[i].address,
		    scan->found[i].length, scan->found[i].type};
	lk_marks_containers(mark, list, scan->count);
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
