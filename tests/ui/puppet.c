#include "config.h"

#include "puppet.h"

#include <errno.h>
#include <poll.h>

static size_t
puppet_poll(struct lk_source *s, struct pollfd *fds, size_t max, int *timeout_ms)
{
	(void)s;
	(void)fds;
	(void)max;
	(void)timeout_ms;
	return 0;
}

static bool
puppet_dispatch(struct lk_source *s, const struct pollfd *fds, size_t count, int64_t now_ms)
{
	struct puppet *p = (struct puppet *)s;
	bool changed = lk_source_dispatch(p->dummy, fds, count, now_ms);
	struct lk_snapshot *now = (struct lk_snapshot *)(uintptr_t)lk_source_snapshot(p->dummy);

	if (p->native != NULL)
		now->sampler.native = p->native;
	if (p->events != NULL) {
		now->events = p->events;
		now->event_count = p->event_count;
	}
	if (p->pauses != NULL)
		now->memory.gc_pauses = *p->pauses;
	return changed;
}

static const struct lk_snapshot *
puppet_snapshot(const struct lk_source *s)
{
	return lk_source_snapshot(((const struct puppet *)s)->dummy);
}

static enum lk_source_state
puppet_state(const struct lk_source *s)
{
	return ((const struct puppet *)s)->state;
}

static const char *
puppet_words(const struct lk_source *s)
{
	(void)s;
	return "because \033[2Jof it, and because of many other things that are told at length";
}

static int
puppet_request(struct lk_source *s, const struct lk_request *request, lk_reply_fn fn, void *ctx)
{
	const struct puppet *p = (const struct puppet *)s;

	if (p->state == LK_SOURCE_OFFLINE)
		return -EOPNOTSUPP;
	return p->state != LK_SOURCE_LIVE ? -ENOTCONN :
	    lk_source_request(p->dummy, request, fn, ctx);
}

static void
puppet_close(struct lk_source *s)
{
	lk_source_close(((struct puppet *)s)->dummy);
	free(s);
}

static const struct lk_source_reading *
puppet_reading(const struct lk_source *s)
{
	return lk_source_reading(((const struct puppet *)s)->dummy);
}

static size_t
puppet_moments(const struct lk_source *s, size_t *at)
{
	const struct puppet *p = (const struct puppet *)s;

	*at = p->moment;
	return p->moment_count > 0 ? p->moment_count : 1;
}

/* As a recording does it: as far as there are any.  A minute lies between two. */
static int
puppet_step(struct lk_source *s, int step)
{
	struct puppet *p = (struct puppet *)s;
	size_t was = p->moment;

	if (p->moment_count == 0)
		return -EOPNOTSUPP;
	if (step < 0)
		p->moment -= p->moment < (size_t)-step ? p->moment : (size_t)-step;
	else
		p->moment = p->moment + (size_t)step < p->moment_count ?
		    p->moment + (size_t)step : p->moment_count - 1;
	return p->moment != was ? 0 : -ERANGE;
}

static const struct lk_source_ops puppet_ops = {
	.moments = puppet_moments, .step = puppet_step,
	.id = "puppet", .poll = puppet_poll, .dispatch = puppet_dispatch,
	.snapshot = puppet_snapshot, .state = puppet_state, .words = puppet_words,
	.request = puppet_request, .reading = puppet_reading, .close = puppet_close,
};

struct puppet *
puppet_watch(enum lk_source_state state)
{
	struct puppet *p = calloc(1, sizeof(*p));

	ck_assert_ptr_nonnull(p);
	lk_source_init(&p->source, &puppet_ops);
	p->state = state;
	ck_assert_int_eq(lk_source_open_dummy(3, &p->dummy), 0);
	lk_desk_watch(&f.desk, &p->source);
	return p;
}
