/* The stages of a reveal: the first items of one container that was listed, once, for who asked. */
#include "config.h"

#include "sampler/stage.h"

#include <sys/socket.h>

#include "base/print.h"
#include "proto/emit.h"
#include "sampler/connection.h"
#include "sampler/core/events.h"
#include "sampler/freeze/answer.h"
#include "sampler/freezer.h"
#include "sampler/marks.h"
#include "sampler/stages.h"
#include "sampler/tend.h"

static bool is_forbidden;
static struct lk_mark listed;	/* the last list that a client was told, as of a baseline */
static uint64_t listed_ms;	/* 0: none yet */
static bool is_by_walk;

void
lk_stages_forbid_reveal(void)
{
	is_forbidden = true;
}

/* ---- what clients have seen ------------------------------------------------------------- */

static uint64_t
ms_of(double at_s)
{
	return (uint64_t)(at_s * 1000 + 0.5);
}

/* What is of a baseline that is marked later was born after this. */
static uint32_t
next_epoch(void)
{
	uint32_t newest = 0, i;

	for (i = 0; lk_marks_at(i) != NULL; i++)
		newest = lk_marks_at(i)->id;
	return newest + 1;
}

void
lk_stages_listed(double at_s, const struct lk_mark_containers *list)
{
	lk_marks_containers(&listed, list);
	listed.id = next_epoch();
	listed_ms = listed.containers != NULL ? ms_of(at_s) : 0;
	is_by_walk = false;
}

void
lk_stages_listed_by_walk(void)
{
	listed_ms = 0;
	is_by_walk = true;
}

/* The client has its time with three decimals. */
static bool
was_seen(uint64_t seen_ms)
{
	return listed_ms != 0 && seen_ms + 1 >= listed_ms && seen_ms <= listed_ms + 1;
}

const char *
lk_stages_why_no_reveal(uint64_t address, uint64_t seen_ms)
{
	if (is_forbidden)
		return "a setting (LEAKTOP_REVEAL=off) forbids to show what containers hold";
	if (lk_freezer_why_never() != NULL)
		return lk_freezer_why_never();
	if (is_by_walk)
		return "the process could not be copied when they were listed: what they hold is "
		    "shown of a copy alone";
	if (!was_seen(seen_ms))
		return "that list of containers is no longer the last one; list them again";
	if (lk_marks_listed(&listed, address) == NULL)
		return "no container at that address was listed";
	return NULL;
}

/* ---- whether it is still that ----------------------------------------------------------- */

static enum lk_marks_then
judge(const struct lk_answer *a, uint64_t seen_ms)
{
	const struct lk_answer_container *container = &a->containers[0];
	struct lk_mark_container now;
	const struct lk_mark_container *then = lk_marks_listed(&listed, container->address);
	struct lk_marks_seen seen = {.is = &now, .rank = container->rank, .by_freeze = true,
	    .born = lk_tend_epoch_at((const void *)(uintptr_t)container->block),
	    .collections = a->collections};
	enum lk_marks_then verdict;
	uint64_t length;

	if (!was_seen(seen_ms) || then == NULL)
		return LK_MARKS_NEW;
	now = lk_stage_mark_of(container);
	if (then->type != now.type)
		return LK_MARKS_NEW;
	verdict = lk_marks_then(&listed, &seen, &length);
	return verdict == LK_MARKS_UNKNOWN && then->owner != now.owner ? LK_MARKS_NEW : verdict;
}

/* ---- telling ---------------------------------------------------------------------------- */

/* Everybody who looks at this process sees who was shown what. */
static void
log_reveal(const struct lk_connection *c, const struct lk_answer_container *a)
{
	struct ucred peer = {0, (uid_t)-1, 0};
	socklen_t length = sizeof(peer);
	char what[LK_EVENTS_WHAT_BYTES];
	struct lk_print p;

	getsockopt(c->handle.fd, SOL_SOCKET, SO_PEERCRED, &peer, &length);
	lk_print_init(&p, what, sizeof(what));
	lk_print_str(&p, "to uid ");
	lk_print_u64(&p, peer.uid);
	lk_print_str(&p, ", pid ");
	lk_print_i64(&p, peer.pid);
	lk_print_str(&p, ": ");
	lk_print_str(&p, a->type_name);
	lk_print_str(&p, a->owner[0] != '\0' ? " " : "");
	lk_print_str(&p, a->owner);
	lk_print_end(&p);
	lk_events_add_what("revealed", a->address, what);
}

static void
tell(struct lk_connection *c, const struct lk_answer *a, bool is_same)
{
	const struct lk_answer_container *container = &a->containers[0];
	uint32_t i;

	lk_emit_revealed_begin(&c->out, &(struct lk_emit_revealed){.address = container->address,
	    .type = container->type_name, .length = container->length,
	    .owner = container->owner[0] == '\0' ? NULL : container->owner, .same = is_same});
	for (i = 0; i < a->revealed_kept && i < c->limit; i++)
		lk_emit_revealed_item(&c->out, i == 0,
		    a->revealed[i].has_key ? a->revealed[i].key : NULL, a->revealed[i].value);
	lk_emit_list_end(&c->out);
}

bool
lk_stage_reveal(struct lk_connection *c)
{
	const struct lk_freeze *f = lk_stage_freeze_of(c);
	enum lk_marks_then verdict;

	if (f == NULL)
		return false;
	verdict = f->answer->containers_kept == 0 ? LK_MARKS_NEW : judge(f->answer, c->seen_ms);
	if (verdict == LK_MARKS_NEW) {
		lk_freezer_forget_revealed();
		lk_stages_refuse(c, "unavailable", "the container that was listed is no more");
		return false;
	}
	log_reveal(c, &f->answer->containers[0]);
	tell(c, f->answer, verdict == LK_MARKS_SAME);
	lk_freezer_forget_revealed();
	return true;
}
