#include "config.h"

#include "sampler/marks.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "sampler/core/events.h"
#include "sampler/record.h"
#include "sampler/tend.h"

#define LIST_BYTES (1000 * sizeof(struct lk_mark_container))

static struct lk_mark marks[LK_WIRE_BASELINES_MAX];
static uint32_t version = 1;
static size_t total_bytes;

/* ---- rows ---------------------------------------------------------------- */

void
lk_marks_now(uint32_t stack, uint32_t before, struct lk_mark_row *out)
{
	const struct lk_stack_entry *entry = &lk_record.stacks.stacks[stack];
	const struct lk_live_cell *cell;
	uint32_t link, n = 0, i;
	struct lk_emit_cell swap;

	lk_spin_take(&lk_record.lock);
	out->row = (struct lk_emit_row){stack + 1, entry->allocated_bytes, entry->allocated_objects,
	    entry->allocated_count};
	for (link = entry->cell; link != LK_STACKS_NONE; link = cell->next) {
		cell = &lk_record.stacks.cells[link];
		if (cell->epoch >= before)
			continue;
		if (n == LK_STACKS_EPOCHS_MAX) {	/* the oldest ones share a cell */
			out->cells[n - 1].count += cell->count;
			out->cells[n - 1].bytes += cell->bytes;
			out->cells[n - 1].objects += cell->objects;
			out->cells[n - 1].variance += cell->variance;
			continue;
		}
		out->cells[n++] = (struct lk_emit_cell){cell->epoch, cell->count, cell->bytes,
		    cell->objects, cell->variance};
	}
	lk_spin_give(&lk_record.lock);
	out->cell_count = n;
	for (i = 0; i < n / 2; i++) {	/* kept newest first, sent oldest first */
		swap = out->cells[i];
		out->cells[i] = out->cells[n - 1 - i];
		out->cells[n - 1 - i] = swap;
	}
}

static size_t
packed_bytes(const struct lk_mark_row *row)
{
	return offsetof(struct lk_mark_row, cells) + row->cell_count * sizeof(row->cells[0]);
}

/* What the tables leave of the cap, but for a sixteenth that is kept for the rest. */
static size_t
limit_bytes(void)
{
	const struct lk_pages *pages = &lk_record.pages;
	size_t left = pages->capacity_bytes - pages->used_bytes, rest = pages->capacity_bytes / 16;

	if (left <= rest)
		return 0;
	return left - rest < LK_MARKS_BYTES_MAX ? left - rest : LK_MARKS_BYTES_MAX;
}

/* Rows go to memory of their own, as large as needed: baselines are few and seldom. */
static int
pack_rows(struct lk_mark *mark)
{
	uint32_t count = lk_tend_stack_count(), i;
	size_t room = limit_bytes() - total_bytes;
	struct lk_mark_row row;
	void *p = mmap(NULL, room, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return -ENOMEM;
	mark->rows = p;
	mark->rows_capacity = room;
	for (i = 0; i < count; i++) {
		lk_marks_now(i, mark->id, &row);
		if (packed_bytes(&row) > room - mark->rows_bytes)
			return -ENOSPC;
		memcpy(mark->rows + mark->rows_bytes, &row, packed_bytes(&row));
		mark->rows_bytes += packed_bytes(&row);
	}
	return 0;
}

bool
lk_marks_row(const struct lk_mark *mark, size_t *at, struct lk_mark_row *out)
{
	const char *from = mark->rows + *at;

	if (*at >= mark->rows_bytes)
		return false;
	memcpy(out, from, offsetof(struct lk_mark_row, cells));
	memcpy(out->cells, from + offsetof(struct lk_mark_row, cells),
	    out->cell_count * sizeof(out->cells[0]));
	*at += packed_bytes(out);
	return true;
}

/* ---- the list -------------------------------------------------------------- */

struct lk_mark *
lk_marks_at(uint32_t i)
{
	return i < LK_WIRE_BASELINES_MAX && marks[i].id != 0 ? &marks[i] : NULL;
}

struct lk_mark *
lk_marks_find(uint32_t id)
{
	struct lk_mark *mark;
	uint32_t i;

	for (i = 0; (mark = lk_marks_at(i)) != NULL; i++)
		if (mark->id == id)
			return mark;
	return NULL;
}

static void
release(struct lk_mark *mark)
{
	if (mark->rows != NULL)
		munmap(mark->rows, mark->rows_capacity);
	if (mark->containers != NULL)
		munmap(mark->containers, LIST_BYTES);
	memset(mark, 0, sizeof(*mark));
}

int
lk_marks_add(const char *name, uint64_t rss_bytes)
{
	struct lk_mark *mark = NULL;
	uint32_t i;
	int rc;

	for (i = 0; i < LK_WIRE_BASELINES_MAX && mark == NULL; i++)
		if (marks[i].id == 0)
			mark = &marks[i];
	if (mark == NULL || total_bytes >= limit_bytes() / 2)
		return -ENOSPC;
	memset(mark, 0, sizeof(*mark));
	lk_tend_settle();
	lk_spin_take(&lk_record.lock);
	mark->live_bytes = lk_record.live_bytes;
	mark->id = ++lk_record.epoch;	/* births from here on are after it */
	lk_spin_give(&lk_record.lock);
	mark->at_s = lk_clock_wall_s();
	mark->rss_bytes = rss_bytes;
	mark->interval_bytes = lk_record.interval_bytes;
	memcpy(mark->name, name, strlen(name) + 1);
	rc = pack_rows(mark);
	if (rc < 0) {
		release(mark);
		return rc;
	}
	total_bytes += mark->rows_bytes;
	version++;
	lk_events_add("baseline", mark->id);
	return (int)mark->id;
}

void
lk_marks_drop(struct lk_mark *mark)
{
	struct lk_mark *last = &marks[LK_WIRE_BASELINES_MAX - 1];

	total_bytes -= mark->rows_bytes;
	release(mark);
	memmove(mark, mark + 1, (size_t)(last - mark) * sizeof(*mark));
	memset(last, 0, sizeof(*last));
	version++;
}

void
lk_marks_forget(void)
{
	while (marks[0].id != 0)
		lk_marks_drop(&marks[0]);
}

void
lk_marks_rename(struct lk_mark *mark, const char *name)
{
	memcpy(mark->name, name, strlen(name) + 1);
	version++;
}

uint32_t
lk_marks_version(void)
{
	return version;
}

size_t
lk_marks_bytes(void)
{
	size_t sum = total_bytes;
	uint32_t i;

	for (i = 0; i < LK_WIRE_BASELINES_MAX; i++)
		sum += marks[i].containers != NULL ? LIST_BYTES : 0;
	return sum;
}

/* ---- containers ------------------------------------------------------------ */

void
lk_marks_containers(struct lk_mark *mark, const struct lk_mark_container *list, uint32_t count)
{
	void *p;
	uint32_t i, at;

	if (mark->containers == NULL) {
		p = mmap(NULL, LIST_BYTES, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED)
			return;
		mark->containers = p;
	}
	mark->container_count = 0;
	for (i = 0; i < count && i < 1000; i++) {	/* insertion: it is short and in C */
		for (at = mark->container_count++; at > 0 &&
		    mark->containers[at - 1].address > list[i].address; at--)
			mark->containers[at] = mark->containers[at - 1];
		mark->containers[at] = list[i];
	}
}

bool
lk_marks_length(const struct lk_mark *mark, uint64_t address, uint64_t type,
    uint64_t *length_out)
{
	uint32_t low = 0, high = mark->container_count, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (mark->containers[middle].address < address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == mark->container_count || mark->containers[low].address != address ||
	    mark->containers[low].type != type)
		return false;
	*length_out = mark->containers[low].length;
	return true;
}
