/* Containers: the longest dicts, lists, sets and deques, and how much longer they became. */
#include "config.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/growth.h"
#include "base/attr.h"
#include "model/revealed.h"
#include "model/snapshot.h"
#include "util/text.h"

#include "ui/columns.h"
#include "ui/freeze.h"
#include "ui/view.h"
#include "ui/views/all.h"

#define SUSPECT_SHARE	0.01	/* longer by that much since the reference */
#define SUSPECT_LENGTH	500
#define DETAIL_FROM	16
#define DETAIL_ROWS	5
#define FRESH_S		30	/* a freeze holds the process: to come back is no reason for one */

struct containers {
	const struct lk_snapshot *held;
	uint32_t		  reference;	/* resolved */
	double			  window_s;
	uint64_t		  min_length;	/* 0: the sampler's default */
	bool			  wanted;	/* a scan, as soon as there is a connection */
	uint64_t		  asked;	/* address of what is to be revealed; 0: none */
	double			  asked_at_s;	/* of its list */
};

static const struct lk_container *
row_of(const struct lk_ask *ask)
{
	return ask->item;
}

/* Growth since REFERENCE: NAN when unknown, as when it may be another object; *is_new when it was
 * not listed then. */
static double
growth_of(const struct lk_container *k, uint32_t reference, bool *is_new)
{
	*is_new = false;
	if (reference == 0)
		return NAN;
	for (uint32_t i = 0; i < k->then_count; i++)
		if (k->then[i].baseline == reference)
			return (double)k->length - k->then[i].length;
	*is_new = true;
	return (double)k->length;
}

static double
delta_value(const struct lk_ask *ask)
{
	const struct containers *v = ask->state;
	bool is_new;

	return growth_of(row_of(ask), v->reference, &is_new);
}

static bool
is_suspect(const struct containers *v, const struct lk_container *k)
{
	bool is_new;
	double delta = growth_of(k, v->reference, &is_new);

	return delta >= SUSPECT_LENGTH && delta >= SUSPECT_SHARE * (double)k->length;
}

static void
type_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	const char *dot = strrchr(row_of(ask)->type, '.');

	lk_text_clean(dot != NULL ? dot + 1 : row_of(ask)->type, out, out_bytes);
}

static void
length_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	lk_text_count((double)row_of(ask)->length, out, out_bytes);
}

static double
length_value(const struct lk_ask *ask)
{
	return (double)row_of(ask)->length;
}

static void
delta_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	const struct containers *v = ask->state;
	bool is_new;
	double delta = growth_of(row_of(ask), v->reference, &is_new);

	if (is_new)
		snprintf(out, out_bytes, "new");
	else
		lk_text_count_signed(delta, out, out_bytes);
}

static enum lk_role
delta_role(const struct lk_ask *ask)
{
	const struct containers *v = ask->state;
	double delta = delta_value(ask);

	if (is_suspect(v, row_of(ask)))
		return LK_ROLE_GROW;
	return delta < 0 ? LK_ROLE_SHRINK : LK_ROLE_INACTIVE;
}

static double
rate_value(const struct lk_ask *ask)
{
	const struct containers *v = ask->state;

	return v->window_s >= 1 ? delta_value(ask) / v->window_s * 60 : NAN;
}

static void
rate_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	lk_text_count_signed(rate_value(ask), out, out_bytes);
}

static void
shallow_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	lk_text_bytes((double)row_of(ask)->shallow_bytes, out, out_bytes);
}

static double
shallow_value(const struct lk_ask *ask)
{
	return (double)row_of(ask)->shallow_bytes;
}

static void
bound_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	double bound = row_of(ask)->bound;

	if (bound == 0)
		snprintf(out, out_bytes, "none");
	else
		lk_text_count(bound, out, out_bytes);
}

static double
bound_value(const struct lk_ask *ask)
{
	return row_of(ask)->bound;
}

static enum lk_role
bound_role(const struct lk_ask *ask)
{
	return row_of(ask)->bound > 0 ? LK_ROLE_MAIN : LK_ROLE_INACTIVE;
}

/* "shop.cart.Price" as "Price", and "Price.." when there are others. */
static int
share_text(const struct lk_container_share *list, uint32_t count, char *out, size_t out_bytes)
{
	const char *dot;

	if (count == 0)
		return 0;
	dot = strrchr(list[0].type, '.');
	return snprintf(out, out_bytes, "%s%s", dot != NULL ? dot + 1 : list[0].type,
	    count > 1 ? ".." : "");
}

static void
items_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	const struct lk_container *k = row_of(ask);
	char keys[LK_TABLE_TEXT_BYTES], values[LK_TABLE_TEXT_BYTES], text[LK_TABLE_TEXT_BYTES];

	keys[0] = values[0] = '\0';
	share_text(k->keys, k->key_count, keys, sizeof(keys));
	share_text(k->values, k->value_count, values, sizeof(values));
	snprintf(text, sizeof(text), "%.40s%s%.80s", keys, keys[0] != '\0' ? ": " : "", values);
	lk_text_clean(text, out, out_bytes);
}

static void
owner_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	const char *owner = row_of(ask)->owner;

	lk_text_clean(owner != NULL ? owner : "unknown", out, out_bytes);
}

static enum lk_role
owner_role(const struct lk_ask *ask)
{
	return row_of(ask)->owner != NULL ? LK_ROLE_MAIN : LK_ROLE_INACTIVE;
}

static void
site_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	const struct lk_stack *stack = row_of(ask)->stack;

	if (stack == NULL)
		snprintf(out, out_bytes, "not sampled");
	else
		lk_columns_place(lk_growth_site(stack), out, out_bytes);
}

static enum lk_role
site_role(const struct lk_ask *ask)
{
	return row_of(ask)->stack != NULL ? LK_ROLE_MAIN : LK_ROLE_INACTIVE;
}

static const struct lk_column column_type = {
	.id = "type", .title = "TYPE", .width_cells = 11, .left = true, .search = true,
	.text = type_text, .help = "Python type of the container, without its module",
};
static const struct lk_column column_length = {
	.id = "length", .title = "LEN", .width_cells = 6, .text = length_text,
	.value = length_value, .help = "how many entries it has",
};
static const struct lk_column column_delta = {
	.id = "delta", .title = "dLEN", .width_cells = 6, .text = delta_text,
	.value = delta_value, .role = delta_role,
	.help = "entries gained since the reference; new: it was not listed then",
};
static const struct lk_column column_rate = {
	.id = "rate", .title = "RATE/m", .width_cells = 7, .drop = 2, .text = rate_text,
	.value = rate_value, .role = delta_role, .help = "dLEN per minute",
};
static const struct lk_column column_shallow = {
	.id = "shallow", .title = "SHALLOW", .width_cells = 7, .drop = 3, .text = shallow_text,
	.value = shallow_value, .help = "bytes of the container itself, without its entries",
};
static const struct lk_column column_bound = {
	.id = "bound", .title = "BOUND", .width_cells = 5, .drop = 1, .text = bound_text,
	.value = bound_value, .role = bound_role,
	.help = "it cannot become longer: maxlen, maxsize; none: nothing stops it",
};
static const struct lk_column column_items = {
	.id = "items", .title = "HOLDS", .width_cells = 12, .stretch = 1, .drop = 4,
	.left = true, .search = true, .text = items_text,
	.help = "type of most of its keys: of most of its values; ..: and others",
};
static const struct lk_column column_owner = {
	.id = "owner", .title = "OWNER", .width_cells = 12, .stretch = 3, .left = true,
	.name = true, .search = true, .text = owner_text, .role = owner_role,
	.help = "the module global or attribute that holds it, when known",
};
static const struct lk_column column_site = {
	.id = "site", .title = "ALLOCATED AT", .width_cells = 12, .stretch = 2, .drop = 1,
	.left = true, .tail = true, .search = true, .text = site_text, .role = site_role,
	.help = "line whose allocation of it was sampled",
};
static const struct lk_column *const containers_columns[] = {
	&column_type, &column_length, &column_delta, &column_rate, &column_shallow,
	&column_bound, &column_owner, &column_items, &column_site, NULL,
};

static void
containers_fini(struct lk_view *view)
{
	struct containers *v = view->state;

	lk_snapshot_put(v->held);
}

static void
scan(struct lk_view *view)
{
	const struct containers *v = view->state;

	lk_session_ask(view->session, LK_REQUEST_CONTAINERS, v->min_length, NULL);
}

static void
containers_enter(struct lk_view *view)
{
	struct containers *v = view->state;

	v->wanted = true;
}

static bool
is_fresh(const struct lk_session *s, const struct containers *v)
{
	const struct lk_containers *k = s->now != NULL ? &s->now->containers : NULL;

	return k != NULL && s->now->at_s - k->at_s < FRESH_S &&	/* NAN: never */
	    (v->min_length == 0 || v->min_length == k->min_length);
}

static void
containers_update(struct lk_view *view)
{
	struct lk_session *s = view->session;
	struct containers *v = view->state;
	const struct lk_snapshot *held = v->held;
	const struct lk_baseline *b;

	if (v->wanted && is_fresh(s, v))
		v->wanted = false;
	if (v->wanted && lk_session_refresh(s, LK_REQUEST_CONTAINERS, v->min_length) == 0)
		v->wanted = false;
	if (s->now == NULL)
		return;
	v->held = lk_snapshot_get(s->now);
	v->reference = lk_growth_resolve(s->now, s->reference);
	b = lk_snapshot_baseline(s->now, v->reference);
	v->window_s = b != NULL ? s->now->containers.at_s - b->at_s : NAN;
	lk_table_begin(view->table);
	for (uint32_t i = 0; i < s->now->containers.count; i++) {
		const struct lk_container *k = &s->now->containers.list[i];

		lk_table_add(view->table, k->address, k, is_suspect(v, k) ? LK_ROW_SUSPECT : 0);
	}
	lk_table_end(view->table, s->now_ms);
	lk_snapshot_put(held);
}

static void
draw_summary(const struct lk_view *view, struct lk_canvas *c, const struct lk_area *area)
{
	const struct lk_session *s = view->session;
	const struct lk_containers *k = &s->now->containers;
	char ago[LK_TEXT_BYTES], text[LK_TABLE_TEXT_BYTES], objects[LK_TEXT_BYTES];
	char copied[LK_TEXT_BYTES], read[LK_TEXT_BYTES];

	snprintf(text, sizeof(text),
	    "len>=%llu  %s%s %s ago%s%s, pause %.1fms, copied %s; %s objects, %s",
	    (unsigned long long)k->min_length, k->complete ? "" : "INCOMPLETE (^R again)  ",
	    k->by_walk ? "walked" : "frozen",
	    lk_text_duration(s->now->at_s - k->at_s, ago, sizeof(ago)),
	    k->by_walk && k->reason != NULL && k->reason[0] != '\0' ? ", not frozen as " : "",
	    k->by_walk && k->reason != NULL ? k->reason : "", k->pause_us / 1000,
	    lk_text_bytes(k->copied_bytes, copied, sizeof(copied)),
	    lk_text_count((double)k->object_count, objects, sizeof(objects)),
	    lk_text_duration(k->scan_ms / 1000, read, sizeof(read)));
	lk_canvas_text(c, area->row, area->col + 3, area->cols - 3,
	    k->complete ? LK_ROLE_GRAPH_TEXT : LK_ROLE_WARN, text);
}

/* "shop.cart.Price 98%, NoneType 2%", of those that were looked at. */
static void
shares_text(const struct lk_container *k, const struct lk_container_share *list, uint32_t count,
    char *out, size_t out_bytes)
{
	int used = snprintf(out, out_bytes, "%s", count == 0 ? "none" : "");

	for (uint32_t i = 0; i < count && used >= 0 && (size_t)used < out_bytes; i++)
		used += snprintf(out + used, out_bytes - (size_t)used, "%s%.100s %.0f%%",
		    i == 0 ? "" : ", ", list[i].type,
		    k->looked == 0 ? 0 : 100.0 * list[i].count / k->looked);
}

static void
draw_fact(struct lk_canvas *c, const struct lk_area *area, int row, const char *name,
    const char *value)
{
	char text[LK_TABLE_TEXT_BYTES];

	lk_canvas_text(c, area->row + row, area->col + 2, 10, LK_ROLE_INACTIVE, name);
	lk_text_clean(value, text, sizeof(text));
	lk_canvas_text(c, area->row + row, area->col + 12, area->cols - 13, LK_ROLE_MAIN, text);
}

static const struct lk_container *
selected(const struct lk_view *view)
{
	const struct lk_row_ref *row = lk_table_selected(view->table);

	return row != NULL ? row->item : NULL;
}

static void
draw_detail(const struct lk_view *view, struct lk_canvas *c, const struct lk_area *area)
{
	const struct lk_container *k = selected(view);
	char text[LK_TABLE_TEXT_BYTES], looked[LK_TEXT_BYTES], all[LK_TEXT_BYTES];

	if (k == NULL)
		return;
	snprintf(text, sizeof(text), "selected container, at 0x%" PRIx64, k->address);
	lk_view_rule(c, area, area->row, text, view->session->ascii);
	draw_fact(c, area, 1, "held by", k->owner != NULL ? k->owner : "unknown");
	if (k->looked == 0)
		return;
	shares_text(k, k->keys, k->key_count, text, sizeof(text));
	draw_fact(c, area, 2, "keys", text);
	shares_text(k, k->values, k->value_count, text, sizeof(text));
	draw_fact(c, area, 3, k->key_count > 0 ? "values" : "items", text);
	snprintf(text, sizeof(text), "%s of %s items",
	    lk_text_count(k->looked, looked, sizeof(looked)),
	    lk_text_count((double)k->length, all, sizeof(all)));
	draw_fact(c, area, 4, "looked at", text);
}

/* ---- what it holds ------------------------------------------------------------------------ */

/* Of the selected one, as long as its list is on the screen. */
static const struct lk_revealed *
revealed(const struct lk_view *view)
{
	const struct containers *v = view->state;
	const struct lk_session *s = view->session;
	const struct lk_container *k = selected(view);
	const struct lk_revealed *r = s->source != NULL ? lk_source_revealed(s->source) : NULL;

	return r != NULL && k != NULL && r->address == k->address && r->address == v->asked &&
	    s->now->containers.at_s == v->asked_at_s ? r : NULL;
}

static void
draw_items(const struct lk_revealed *r, struct lk_canvas *c, const struct lk_area *area)
{
	char text[LK_TABLE_TEXT_BYTES];
	int keys = 0, room = area->cols - 4;

	for (uint32_t i = 0; i < r->count; i++) {
		lk_text_clean(r->items[i].key, text, sizeof(text));
		keys = lk_canvas_width(c, text) > keys ? lk_canvas_width(c, text) : keys;
	}
	keys = keys > room / 2 ? room / 2 : keys;
	for (uint32_t i = 0; i < r->count && (int)i < area->rows; i++) {
		int row = area->row + (int)i, col = area->col + 2;

		if (r->items[i].has_key) {
			lk_text_clean(r->items[i].key, text, sizeof(text));
			lk_canvas_text(c, row, col, keys, LK_ROLE_MAIN, text);
			col += keys + 2;
		}
		lk_text_clean(r->items[i].value, text, sizeof(text));
		lk_canvas_text(c, row, col, area->col + area->cols - 1 - col, LK_ROLE_HIGH, text);
	}
}

static void
draw_revealed(const struct lk_view *view, const struct lk_revealed *r, struct lk_canvas *c,
    const struct lk_area *area)
{
	struct lk_area inner = {area->row + 1, area->col, area->rows - 1, area->cols};
	char text[LK_TABLE_TEXT_BYTES], all[LK_TEXT_BYTES];

	snprintf(text, sizeof(text), "first %u of %s items, at 0x%" PRIx64 ": logged there%s",
	    r->count, lk_text_count((double)r->length, all, sizeof(all)), r->address,
	    r->is_same ? "" : "; perhaps not the one listed");
	lk_view_rule(c, area, area->row, text, view->session->ascii);
	if (view->session->to_file)
		lk_canvas_text(c, inner.row, inner.col + 2, inner.cols - 3, LK_ROLE_INACTIVE,
		    "what a container holds is written into no file");
	else
		draw_items(r, c, &inner);
}

static int
rows_below(const struct lk_view *view, int rows)
{
	const struct lk_revealed *r = revealed(view);
	int wanted = r != NULL ? 1 + (int)r->count : 0;

	if (r == NULL || wanted < DETAIL_ROWS)
		return rows >= DETAIL_FROM ? DETAIL_ROWS : r != NULL ? rows / 2 : 0;
	return wanted < rows / 2 ? wanted : rows / 2;
}

static void
draw_below(const struct lk_view *view, struct lk_canvas *c, const struct lk_area *area)
{
	const struct lk_revealed *r = revealed(view);

	if (r != NULL)
		draw_revealed(view, r, c, area);
	else
		draw_detail(view, c, area);
}

static void
ask_reveal(struct lk_view *view)
{
	struct containers *v = view->state;
	const struct lk_container *k = selected(view);

	if (k == NULL)
		return;
	v->asked = k->address;
	v->asked_at_s = view->session->now->containers.at_s;
	lk_prompt_open(&view->session->prompt, LK_ASK_REVEAL,
	    "read and show its first keys and values? the process logs it; y/n", NULL);
}

static void
reveal(struct lk_view *view, const char *text)
{
	struct lk_session *s = view->session;
	struct containers *v = view->state;

	if (strcmp(text, "y") == 0 || strcmp(text, "yes") == 0) {
		lk_freeze_reveal(s, v->asked, v->asked_at_s);
		return;
	}
	v->asked = 0;
	lk_session_say(s, LK_ROLE_MAIN, "nothing was shown");
}

static void
containers_draw(struct lk_view *view, struct lk_canvas *c, const struct lk_area *area)
{
	const struct lk_session *s = view->session;
	struct lk_area table = *area, below = *area;

	if (s->now == NULL || isnan(s->now->containers.at_s)) {
		lk_view_empty(c, area, "no scan yet: the heap is frozen for it",
		    "^R scans again");
		return;
	}
	if (lk_freeze_is_running(s))
		lk_freeze_draw_bar(s, c, area, area->row);
	else
		draw_summary(view, c, area);
	below.rows = rows_below(view, area->rows);
	table.row++;
	table.rows -= 1 + below.rows;
	below.row = table.row + table.rows;
	lk_table_draw(view->table, c, &table);
	if (view->table->count == 0)
		lk_view_empty(c, &table, "no container is that long", "m lowers the least length");
	if (below.rows > 0)
		draw_below(view, c, &below);
}

static const struct lk_frame *
containers_frame(const struct lk_view *view)
{
	const struct lk_container *k = selected(view);

	return k != NULL && k->stack != NULL ? lk_growth_site(k->stack) : NULL;
}

static void
show_holders(struct lk_view *view)
{
	const struct lk_container *k = selected(view);
	char label[LK_TABLE_TEXT_BYTES];

	if (k == NULL)
		return;
	snprintf(label, sizeof(label), "%s 0x%llx", k->type, (unsigned long long)k->address);
	lk_freeze_holders(view->session,
	    &(struct lk_held){.kind = LK_HELD_ADDRESS, .type = "", .number = k->address}, label,
	    false);
}

static bool
containers_input(struct lk_view *view, enum lk_action action)
{
	if (lk_freeze_input(view->session, action))
		return true;
	switch (action) {
	case LK_ACTION_REVEAL:
		ask_reveal(view);
		return true;
	case LK_ACTION_RELOAD:
		scan(view);
		return true;
	case LK_ACTION_MINIMUM:
		lk_prompt_open(&view->session->prompt, LK_ASK_MINIMUM, "least length", NULL);
		return true;
	case LK_ACTION_ENTER:
		lk_session_show_source(view->session, containers_frame(view));
		return true;
	case LK_ACTION_HOLDERS:
		show_holders(view);
		return true;
	default:
		return false;
	}
}

static void
containers_answer(struct lk_view *view, enum lk_ask_for purpose, const char *text)
{
	struct containers *v = view->state;
	char *end;
	unsigned long long value;

	if (purpose == LK_ASK_REVEAL)
		reveal(view, text);
	if (purpose != LK_ASK_MINIMUM)
		return;
	value = strtoull(text, &end, 10);
	if (end == text || *end != '\0' || value == 0) {
		lk_session_say(view->session, LK_ROLE_WARN, "a length is a number above 0");
		return;
	}
	v->min_length = value;
	scan(view);
}

const struct lk_view_ops lk_view_containers = {
	.id = "containers",
	.title = "Containers",
	.short_title = "Cont",
	.key = '5',
	.of_heap = true,
	.state_size = sizeof(struct containers),
	.columns = containers_columns,
	.sort = "delta",
	.fini = containers_fini,
	.enter = containers_enter,
	.update = containers_update,
	.draw = containers_draw,
	.input = containers_input,
	.answer = containers_answer,
	.frame = containers_frame,
};
