/* Suspects: what leaks, in sentences, and the evidence for each. */
#include "config.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "analysis/census.h"
#include "analysis/growth.h"
#include "analysis/suspects.h"
#include "base/attr.h"
#include "model/frozen.h"
#include "model/snapshot.h"
#include "util/text.h"

#include "ui/chain.h"
#include "ui/columns.h"
#include "ui/freeze.h"
#include "ui/mutes.h"
#include "ui/spark.h"
#include "ui/view.h"
#include "ui/views/all.h"

#define DETAIL_FROM	14	/* rows of the area that make room for the evidence */
#define DETAIL_ROWS	10	/* with its rule */
#define CHAIN_ROWS	2
#define TALL_FROM	30	/* rows that make room for more of its calls */
#define TALL_ROWS	3
#define ALL_FREED	0.005	/* less than that is nothing */
#define TREND_CELLS	8

struct suspects {
	const struct lk_snapshot *held, *held_before;	/* what the list points into */
	struct lk_growth_set	*set;
	struct lk_census	*census;
	struct lk_suspects	*list;		/* NULL: not known yet */
	size_t			 muted_count;
};

static const struct lk_suspect *
row_of(const struct lk_ask *ask)
{
	return ask->item;
}

/* ---- names -------------------------------------------------------------------------------- */

/* What a mute goes by: it outlives the process. */
static char *
name_of(const struct lk_suspect *x, char *out, size_t out_bytes)
{
	const char *name = "(no line)";

	if (x->kind == LK_SUSPECT_LINE)
		return lk_columns_function(x->growth->frame, out, out_bytes);
	if (x->kind == LK_SUSPECT_CONTAINER)
		name = x->container->owner != NULL ? x->container->owner : x->container->type;
	else if (x->kind == LK_SUSPECT_TYPE)
		name = x->type->name;
	lk_text_clean(name, out, out_bytes);
	return out;
}

static bool
is_muted(const struct lk_session *s, const struct lk_suspect *x)
{
	char name[LK_TABLE_TEXT_BYTES];

	return lk_mutes_has(&s->mutes, name_of(x, name, sizeof(name)));
}

/* "shop.cart._PRICES", as far as somebody has told; "" unknown. */
static char *
holder_of(const struct lk_suspect *x, char *out, size_t out_bytes)
{
	char held[LK_TABLE_TEXT_BYTES];

	out[0] = '\0';
	if (lk_freeze_holder(x->holders, held, sizeof(held))[0] != '\0')
		snprintf(out, out_bytes, "%s",
		    strncmp(held, "held by ", 8) == 0 ? held + 8 : held);
	else if (x->container != NULL && x->container->owner != NULL)
		lk_text_clean(x->container->owner, out, out_bytes);
	return out;
}

/* ---- sentences ---------------------------------------------------------------------------- */

static void
line_sentence(const struct lk_suspect *x, bool two_files, char *out, size_t out_bytes)
{
	char place[LK_TABLE_TEXT_BYTES], function[LK_TABLE_TEXT_BYTES], kept[LK_TEXT_BYTES];
	char holder[LK_TABLE_TEXT_BYTES], percent[LK_TEXT_BYTES];
	const struct lk_frame *frame = x->growth->frame;

	lk_columns_function(frame, function, sizeof(function));
	if (frame == NULL || frame->native)
		snprintf(place, sizeof(place), "%.200s", function);
	else
		lk_columns_place(frame, place, sizeof(place));
	holder_of(x, holder, sizeof(holder));
	if (isnan(x->freed_share) || x->freed_share < ALL_FREED)
		snprintf(kept, sizeof(kept), "all");
	else
		snprintf(kept, sizeof(kept), "%s", lk_text_percent(1 - x->freed_share, 1, percent,
		    sizeof(percent)));
	if (two_files)
		snprintf(out, out_bytes, "%.120s has more than before: %.200s", place, function);
	else if (holder[0] != '\0')
		snprintf(out, out_bytes, "%.120s keeps %s in %.200s", place, kept, holder);
	else
		snprintf(out, out_bytes, "%.120s keeps %s%s it allocates: %.200s", place, kept,
		    strcmp(kept, "all") == 0 ? "" : " of what", function);
}

static void
container_sentence(const struct lk_suspect *x, char *out, size_t out_bytes)
{
	char type[LK_TABLE_TEXT_BYTES], holder[LK_TABLE_TEXT_BYTES], rate[LK_TEXT_BYTES];

	lk_text_clean(x->container->type, type, sizeof(type));
	holder_of(x, holder, sizeof(holder));
	snprintf(out, out_bytes, "%.80s %.200s grows by %s/min%s", type, holder,
	    lk_text_count(x->container_per_min, rate, sizeof(rate)),
	    x->container->bound == 0 ? " and nothing bounds it" : "");
}

static void
type_sentence(const struct lk_suspect *x, char *out, size_t out_bytes)
{
	char name[LK_TABLE_TEXT_BYTES], holder[LK_TABLE_TEXT_BYTES], more[LK_TEXT_BYTES];

	lk_text_clean(x->type->name, name, sizeof(name));
	holder_of(x, holder, sizeof(holder));
	snprintf(out, out_bytes, "%.200s: %s more of them%s%.200s", name,
	    lk_text_count(x->type->delta_count, more, sizeof(more)),
	    holder[0] != '\0' ? ", in " : "", holder);
}

static void
sentence_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	const struct lk_suspect *x = row_of(ask);
	char percent[LK_TEXT_BYTES];

	switch (x->kind) {
	case LK_SUSPECT_LINE:
		line_sentence(x, ask->session->before != NULL, out, out_bytes);
		break;
	case LK_SUSPECT_CONTAINER:
		container_sentence(x, out, out_bytes);
		break;
	case LK_SUSPECT_TYPE:
		type_sentence(x, out, out_bytes);
		break;
	case LK_SUSPECT_REST:
		snprintf(out, out_bytes,
		    "%s of RSS growth is of no line: native memory or fragmentation",
		    lk_text_percent(x->share, 1, percent, sizeof(percent)));
		break;
	}
}

/* ---- columns ------------------------------------------------------------------------------ */

static double
score_value(const struct lk_ask *ask)
{
	return is_muted(ask->session, row_of(ask)) ? -1 : round(row_of(ask)->score);
}

static void
score_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	double score = score_value(ask);

	if (score < 0)
		snprintf(out, out_bytes, "mute");
	else
		snprintf(out, out_bytes, "%.0f", score);
}

static double
rate_value(const struct lk_ask *ask)
{
	return row_of(ask)->rate_bytes_per_min;
}

static void
rate_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	lk_text_bytes_signed(rate_value(ask), out, out_bytes);
}

static enum lk_role
rate_role(const struct lk_ask *ask)
{
	return is_muted(ask->session, row_of(ask)) ? LK_ROLE_INACTIVE : LK_ROLE_GROW;
}

static void
trend_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	const struct lk_growth *g = row_of(ask)->growth;

	if (g != NULL)
		lk_spark_text(g->trend_bytes, g->trend_count, TREND_CELLS, ask->session->ascii,
		    out, out_bytes);
}

static const struct lk_column column_score = {
	.id = "score", .title = "SCORE", .width_cells = 6, .text = score_text,
	.value = score_value,
	.help = "how much of the evidence there is, of 100: trend 40, baselines 40, never freed "
	    "10, share 10",
};
static const struct lk_column column_rate = {
	.id = "rate", .title = "RATE/m", .width_cells = 7, .drop = 2, .text = rate_text,
	.value = rate_value, .role = rate_role, .help = "bytes per minute that it grows by",
};
static const struct lk_column column_trend = {
	.id = "trend", .title = "TREND", .width_cells = TREND_CELLS, .drop = 3, .left = true,
	.text = trend_text, .value = rate_value, .role = rate_role,
	.help = "live bytes over the last minutes",
};
static const struct lk_column column_sentence = {
	.id = "suspect", .title = "SUSPECT", .width_cells = 24, .stretch = 1, .left = true,
	.search = true, .text = sentence_text,
	.help = "line (or container, or type), what it does, and who holds it if that was asked",
};
static const struct lk_column *const suspects_columns[] = {
	&column_score, &column_rate, &column_trend, &column_sentence, NULL,
};

/* ---- update ------------------------------------------------------------------------------- */

static void
forget(struct suspects *v)
{
	lk_suspects_free(v->list);
	lk_census_free(v->census);
	lk_growth_free(v->set);
	lk_snapshot_put(v->held);
	lk_snapshot_put(v->held_before);
	memset(v, 0, sizeof(*v));
}

static void
suspects_fini(struct lk_view *view)
{
	forget(view->state);
}

static struct lk_census *
census_of(const struct lk_session *s)
{
	uint32_t reference = lk_growth_resolve(s->now, s->reference);

	if (s->now->types_count == 0)
		return NULL;
	return lk_census_new(s->now->types[s->now->types_count - 1],
	    lk_census_then(s->now, reference, s->before));
}

static void
fill_table(struct lk_view *view)
{
	struct suspects *v = view->state;

	lk_table_begin(view->table);
	v->muted_count = 0;
	for (size_t i = 0; v->list != NULL && i < v->list->count; i++) {
		bool muted = is_muted(view->session, &v->list->list[i]);

		v->muted_count += muted;
		lk_table_add(view->table, v->list->list[i].key, &v->list->list[i],
		    muted ? LK_ROW_DIM : LK_ROW_SUSPECT);
	}
	lk_table_end(view->table, view->session->now_ms);
}

static void
suspects_update(struct lk_view *view)
{
	struct lk_session *s = view->session;
	struct suspects *v = view->state, old = *v;
	struct lk_growth_set *set = lk_session_growth(s, LK_GROUP_LINE);

	if (set == NULL)
		return;			/* nothing yet, or rows of the baseline are on their way */
	v->set = set;
	v->held = lk_snapshot_get(s->now);
	v->held_before = s->before != NULL ? lk_snapshot_get(s->before) : NULL;
	v->census = census_of(s);
	v->list = lk_suspects_new(&(struct lk_suspects_of){.now = s->now, .lines = set,
	    .census = v->census, .verdict = &s->verdict, .two_files = s->before != NULL});
	fill_table(view);
	forget(&old);
}

/* ---- the evidence ------------------------------------------------------------------------- */

/* Where the next line of evidence goes. */
struct page {
	struct lk_canvas	*c;
	struct lk_area		 area;	/* what is left of it */
};

/* SIGN: '+' speaks for a leak, '-' against it, '?' is not known. */
static void LK_PRINTF(3, 4)
say(struct page *p, char sign, const char *format, ...)
{
	char text[LK_TABLE_TEXT_BYTES], mark[2] = {sign, '\0'};
	va_list args;

	if (p->area.rows <= 0)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	lk_canvas_text(p->c, p->area.row, p->area.col, 1, sign == '+' ? LK_ROLE_SUSPECT :
	    LK_ROLE_INACTIVE, mark);
	lk_canvas_text(p->c, p->area.row, p->area.col + 2, p->area.cols - 2,
	    sign == '?' ? LK_ROLE_INACTIVE : LK_ROLE_MAIN, text);
	p->area.row++;
	p->area.rows--;
}

static void
say_trend(struct page *p, const struct lk_suspect *x)
{
	char rate[LK_TEXT_BYTES], low[LK_TEXT_BYTES], high[LK_TEXT_BYTES], span[LK_TEXT_BYTES];

	if (x->rises)
		say(p, '+', "grows %s steadily for %s; 95%% sure of %s to %s",
		    lk_text_rate_per_min(x->rate_bytes_per_min, rate, sizeof(rate)),
		    lk_text_duration(x->trend_s, span, sizeof(span)),
		    lk_text_bytes_signed(x->low_bytes_per_min, low, sizeof(low)),
		    lk_text_bytes_signed(x->high_bytes_per_min, high, sizeof(high)));
	else
		say(p, '?', "too slow for its trend to prove anything: only baselines do");
}

static void
say_baselines(struct page *p, const struct lk_session *s, const struct lk_suspect *x)
{
	if (s->now->baseline_count == 0)
		say(p, '?', "no baseline: b now, b again after traffic, and see what survives");
	else if (x->settled_count == 0)
		say(p, '?', "the baseline is seconds old: let it be used, then look again");
	else if (x->settled_count == 1)
		say(p, '+', "what was born after the baseline is alive; another one proves more");
	else
		say(p, '+', "alive from %u of %u baseline intervals", x->alive_count,
		    x->settled_count);
}

static void
say_growth(struct page *p, const struct lk_session *s, const struct lk_suspect *x)
{
	const struct lk_growth *g = x->growth;
	char delta[LK_TEXT_BYTES], error[LK_TEXT_BYTES], share[LK_TEXT_BYTES];
	char freed[LK_TEXT_BYTES], since[96];

	lk_session_baseline_name(s, lk_growth_resolve(s->now, s->reference), since, sizeof(since));
	say(p, g->significant ? '+' : '?', "%s +/-%s since %.40s: %s of all that grew",
	    lk_text_bytes_signed(g->delta_bytes, delta, sizeof(delta)),
	    lk_text_bytes(g->delta_error_bytes, error, sizeof(error)),
	    s->before != NULL ? "A" : since,
	    lk_text_percent(x->share, 1, share, sizeof(share)));
	if (!isnan(x->freed_share))
		say(p, x->freed_share < 0.5 ? '+' : '-', "%s of all it ever allocated is freed",
		    lk_text_percent(x->freed_share, 1, freed, sizeof(freed)));
}

static void
say_container(struct page *p, const struct lk_suspect *x)
{
	const struct lk_container *k = x->container;
	char type[64], owner[160], length[LK_TEXT_BYTES], more[LK_TEXT_BYTES];

	if (k == NULL)
		return;
	lk_text_clean(k->type, type, sizeof(type));
	lk_text_clean(k->owner != NULL ? k->owner : "of an unknown owner", owner, sizeof(owner));
	say(p, '+', "%s %s has %s items, %s; bound: %s", type, owner,
	    lk_text_count((double)k->length, length, sizeof(length)),
	    lk_text_count_signed(x->container_growth, more, sizeof(more)),
	    k->bound == 0 ? "none" : "not known");
}

static void
say_type(struct page *p, const struct lk_suspect *x)
{
	char name[160], more[LK_TEXT_BYTES], all[LK_TEXT_BYTES];

	if (x->type == NULL)
		return;
	lk_text_clean(x->type->name, name, sizeof(name));
	say(p, '+', "%s: %s objects, %s", name,
	    lk_text_count(x->type->object_count, all, sizeof(all)),
	    lk_text_count_signed(x->type->delta_count, more, sizeof(more)));
}

static void
say_holder(struct page *p, const struct lk_session *s, const struct lk_suspect *x)
{
	char held[LK_TABLE_TEXT_BYTES], type[160] = "", found[LK_TEXT_BYTES];

	if (lk_freeze_holder(x->holders, held, sizeof(held))[0] == '\0') {
		say(p, '?', "who holds it: r asks, the process is frozen for milliseconds");
		return;
	}
	if (x->holders->type != NULL)
		lk_text_clean(x->holders->type, type, sizeof(type));
	say(p, '+', "%s: %s objects%s%s", held,
	    lk_text_count(x->holders->list[0].object_count, found, sizeof(found)),
	    type[0] != '\0' ? " of " : "", type);
	if (strncmp(held, "garbage", 7) == 0 && lk_freeze_is_collector_off(s->now))
		say(p, '+', "the garbage collector is disabled: nothing takes them away");
}

static void
say_rest(struct page *p, const struct lk_session *s)
{
	const char *native = s->now->sampler.native;

	say(p, '+', "RSS grows by more than all allocating lines together");
	if (strcmp(native, "stacks") != 0)
		say(p, '?', "native memory is not counted by line: leaktop run --native=stacks");
	else
		say(p, '-', "native memory is counted: what is left is fragmentation, or mapped");
	say(p, '?', "6 Memory has the parts of RSS");
}

static void
say_all(struct page *p, const struct lk_session *s, const struct lk_suspect *x)
{
	if (x->kind == LK_SUSPECT_REST) {
		say_rest(p, s);
		return;
	}
	if (x->kind == LK_SUSPECT_LINE) {
		int row = lk_chain_draw(p->c, &(struct lk_area){p->area.row, p->area.col,
		    p->area.rows > DETAIL_ROWS ? CHAIN_ROWS + TALL_ROWS : CHAIN_ROWS,
		    p->area.cols}, x->growth->stack);

		p->area.rows -= row - p->area.row;
		p->area.row = row;
		if (s->before == NULL) {
			say_trend(p, x);
			say_baselines(p, s, x);
		}
		say_growth(p, s, x);
	}
	say_container(p, x);
	say_type(p, x);
	say_holder(p, s, x);
}

static void
draw_detail(const struct lk_view *view, struct lk_canvas *c, const struct lk_area *area)
{
	const struct lk_row_ref *row = lk_table_selected(view->table);
	const struct lk_suspect *x = row != NULL ? row->item : NULL;
	struct page page = {c, {area->row + 1, area->col + 2, area->rows - 1, area->cols - 3}};
	char title[64];

	if (x == NULL)
		return;
	snprintf(title, sizeof(title), "why %.0f of 100%s", x->score, is_muted(view->session, x) ?
	    ", muted: M takes that back" : "");
	lk_view_rule(c, area, area->row, title, view->session->ascii);
	say_all(&page, view->session, x);
}

/* ---- draw --------------------------------------------------------------------------------- */

static void
draw_none(const struct lk_session *s, struct lk_canvas *c, const struct lk_area *area)
{
	if (s->now == NULL)
		lk_view_empty(c, area, "waiting for the first numbers", NULL);
	else if (s->before == NULL && s->now->sampler.state == LK_STATE_DORMANT)
		lk_view_empty(c, area, "the sampler is dormant: no line is counted",
		    "6 Memory still works");
	else if (s->before != NULL)
		lk_view_empty(c, area, "no suspect: nothing grew between the two files", NULL);
	else if (s->verdict.warm_up_s > 0)
		lk_view_empty(c, area, "not known yet: that takes a minute of data",
		    "1 Stacks has what there is already");
	else
		lk_view_empty(c, area, "no suspect: nothing grows steadily", s->now->baseline_count
		    > 0 ? "what is slow needs more time, or traffic" :
		    "b marks a baseline: what is born after it and stays is suspect");
}

static void
suspects_draw(struct lk_view *view, struct lk_canvas *c, const struct lk_area *area)
{
	const struct lk_session *s = view->session;
	const struct suspects *v = view->state;
	struct lk_area table = *area, below = *area;

	if (s->now == NULL || v->list == NULL || v->list->count == 0) {
		draw_none(s, c, area);
		return;
	}
	below.rows = area->rows >= TALL_FROM ? DETAIL_ROWS + TALL_ROWS :
	    area->rows >= DETAIL_FROM ? DETAIL_ROWS : 0;
	table.rows -= below.rows;
	below.row += table.rows;
	lk_table_draw(view->table, c, &table);
	if (view->table->count == 0)
		lk_view_empty(c, &table, "no suspect matches the filter", "Esc clears it");
	if (below.rows > 0)
		draw_detail(view, c, &below);
}

/* ---- keys --------------------------------------------------------------------------------- */

static const struct lk_suspect *
selected(const struct lk_view *view)
{
	const struct lk_row_ref *row = lk_table_selected(view->table);

	return row != NULL ? row->item : NULL;
}

static const struct lk_frame *
suspects_frame(const struct lk_view *view)
{
	const struct lk_suspect *x = selected(view);

	if (x != NULL && x->growth != NULL)
		return x->growth->frame;
	return x != NULL && x->container != NULL && x->container->stack != NULL ?
	    lk_growth_site(x->container->stack) : NULL;
}

static void
show_holders(struct lk_view *view)
{
	const struct lk_suspect *x = selected(view);
	struct lk_held held = {.type = ""};
	char name[LK_TABLE_TEXT_BYTES], label[LK_TABLE_TEXT_BYTES + 32];

	if (x == NULL || x->kind == LK_SUSPECT_REST) {
		lk_session_say(view->session, LK_ROLE_WARN, "no objects are known of this row");
		return;
	}
	snprintf(label, sizeof(label), "%s", name_of(x, name, sizeof(name)));
	if (x->kind == LK_SUSPECT_LINE) {
		lk_columns_place(x->growth->frame, name, sizeof(name));
		snprintf(label, sizeof(label), "sampled objects of %s", name);
		held.kind = LK_HELD_STACK;
		held.number = x->growth->stack->id;
	} else if (x->kind == LK_SUSPECT_CONTAINER) {
		held.kind = LK_HELD_ADDRESS;
		held.number = x->container->address;
	} else {
		held.kind = LK_HELD_TYPE;
		held.type = x->type->name;
	}
	lk_freeze_holders(view->session, &held, label, false);
}

static void
mute(struct lk_view *view)
{
	struct lk_session *s = view->session;
	const struct lk_suspect *x = selected(view);
	char name[LK_TABLE_TEXT_BYTES];

	if (x == NULL)
		return;
	name_of(x, name, sizeof(name));
	if (lk_mutes_toggle(&s->mutes, name))
		lk_session_say(s, LK_ROLE_MAIN, "muted: growth of %s is expected", name);
	else if (s->mutes.count == LK_MUTES_MAX)
		lk_session_say(s, LK_ROLE_WARN, "no more than %d can be muted", LK_MUTES_MAX);
	else
		lk_session_say(s, LK_ROLE_MAIN, "no longer muted: %s", name);
	lk_setup_keep(s, NULL, NULL);
	view->table->frozen_until_ms = 0;
}

static bool
suspects_input(struct lk_view *view, enum lk_action action)
{
	switch (action) {
	case LK_ACTION_ENTER:
		lk_session_show_source(view->session, suspects_frame(view));
		return true;
	case LK_ACTION_HOLDERS:
		show_holders(view);
		return true;
	case LK_ACTION_MUTE:
		mute(view);
		return true;
	default:
		return false;
	}
}

static void
suspects_enter(struct lk_view *view)
{
	lk_session_refresh(view->session, LK_REQUEST_TRENDS, 0);
}

static void
suspects_status(const struct lk_view *view, char *out, size_t out_bytes)
{
	const struct suspects *v = view->state;

	if (v->list == NULL)
		return;
	snprintf(out, out_bytes, "%zu suspect%s", v->list->count - v->muted_count,
	    v->list->count - v->muted_count == 1 ? "" : "s");
	if (v->muted_count > 0)
		snprintf(out + strlen(out), out_bytes - strlen(out), ", %zu muted",
		    v->muted_count);
}

const struct lk_view_ops lk_view_suspects = {
	.id = "suspects",
	.title = "Suspects",
	.short_title = "Susp",
	.key = '9',
	.state_size = sizeof(struct suspects),
	.columns = suspects_columns,
	.sort = "score",
	.fini = suspects_fini,
	.enter = suspects_enter,
	.update = suspects_update,
	.draw = suspects_draw,
	.input = suspects_input,
	.status = suspects_status,
	.frame = suspects_frame,
};
