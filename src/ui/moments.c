#include "config.h"

#include "ui/moments.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/snapshot.h"
#include "ui/session.h"
#include "util/text.h"

#define BAR_CELLS 10

/* ---- columns ---------------------------------------------------------------- */

static const struct lk_moment *
moment_of(const struct lk_ask *ask)
{
	return ask->item;
}

static void
base_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	uint32_t id = moment_of(ask)->id;

	if (id == LK_MOMENTS_START || id == LK_MOMENTS_NOW)
		snprintf(out, out_bytes, "%s", id == LK_MOMENTS_NOW ? "now" : "start");
	else
		snprintf(out, out_bytes, "B%u", id);
}

static void
name_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	lk_text_clean(moment_of(ask)->name, out, out_bytes);
}

static void
at_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	lk_text_clock(moment_of(ask)->at_s, out, out_bytes);
}

static void
rss_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	lk_text_bytes(moment_of(ask)->rss_bytes, out, out_bytes);
}

static void
growth_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	lk_text_bytes_signed(moment_of(ask)->growth_bytes, out, out_bytes);
}

static void
alive_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	lk_text_bytes(moment_of(ask)->alive_bytes, out, out_bytes);
}

static void
bar_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	double share = moment_of(ask)->alive_share;
	size_t length = 0;

	out[0] = '\0';
	if (isnan(share))
		return;
	for (long cells = lrint(share * BAR_CELLS); cells > 0 && length + 4 < out_bytes; cells--)
		length += (size_t)snprintf(out + length, out_bytes - length, "%s",
		    ask->session->ascii ? "#" : "█");
}

static enum lk_role
bar_role(const struct lk_ask *ask)
{
	(void)ask;
	return LK_ROLE_GROW;
}

static const struct lk_column column_base = {
	.id = "base", .title = "BASE", .width_cells = 5, .left = true, .text = base_text,
	.help = "the moment: the start, a baseline, or now",
};
static const struct lk_column column_name = {
	.id = "name", .title = "NAME", .width_cells = 8, .stretch = 1, .left = true, .search = true,
	.drop = 1, .text = name_text, .help = "given with B or R",
};
static const struct lk_column column_at = {
	.id = "at", .title = "AT", .width_cells = 8, .text = at_text, .help = "local time",
};
static const struct lk_column column_rss = {
	.id = "rss", .title = "RSS", .width_cells = 7, .drop = 2, .text = rss_text,
	.help = "resident memory at that moment",
};
static const struct lk_column column_growth = {
	.id = "growth", .title = "GROWTH", .width_cells = 7, .text = growth_text,
	.help = "RSS gained since the moment above",
};
static const struct lk_column column_alive = {
	.id = "alive", .title = "STILL ALIVE", .width_cells = 11, .drop = 3, .text = alive_text,
	.help = "allocated since the moment above and not freed until now",
};
static const struct lk_column column_bar = {
	.id = "bar", .title = "", .width_cells = BAR_CELLS, .drop = 4, .left = true,
	.text = bar_text, .role = bar_role,
};
const struct lk_column *const lk_moments_columns[] = {
	&column_base, &column_name, &column_at, &column_rss, &column_growth, &column_alive,
	&column_bar, NULL,
};

/* ---- rows ------------------------------------------------------------------- */

/* Bytes alive now by the interval of their birth. */
static void
sum_alive(const struct lk_snapshot *now, double alive[LK_MOMENTS_INTERVALS_MAX])
{
	memset(alive, 0, sizeof(double) * LK_MOMENTS_INTERVALS_MAX);
	for (uint32_t r = 0; r < now->row_count; r++)
		for (uint32_t i = 0; i < now->rows[r].cell_count; i++) {
			const struct lk_cell *cell = &now->rows[r].cells[i];
			uint32_t interval = 0;

			while (interval < now->baseline_count &&
			    interval + 1 < LK_MOMENTS_INTERVALS_MAX &&
			    now->baselines[interval].id <= cell->epoch)
				interval++;
			alive[interval] += cell->est_bytes;
		}
}

static void
add_moment(struct lk_moments *moments, uint32_t id, const char *name, double at_s,
    double rss_bytes, double alive_bytes)
{
	struct lk_moment *m = &moments->list[moments->count++];

	memset(m, 0, sizeof(*m));
	m->id = id;
	m->at_s = at_s;
	m->rss_bytes = rss_bytes;
	m->growth_bytes = moments->count > 2 ? rss_bytes - m[-1].rss_bytes : NAN;
	m->alive_bytes = alive_bytes;
	m->alive_share = NAN;
	snprintf(m->name, sizeof(m->name), "%s", name != NULL ? name : "");
}

static void
fill_shares(struct lk_moments *moments)
{
	double most = 0;

	for (size_t i = 2; i < moments->count; i++)
		most = fmax(most, moments->list[i].alive_bytes);
	for (size_t i = 2; i < moments->count && most > 0; i++)
		moments->list[i].alive_share = moments->list[i].alive_bytes / most;
}

void
lk_moments_fill(struct lk_moments *moments, const struct lk_snapshot *now)
{
	double alive[LK_MOMENTS_INTERVALS_MAX];
	uint32_t i;

	sum_alive(now, alive);
	moments->count = 0;
	add_moment(moments, LK_MOMENTS_START, "sampler started", now->sampler.started_at_s, NAN,
	    NAN);
	for (i = 0; i < now->baseline_count && i + 1 < LK_MOMENTS_INTERVALS_MAX; i++) {
		const struct lk_baseline *b = &now->baselines[i];

		add_moment(moments, b->id, b->name, b->at_s, b->rss_bytes, alive[i]);
	}
	add_moment(moments, LK_MOMENTS_NOW, "", now->at_s, now->rss_bytes, alive[i]);
	fill_shares(moments);
}
