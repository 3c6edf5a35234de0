#include "config.h"

#include "export/calltree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/growth.h"
#include "base/hash.h"

#include "export/format.h"

#define SLOTS_MIN 4096u

static uint32_t
slot_of(const struct lk_calltree *t, uint32_t parent, uint32_t frame)
{
	uint64_t hash = lk_hash_more(lk_hash_more(LK_HASH_BEGIN, parent), frame);

	return (uint32_t)(hash ^ hash >> 32) & (t->slot_count - 1);
}

static int
grow(struct lk_calltree *t)
{
	uint32_t count = t->slot_count > 0 ? t->slot_count * 2 : SLOTS_MIN;
	struct lk_calltree_node *nodes = realloc(t->nodes, count / 2 * sizeof(*nodes));
	uint32_t *slots;

	if (nodes == NULL)
		return -ENOMEM;
	t->nodes = nodes;
	slots = calloc(count, sizeof(*slots));
	if (slots == NULL)
		return -ENOMEM;
	free(t->slots);
	t->slots = slots;
	t->slot_count = count;
	t->room = count / 2;
	for (uint32_t i = 0; i < t->count; i++) {
		uint32_t at = slot_of(t, nodes[i].parent, nodes[i].frame);

		while (slots[at] != 0)
			at = (at + 1) & (count - 1);
		slots[at] = i + 1;
	}
	return 0;
}

/* *at moves from a node to its child for FRAME, which is made unless the tree is full. */
static int
descend(struct lk_calltree *t, uint32_t frame, uint32_t *at)
{
	uint32_t slot;
	int rc = t->count == t->room ? grow(t) : 0;

	if (rc < 0)
		return rc;
	slot = slot_of(t, *at, frame);
	for (; t->slots[slot] != 0; slot = (slot + 1) & (t->slot_count - 1)) {
		const struct lk_calltree_node *node = &t->nodes[t->slots[slot] - 1];

		if (node->parent == *at && node->frame == frame) {
			*at = t->slots[slot] - 1;
			return 0;
		}
	}
	if (t->count == LK_CALLTREE_NODES_MAX)
		return -ENOSPC;
	t->nodes[t->count] = (struct lk_calltree_node){.parent = *at, .frame = frame};
	*at = t->count++;
	t->slots[slot] = t->count;
	return 0;
}

static int
add_stack(struct lk_calltree *t, const struct lk_export_job *job, const struct lk_growth *g)
{
	struct lk_export_job live = *job, grown = *job;
	uint32_t depth = lk_frames_depth(g->stack), at = LK_CALLTREE_ROOT;
	int rc = 0;

	live.delta = false;
	grown.delta = true;
	if (lk_format_bytes(&live, g) + lk_format_bytes(&grown, g) < 1)
		return 0;
	for (uint32_t i = 0; i < depth && rc == 0; i++) {
		uint32_t number = lk_frames_number(&t->frames, lk_frames_at(g->stack, i));

		if (number == LK_FRAMES_NONE)
			return -ENOMEM;
		rc = descend(t, number, &at);
	}
	if (rc == -ENOSPC)
		t->cut = true;
	else if (rc < 0)
		return rc;
	if (at == LK_CALLTREE_ROOT)
		return 0;
	t->nodes[at].live_bytes += lk_format_bytes(&live, g);
	t->nodes[at].grown_bytes += lk_format_bytes(&grown, g);
	return 0;
}

int
lk_calltree_fill(struct lk_calltree *t, const struct lk_export_job *job)
{
	int rc = 0;

	memset(t, 0, sizeof(*t));
	for (size_t i = 0; i < job->growth->count && rc == 0; i++)
		rc = add_stack(t, job, &job->growth->rows[i]);
	return rc;
}

void
lk_calltree_free(struct lk_calltree *t)
{
	lk_frames_free(&t->frames);
	free(t->nodes);
	free(t->slots);
	memset(t, 0, sizeof(*t));
}
