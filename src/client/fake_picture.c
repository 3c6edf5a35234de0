#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "model/arena.h"

#include "client/fake.h"

#define CGROUP_LIMIT_BYTES (2048.0 * 1024 * 1024)

struct painter {
	const struct lk_fake *f;
	struct lk_arena *arena;
	struct lk_stack *stacks; /* [LK_FAKE_SITES] */
};

static double
time_of(uint32_t second)
{
	return LK_FAKE_NOW_S - LK_FAKE_AGE_S + (double)second;
}

static uint32_t
put_frame(struct lk_frame *frames, uint32_t count, const struct lk_frame *frame)
{
	if (frames != NULL)
		frames[count] = *frame;
	return count + 1;
}

/* Once with NULL to count, once to fill. */
static uint32_t
put_frames(const struct lk_fake_site *site, struct lk_frame *frames)
{
	uint32_t count = 0;

	for (unsigned int i = 0; i < LK_COUNT_OF(site->own) && site->own[i].function != NULL; i++)
		count = put_frame(frames, count, &site->own[i]);
	for (uint32_t i = 0; i < site->repeat; i++)
		count = put_frame(frames, count, &site->own[0]);
	for (const struct lk_fake_chain *c = site->callers; c != NULL; c = c->outer)
		for (unsigned int i = 0;
		    i < LK_FAKE_CHAIN_FRAMES && c->frames[i].function != NULL; i++)
			count = put_frame(frames, count, &c->frames[i]);
	return count;
}

static int
paint_stacks(struct painter *p)
{
	p->stacks = lk_arena_get(p->arena, LK_FAKE_SITES, sizeof(*p->stacks));
	if (p->stacks == NULL)
		return -1;
	for (unsigned int i = 0; i < LK_FAKE_SITES; i++) {
		const struct lk_fake_site *site = &lk_fake_sites[i];
		struct lk_stack *stack = &p->stacks[i];
		struct lk_frame *frames;

		stack->id = i + 1;
		stack->domain = site->domain;
		stack->thread = site->thread;
		stack->flags = site->flags;
		stack->frame_count = put_frames(site, NULL);
		frames = lk_arena_get(p->arena, stack->frame_count, sizeof(*frames));
		if (frames == NULL)
			return -1;
		put_frames(site, frames);
		stack->frames = frames;
	}
	return 0;
}

static void *
copy(struct lk_arena *arena, const void *from, size_t count, size_t size)
{
	void *to = lk_arena_get(arena, count, size);

	if (to != NULL && count > 0)
		memcpy(to, from, count * size);
	return to;
}

/* Rows of the sites that allocated anything yet; NULL without memory. */
static struct lk_row *
paint_rows(const struct painter *p, const struct lk_fake_account *accounts, uint32_t *count)
{
	struct lk_row *rows = lk_arena_get(p->arena, LK_FAKE_SITES, sizeof(*rows));

	*count = 0;
	for (unsigned int i = 0; rows != NULL && i < LK_FAKE_SITES; i++) {
		const struct lk_fake_account *a = &accounts[i];
		struct lk_row *row = &rows[*count];

		if (a->allocated_count == 0)
			continue;
		row->stack = &p->stacks[i];
		row->est_allocated_bytes = a->allocated_bytes;
		row->est_allocated_objects = a->allocated_objects;
		row->sampled_allocated_count = a->allocated_count;
		row->cell_count = a->cell_count;
		row->cells = copy(p->arena, a->cells, a->cell_count, sizeof(*a->cells));
		if (row->cells == NULL)
			return NULL;
		(*count)++;
	}
	return rows;
}

static int
paint_live(const struct painter *p, struct lk_snapshot *s)
{
	struct lk_fake_account accounts[LK_FAKE_SITES];
	struct lk_row *rows;

	if (lk_fake_count(p->f, accounts) < 0)
		return -1;
	rows = paint_rows(p, accounts, &s->row_count);
	lk_fake_forget(accounts);
	if (rows == NULL)
		return -1;
	s->rows = rows;
	s->trend_step_s = LK_FAKE_TREND_STEP_S;
	s->est_live_bytes = s->est_live_objects = s->live_variance = s->est_native_live_bytes = 0;
	for (uint32_t i = 0; i < s->row_count; i++) {
		const float *trend = p->f->trends[rows[i].stack->id - 1];

		rows[i].trend_count = p->f->trend_count;
		rows[i].trend_bytes =
		    copy(p->arena, trend, LK_FAKE_TREND_POINTS, sizeof(*trend));
		if (rows[i].trend_bytes == NULL)
			return -1;
		for (uint32_t k = 0; k < rows[i].cell_count; k++) {
			if (rows[i].stack->domain == LK_DOMAIN_NATIVE) {
				s->est_native_live_bytes += rows[i].cells[k].est_bytes;
				continue;
			}
			s->est_live_bytes += rows[i].cells[k].est_bytes;
			s->est_live_objects += rows[i].cells[k].est_objects;
			s->live_variance += rows[i].cells[k].variance;
		}
	}
	return 0;
}

static int
paint_baselines(const struct painter *p, struct lk_snapshot *s)
{
	struct lk_baseline *list =
	    lk_arena_get(p->arena, p->f->baseline_count, sizeof(*list));

	for (uint32_t i = 0; list != NULL && i < p->f->baseline_count; i++) {
		const struct lk_fake_baseline *b = p->f->baselines[i];

		list[i].id = b->id;
		list[i].name = lk_arena_text(p->arena, b->name, strlen(b->name));
		list[i].at_s = time_of(b->second);
		list[i].rss_bytes = b->rss_bytes;
		list[i].est_live_bytes = b->est_live_bytes;
		list[i].interval_bytes = LK_FAKE_INTERVAL_BYTES;
		list[i].has_rows = b->has_rows;
		if (b->has_rows)
			list[i].rows = paint_rows(p, b->accounts, &list[i].row_count);
		if (list[i].name == NULL || (b->has_rows && list[i].rows == NULL))
			return -1;
	}
	s->baselines = list;
	s->baseline_count = p->f->baseline_count;
	return list != NULL ? 0 : -1;
}

#define FAKE_LOOKED	4096	/* items whose types a sampler looks at */

static uint64_t
length_at(const struct lk_fake_container *c, uint32_t second)
{
	double length = c->length + c->per_s * second;

	return (uint64_t)(c->bound > 0 && length > c->bound ? c->bound : length);
}

static int
paint_container(const struct painter *p, const struct lk_fake_container *c,
    struct lk_container *out)
{
	uint32_t scanned_s = p->f->scanned_s;
	struct lk_container_then *then =
	    lk_arena_get(p->arena, p->f->baseline_count, sizeof(*then));

	if (then == NULL)
		return -1;
	out->address = 0x7f2a10004000u + 0x940u * (uint64_t)(c - lk_fake_containers);
	out->type = c->type;
	out->length = length_at(c, scanned_s);
	out->shallow_bytes = (uint64_t)(64 + c->bytes_each * (double)out->length);
	out->stack = c->site >= 0 ? &p->stacks[c->site] : NULL;
	out->owner = c->owner;
	out->bound = c->bound;
	out->looked = (uint32_t)(out->length < FAKE_LOOKED ? out->length : FAKE_LOOKED);
	if (c->key != NULL)
		out->keys[out->key_count++] = (struct lk_container_share){c->key, out->looked};
	if (c->item != NULL)
		out->values[out->value_count++] =
		    (struct lk_container_share){c->item, out->looked};
	for (uint32_t i = 0; i < p->f->baseline_count; i++) {
		if (p->f->baselines[i]->second > scanned_s)
			continue;
		then[out->then_count].baseline = p->f->baselines[i]->id;
		then[out->then_count].length = (double)length_at(c, p->f->baselines[i]->second);
		out->then_count++;
	}
	out->then = then;
	return 0;
}

static int
longest_first(const void *a, const void *b)
{
	const struct lk_container *x = a, *y = b;

	if (x->length != y->length)
		return x->length < y->length ? 1 : -1;
	return x->address < y->address ? -1 : x->address > y->address;
}

static int
paint_containers(const struct painter *p, struct lk_containers *out)
{
	struct lk_container *list = lk_arena_get(p->arena, lk_fake_container_count, sizeof(*list));

	for (size_t i = 0; list != NULL && i < lk_fake_container_count; i++) {
		const struct lk_fake_container *c = &lk_fake_containers[i];

		if (length_at(c, p->f->scanned_s) < p->f->min_length)
			continue;
		if (paint_container(p, c, &list[out->count++]) < 0)
			return -1;
	}
	if (list == NULL)
		return -1;
	qsort(list, out->count, sizeof(*list), longest_first);
	out->list = list;
	out->at_s = time_of(p->f->scanned_s);
	out->scan_ms = 212;
	out->pause_us = 1740;
	out->copied_bytes = 184 << 10;
	out->object_count = 1841200 + 40u * p->f->scanned_s;
	out->min_length = p->f->min_length;
	out->complete = true;
	return 0;
}

static void
paint_memory(const struct painter *p, struct lk_snapshot *s)
{
	const struct lk_fake *f = p->f;
	double rss = f->memory_rss_bytes, live = f->memory_live_bytes;

	s->memory = (struct lk_memory){
	    .at_s = time_of(f->memory_s),
	    .rss_bytes = rss,
	    .pss_bytes = rss - 31e6,
	    .uss_bytes = rss - 42e6,
	    .anonymous_bytes = rss - 38e6,
	    .file_bytes = 37e6,
	    .shared_bytes = 1e6,
	    .swap_bytes = 0,
	    .est_python_live_bytes = live,
	    .pymalloc_arena_bytes = 1.04 * live,
	    .malloc_live_bytes = 61e6,
	    .malloc_free_bytes = 17e6,
	    .malloc_mmap_bytes = 4.2e6,
	    .sampler_bytes = 3.1e6,
	    .cgroup_limit_bytes = CGROUP_LIMIT_BYTES,
	    .cgroup_used_bytes = rss + 11e6,
	    .gc_enabled = true,
	    .gc = {{311, 700, 41022.0 + 9 * f->memory_s, 188410, 0},
		{7, 10, 3729.0 + f->memory_s / 2, 20417, 0},
		{4, 10, 41.0 + f->memory_s / 120, 5120, 3}},
	    .gc_pauses = {.watched_s = 42.3,
		.looks = 5241,
		.collections = 402,
		.seen = 7,
		.total_us = 341e3,
		.longest_us = 96e3,
		.longest_error_us = 8.2e3,
		.longest_generation = 2,
		.unseen_us = 11.4e3},
	};
}

static void
paint_sampler(const struct painter *p, struct lk_snapshot *s)
{
	const struct lk_fake *f = p->f;

	s->process = (struct lk_process_info){
	    .pid = 41207,
	    .start_time = 1234567,
	    .host = "web-3",
	    .command = "/usr/bin/python3 /usr/bin/gunicorn --workers 4 shop.wsgi:application",
	    .python = "3.11.2",
	    .cgroup = "/system.slice/shop.service",
	    .user = "shop",
	};
	s->sampler = (struct lk_sampler_status){
	    .version = "0.1.0",
	    .state = f->paused ? LK_STATE_PAUSED : LK_STATE_SAMPLING,
	    .reason = f->paused ? "paused by a client" : "",
	    .mode = "slots",
	    .native = "stacks",
	    .started_at_s = time_of(0),
	    .interval_bytes = LK_FAKE_INTERVAL_BYTES,
	    .cost_percent = 0.55 + 0.01 * (f->second % 9),
	    .budget_percent = 1,
	    .duty = 1,
	    .hooks = f->paused ? 2 : 10,
	    .samples_total = f->samples_total,
	    .samples_live = f->sample_count,
	    .samples_per_s = f->samples_last_second,
	    .drops = f->drops,
	    .thinned = 0,
	    .bytes = 3.1e6,
	    .stacks = LK_FAKE_SITES,
	    .clients = 1,
	};
	s->cgroup_limit_bytes = CGROUP_LIMIT_BYTES;
	s->cgroup_used_bytes = s->rss_bytes + 11e6;
}

static int
paint_history(const struct painter *p, struct lk_snapshot *s)
{
	struct lk_series *series = lk_arena_get(p->arena, LK_FAKE_RINGS, sizeof(*series));

	for (unsigned int i = 0; series != NULL && i < LK_FAKE_RINGS; i++) {
		const struct lk_fake_ring *ring = &p->f->rings[i];

		series[i].step_s = ring->step_s;
		series[i].end_s = time_of(p->f->second - p->f->second % ring->step_s);
		series[i].count = ring->count;
		series[i].rss_bytes =
		    copy(p->arena, ring->rss_bytes, ring->count, sizeof(float));
		series[i].live_bytes =
		    copy(p->arena, ring->live_bytes, ring->count, sizeof(float));
		if (series[i].rss_bytes == NULL || series[i].live_bytes == NULL)
			return -1;
	}
	s->series = series;
	s->series_count = LK_FAKE_RINGS;
	return series != NULL ? 0 : -1;
}

static int
paint_events(const struct painter *p, struct lk_snapshot *s)
{
	struct lk_sampler_event *list = lk_arena_get(p->arena, 1, sizeof(*list));

	if (list == NULL)
		return -1;
	list[0] = (struct lk_sampler_event){.at_s = time_of(0), .code = "started"};
	s->events = list;
	s->event_count = 1;
	return 0;
}

struct lk_snapshot *
lk_fake_picture(const struct lk_fake *f, uint64_t seq)
{
	struct lk_snapshot *s = lk_snapshot_new();
	struct painter p = {.f = f, .arena = s != NULL ? s->arena : NULL};

	if (s == NULL)
		return NULL;
	s->seq = seq;
	s->at_s = time_of(f->second);
	s->origin = "live";
	s->rss_bytes = lk_fake_rss_bytes(f);
	if (paint_stacks(&p) < 0 || paint_live(&p, s) < 0 || paint_baselines(&p, s) < 0 ||
	    paint_containers(&p, &s->containers) < 0 || paint_history(&p, s) < 0 ||
	    paint_events(&p, s) < 0 || lk_fake_heap_paint(&f->heap, s) < 0) {
		lk_snapshot_put(s);
		return NULL;
	}
	paint_sampler(&p, s);
	paint_memory(&p, s);
	return s;
}
