#include "config.h"

#include "sampler/marks.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "sampler/core/events.h"
#include "sampler/record.h"
#include "sampler/tend.h"


static struct lk_mark marks[LK_WIRE_BASELINES_MAX];
static uint32_t version = 1;
static size_t total_bytes;
static uint32_t folds;

/* ---- rows ---------------------------------------------------------------- */

static uint32_t
serial_of(uint32_t stack)
{
	return atomic_load_explicit(&lk_record.stacks.stack_serial[stack], memory_order_relaxed);
}

void
lk_marks_now(uint32_t stack, uint32_t before, struct lk_mark_row *out)
{
	const struct lk_stack_entry *entry = &lk_record.stacks.stacks[stack];
	const struct lk_live_cell *cell;
	uint32_t link, n = 0, i;
	struct lk_emit_cell swap;

	lk_spin_take(&lk_record.lock);
	out->index = stack;
	out->domain = entry->domain;
	out->folded = 0;
	out->row = (struct lk_emit_row){serial_of(stack), entry->allocated_bytes,
	    entry->allocated_objects, entry->allocated_count};
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
	out->cell_count = (uint8_t)n;
	for (i = 0; i < n / 2; i++) {	/* kept newest first, sent oldest first */
		swap = out->cells[i];
		out->cells[i] = out->cells[n - 1 - i];
		out->cells[n - 1 - i] = swap;
	}
}

/* A row in memory, followed by its cells. */
struct packed {
	uint32_t	stack, index;
	double		allocated_bytes, allocated_objects;
	uint64_t	allocated_count;
	uint32_t	folded;
	uint8_t		domain, cell_count;
};

static size_t
packed_bytes(const struct lk_mark_row *row)
{
	return sizeof(struct packed) + row->cell_count * sizeof(row->cells[0]);
}

static void
pack(const struct lk_mark_row *row, char *to)
{
	const struct packed head = {row->row.stack, row->index, row->row.allocated_bytes,
	    row->row.allocated_objects, row->row.allocated_count, row->folded, row->domain,
	    row->cell_count};

	memcpy(to, &head, sizeof(head));
	memcpy(to + sizeof(head), row->cells, row->cell_count * sizeof(row->cells[0]));
}

static void
unpack(const char *from, struct lk_mark_row *out)
{
	struct packed head;

	memcpy(&head, from, sizeof(head));
	out->row = (struct lk_emit_row){head.stack, head.allocated_bytes, head.allocated_objects,
	    head.allocated_count};
	out->index = head.index;
	out->folded = head.folded;
	out->domain = head.domain;
	out->cell_count = head.cell_count;
	memcpy(out->cells, from + sizeof(head), head.cell_count * sizeof(out->cells[0]));
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
		if (row.row.stack == 0 || row.row.allocated_count == 0)
			continue;
		if (packed_bytes(&row) > room - mark->rows_bytes)
			return -ENOSPC;
		pack(&row, mark->rows + mark->rows_bytes);
		mark->rows_bytes += packed_bytes(&row);
	}
	return 0;
}

static bool
next_row(const struct lk_mark *mark, size_t *at, struct lk_mark_row *out)
{
	if (*at >= mark->rows_bytes)
		return false;
	unpack(mark->rows + *at, out);
	*at += packed_bytes(out);
	return true;
}

/* ---- rows of stacks that are no more ------------------------------------------ */

/* Which fold it was and what into, in one word. */
#define FOLD_BITS	1u

static void
fold_one(struct lk_mark *mark, enum lk_stacks_collector into)
{
	const uint32_t word = folds << FOLD_BITS | (uint32_t)into;
	struct lk_mark_row row;
	size_t at = 0, here = 0;

	for (; next_row(mark, &at, &row); here = at)
		if (row.folded == 0 && serial_of(row.index) != row.row.stack)
			memcpy(mark->rows + here + offsetof(struct packed, folded), &word,
			    sizeof(word));
}

void
lk_marks_fold(enum lk_stacks_collector into)
{
	uint32_t i;

	folds++;
	for (i = 0; lk_marks_at(i) != NULL; i++)
		fold_one(lk_marks_at(i), into);
}

uint32_t
lk_marks_folds(void)
{
	return folds;
}

/* The collector that ROW is counted under, its own stack when it is one; LK_STACKS_NONE: none. */
static uint32_t
collector_of(const struct lk_mark_row *row, uint32_t after)
{
	enum lk_stacks_collector into =
	    (enum lk_stacks_collector)(row->folded & ((1u << FOLD_BITS) - 1));
	uint32_t stack;

	if (row->folded != 0 && row->folded >> FOLD_BITS <= after) {
		lk_spin_take(&lk_record.lock);
		stack = lk_stacks_collector(&lk_record.stacks, into, row->domain);
		lk_spin_give(&lk_record.lock);
		return stack;
	}
	return row->folded == 0 && lk_stacks_is_collector(&lk_record.stacks, row->index) ?
	    row->index : LK_STACKS_NONE;
}

bool
lk_marks_row(const struct lk_mark *mark, uint32_t after, size_t *at, struct lk_mark_row *out)
{
	while (next_row(mark, at, out))
		if (collector_of(out, after) == LK_STACKS_NONE)
			return true;
	return false;
}

/* CELL into TO, whose epochs ascend; without room, into the oldest one that is not older. */
static void
add_cell(struct lk_mark_row *to, const struct lk_emit_cell *cell)
{
	uint32_t i = 0;

	while (i < to->cell_count && to->cells[i].epoch < cell->epoch)
		i++;
	if (i < to->cell_count && to->cells[i].epoch == cell->epoch) {
		to->cells[i].count += cell->count;
		to->cells[i].bytes += cell->bytes;
		to->cells[i].objects += cell->objects;
		to->cells[i].variance += cell->variance;
		return;
	}
	if (to->cell_count == LK_STACKS_EPOCHS_MAX) {
		struct lk_emit_cell near = *cell;

		near.epoch = to->cells[i < to->cell_count ? i : i - 1].epoch;
		add_cell(to, &near);
		return;
	}
	memmove(&to->cells[i + 1], &to->cells[i], (to->cell_count - i) * sizeof(*cell));
	to->cell_count++;
	to->cells[i] = *cell;
}

static void
add_row(struct lk_mark_row *to, const struct lk_mark_row *row)
{
	uint32_t i;

	to->row.allocated_bytes += row->row.allocated_bytes;
	to->row.allocated_objects += row->row.allocated_objects;
	to->row.allocated_count += row->row.allocated_count;
	for (i = 0; i < row->cell_count; i++)
		add_cell(to, &row->cells[i]);
}

static struct lk_mark_row *
sum_of(struct lk_mark_row *sums, uint32_t *count, uint32_t stack)
{
	uint32_t i;

	for (i = 0; i < *count; i++)
		if (sums[i].index == stack)
			return &sums[i];
	memset(&sums[i], 0, sizeof(sums[i]));
	sums[i].index = stack;
	sums[i].row.stack = serial_of(stack);
	++*count;
	return &sums[i];
}

uint32_t
lk_marks_sums(const struct lk_mark *mark, uint32_t after, struct lk_mark_row out[LK_MARKS_SUMS_MAX])
{
	struct lk_mark_row row;
	uint32_t count = 0, stack;
	size_t at = 0;

	while (next_row(mark, &at, &row)) {
		stack = collector_of(&row, after);
		if (stack != LK_STACKS_NONE)
			add_row(sum_of(out, &count, stack), &row);
	}
	return count;
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
	lk_marks_forget_containers(mark);
	lk_marks_forget_types(mark);
	memset(mark, 0, sizeof(*mark));
}

/* All that a baseline may ever name has its serial before it: who is sent the names before the rows
 * has them, too. */
static void
make_collectors(void)
{
	uint8_t domain;

	lk_spin_take(&lk_record.lock);
	for (domain = 0; domain < LK_MARKS_SUMS_MAX / LK_STACKS_COLLECTORS; domain++) {
		lk_stacks_collector(&lk_record.stacks, LK_STACKS_NO_ROOM, domain);
		lk_stacks_collector(&lk_record.stacks, LK_STACKS_ENDED, domain);
	}
	lk_spin_give(&lk_record.lock);
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
	make_collectors();
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
		sum += lk_marks_containers_bytes(&marks[i]) +
		    (marks[i].types != NULL ? marks[i].types->bytes : 0);
	return sum;
}
