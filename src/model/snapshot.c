#include "config.h"

#include "model/snapshot.h"

#include <math.h>
#include <string.h>

#include "base/attr.h"

#include "model/arena.h"

static void
forget_memory(struct lk_memory *m)
{
	double *const fields[] = {
		&m->at_s, &m->rss_bytes, &m->pss_bytes, &m->uss_bytes, &m->anonymous_bytes,
		&m->file_bytes, &m->shared_bytes, &m->swap_bytes, &m->est_python_live_bytes,
		&m->pymalloc_arena_bytes, &m->malloc_live_bytes, &m->malloc_free_bytes,
		&m->malloc_mmap_bytes, &m->sampler_bytes, &m->cgroup_limit_bytes,
		&m->cgroup_used_bytes,
	};

	for (size_t i = 0; i < LK_COUNT_OF(fields); i++)
		*fields[i] = NAN;
	for (size_t i = 0; i < LK_COUNT_OF(m->gc); i++)
		m->gc[i] = (struct lk_gc_generation){NAN, NAN, NAN, NAN, NAN};
	m->gc_pauses = (struct lk_gc_pauses){NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, false};
}

static void
forget_sampler(struct lk_sampler_status *s)
{
	double *const fields[] = {
		&s->started_at_s, &s->interval_bytes, &s->cost_percent, &s->samples_total,
		&s->budget_percent, &s->duty, &s->hooks,
		&s->samples_live, &s->samples_per_s, &s->drops, &s->thinned, &s->bytes, &s->stacks,
		&s->clients,
	};

	for (size_t i = 0; i < LK_COUNT_OF(fields); i++)
		*fields[i] = NAN;
	s->version = s->reason = s->mode = s->native = "";
}

struct lk_snapshot *
lk_snapshot_new(void)
{
	struct lk_arena *arena = lk_arena_new();
	struct lk_snapshot *s;

	s = arena != NULL ? lk_arena_get(arena, 1, sizeof(*s)) : NULL;
	if (s == NULL) {
		lk_arena_free(arena);
		return NULL;
	}
	s->arena = arena;
	s->references = 1;
	s->origin = "";
	s->process = (struct lk_process_info){
	    .host = "", .command = "", .python = "", .cgroup = "", .user = ""};
	forget_sampler(&s->sampler);
	s->at_s = s->rss_bytes = NAN;
	s->est_live_bytes = s->est_live_objects = s->live_variance = NAN;
	s->est_native_live_bytes = NAN;
	s->cgroup_limit_bytes = s->cgroup_used_bytes = NAN;
	forget_memory(&s->memory);
	s->containers.at_s = s->containers.scan_ms = s->containers.pause_us = NAN;
	s->containers.copied_bytes = NAN;
	s->trend_step_s = NAN;
	return s;
}

/* A reference count is no part of the picture, so it moves behind const pointers: snapshots
 * are always made by lk_snapshot_new(), never const objects. */
static struct lk_snapshot *
counted(const struct lk_snapshot *s)
{
	return (struct lk_snapshot *)(uintptr_t)s;
}

const struct lk_snapshot *
lk_snapshot_get(const struct lk_snapshot *s)
{
	counted(s)->references++;
	return s;
}

void
lk_snapshot_put(const struct lk_snapshot *s)
{
	if (s != NULL && --counted(s)->references == 0)
		lk_arena_free(s->arena);
}

double
lk_snapshot_interval_bytes(const struct lk_snapshot *s)
{
	double duty = s->sampler.duty;

	return s->sampler.interval_bytes / (duty > 0 && duty < 1 ? duty : 1);
}

const struct lk_baseline *
lk_snapshot_baseline(const struct lk_snapshot *s, uint32_t id)
{
	for (uint32_t i = 0; i < s->baseline_count; i++)
		if (s->baselines[i].id == id)
			return &s->baselines[i];
	return NULL;
}

uint32_t
lk_snapshot_summed(const struct lk_snapshot *s)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < s->member_count; i++)
		count += s->members[i].in_sum;
	return count;
}

uint32_t
lk_snapshot_silent(const struct lk_snapshot *s)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < s->member_count; i++)
		count += s->members[i].in_sum && s->members[i].state == LK_MEMBER_SILENT;
	return count;
}

const struct lk_row *
lk_snapshot_row(const struct lk_row *rows, uint32_t row_count, uint32_t stack_id)
{
	uint32_t low = 0, high = row_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		uint32_t id = rows[middle].stack->id;

		if (id == stack_id)
			return &rows[middle];
		if (id < stack_id)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static const char *const domain_names[] = {
	[LK_DOMAIN_OBJ] = "obj",
	[LK_DOMAIN_MEM] = "mem",
	[LK_DOMAIN_RAW] = "raw",
	[LK_DOMAIN_NATIVE] = "native",
};

static const char *const state_names[] = {
	[LK_STATE_SAMPLING] = "sampling",
	[LK_STATE_PAUSED] = "paused",
	[LK_STATE_DORMANT] = "dormant",
};

static int
word_index(const char *const *words, size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(words[i], word) == 0)
			return (int)i;
	return -1;
}

const char *
lk_domain_name(enum lk_domain domain)
{
	return domain < LK_COUNT_OF(domain_names) ? domain_names[domain] : "unknown";
}

int
lk_domain_parse(const char *name)
{
	return word_index(domain_names, LK_COUNT_OF(domain_names), name);
}

const char *
lk_state_name(enum lk_state state)
{
	return state < LK_COUNT_OF(state_names) ? state_names[state] : "unknown";
}

int
lk_state_parse(const char *name)
{
	return word_index(state_names, LK_COUNT_OF(state_names), name);
}

static const char *const member_state_names[] = {
	[LK_MEMBER_LIVE] = "live", [LK_MEMBER_SILENT] = "silent",
	[LK_MEMBER_BARE] = "no sampler", [LK_MEMBER_GONE] = "gone",
};

const char *
lk_snapshot_member_word(enum lk_member_state state)
{
	return state < LK_COUNT_OF(member_state_names) ? member_state_names[state] : "unknown";
}

int
lk_snapshot_member_state(const char *name)
{
	return word_index(member_state_names, LK_COUNT_OF(member_state_names), name);
}
