#include "config.h"

#include "ui/session.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/diff.h"
#include "analysis/typed.h"
#include "base/hash.h"
#include "model/arena.h"
#include "model/snapshot.h"
#include "util/text.h"

#include "ui/columns.h"

#define INTERVALS_LEAST 2	/* baselines that a line must have survived */

void
lk_session_init(struct lk_session *s)
{
	memset(s, 0, sizeof(*s));
	s->reference = LK_REFERENCE_NEWEST;
	s->group = LK_GROUP_LINE;
	s->period_ms = 1000;
}

static void
forget_sets(struct lk_session_sets *sets)
{
	lk_growth_free(sets->lines);
	lk_growth_free(sets->other);
	lk_snapshot_put(sets->now);
	lk_snapshot_put(sets->before);
	memset(sets, 0, sizeof(*sets));
}

void
lk_session_fini(struct lk_session *s)
{
	forget_sets(&s->sets);
	lk_snapshot_put(s->now);
	lk_snapshot_put(s->before);
	lk_snapshot_put(s->choice.group);
	lk_past_forget(&s->past);
	lk_source_close(s->source);
	memset(s, 0, sizeof(*s));
}

void
lk_session_watch(struct lk_session *s, struct lk_source *take_source)
{
	forget_sets(&s->sets);
	lk_snapshot_put(s->now);
	lk_past_forget(&s->past);
	lk_source_close(s->source);
	s->source = take_source;
	s->now = NULL;
	s->reference = LK_REFERENCE_NEWEST;
	s->until = 0;
	s->asked_rows = 0;
	s->paused = s->playing = false;
	s->file[0] = '\0';
	s->worst[0] = '\0';
	s->survivors = 0;
	memset(&s->freeze, 0, sizeof(s->freeze));
	s->sites.count = 0;
}

/* The verdict goes over all stacks: once is enough. */
static void
look_at(struct lk_session *s, const struct lk_snapshot *snapshot)
{
	char *sentence = s->verdict.sentence;

	lk_snapshot_get(snapshot);
	lk_snapshot_put(s->now);
	s->now = snapshot;
	lk_verdict_of(snapshot, &s->verdict);
	lk_text_clean(sentence, sentence, sizeof(s->verdict.sentence));
}

static const struct lk_member *
member_of(const struct lk_snapshot *s, const struct lk_member *like)
{
	for (uint32_t i = 0; i < s->member_count; i++)
		if (s->members[i].pid == like->pid &&
		    s->members[i].start_time == like->start_time)
			return &s->members[i];
	return NULL;
}

/* "worker 17 has ended; worker 23 joined" */
static void
tell_members(struct lk_session *s, const struct lk_snapshot *before, const struct lk_snapshot *now)
{
	char words[sizeof(s->message)] = "";
	size_t used = 0;

	for (uint32_t i = 0; i < now->member_count; i++) {
		const struct lk_member *m = &now->members[i], *then = member_of(before, m);
		bool ended = m->state == LK_MEMBER_GONE &&
		    (then == NULL || then->state != LK_MEMBER_GONE);
		bool came = m->part != NULL && (then == NULL || then->part == NULL);

		if ((ended || came) && used < sizeof(words) / 2)
			used += (size_t)snprintf(words + used, sizeof(words) - used, "%s%d %s",
			    used > 0 ? "; " : "worker ", m->pid, ended ? "has ended" : "joined");
	}
	if (used > 0)
		lk_session_say(s, LK_ROLE_HIGH, "%s (w: side by side)", words);
}

bool
lk_session_take(struct lk_session *s)
{
	const struct lk_snapshot *newest;

	newest = s->source != NULL ? lk_source_snapshot(s->source) : NULL;
	if (newest == NULL)
		return false;
	if (s->before == NULL && lk_source_state(s->source) != LK_SOURCE_OFFLINE)
		lk_past_keep(&s->past, newest);
	if (newest == s->now)
		return false;
	if (s->paused && s->now != NULL)
		return s->lost_reference;	/* perhaps the newest one knows it now */
	if (s->now != NULL && newest->member_count > 0)
		tell_members(s, s->now, newest);
	look_at(s, newest);
	return true;
}

bool
lk_session_is_group(const struct lk_session *s)
{
	return s->source != NULL && lk_source_state(s->source) != LK_SOURCE_OFFLINE &&
	    s->now != NULL && s->now->member_count > 0;
}

/* The newest one is where the way to the future ends: what came while the screen stood still. */
void
lk_session_travel(struct lk_session *s, int step)
{
	const struct lk_snapshot *to, *newest = s->source != NULL ?
	    lk_source_snapshot(s->source) : NULL;
	char at[LK_TEXT_BYTES], ago[LK_TEXT_BYTES];

	if (s->now == NULL || newest == NULL || s->before != NULL)
		return;
	to = step < 0 ? lk_past_before(&s->past, s->now->at_s) :
	    lk_past_after(&s->past, s->now->at_s);
	if (to == NULL && step > 0 && s->now != newest)
		to = newest;
	if (to == NULL) {
		lk_session_say(s, LK_ROLE_WARN, step < 0 ?
		    "nothing older was kept: it is since this screen looks on" :
		    "this is now; Z goes on");
		return;
	}
	look_at(s, to);
	lk_session_say(s, LK_ROLE_STALE, "as it was at %s, %s ago; , older  . newer  Z goes on",
	    lk_text_clock(to->at_s, at, sizeof(at)),
	    lk_text_duration(newest->at_s - to->at_s, ago, sizeof(ago)));
}

void
lk_session_say(struct lk_session *s, enum lk_role role, const char *format, ...)
{
	char text[sizeof(s->message)];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	lk_text_clean(text, s->message, sizeof(s->message));
	s->message_role = role;
	s->message_until_ms = s->now_ms + LK_SESSION_MESSAGE_MS;
}

/* Words beside a yes: not all of a group heard it. */
static void
on_reply(void *ctx, bool ok, uint64_t number, const char *words)
{
	(void)number;
	if (!ok)
		lk_session_say(ctx, LK_ROLE_WARN, "refused: %s", words);
	else if (words != NULL && words[0] != '\0')
		lk_session_say(ctx, LK_ROLE_WARN, "%s", words);
}

static void
on_baseline(void *ctx, bool ok, uint64_t number, const char *words)
{
	struct lk_session *s = ctx;

	if (!ok) {
		lk_session_say(s, LK_ROLE_WARN, "no baseline: %s", words);
		return;
	}
	s->reference = LK_REFERENCE_NEWEST;
	s->until = 0;
	if (words != NULL && words[0] != '\0')
		lk_session_say(s, LK_ROLE_WARN, "B%llu marked; %s", (unsigned long long)number,
		    words);
	else
		lk_session_say(s, LK_ROLE_BASELINE, "B%llu marked: growth now counts from here",
		    (unsigned long long)number);
}

int
lk_session_ask(struct lk_session *s, enum lk_request_op op, uint64_t number, const char *text)
{
	const struct lk_request request = {.op = op, .number = number, .text = text};
	int rc = -ENOTCONN;

	if (s->source != NULL)
		rc = lk_source_request(s->source, &request,
		    op == LK_REQUEST_BASELINE ? on_baseline : on_reply, s);
	if (rc == -EOPNOTSUPP)
		return rc;
	if (rc == -ENOTCONN)
		lk_session_say(s, LK_ROLE_WARN, "not connected to the sampler");
	else if (rc < 0)
		lk_session_say(s, LK_ROLE_WARN, "too many requests are waiting");
	return rc;
}

int
lk_session_refresh(struct lk_session *s, enum lk_request_op op, uint64_t number)
{
	const struct lk_request request = {.op = op, .number = number};

	if (s->source == NULL || lk_source_state(s->source) != LK_SOURCE_LIVE)
		return -ENOTCONN;
	return lk_source_request(s->source, &request, NULL, NULL);
}

/* ---- growth ---------------------------------------------------------------- */

static uint64_t
mix(uint64_t hash, const char *text)
{
	return lk_hash_more(lk_hash_text(hash, text != NULL ? text : ""), 0xff);
}

static uint64_t
mix_frame(uint64_t hash, const struct lk_frame *frame, enum lk_group group)
{
	if (frame == NULL)
		return hash;
	hash = mix(hash, frame->file);
	if (group != LK_GROUP_FILE)
		hash = mix(hash, frame->function);
	if (group == LK_GROUP_LINE || group == LK_GROUP_OWN || group == LK_GROUP_STACK)
		hash = lk_hash_more(hash, frame->line);
	return hash;
}

/* Two files have no ids in common: rows are known by what they are called. */
static uint64_t
key_of(const struct lk_stack *stack, enum lk_group group)
{
	uint64_t hash = LK_HASH_BEGIN;

	if (group == LK_GROUP_DOMAIN)
		return hash ^ (uint64_t)stack->domain;
	if (group == LK_GROUP_THREAD)
		return mix(hash, stack->thread);
	if (group == LK_GROUP_OWN)
		return mix_frame(hash, lk_growth_own_site(stack), group);
	if (group != LK_GROUP_STACK)
		return mix_frame(hash, lk_growth_site(stack), group);
	hash ^= (uint64_t)stack->domain;
	for (uint32_t i = 0; i < stack->frame_count; i++)
		hash = mix_frame(hash, &stack->frames[i], group);
	return hash;
}

static void
growth_of_difference(const struct lk_difference *d, double seconds, double interval_bytes,
    enum lk_group group, struct lk_growth *out)
{
	out->key = key_of(d->stack, group);
	out->stack = d->stack;
	out->frame = group == LK_GROUP_OWN ? lk_growth_own_site(d->stack) :
	    lk_growth_site(d->stack);
	out->live = d->b;
	out->native_bytes = d->stack->domain == LK_DOMAIN_NATIVE ? d->b.bytes : 0;
	out->live_error_bytes = lk_estimate_error(&d->b, interval_bytes);
	out->delta_bytes = d->delta_bytes;
	out->delta_objects = d->delta_objects;
	out->delta_error_bytes = d->delta_error_bytes;
	out->rate_bytes_per_min = seconds >= 1 ? d->delta_bytes / seconds * 60 : NAN;
	out->est_allocated_bytes = out->est_allocated_since_bytes = out->est_freed_bytes = NAN;
	out->stack_count = 1;
	out->significant = d->significant;
	out->gone = d->only_a;
	out->fresh = d->only_b;
}

static int
by_key_then_weight(const void *a, const void *b)
{
	const struct lk_growth *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->live.bytes > y->live.bytes ? -1 : x->live.bytes < y->live.bytes;
}

/* FROM joins INTO, whose stack is the heavier one; errors add as those of independent sums. */
static void
join(struct lk_growth *into, const struct lk_growth *from)
{
	into->live.sampled_count += from->live.sampled_count;
	into->live.bytes += from->live.bytes;
	into->live.objects += from->live.objects;
	into->live.variance += from->live.variance;
	into->native_bytes += from->native_bytes;
	into->live_error_bytes = hypot(into->live_error_bytes, from->live_error_bytes);
	into->delta_bytes += from->delta_bytes;
	into->delta_objects += from->delta_objects;
	into->delta_error_bytes = hypot(into->delta_error_bytes, from->delta_error_bytes);
	into->rate_bytes_per_min += from->rate_bytes_per_min;
	into->stack_count += from->stack_count;
	into->significant = fabs(into->delta_bytes) > into->delta_error_bytes;
	into->gone = into->gone && from->gone;
	into->fresh = into->fresh && from->fresh;
}

static size_t
join_groups(struct lk_growth *rows, size_t count)
{
	size_t used = 0;

	if (count > 0)
		qsort(rows, count, sizeof(*rows), by_key_then_weight);
	for (size_t i = 0; i < count; i++) {
		if (used > 0 && rows[used - 1].key == rows[i].key)
			join(&rows[used - 1], &rows[i]);
		else
			rows[used++] = rows[i];
	}
	return used;
}

/* A diff of two files in the shape of growth, so that Stacks needs only one. */
static struct lk_growth_set *
growth_of_diff(struct lk_session *s, enum lk_group group)
{
	struct lk_diff *diff = lk_diff_new(s->before, s->now);
	struct lk_growth_set *set = NULL;
	struct lk_arena *arena;

	if (diff == NULL)
		return NULL;
	arena = lk_arena_new();
	if (arena != NULL)
		set = lk_arena_get(arena, 1, sizeof(*set));
	if (set != NULL)
		set->rows = lk_arena_get(arena, diff->count + 1, sizeof(*set->rows));
	if (set == NULL || set->rows == NULL) {
		lk_arena_free(arena);
		lk_diff_free(diff);
		return NULL;
	}
	set->arena = arena;
	set->window_s = diff->seconds;
	for (size_t i = 0; i < diff->count; i++)
		growth_of_difference(&diff->rows[i], diff->seconds,
		    lk_snapshot_interval_bytes(s->now), group, &set->rows[i]);
	set->count = join_groups(set->rows, diff->count);
	lk_diff_free(diff);
	return set;
}

/* Without a reading that says who allocated there is no type for anything. */
static struct lk_growth_set *
growth_by_type(struct lk_session *s)
{
	static const struct lk_types none = {.list = NULL};
	const struct lk_types *types = lk_typed_reading(s->now);
	struct lk_growth_set *stacks = lk_session_growth(s, LK_GROUP_STACK), *set;

	if (stacks == NULL)
		return NULL;
	set = lk_typed_new(stacks, types != NULL ? types : &none,
	    lk_snapshot_interval_bytes(s->now), s->before == NULL);
	lk_growth_free(stacks);
	return set;
}

/* Of a baseline; once. */
static void
ask_for_rows(struct lk_session *s, uint32_t missing)
{
	if (missing == 0 || missing == s->asked_rows)
		return;
	s->asked_rows = missing;
	if (lk_session_refresh(s, LK_REQUEST_BASELINE_ROWS, missing) < 0)
		s->asked_rows = 0;
}

/* What was alive at a baseline is the same whenever it was asked for: what came later will do. */
static struct lk_growth_set *
growth_in_the_past(struct lk_session *s, enum lk_group group)
{
	const struct lk_snapshot *newest = lk_source_snapshot(s->source);
	uint32_t missing;
	struct lk_growth_set *set =
	    lk_growth_with(s->now, newest, s->reference, s->until, group, &missing);

	s->lost_reference = set == NULL;
	return set != NULL ? set :
	    lk_growth_new(s->now, LK_REFERENCE_START, 0, group, &missing);
}

static struct lk_growth_set *
growth_since(struct lk_session *s, enum lk_group group)
{
	struct lk_growth_set *set;
	uint32_t missing = 0;

	set = lk_growth_new(s->now, s->reference, s->until, group, &missing);
	if (set == NULL && missing != 0)
		ask_for_rows(s, missing);
	else
		s->asked_rows = 0;
	if (set == NULL && missing != 0 && s->paused)	/* to the past they never come */
		set = growth_in_the_past(s, group);
	return set;
}

/* What its stacks point into is held by the session and its source. */
static struct lk_growth_stacks *
stacks_of(struct lk_growth_set *set)
{
	struct lk_growth_stacks *stacks = set != NULL ? lk_growth_stacks_of(set) : NULL;

	lk_growth_free(set);
	return stacks;
}

static void
forget_end(struct lk_session *s)
{
	if (s->until != 0 && s->before == NULL && lk_snapshot_baseline(s->now, s->until) == NULL)
		s->until = 0;
}

struct lk_growth_stacks *
lk_session_stacks(struct lk_session *s)
{
	struct lk_growth_stacks *stacks;
	uint32_t missing = 0;

	if (s->now == NULL)
		return NULL;
	if (s->before != NULL)
		return stacks_of(growth_of_diff(s, LK_GROUP_STACK));
	forget_end(s);
	stacks = lk_growth_stacks_new(s->now, s->reference, s->until, &missing);
	s->lost_reference = false;
	if (stacks == NULL && missing != 0)
		ask_for_rows(s, missing);
	else
		s->asked_rows = 0;
	if (stacks == NULL && missing != 0 && s->paused)
		stacks = stacks_of(growth_in_the_past(s, LK_GROUP_STACK));
	return stacks;
}

/* Another snapshot, or another reference: none of them is what is asked for. */
static void
renew_sets(struct lk_session *s)
{
	struct lk_session_sets *sets = &s->sets;

	if (sets->now == s->now && sets->before == s->before &&
	    sets->reference == s->reference && sets->until == s->until)
		return;
	forget_sets(sets);
	sets->now = lk_snapshot_get(s->now);
	sets->before = s->before != NULL ? lk_snapshot_get(s->before) : NULL;
	sets->reference = s->reference;
	sets->until = s->until;
}

static struct lk_growth_set **
kept_set(struct lk_session *s, enum lk_group group)
{
	if (group == LK_GROUP_LINE)
		return &s->sets.lines;
	if (s->sets.other_group != group) {
		lk_growth_free(s->sets.other);
		s->sets.other = NULL;
		s->sets.other_group = group;
	}
	return &s->sets.other;
}

struct lk_growth_set *
lk_session_growth(struct lk_session *s, enum lk_group group)
{
	struct lk_growth_set **kept, *set;

	if (s->now == NULL)
		return NULL;
	forget_end(s);
	s->lost_reference = false;	/* unless it is found out again */
	renew_sets(s);
	kept = kept_set(s, group);
	if (*kept != NULL)
		return lk_growth_get(*kept);
	set = group == LK_GROUP_TYPE ? growth_by_type(s) :
	    s->before != NULL ? growth_of_diff(s, group) : growth_since(s, group);
	/* paused, it may be since the start because there is nothing better */
	if (set != NULL && !s->paused) {
		kept = kept_set(s, group);
		*kept = lk_growth_get(set);
	}
	return set;
}

double
lk_session_total(const struct lk_growth_set *set)
{
	double total = 0;

	for (size_t i = 0; set != NULL && i < set->count; i++)
		if (set->rows[i].delta_bytes > 0)
			total += set->rows[i].delta_bytes;
	return total;
}

static uint32_t
count_survivors(const struct lk_growth_set *set)
{
	uint32_t count = 0;

	for (size_t i = 0; set != NULL && i < set->count; i++) {
		const struct lk_growth *g = &set->rows[i];

		count += g->significant && g->delta_bytes > 0 &&
		    g->interval_count >= INTERVALS_LEAST && g->survived_count == g->interval_count;
	}
	return count;
}

void
lk_session_judge(struct lk_session *s)
{
	struct lk_growth_set *set = lk_session_growth(s, LK_GROUP_LINE);
	const struct lk_growth *first;

	if (set == NULL && s->now != NULL)
		return;			/* rows of the baseline are on their way */
	s->worst[0] = '\0';
	s->survivors = count_survivors(set);
	first = set != NULL ? lk_verdict_line(set, s->now->trend_step_s) : NULL;
	if (first != NULL && first->frame != NULL) {
		lk_columns_where(first->frame, s->worst, sizeof(s->worst));
		s->worst_is_native = first->native_bytes > first->live.bytes / 2;
	}
	lk_growth_free(set);
}

/* ---- reference ------------------------------------------------------------- */

static int
index_of(const struct lk_snapshot *now, uint32_t id)
{
	for (uint32_t i = 0; i < now->baseline_count; i++)
		if (now->baselines[i].id == id)
			return (int)i;
	return -1;		/* the start */
}

void
lk_session_step(struct lk_session *s, int step)
{
	char name[128];
	int at, last;

	if (s->now == NULL || s->before != NULL)
		return;
	last = (int)s->now->baseline_count - 1;
	at = index_of(s->now, lk_growth_resolve(s->now, s->reference)) + step;
	at = at < -1 ? -1 : at > last ? last : at;
	s->reference = at < 0 ? LK_REFERENCE_START : s->now->baselines[at].id;
	if (at == last && last >= 0)
		s->reference = LK_REFERENCE_NEWEST;	/* and follow the next one */
	s->until = 0;
	lk_session_say(s, LK_ROLE_BASELINE, "growth since %s",
	    lk_session_baseline_name(s, at < 0 ? 0 : s->now->baselines[at].id, name, sizeof(name)));
}

char *
lk_session_baseline_name(const struct lk_session *s, uint32_t id, char *out, size_t out_bytes)
{
	const struct lk_baseline *b = s->now != NULL ? lk_snapshot_baseline(s->now, id) : NULL;
	char clean[72];

	if (b == NULL)
		snprintf(out, out_bytes, "start");
	else if (b->name == NULL || *b->name == '\0')
		snprintf(out, out_bytes, "B%u", b->id);
	else {
		lk_text_clean(b->name, clean, sizeof(clean));
		snprintf(out, out_bytes, "B%u '%s'", b->id, clean);
	}
	return out;
}

bool
lk_session_touches(struct lk_session *s)
{
	if (s->readonly) {
		lk_session_say(s, LK_ROLE_WARN, "--readonly: nothing is changed in the process");
		return false;
	}
	if (s->source == NULL || lk_source_state(s->source) == LK_SOURCE_OFFLINE) {
		lk_session_say(s, LK_ROLE_WARN, "no live process here");
		return false;
	}
	return true;
}

void
lk_session_show_source(struct lk_session *s, const struct lk_frame *frame)
{
	if (frame == NULL || frame->file == NULL || frame->native) {
		lk_session_say(s, LK_ROLE_WARN, "no source line is known for this row");
		return;
	}
	snprintf(s->file, sizeof(s->file), "%s", frame->file);
	s->line = frame->line;
	s->wish_view = '3';
}
