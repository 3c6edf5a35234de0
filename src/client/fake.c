#include "config.h"

#include "client/fake.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"

#define STARTUP_S 20
#define OTHER_RSS_BYTES 141e6 /* interpreter, libraries, stacks */

static uint64_t
draw(struct lk_fake *f)
{
	uint64_t z = (f->random += 0x9e3779b97f4a7c15u); /* splitmix64 */

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* Uniform in (0, 1]. */
static double
draw_share(struct lk_fake *f)
{
	return (double)((draw(f) >> 11) + 1) / 0x1p53;
}

/* Knuth's: fine for the few dozens a second that there are here. */
static unsigned int
draw_poisson(struct lk_fake *f, double mean)
{
	double limit = exp(-mean), product = draw_share(f);
	unsigned int count = 0;

	while (product > limit) {
		product *= draw_share(f);
		count++;
	}
	return count;
}

/* One block of SITE as its sampler counts it. */
static struct lk_cell
weigh(const struct lk_fake_site *site)
{
	double p = -expm1(-site->block_bytes / LK_FAKE_INTERVAL_BYTES);
	double weight = site->block_bytes / p;

	return (struct lk_cell){
	    .sampled_count = 1,
	    .est_bytes = weight,
	    .est_objects = 1 / p,
	    .variance = weight * weight * (1 - p),
	};
}

/* The load goes up and down by a fifth in ten minutes. */
static double
load_at(uint32_t second)
{
	uint32_t phase = second % 600;

	return 0.9 + 0.2 * (phase < 300 ? phase : 600 - phase) / 300;
}

static double
bytes_per_s_at(const struct lk_fake_site *site, uint32_t second)
{
	double share = load_at(second);

	if (site->life == LK_FAKE_STARTUP)
		share = second <= STARTUP_S;
	else if (site->life == LK_FAKE_ENDED)
		share = second < site->life_s;
	else if (site->life == LK_FAKE_CACHE)
		share = second < site->life_s ? 2 * (1 - second / site->life_s) : 0;
	return site->bytes_per_s * share;
}

static uint32_t
death_of(struct lk_fake *f, const struct lk_fake_site *site)
{
	double life_s;

	if (site->life == LK_FAKE_ENDED)
		return (uint32_t)site->life_s;
	if (site->life != LK_FAKE_CHURN && site->life != LK_FAKE_TTL)
		return UINT32_MAX;
	life_s = site->life_s;
	if (site->life == LK_FAKE_CHURN)
		life_s *= -log(draw_share(f));
	return f->second + (uint32_t)life_s;
}

static bool
keep_sample(struct lk_fake *f, struct lk_fake_sample sample)
{
	if (f->sample_count == f->sample_cap) {
		uint32_t cap = f->sample_cap == 0 ? 4096 : 2 * f->sample_cap;
		struct lk_fake_sample *more = realloc(f->samples, cap * sizeof(*more));

		if (more == NULL)
			return false;
		f->samples = more;
		f->sample_cap = cap;
	}
	f->samples[f->sample_count++] = sample;
	return true;
}

static void
give_birth(struct lk_fake *f, unsigned int site_index)
{
	const struct lk_fake_site *site = &lk_fake_sites[site_index];
	struct lk_fake_account *account = &f->accounts[site_index];
	struct lk_cell one = weigh(site);
	unsigned int births = draw_poisson(f, bytes_per_s_at(site, f->second) / one.est_bytes);

	for (unsigned int i = 0; i < births; i++) {
		struct lk_fake_sample sample = {
		    .site = (uint16_t)site_index, .epoch = f->epoch, .dies_s = death_of(f, site)};

		if (!keep_sample(f, sample))
			f->drops++;
		account->allocated_bytes += one.est_bytes;
		account->allocated_objects += one.est_objects;
		account->allocated_count++;
	}
	f->samples_last_second += births;
}

static void
bury(struct lk_fake *f)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < f->sample_count; i++)
		if (f->samples[i].dies_s > f->second)
			f->samples[kept++] = f->samples[i];
	f->sample_count = kept;
}

static double
live_bytes_of(const struct lk_fake *f)
{
	double weights[LK_FAKE_SITES], sum = 0;

	for (unsigned int i = 0; i < LK_FAKE_SITES; i++)
		weights[i] = weigh(&lk_fake_sites[i]).est_bytes;
	for (uint32_t i = 0; i < f->sample_count; i++)
		sum += weights[f->samples[i].site];
	return sum;
}

static double
rss_of(const struct lk_fake *f, double live_bytes)
{
	/* arenas keep a tenth more than what lives in them; native code drifts a little */
	return floor((OTHER_RSS_BYTES + 1.1 * live_bytes + 9000.0 * f->second) / 4096) * 4096;
}

double
lk_fake_rss_bytes(const struct lk_fake *f)
{
	return rss_of(f, live_bytes_of(f));
}

void
lk_fake_read_memory(struct lk_fake *f)
{
	f->memory_s = f->second;
	f->memory_live_bytes = live_bytes_of(f);
	f->memory_rss_bytes = rss_of(f, f->memory_live_bytes);
}

static void
append(float *points, uint32_t count, uint32_t max, float value)
{
	if (count == max)
		memmove(points, points + 1, (max - 1) * sizeof(*points));
	points[count == max ? max - 1 : count] = value;
}

static void
record_history(struct lk_fake *f)
{
	double live = live_bytes_of(f), rss = rss_of(f, live);

	for (unsigned int i = 0; i < LK_FAKE_RINGS; i++) {
		struct lk_fake_ring *ring = &f->rings[i];

		if (f->second % ring->step_s != 0)
			continue;
		append(ring->rss_bytes, ring->count, LK_FAKE_RING_POINTS, (float)rss);
		append(ring->live_bytes, ring->count, LK_FAKE_RING_POINTS, (float)live);
		ring->count += ring->count < LK_FAKE_RING_POINTS;
	}
}

static void
record_trends(struct lk_fake *f)
{
	double live[LK_FAKE_SITES] = {0};

	for (uint32_t i = 0; i < f->sample_count; i++)
		live[f->samples[i].site]++;
	for (unsigned int i = 0; i < LK_FAKE_SITES; i++)
		append(f->trends[i], f->trend_count, LK_FAKE_TREND_POINTS,
		    (float)(live[i] * weigh(&lk_fake_sites[i]).est_bytes));
	f->trend_count += f->trend_count < LK_FAKE_TREND_POINTS;
}

void
lk_fake_step(struct lk_fake *f)
{
	f->second++;
	f->samples_last_second = 0;
	bury(f);
	for (unsigned int i = 0; i < LK_FAKE_SITES && !f->paused; i++)
		give_birth(f, i);
	f->samples_total += f->samples_last_second;
	record_history(f);
	if (f->second % LK_FAKE_TREND_STEP_S == 0)
		record_trends(f);
}

static void
add_to_cell(struct lk_cell *cell, const struct lk_cell *one)
{
	cell->sampled_count += one->sampled_count;
	cell->est_bytes += one->est_bytes;
	cell->est_objects += one->est_objects;
	cell->variance += one->variance;
}

/* Samples are kept in the order of their births, so a new epoch is always the next cell. */
int
lk_fake_count(const struct lk_fake *f, struct lk_fake_account *accounts)
{
	memcpy(accounts, f->accounts, sizeof(f->accounts));
	for (uint32_t i = 0; i < f->sample_count; i++) {
		const struct lk_fake_sample *sample = &f->samples[i];
		struct lk_fake_account *a = &accounts[sample->site];
		struct lk_cell one = weigh(&lk_fake_sites[sample->site]);

		if (a->cell_count == 0 || a->cells[a->cell_count - 1].epoch != sample->epoch) {
			struct lk_cell *more =
			    realloc(a->cells, (a->cell_count + 1) * sizeof(*more));

			if (more == NULL) {
				lk_fake_forget(accounts);
				return -ENOMEM;
			}
			a->cells = more;
			a->cells[a->cell_count++] = (struct lk_cell){.epoch = sample->epoch};
		}
		add_to_cell(&a->cells[a->cell_count - 1], &one);
	}
	return 0;
}

void
lk_fake_forget(struct lk_fake_account *accounts)
{
	for (unsigned int i = 0; i < LK_FAKE_SITES; i++) {
		free(accounts[i].cells);
		accounts[i].cells = NULL;
		accounts[i].cell_count = 0;
	}
}

int
lk_fake_mark(struct lk_fake *f, const char *name)
{
	struct lk_fake_baseline *b;
	int rc;

	if (f->baseline_count == LK_WIRE_BASELINES_MAX || f->epoch == LK_FAKE_EPOCHS)
		return -ENOSPC;
	b = calloc(1, sizeof(*b));
	rc = b != NULL ? lk_fake_count(f, b->accounts) : -ENOMEM;
	if (rc < 0) {
		free(b);
		return rc;
	}
	b->id = ++f->epoch;
	b->second = f->second;
	snprintf(b->name, sizeof(b->name), "%s", name != NULL ? name : "");
	b->rss_bytes = lk_fake_rss_bytes(f);
	b->est_live_bytes = live_bytes_of(f);
	f->baselines[f->baseline_count++] = b;
	return (int)b->id;
}

static uint32_t
index_of(const struct lk_fake *f, uint64_t id)
{
	uint32_t i = 0;

	while (i < f->baseline_count && f->baselines[i]->id != id)
		i++;
	return i;
}

struct lk_fake_baseline *
lk_fake_find(struct lk_fake *f, uint64_t id)
{
	uint32_t i = index_of(f, id);

	return i < f->baseline_count ? f->baselines[i] : NULL;
}

int
lk_fake_drop(struct lk_fake *f, uint64_t id)
{
	uint32_t i = index_of(f, id);

	if (i == f->baseline_count)
		return -ENOENT;
	lk_fake_forget(f->baselines[i]->accounts);
	free(f->baselines[i]);
	f->baseline_count--;
	memmove(&f->baselines[i], &f->baselines[i + 1],
	    (f->baseline_count - i) * sizeof(f->baselines[0]));
	return 0;
}

void
lk_fake_free(struct lk_fake *f)
{
	if (f == NULL)
		return;
	while (f->baseline_count > 0)
		lk_fake_drop(f, f->baselines[0]->id);
	free(f->samples);
	free(f);
}

struct lk_fake *
lk_fake_new(uint32_t seed)
{
	static const struct {
		uint32_t second;
		const char *name;
	} marks[] = {{LK_FAKE_AGE_S - 842, "warm"}, {LK_FAKE_AGE_S - 601, "+500 carts"},
	    {LK_FAKE_AGE_S - 240, ""}};
	struct lk_fake *f = calloc(1, sizeof(*f));
	size_t next = 0;

	if (f == NULL)
		return NULL;
	f->random = seed;
	f->rings[0].step_s = 1;
	f->rings[1].step_s = 10;
	f->rings[2].step_s = 60;
	f->min_length = 1000;
	while (f->second < LK_FAKE_AGE_S) {
		lk_fake_step(f);
		if (next == LK_COUNT_OF(marks) || f->second != marks[next].second)
			continue;
		if (lk_fake_mark(f, marks[next++].name) < 0) {
			lk_fake_free(f);
			return NULL;
		}
		f->baselines[f->baseline_count - 1]->has_rows = true;
	}
	f->scanned_s = f->second - 2;
	lk_fake_read_memory(f);
	return f;
}
