#include "config.h"

#include "analysis/share.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "model/arena.h"
#include "model/snapshot.h"

#include "analysis/identity.h"

/* Those of ROWS that belong to ROW. */
static int
choose(const struct lk_growth *row, enum lk_group group, struct lk_arena *arena,
    const struct lk_row **rows, uint32_t *count)
{
	struct lk_row *chosen;
	uint32_t used = 0, room = 0;

	for (uint32_t i = 0; i < *count; i++)
		room += lk_identity_same(row->stack, (*rows)[i].stack, group);
	chosen = lk_arena_get(arena, room, sizeof(*chosen));
	if (chosen == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < *count && used < room; i++)
		if (lk_identity_same(row->stack, (*rows)[i].stack, group))
			chosen[used++] = (*rows)[i];
	*rows = chosen;
	*count = used;
	return 0;
}

/* Signs differ, but errors of independent sums add as variances do. */
static void
add(struct lk_share *to, const struct lk_growth *from)
{
	to->live_bytes += from->live.bytes;
	to->delta_bytes += from->delta_bytes;
	to->live_error_bytes = hypot(to->live_error_bytes, from->live_error_bytes);
	to->delta_error_bytes = hypot(to->delta_error_bytes, from->delta_error_bytes);
	to->significant = to->significant || from->significant;
}

/* Growth of a process that missed a baseline cannot be told. */
static bool
has_missed(const struct lk_snapshot *s, uint32_t reference)
{
	const struct lk_baseline *b = lk_snapshot_baseline(s, reference);

	return b != NULL && b->missed_count > 0;
}

static int
share_of(const struct lk_snapshot *s, uint32_t reference, uint32_t until, enum lk_group group,
    struct lk_share *out)
{
	uint32_t missing = 0;
	struct lk_growth_set *set = lk_growth_new(s, reference, until, group, &missing);

	if (set == NULL)
		return missing != 0 ? -ENODATA : -ENOMEM;
	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < set->count; i++)
		add(out, &set->rows[i]);
	if (has_missed(s, lk_growth_resolve(s, reference)) || has_missed(s, until)) {
		out->delta_bytes = out->delta_error_bytes = NAN;
		out->significant = false;
	}
	lk_growth_free(set);
	return 0;
}

int
lk_share_of_row(const struct lk_snapshot *part, const struct lk_growth *row, uint32_t reference,
    uint32_t until, enum lk_group group, struct lk_share *out)
{
	struct lk_arena *arena = lk_arena_new();
	struct lk_snapshot chosen = *part;
	struct lk_baseline *baselines;
	int rc;

	if (arena == NULL)
		return -ENOMEM;
	baselines = lk_arena_get(arena, part->baseline_count, sizeof(*baselines));
	rc = baselines != NULL ? choose(row, group, arena, &chosen.rows, &chosen.row_count) :
	    -ENOMEM;
	for (uint32_t i = 0; i < part->baseline_count && rc == 0; i++) {
		baselines[i] = part->baselines[i];
		rc = choose(row, group, arena, &baselines[i].rows, &baselines[i].row_count);
	}
	chosen.baselines = baselines;
	if (rc == 0)
		rc = share_of(&chosen, reference, until, group, out);
	lk_arena_free(arena);
	return rc;
}

int
lk_share_of_all(const struct lk_snapshot *part, uint32_t reference, uint32_t until,
    struct lk_share *out)
{
	return share_of(part, reference, until, LK_GROUP_DOMAIN, out);
}

static double
live_of(const struct lk_row *row)
{
	double bytes = 0;

	for (uint32_t i = 0; i < row->cell_count; i++)
		bytes += row->cells[i].est_bytes;
	return bytes;
}

const struct lk_stack *
lk_share_stack(const struct lk_snapshot *s, const struct lk_stack *stack)
{
	const struct lk_row *best = NULL;

	for (uint32_t i = 0; i < s->row_count; i++) {
		const struct lk_row *row = &s->rows[i];

		if (lk_identity_same(stack, row->stack, LK_IDENTITY_FRAMES))
			return row->stack;
		if (lk_identity_same(stack, row->stack, LK_GROUP_LINE) &&
		    (best == NULL || live_of(row) > live_of(best)))
			best = row;
	}
	return best != NULL ? best->stack : NULL;
}
