/* What a mirror holds in whole blocks: baselines, trends, containers, events, the ledger. */
#include "config.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "model/arena.h"

#include "client/mirror_private.h"
#include "client/names.h"
#include "client/shared.h"

static void
baseline_fini(struct lk_mirror_baseline *baseline)
{
	free(baseline->name);
	lk_shared_put(baseline->block);
	memset(baseline, 0, sizeof(*baseline));
}

/* Rows that were fetched for the same id move from the old list to the new one. */
static void
adopt_rows(struct lk_mirror *m, struct lk_mirror_baseline *fresh)
{
	for (uint32_t i = 0; i < m->baseline_count; i++) {
		struct lk_mirror_baseline *old = &m->baselines[i];

		if (old->value.id != fresh->value.id)
			continue;
		fresh->value.has_rows = old->value.has_rows;
		fresh->value.row_count = old->value.row_count;
		fresh->value.rows = old->value.rows;
		fresh->block = old->block;
		old->block = NULL;
	}
}

int
lk_mirror_read_baselines(struct lk_mirror *m, const struct lk_message_baselines *message)
{
	struct lk_mirror_baseline fresh[LK_WIRE_BASELINES_MAX] = {0};

	for (uint32_t i = 0; i < message->count; i++) {
		const struct lk_message_mark *mark = &message->list[i];

		fresh[i].name = strdup(mark->name);
		if (fresh[i].name == NULL) {
			while (i-- > 0)
				free(fresh[i].name);
			return -ENOMEM;
		}
		fresh[i].value = (struct lk_baseline){
		    .id = mark->id,
		    .name = fresh[i].name,
		    .at_s = mark->at_s,
		    .rss_bytes = mark->rss_bytes,
		    .est_live_bytes = mark->live_bytes,
		    .interval_bytes = mark->interval_bytes};
	}
	for (uint32_t i = 0; i < message->count; i++)
		adopt_rows(m, &fresh[i]);
	for (uint32_t i = 0; i < m->baseline_count; i++)
		baseline_fini(&m->baselines[i]);
	memcpy(m->baselines, fresh, sizeof(fresh));
	m->baseline_count = message->count;
	return 0;
}

static int
by_trend_stack(const void *a, const void *b)
{
	const struct lk_message_trend *x = a, *y = b;

	return (x->stack > y->stack) - (x->stack < y->stack);
}

static int
copy_trends(struct lk_shared *block, const struct lk_message_trends *message,
    struct lk_message_trend **out)
{
	struct lk_message_trend *list = lk_arena_get(block->arena, message->count, sizeof(*list));

	if (list == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < message->count; i++) {
		const struct lk_message_trend *m = &message->rows[i];
		float *bytes = lk_arena_get(block->arena, m->count, sizeof(*bytes));

		if (bytes == NULL)
			return -ENOMEM;
		memcpy(bytes, m->bytes, m->count * sizeof(*bytes));
		list[i] = (struct lk_message_trend){m->stack, m->count, bytes};
	}
	qsort(list, message->count, sizeof(*list), by_trend_stack);
	*out = list;
	return 0;
}

int
lk_mirror_read_trends(struct lk_mirror *m, const struct lk_message_trends *message)
{
	struct lk_shared *block = lk_shared_new();
	struct lk_message_trend *list;

	if (block == NULL)
		return -ENOMEM;
	if (copy_trends(block, message, &list) < 0) {
		lk_shared_put(block);
		return -ENOMEM;
	}
	lk_shared_put(m->trends.block);
	m->trends = (struct lk_mirror_trends){
	    .block = block, .step_s = message->step_s, .count = message->count, .list = list};
	return 0;
}

static const char *
copy_word(struct lk_arena *arena, const char *word)
{
	return word == NULL ? NULL : lk_arena_text(arena, word, strlen(word));
}

/* false: no memory. */
static bool
copy_shares(struct lk_arena *arena, struct lk_container_share *out,
    const struct lk_message_share *from, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		out[i] = (struct lk_container_share){copy_word(arena, from[i].type),
		    from[i].count};
		if (out[i].type == NULL)
			return false;
	}
	return true;
}

static int
copy_container(struct lk_mirror *m, struct lk_arena *arena, struct lk_container *out,
    const struct lk_message_container *message)
{
	struct lk_container_then *then;

	then = lk_arena_get(arena, message->then_count, sizeof(*then));
	if (then == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < message->then_count; i++)
		then[i] =
		    (struct lk_container_then){message->then[i].baseline, message->then[i].length};
	*out = (struct lk_container){
	    .address = message->address,
	    .type = copy_word(arena, message->type),
	    .length = message->length,
	    .shallow_bytes = message->shallow_bytes,
	    .stack = lk_names_stack(m->names, message->stack),
	    .owner = copy_word(arena, message->owner),
	    .then_count = message->then_count,
	    .then = then,
	    .bound = message->bound,
	    .looked = message->looked,
	    .key_count = message->key_count,
	    .value_count = message->value_count};
	if (out->type == NULL || (message->owner != NULL && out->owner == NULL) ||
	    !copy_shares(arena, out->keys, message->keys, message->key_count) ||
	    !copy_shares(arena, out->values, message->values, message->value_count))
		return -ENOMEM;
	return 0;
}

/* The first BEFORE are those of the message that this one goes on from. */
static int
copy_containers(struct lk_mirror *m, struct lk_shared *block,
    const struct lk_message_containers *message, uint32_t before,
    struct lk_container **out)
{
	struct lk_container *list =
	    lk_arena_get(block->arena, before + message->count, sizeof(*list));
	int rc = list == NULL ? -ENOMEM : 0;

	if (rc == 0)
		rc = lk_shared_keep(lk_names_pool(m->names), block->arena);
	if (rc == 0 && before > 0)
		rc = lk_shared_keep(m->containers_block, block->arena);
	if (rc == 0 && before > 0)
		memcpy(list, m->containers.list, before * sizeof(*list));
	for (uint32_t i = 0; rc == 0 && i < message->count; i++)
		rc = copy_container(m, block->arena, &list[before + i], &message->list[i]);
	*out = list;
	return rc;
}

int
lk_mirror_read_containers(struct lk_mirror *m, const struct lk_message_containers *message)
{
	struct lk_shared *block = lk_shared_new();
	uint32_t before = m->containers_go_on ? m->containers.count : 0;
	struct lk_container *list;
	const char *reason;

	if (block == NULL)
		return -ENOMEM;
	reason = copy_word(block->arena, message->reason);
	if (reason == NULL || copy_containers(m, block, message, before, &list) < 0) {
		lk_shared_put(block);
		return -ENOMEM;
	}
	lk_shared_put(m->containers_block);
	m->containers_block = block;
	m->containers = (struct lk_containers){
	    .at_s = message->at_s,
	    .scan_ms = message->scan_ms,
	    .pause_us = message->pause_us,
	    .copied_bytes = message->copied_bytes,
	    .object_count = message->object_count,
	    .min_length = message->min_length,
	    .complete = message->complete,
	    .by_walk = strcmp(message->by, "walk") == 0,
	    .reason = reason,
	    .count = before + message->count,
	    .list = list};
	m->containers_go_on = message->more;
	return 0;
}

int
lk_mirror_read_events(struct lk_mirror *m, const struct lk_message_events *message)
{
	struct lk_shared *block = lk_shared_new();
	struct lk_sampler_event *list =
	    block == NULL ? NULL : lk_arena_get(block->arena, message->count, sizeof(*list));
	bool whole = list != NULL;

	for (uint32_t i = 0; whole && i < message->count; i++) {
		const struct lk_message_event *from = &message->list[i];

		list[i] = (struct lk_sampler_event){
		    from->at_s, copy_word(block->arena, from->code),
		    from->value < 0 ? 0 : (uint64_t)from->value,
		    copy_word(block->arena, from->what)};
		whole = list[i].code != NULL && list[i].what != NULL;
	}
	if (!whole) {
		lk_shared_put(block);
		return -ENOMEM;
	}
	lk_shared_put(m->events_block);
	m->events_block = block;
	m->events = list;
	m->event_count = message->count;
	return 0;
}

static struct lk_gc_pauses
pauses_of(const struct lk_message_pauses *message)
{
	if (isnan(message->watched_s))
		return (struct lk_gc_pauses){NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, false};
	return (struct lk_gc_pauses){
	    .watched_s = message->watched_s,
	    .looks = message->looks,
	    .collections = message->collections,
	    .seen = message->seen,
	    .total_us = message->total_us,
	    .longest_us = message->longest_us,
	    .longest_error_us = message->longest_error_us,
	    .longest_generation = message->longest_generation,
	    .unseen_us = message->unseen_us,
	    .exact = message->exact};
}

void
lk_mirror_read_memory(struct lk_mirror *m, const struct lk_message_memory *message)
{
	m->memory = (struct lk_memory){
	    .at_s = message->at_s,
	    .rss_bytes = message->rss_bytes,
	    .pss_bytes = message->pss_bytes,
	    .uss_bytes = message->uss_bytes,
	    .anonymous_bytes = message->anonymous_bytes,
	    .file_bytes = message->file_bytes,
	    .shared_bytes = message->shared_bytes,
	    .swap_bytes = message->swap_bytes,
	    .est_python_live_bytes = message->python_live_bytes,
	    .pymalloc_arena_bytes = message->pymalloc_arena_bytes,
	    .malloc_live_bytes = message->malloc_live_bytes,
	    .malloc_free_bytes = message->malloc_free_bytes,
	    .malloc_mmap_bytes = message->malloc_mmap_bytes,
	    .sampler_bytes = message->sampler_bytes,
	    .cgroup_limit_bytes = message->cgroup_limit_bytes,
	    .cgroup_used_bytes = message->cgroup_used_bytes,
	    .gc_enabled = message->gc_enabled,
	    .gc_pauses = pauses_of(&message->pauses)};
	for (size_t i = 0; i < LK_COUNT_OF(m->memory.gc); i++)
		m->memory.gc[i] = (struct lk_gc_generation){
		    message->gc[i].count, message->gc[i].threshold, message->gc[i].collections,
		    message->gc[i].collected, message->gc[i].uncollectable};
}

void
lk_mirror_blocks_fini(struct lk_mirror *m)
{
	for (uint32_t i = 0; i < m->baseline_count; i++)
		baseline_fini(&m->baselines[i]);
	lk_shared_put(m->trends.block);
	lk_shared_put(m->containers_block);
	lk_shared_put(m->events_block);
}
