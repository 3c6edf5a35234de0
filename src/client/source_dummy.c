#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "model/revealed.h"
#include "util/text.h"

#include "client/fake.h"
#include "client/source_ops.h"

#define REPLIES_MAX 16

struct reply {
	lk_reply_fn fn;
	void *ctx;
	bool ok;
	uint64_t number;
	const char *words;
};

struct dummy {
	struct lk_source source;
	struct lk_fake *fake;
	struct lk_snapshot *snapshot;
	int64_t period_ms, ticked_ms, now_ms;	/* monotonic; ticked_ms -1: never */
	struct reply replies[REPLIES_MAX];	/* delivered by the next dispatch */
	size_t reply_count;
	struct reply inquirer;			/* when the heap is read */
	bool has_revealed;
	struct lk_revealed revealed;
};

static struct dummy *
dummy_of(struct lk_source *s)
{
	return (struct dummy *)s;
}

static size_t
dummy_poll(struct lk_source *s, struct pollfd *fds, size_t max, int *timeout_ms)
{
	const struct dummy *d = dummy_of(s);
	int64_t wait_ms = d->ticked_ms < 0 || d->reply_count > 0
	    ? 0 : d->ticked_ms + d->period_ms - d->now_ms;

	(void)fds;
	(void)max;
	if (wait_ms < 0)
		wait_ms = 0;
	if (*timeout_ms < 0 || wait_ms < *timeout_ms)
		*timeout_ms = (int)wait_ms;
	return 0;
}

/* Without memory the old picture stays: a dummy never fails. */
static void
repaint(struct dummy *d)
{
	struct lk_snapshot *s = lk_fake_picture(d->fake, d->snapshot->seq + 1);

	if (s == NULL)
		return;
	lk_snapshot_put(d->snapshot);
	d->snapshot = s;
}

/* Returns: true when the inquirer gets its answer, which is *OUT then. */
static bool
step_heap(struct dummy *d, struct reply *out)
{
	const char *words;

	if (!lk_fake_heap_step(&d->fake->heap, d->fake, &words))
		return false;
	*out = d->inquirer;
	out->ok = words == NULL;
	out->words = words != NULL ? words : "";
	return true;
}

static bool
dummy_dispatch(struct lk_source *s, const struct pollfd *fds, size_t count, int64_t now_ms)
{
	struct dummy *d = dummy_of(s);
	struct reply replies[REPLIES_MAX + 1];
	size_t reply_count = d->reply_count;
	bool tick = d->ticked_ms >= 0 && now_ms - d->ticked_ms >= d->period_ms;

	(void)fds;
	(void)count;
	d->now_ms = now_ms;
	if (d->ticked_ms < 0 || tick)
		d->ticked_ms = now_ms;
	if (tick)
		lk_fake_step(d->fake);
	/* a callback may ask for more, which is for the next dispatch */
	memcpy(replies, d->replies, sizeof(d->replies));
	d->reply_count = 0;
	if ((tick || d->fake->heap.ticks == UINT32_MAX) && step_heap(d, &replies[reply_count]))
		reply_count++;
	if (tick || reply_count > 0)
		repaint(d);
	for (size_t i = 0; i < reply_count; i++)
		if (replies[i].fn != NULL)
			replies[i].fn(replies[i].ctx, replies[i].ok, replies[i].number,
			    replies[i].words);
	return tick || reply_count > 0;
}

static const struct lk_snapshot *
dummy_snapshot(const struct lk_source *s)
{
	return ((const struct dummy *)s)->snapshot;
}

static enum lk_source_state
dummy_state(const struct lk_source *s)
{
	(void)s;
	return LK_SOURCE_LIVE;
}

static const char *
dummy_words(const struct lk_source *s)
{
	(void)s;
	return "";
}

static struct reply
yes(uint64_t number)
{
	return (struct reply){.ok = true, .number = number, .words = ""};
}

static struct reply
no(const char *words)
{
	return (struct reply){.words = words};
}

static bool
is_long(const char *name)
{
	return name != NULL && strlen(name) > LK_WIRE_NAME_MAX;
}

static struct reply
do_baseline(struct dummy *d, const struct lk_request *r)
{
	int id;

	if (is_long(r->text))
		return no("the name is too long");
	id = lk_fake_mark(d->fake, r->text);
	if (id < 0)
		return no(id == -ENOSPC ? "there are too many baselines" : "out of memory");
	return yes((uint64_t)id);
}

static struct reply
do_rename(struct dummy *d, const struct lk_request *r)
{
	struct lk_fake_baseline *b = lk_fake_find(d->fake, r->number);

	if (b == NULL)
		return no("no such baseline");
	if (r->text == NULL || is_long(r->text))
		return no("not a name");
	snprintf(b->name, sizeof(b->name), "%s", r->text);
	return yes(0);
}

static struct reply
do_drop(struct dummy *d, const struct lk_request *r)
{
	return lk_fake_drop(d->fake, r->number) == 0 ? yes(0) : no("no such baseline");
}

static struct reply
do_rows(struct dummy *d, const struct lk_request *r)
{
	struct lk_fake_baseline *b = lk_fake_find(d->fake, r->number);

	if (b == NULL)
		return no("no such baseline");
	b->has_rows = true;
	return yes(0);
}

static struct reply
do_nothing(struct dummy *d, const struct lk_request *r)
{
	(void)d;
	(void)r;
	return yes(0);
}

static struct reply
do_memory(struct dummy *d, const struct lk_request *r)
{
	(void)r;
	lk_fake_read_memory(d->fake);
	return yes(0);
}

static struct reply
do_containers(struct dummy *d, const struct lk_request *r)
{
	d->fake->min_length = r->number != 0 ? r->number : 1000;
	d->fake->scanned_s = d->fake->second;
	return yes(0);
}

static struct reply
do_reveal(struct dummy *d, const struct lk_request *r)
{
	static const struct {
		const char *key, *value;
	} items[] = {
	    {"('sku-104', 'eur', 7)", "<shop.cart.Price>"},
	    {"('sku-9', 'usd', 7)", "19.99"},
	    {"'caf\303\251 \342\202\254'", "b'\\x00\\xff'"},
	    {"'odd\033[31m\342\200\256name\302\233'", "None"},
	    {"'a long text that goes on and on until it is cut off, which it...",
	    "-1606938044258990275541962092341162602522202993782792835301376"},
	};
	struct lk_revealed *out = &d->revealed;

	const struct lk_containers *listed = &d->snapshot->containers;

	*out = (struct lk_revealed){.address = r->number, .is_same = true};
	for (uint32_t i = 0; i < listed->count; i++)
		if (listed->list[i].address == r->number)
			out->length = listed->list[i].length;
	for (size_t i = 0; i < LK_COUNT_OF(items); i++) {
		struct lk_revealed_item *item = &out->items[out->count++];

		item->has_key = true;
		snprintf(item->key, sizeof(item->key), "%s", items[i].key);
		snprintf(item->value, sizeof(item->value), "%s", items[i].value);
	}
	d->has_revealed = true;
	return yes(0);
}

static struct reply
do_pause(struct dummy *d, const struct lk_request *r)
{
	d->fake->paused = r->op == LK_REQUEST_PAUSE;
	return yes(0);
}

static struct reply
do_period(struct dummy *d, const struct lk_request *r)
{
	if (r->number < LK_WIRE_PERIOD_MIN_MS || r->number > LK_WIRE_PERIOD_MAX_MS)
		return no("the period must be between 100 and 60000 ms");
	d->period_ms = (int64_t)r->number;
	return yes(0);
}

static struct reply (*const doers[])(struct dummy *d, const struct lk_request *r) = {
	[LK_REQUEST_BASELINE] = do_baseline,
	[LK_REQUEST_BASELINE_RENAME] = do_rename,
	[LK_REQUEST_BASELINE_DROP] = do_drop,
	[LK_REQUEST_BASELINE_ROWS] = do_rows,
	[LK_REQUEST_HISTORY] = do_nothing,	/* always up to date here */
	[LK_REQUEST_TRENDS] = do_nothing,
	[LK_REQUEST_MEMORY] = do_memory,
	[LK_REQUEST_EVENTS] = do_nothing,
	[LK_REQUEST_CONTAINERS] = do_containers,
	[LK_REQUEST_PAUSE] = do_pause,
	[LK_REQUEST_RESUME] = do_pause,
	[LK_REQUEST_PERIOD] = do_period,
	[LK_REQUEST_REVEAL] = do_reveal,
};

static int
ask_heap(struct dummy *d, const struct lk_request *request, lk_reply_fn fn, void *ctx)
{
	int rc = lk_fake_heap_ask(&d->fake->heap, d->fake, request);

	if (rc == 0 && request->op != LK_REQUEST_GIVE_UP)
		d->inquirer = (struct reply){.fn = fn, .ctx = ctx};
	return rc;
}

static const struct lk_source_reading *
dummy_reading(const struct lk_source *s)
{
	const struct lk_fake_heap *heap = &((const struct dummy *)s)->fake->heap;

	return heap->is_coming ? &heap->progress : NULL;
}

static const struct lk_revealed *
dummy_revealed(const struct lk_source *s)
{
	const struct dummy *d = (const struct dummy *)s;

	return d->has_revealed ? &d->revealed : NULL;
}

static int
dummy_request(struct lk_source *s, const struct lk_request *request, lk_reply_fn fn, void *ctx)
{
	struct dummy *d = dummy_of(s);
	struct reply *reply;

	if (request->op >= LK_COUNT_OF(doers) || doers[request->op] == NULL)
		return ask_heap(d, request, fn, ctx);
	if (d->reply_count == REPLIES_MAX)
		return -ENOSPC;
	reply = &d->replies[d->reply_count++];
	*reply = doers[request->op](d, request);
	reply->fn = fn;
	reply->ctx = ctx;
	return 0;
}

static void
dummy_close(struct lk_source *s)
{
	struct dummy *d = dummy_of(s);

	lk_snapshot_put(d->snapshot);
	lk_fake_free(d->fake);
	free(d);
}

static const struct lk_source_ops dummy_ops = {
	.id = "dummy",
	.poll = dummy_poll,
	.dispatch = dummy_dispatch,
	.snapshot = dummy_snapshot,
	.state = dummy_state,
	.words = dummy_words,
	.request = dummy_request,
	.reading = dummy_reading,
	.revealed = dummy_revealed,
	.close = dummy_close,
};

int
lk_source_open_dummy(uint32_t seed, struct lk_source **out)
{
	struct dummy *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return -ENOMEM;
	lk_source_init(&d->source, &dummy_ops);
	d->period_ms = 1000;
	d->ticked_ms = -1;
	d->fake = lk_fake_new(seed);
	d->snapshot = d->fake != NULL ? lk_fake_picture(d->fake, 1) : NULL;
	if (d->snapshot == NULL) {
		dummy_close(&d->source);
		return -ENOMEM;
	}
	*out = &d->source;
	return 0;
}
