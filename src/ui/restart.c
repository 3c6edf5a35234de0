#include "config.h"

#include "ui/restart.h"

#include <string.h>

#include "client/discover.h"
#include "client/successor.h"
#include "model/snapshot.h"

#include "ui/desk.h"

bool
lk_restart_awaits(const struct lk_desk *d)
{
	const struct lk_session *s = &d->session;

	return s->source != NULL && s->now != NULL && s->scan != NULL &&
	    lk_source_state(s->source) == LK_SOURCE_GONE;
}

bool
lk_restart_seek(struct lk_desk *d)
{
	struct lk_session *s = &d->session;
	const struct lk_process *found;
	int was = d->successor->pid;

	if (!lk_restart_awaits(d)) {
		d->successor->pid = 0;
		return false;
	}
	if (s->now_ms - d->sought_ms < LK_RESTART_SEEK_MS)
		return false;
	d->sought_ms = s->now_ms;
	s->process_count = s->scan(s->scan_ctx, s->now_ms, &s->processes);
	/* it began after the other was heard of last */
	found = lk_successor_find(s->processes, s->process_count, &s->now->process,
	    s->wall_s - s->now->at_s + s->period_ms / 1000.0);
	d->successor->pid = 0;
	if (found != NULL)
		*d->successor = *found;
	return d->successor->pid != was;
}

static void
follow(struct lk_desk *d)
{
	struct lk_session *s = &d->session;
	const char *view = d->views[d->current].ops->id;
	int pid = d->successor->pid;
	struct lk_source *source;
	int rc = s->now->member_count > 0 ?
	    lk_source_open_group(pid, s->period_ms, d->finder, &source) :
	    d->open(d->open_ctx, d->successor, &source);

	if (rc < 0) {
		lk_session_say(s, LK_ROLE_WARN, "cannot open %d: %s", pid, strerror(-rc));
		return;
	}
	lk_desk_watch(d, source);
	lk_desk_show(d, view, false);
	lk_session_say(s, LK_ROLE_HIGH, "%d from here on", pid);
}

bool
lk_restart_take(struct lk_desk *d, enum lk_action action)
{
	if (action != LK_ACTION_RELOAD || !lk_restart_awaits(d) || d->successor->pid == 0 ||
	    !d->successor->has_sampler || d->open == NULL ||
	    d->views[d->current].ops->without_process)
		return false;
	follow(d);
	return true;
}
