/* A mirror becomes a snapshot.  Rows and cells are copied (two flat lists); names, rows of
 * baselines, trends and containers are shared. */
#include "config.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/attr.h"
#include "model/arena.h"

#include "client/mirror_private.h"
#include "client/names.h"
#include "client/readings.h"
#include "client/shared.h"

static void
fill_numbers(const struct lk_mirror *m, struct lk_snapshot *s)
{
	const struct lk_message_tick *tick = &m->tick;

	s->at_s = tick->at_s;
	s->rss_bytes = tick->rss_bytes;
	s->est_live_bytes = tick->live_bytes;
	s->est_live_objects = tick->live_objects;
	s->live_variance = tick->live_variance;
	s->est_native_live_bytes = tick->native_live_bytes;
	s->cgroup_limit_bytes = tick->cgroup_limit_bytes;
	s->cgroup_used_bytes = tick->cgroup_used_bytes;
	s->sampler.state = m->state;
	s->sampler.started_at_s = m->hello.started_at_s;
	s->sampler.interval_bytes = tick->interval_bytes;
	s->sampler.cost_percent = tick->cost_percent;
	s->sampler.budget_percent = tick->budget_percent;
	s->sampler.duty = tick->duty;
	s->sampler.hooks = tick->hooks;
	s->sampler.samples_total = tick->samples_total;
	s->sampler.samples_live = tick->samples_live;
	s->sampler.samples_per_s = tick->samples_per_s;
	s->sampler.drops = tick->drops;
	s->sampler.thinned = tick->thinned;
	s->sampler.bytes = tick->sampler_bytes;
	s->sampler.stacks = tick->stacks;
	s->sampler.clients = tick->clients;
	if (!isnan(m->memory.at_s))
		s->memory = m->memory;
	if (!isnan(m->containers.at_s))
		s->containers = m->containers;
	s->events = m->events;
	s->event_count = m->event_count;
	s->trend_step_s = m->trends.block != NULL ? m->trends.step_s : NAN;
}

static int
fill_words(const struct lk_mirror *m, const struct lk_process_info *process, struct lk_snapshot *s)
{
	const struct {
		const char *from;
		const char **to;
	} words[] = {
	    {m->version, &s->sampler.version},	   {m->mode, &s->sampler.mode},
	    {m->native, &s->sampler.native},
	    {m->reason, &s->sampler.reason},	   {m->python, &s->process.python},
	    {process->host, &s->process.host},	   {process->command, &s->process.command},
	    {process->cgroup, &s->process.cgroup}, {process->user, &s->process.user},
	};

	for (size_t i = 0; i < LK_COUNT_OF(words); i++) {
		const char *copy = lk_arena_text(s->arena, words[i].from, strlen(words[i].from));

		if (copy == NULL)
			return -ENOMEM;
		*words[i].to = copy;
	}
	s->origin = "live";
	s->process.pid = process->pid;
	s->process.start_time = process->start_time;
	return 0;
}

/* Both lists are by stack id: one walk finds the trend of every row. */
static void
attach_trends(const struct lk_mirror_trends *trends, struct lk_row *rows, uint32_t count)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < count && at < trends->count; i++) {
		while (at < trends->count && trends->list[at].stack < rows[i].stack->id)
			at++;
		if (at == trends->count || trends->list[at].stack != rows[i].stack->id)
			continue;
		rows[i].trend_count = trends->list[at].count;
		rows[i].trend_bytes = trends->list[at].bytes;
	}
}

static int
fill_rows(struct lk_mirror *m, struct lk_snapshot *s)
{
	struct lk_row *rows = lk_arena_get(s->arena, m->rows.count, sizeof(*rows));
	struct lk_cell *cells = lk_arena_get(s->arena, m->rows.cell_count, sizeof(*cells));

	if (rows == NULL || cells == NULL || lk_mirror_order(m) < 0)
		return -ENOMEM;
	for (uint32_t i = 0; i < m->rows.count; i++) {
		const struct lk_row *from = &m->rows.list[m->order[i]];

		rows[i] = *from;
		rows[i].cells = cells;
		if (from->cell_count > 0)
			memcpy(cells, from->cells, from->cell_count * sizeof(*cells));
		cells += from->cell_count;
	}
	attach_trends(&m->trends, rows, m->rows.count);
	s->rows = rows;
	s->row_count = m->rows.count;
	return 0;
}

static int
fill_baselines(const struct lk_mirror *m, struct lk_snapshot *s)
{
	struct lk_baseline *list = lk_arena_get(s->arena, m->baseline_count, sizeof(*list));

	if (list == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < m->baseline_count; i++) {
		const struct lk_mirror_baseline *from = &m->baselines[i];

		list[i] = from->value;
		list[i].name = lk_arena_text(s->arena, from->name, strlen(from->name));
		if (list[i].name == NULL || lk_shared_keep(from->block, s->arena) < 0)
			return -ENOMEM;
	}
	s->baselines = list;
	s->baseline_count = m->baseline_count;
	return 0;
}

static int
fill(struct lk_mirror *m, const struct lk_process_info *process, struct lk_snapshot *s)
{
	int series_count;

	fill_numbers(m, s);
	if (lk_shared_keep(lk_names_pool(m->names), s->arena) < 0 ||
	    lk_shared_keep(m->trends.block, s->arena) < 0 ||
	    lk_shared_keep(m->containers_block, s->arena) < 0 ||
	    lk_shared_keep(m->events_block, s->arena) < 0 || fill_words(m, process, s) < 0 ||
	    fill_rows(m, s) < 0 || fill_baselines(m, s) < 0)
		return -ENOMEM;
	series_count = lk_history_copy(&m->history, s->arena, &s->series);
	if (series_count < 0)
		return series_count;
	s->series_count = (uint32_t)series_count;
	return 0;
}

int
lk_mirror_build(struct lk_mirror *m, const struct lk_process_info *process,
		const struct lk_readings *readings, uint64_t seq, const struct lk_snapshot **out)
{
	struct lk_snapshot *s = lk_snapshot_new();
	int rc = s == NULL ? -ENOMEM : fill(m, process, s);

	if (rc == 0 && readings != NULL)
		rc = lk_readings_attach(readings, s);
	if (rc < 0) {
		lk_snapshot_put(s);
		return rc;
	}
	s->seq = seq;
	m->is_changed = false;
	*out = s;
	return 0;
}
