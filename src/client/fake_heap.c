#include "config.h"

#include "client/fake_heap.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "model/arena.h"
#include "model/frozen.h"
#include "model/snapshot.h"

#include "client/fake.h"
#include "client/fake_sites.h"

/* clang-format off */
static const struct fake_type {
	const char *name;
	double at_start, per_s;		/* objects; what becomes of them each second */
	double bytes_each, garbage, cyclic;	/* garbage, in cycles: shares */
} types[] = {
	{"str", 203886, 551, 61, 0, 0},
	{"tuple", 91240, 276, 72, 0, 0},
	{"dict", 61044, 31, 184, 0.0004, 0.03},
	{"float", 4120, 275, 24, 0, 0},
	{"shop.cart.Price", 180, 275, 56, 0.0002, 0},
	{"function", 31880, 0, 136, 0, 0.002},
	{"bytes", 18210, 0.4, 412, 0, 0},
	{"list", 21077, 3, 88, 0.001, 0},
	{"shop.log.Context", 90, 116, 48, 0, 0.09},
	{"type", 4118, 0, 1024, 0, 0},
	{"code", 14302, 0, 214, 0, 0},
	{"shop.feed.Entry", 40960, -22, 120, 0, 0},
	{"int", 9204, 1, 28, 0, 0},
	{"collections.OrderedDict", 812, 0, 1240, 0, 0},
	{"django.db.models.fields.CharField", 611, 0, 48, 0, 0},
	{"frame", 48, 0.02, 440, 0, 0},
	{"traceback", 31, 0.11, 64, 0.2, 0},
	{"KeyError", 22, 0.1, 72, 0.2, 0},
	{"shop.errors.StockError", 9, 0.01, 72, 0, 0},
	{"asyncio.Task", 14, 0, 208, 0, 0},
	{"generator", 61, 0, 112, 0, 0},
	{"_io.TextIOWrapper", 8, 0, 208, 0, 0},
	{"_io.BufferedReader", 6, 0.004, 168, 0, 0},
	{"socket.socket", 34, 0.02, 104, 0, 0},
	{"sqlite3.Connection", 12, 0.02, 240, 0, 0},
	{"sqlite3.Cursor", 19, 0, 120, 0.4, 0},
	{"urllib3.connection.HTTPSConnection", 8, 0, 48, 0, 0},
	{"threading.Thread", 6, 0, 48, 0, 0},
	{"shop.pool._Idle", 3112, -0.02, 64, 0, 0},
	{"odd\033[31mname.\xe2\x80\xaeTx\xc2\x9b", 3, 0, 48, 0, 0},
	{"a.very.long.module.path.of.generated.code.that.nobody.wants.to.read.on.a.small.screen."
	    "AbstractSingletonProxyFactoryBeanConfigurerAdapterWithManyMoreWords", 41, 0, 56, 0, 0},
};

/* Who holds the objects of a type: shares of them. */
static const struct fake_holder {
	const char *type, *path;
	double share, retained_each;	/* retained_each NAN: unknown */
} holders[] = {
	{"shop.cart.Price", "shop.cart._PRICES[]", 0.9812, 424},
	{"shop.cart.Price", "(local in total, cart.py:71) prices[]", 0.0186, 56},
	{"shop.cart.Price", "(garbage)", 0.0002, NAN},
	{"shop.log.Context", "shop.log.Context._stack[]", 1, 496},
	{"shop.feed.Entry", "shop.feed._entries[]", 0.7, 350},
	{"shop.feed.Entry", "(C or unknown) list[]", 0.3, 120},
	{"str", "shop.cart._PRICES[]", 0.83, 61},
	{"str", "sys.modules[].__dict__[]", 0.11, 60},
	{"str", "shop.odd\033[31mholder\xe2\x80\xae._x[]", 0.05, 88},
	{"str", "(C or unknown) dict[]", 0.01, 70},
	{"dict", "django.apps.registry.apps.all_models[][].__dict__", 0.6, 2048},
	{"dict", "sys.modules[].__dict__", 0.4, 1210},
	{"sqlite3.Connection", "shop.db._pool._idle[]", 1, 1800},
};

static const struct lk_loop loops[] = {
	{"shop.log.Context -> dict -> method -> shop.log.Context", 3, 5100, 5100},
	{"(others) \033[1m", 0, 2, 12},
};
/* clang-format on */

/* Who allocates the objects of a type: shares of the bytes of all of them. */
static const struct fake_maker {
	const char *type, *function;
	double share;
} makers[] = {
	{"shop.cart.Price", "price_key", 0.94},
	{"shop.cart.Price", "import_feed", 0.04},
	{"float", "price_key", 0.9},
};

#define BASELINE_LATE_S 2
#define COUNT_OF_TYPES ((uint32_t)LK_COUNT_OF(types))

static double
count_at(const struct fake_type *t, uint32_t second)
{
	double count = t->at_start + t->per_s * second;

	return floor(count > 0 ? count : 0);
}

static double
objects_at(uint32_t second)
{
	double sum = 0;

	for (uint32_t i = 0; i < COUNT_OF_TYPES; i++)
		sum += count_at(&types[i], second);
	return sum;
}

int
lk_fake_heap_ask(struct lk_fake_heap *h, const struct lk_fake *f, const struct lk_request *request)
{
	if (request->op == LK_REQUEST_GIVE_UP) {
		if (h->is_coming)
			h->ticks = UINT32_MAX;
		return h->is_coming ? 0 : -ENOENT;
	}
	if (request->op != LK_REQUEST_TYPES && request->op != LK_REQUEST_HOLDERS &&
	    request->op != LK_REQUEST_HOLDERS_STACK && request->op != LK_REQUEST_HOLDERS_ADDRESS)
		return -EOPNOTSUPP;
	if (h->is_coming)
		return -EBUSY;
	h->is_coming = true;
	h->ticks = 0;
	h->coming = (struct lk_fake_reading){.second = f->second, .op = request->op,
	    .number = request->number,
	    .baseline = f->baseline_count > 0 ? f->baselines[f->baseline_count - 1]->id : 0};
	snprintf(h->coming.text, sizeof(h->coming.text), "%s",
	    request->text != NULL ? request->text : "");
	h->progress = (struct lk_source_reading){.op = request->op};
	return 0;
}

static void
keep(struct lk_fake_heap *h, const struct lk_fake_reading *r)
{
	uint32_t at;

	if (h->count == LK_FAKE_HEAP_READINGS)
		memmove(h->list, h->list + 1, --h->count * sizeof(h->list[0]));
	for (at = h->count++; at > 0 && h->list[at - 1].second > r->second; at--)
		h->list[at] = h->list[at - 1];
	h->list[at] = *r;
}

/* As a sampler does it: the heap was frozen for each baseline soon after it was marked. */
static void
keep_those_of_baselines(struct lk_fake_heap *h, const struct lk_fake *f)
{
	for (uint32_t i = 0; i < f->baseline_count; i++) {
		struct lk_fake_reading r = {.second = f->baselines[i]->second + BASELINE_LATE_S,
		    .op = LK_REQUEST_TYPES, .baseline = f->baselines[i]->id,
		    .number = f->baselines[i]->id};
		uint32_t k = 0;

		while (k < h->count && (h->list[k].op != r.op || h->list[k].second != r.second))
			k++;
		if (k == h->count && r.second < h->coming.second)
			keep(h, &r);
	}
}

bool
lk_fake_heap_step(struct lk_fake_heap *h, const struct lk_fake *f, const char **words)
{
	if (!h->is_coming)
		return false;
	*words = h->ticks == UINT32_MAX ? "given up" : NULL;
	if (*words == NULL && h->ticks < LK_FAKE_HEAP_TICKS) {
		h->ticks++;
		h->progress.found = objects_at(f->second);
		h->progress.done = floor(h->progress.found * h->ticks / (LK_FAKE_HEAP_TICKS + 1));
		return false;
	}
	h->is_coming = false;
	if (*words == NULL && h->coming.op == LK_REQUEST_TYPES)
		keep_those_of_baselines(h, f);
	if (*words == NULL)
		keep(h, &h->coming);
	return true;
}

/* ---- pictures ---------------------------------------------------------------------------- */

static struct lk_frozen
frozen_at(uint32_t second)
{
	struct lk_frozen out = {
	    .at_s = LK_FAKE_NOW_S - LK_FAKE_AGE_S + (double)second,
	    .pause_us = 1240 + second % 90,
	    .copied_bytes = 3145728,
	    .table_bytes = 41943040,
	    .type_count = COUNT_OF_TYPES,
	    .complete = true,
	    .reason = "",
	};

	out.object_count = objects_at(second);
	out.walk_ms = floor(out.object_count / 2200);
	out.garbage_count = out.garbage_bytes = out.bytes = 0;
	for (uint32_t i = 0; i < COUNT_OF_TYPES; i++) {
		double count = count_at(&types[i], second);

		out.bytes += count * types[i].bytes_each;
		out.garbage_count += floor(count * types[i].garbage);
		out.garbage_bytes += floor(count * types[i].garbage) * types[i].bytes_each;
	}
	return out;
}

static int
most_bytes_first(const void *a, const void *b)
{
	const struct lk_type *x = a, *y = b;

	return x->bytes > y->bytes ? -1 : x->bytes < y->bytes;
}

static uint32_t
stack_of(const char *function)
{
	uint32_t i = 0;

	while (i < LK_FAKE_SITES && strcmp(lk_fake_sites[i].own[0].function, function) != 0)
		i++;
	return i + 1;
}

/* A baseline knows none. */
static void
paint_sites(struct lk_arena *arena, struct lk_type *type, const struct lk_fake_reading *r)
{
	struct lk_site *sites = lk_arena_get(arena, LK_COUNT_OF(makers), sizeof(*sites));

	type->sample_count = r->number != 0 ? NAN : floor(type->bytes / 524288);
	for (size_t i = 0; sites != NULL && r->number == 0 && i < LK_COUNT_OF(makers); i++)
		if (strcmp(makers[i].type, type->name) == 0)
			sites[type->site_count++] = (struct lk_site){
			    stack_of(makers[i].function),
			    floor(makers[i].share * type->sample_count),
			    makers[i].share * type->bytes};
	type->sites = sites;
}

static struct lk_types *
paint_types(struct lk_arena *arena, const struct lk_fake_reading *r)
{
	struct lk_types *out = lk_arena_get(arena, 1, sizeof(*out));
	struct lk_type *list = lk_arena_get(arena, COUNT_OF_TYPES, sizeof(*list));

	if (out == NULL || list == NULL)
		return NULL;
	for (uint32_t i = 0; i < COUNT_OF_TYPES; i++) {
		double count = count_at(&types[i], r->second);

		if (count == 0)
			continue;
		list[out->count] = (struct lk_type){
		    .name = types[i].name,
		    .object_count = count,
		    .bytes = count * types[i].bytes_each,
		    .garbage_count = floor(count * types[i].garbage),
		    .garbage_bytes = floor(count * types[i].garbage) * types[i].bytes_each,
		    .cyclic_count = floor(count * types[i].cyclic),
		};
		paint_sites(arena, &list[out->count++], r);
	}
	qsort(list, out->count, sizeof(*list), most_bytes_first);
	out->frozen = frozen_at(r->second);
	out->cycles = (struct lk_cycles){5102, 20412, 88};
	out->uncollectable.object_count = r->number != 0 ? NAN : 0;
	out->baseline = r->baseline;
	out->descriptors = r->number != 0 ? (struct lk_descriptors){NAN, NAN, NAN, NAN} :
	    (struct lk_descriptors){34 + floor(0.02 * r->second), 14, 4, 7};
	out->list = list;
	return out;
}

/* The type whose objects are asked for: of a stack or an address it is the one that leaks. */
static const struct fake_type *
type_of(const struct lk_fake_reading *r)
{
	size_t length = strlen(r->text);

	for (uint32_t i = 0; i < COUNT_OF_TYPES && length > 0; i++) {
		size_t all = strlen(types[i].name);

		if (all >= length && strcmp(types[i].name + all - length, r->text) == 0)
			return &types[i];
	}
	return &types[4];
}

/* The ways to the objects of TYPE, of which there are out->object_count. */
static void
paint_paths(const struct fake_type *type, struct lk_holder *list, struct lk_holders *out)
{
	for (size_t i = 0; i < LK_COUNT_OF(holders); i++) {
		double count = floor(holders[i].share * out->object_count + 0.5);

		if (strcmp(holders[i].type, type->name) != 0 || count == 0)
			continue;
		list[out->count++] = (struct lk_holder){holders[i].path, count,
		    count * type->bytes_each, count * holders[i].retained_each};
	}
	if (out->count == 0)
		list[out->count++] = (struct lk_holder){"(C or unknown) list[]",
		    out->object_count, out->bytes, out->bytes};
	out->path_count = out->count;
	out->list = list;
}

static struct lk_holders *
paint_holders(struct lk_arena *arena, const struct lk_fake_reading *r)
{
	static const enum lk_held_kind kinds[] = {
	    [LK_REQUEST_HOLDERS] = LK_HELD_TYPE,
	    [LK_REQUEST_HOLDERS_STACK] = LK_HELD_STACK,
	    [LK_REQUEST_HOLDERS_ADDRESS] = LK_HELD_ADDRESS,
	};
	const struct fake_type *type = type_of(r);
	struct lk_holders *out = lk_arena_get(arena, 1, sizeof(*out));
	struct lk_holder *list = lk_arena_get(arena, LK_COUNT_OF(holders) + 1, sizeof(*list));

	if (out == NULL || list == NULL)
		return NULL;
	out->held = (struct lk_held){kinds[r->op], lk_arena_text(arena, r->text, strlen(r->text)),
	    r->number};
	out->type = type->name;
	out->sample_count = out->found_count = NAN;
	if (r->op == LK_REQUEST_HOLDERS_STACK) {
		out->sample_count = 412;
		out->found_count = 398;
	}
	out->object_count = r->op == LK_REQUEST_HOLDERS_ADDRESS ? 1 :
	    r->op == LK_REQUEST_HOLDERS_STACK ? out->found_count : count_at(type, r->second);
	out->bytes = out->object_count * type->bytes_each;
	paint_paths(type, list, out);
	out->frozen = frozen_at(r->second);
	if (strcmp(type->name, "shop.log.Context") == 0) {
		out->loops = loops;
		out->loop_count = LK_COUNT_OF(loops);
	}
	return out->held.type != NULL ? out : NULL;
}

int
lk_fake_heap_paint(const struct lk_fake_heap *h, struct lk_snapshot *s)
{
	const size_t room = h->count + 1;
	const struct lk_types **all_types = lk_arena_get(s->arena, room, sizeof(*all_types));
	const struct lk_holders **all_holders = lk_arena_get(s->arena, room, sizeof(*all_holders));

	if (all_types == NULL || all_holders == NULL)
		return -1;
	for (uint32_t i = 0; i < h->count; i++) {
		const void *made;

		if (h->list[i].op == LK_REQUEST_TYPES)
			made = all_types[s->types_count++] = paint_types(s->arena, &h->list[i]);
		else
			made = all_holders[s->holders_count++] =
			    paint_holders(s->arena, &h->list[i]);
		if (made == NULL)
			return -1;
	}
	s->types = all_types;
	s->holders = all_holders;
	return 0;
}
