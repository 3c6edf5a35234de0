#include "config.h"

#include "ui/freeze.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/share.h"
#include "model/frozen.h"
#include "model/snapshot.h"
#include "util/text.h"

#include "ui/canvas.h"
#include "ui/session.h"
#include "ui/view.h"

#define BAR_CELLS 24

/* ---- asking ---------------------------------------------------------------------------- */

static void
on_answer(void *ctx, bool ok, uint64_t number, const char *words)
{
	struct lk_session *s = ctx;

	(void)number;
	if (!ok) {
		lk_text_clean(words, s->freeze.refusal, sizeof(s->freeze.refusal));
		lk_session_say(s, LK_ROLE_WARN, "heap not read: %s", words);
	} else if (s->paused)
		lk_session_say(s, LK_ROLE_MAIN, "the heap was read; Z goes on and shows it");
}

static bool
is_offline(const struct lk_session *s)
{
	return s->source == NULL || lk_source_state(s->source) == LK_SOURCE_OFFLINE;
}

static bool
may_freeze(struct lk_session *s)
{
	if (is_offline(s))
		lk_session_say(s, LK_ROLE_WARN, "this is a file: there is no heap to read");
	else if (s->readonly)
		lk_session_say(s, LK_ROLE_WARN, "--readonly: the process is not frozen");
	else
		return true;
	return false;
}

static void
ask(struct lk_session *s, const struct lk_request *request)
{
	int rc;

	if (!may_freeze(s))
		return;
	s->freeze.refusal[0] = '\0';
	s->freeze.refused = request->op;
	rc = lk_source_request(s->source, request, on_answer, s);
	if (rc == -EBUSY)
		lk_session_say(s, LK_ROLE_WARN, "the heap is being read; Esc gives that up");
	else if (rc == -EOPNOTSUPP)
		snprintf(s->freeze.refusal, sizeof(s->freeze.refusal),
		    "who holds can be asked of a type: r in 4 Types");
	else if (rc < 0)
		lk_session_say(s, LK_ROLE_WARN, "heap not read: %s", rc == -ENOTCONN ?
		    "not connected to the sampler" : strerror(-rc));
}

void
lk_freeze_types(struct lk_session *s)
{
	ask(s, &(struct lk_request){.op = LK_REQUEST_TYPES});
}

static enum lk_request_op
op_of(enum lk_held_kind kind)
{
	return kind == LK_HELD_TYPE ? LK_REQUEST_HOLDERS : kind == LK_HELD_STACK ?
	    LK_REQUEST_HOLDERS_STACK : LK_REQUEST_HOLDERS_ADDRESS;
}

/* Of the stack that the group calls by this number; a worker calls it otherwise. */
static void
remember_stack(struct lk_session *s, const struct lk_held *held, const char *label)
{
	const struct lk_row *row = held->kind == LK_HELD_STACK ?
	    lk_snapshot_row(s->now->rows, s->now->row_count, (uint32_t)held->number) : NULL;

	lk_freeze_forget_choice(s);
	if (row == NULL)
		return;
	s->choice.group = lk_snapshot_get(s->now);
	s->choice.stack = row->stack;
	snprintf(s->choice.label, sizeof(s->choice.label), "%s", label);
}

void
lk_freeze_holders(struct lk_session *s, const struct lk_held *held, const char *label, bool again)
{
	struct lk_session_freeze *f = &s->freeze;
	const char *name = held->kind == LK_HELD_TYPE ? lk_source_held_name(held->type) : "";
	char text[sizeof(f->type)];

	if (name == NULL) {
		lk_session_say(s, LK_ROLE_WARN, "the name of that type is too long to ask for");
		return;
	}
	snprintf(text, sizeof(text), "%s", name);
	lk_text_clean(label, f->label, sizeof(f->label));	/* it may be the label itself */
	memcpy(f->type, text, sizeof(text));
	f->held = (struct lk_held){held->kind, f->type, held->number};
	s->wish_view = 'r';
	if (lk_session_is_group(s)) {
		remember_stack(s, held, f->label);
		return;
	}
	if (!again && s->now != NULL && lk_frozen_holders(s->now, &f->held) != NULL) {
		f->refusal[0] = '\0';
		return;
	}
	if (is_offline(s))
		return;		/* the view says it */
	ask(s, &(struct lk_request){.op = op_of(held->kind), .number = held->number,
	    .text = held->kind == LK_HELD_TYPE ? f->type : NULL});
}

/* ---- of a group: which worker ---------------------------------------------------------- */

void
lk_freeze_forget_choice(struct lk_session *s)
{
	lk_snapshot_put(s->choice.group);
	memset(&s->choice, 0, sizeof(s->choice));
}

bool
lk_freeze_choose(struct lk_session *s, char key, enum lk_action action)
{
	if (!lk_session_is_group(s) ||
	    (action != LK_ACTION_ENTER && action != LK_ACTION_RELOAD))
		return false;
	if (key != 'r')
		lk_freeze_forget_choice(s);
	s->choice.view = key;
	s->wish_view = 'w';
	return true;
}

static void
ask_of_worker(struct lk_session *s)
{
	const struct lk_stack *own = s->choice.stack != NULL ?
	    lk_share_stack(s->now, s->choice.stack) : NULL;

	if (s->choice.view == '4' || s->choice.view == '1') {
		if (s->now->types_count == 0)
			lk_freeze_types(s);
	} else if (own != NULL)
		lk_freeze_holders(s, &(struct lk_held){.kind = LK_HELD_STACK, .type = "",
		    .number = own->id}, s->choice.label, false);
	else if (s->choice.stack != NULL)
		lk_session_say(s, LK_ROLE_WARN, "%d has nothing of that line",
		    s->now->process.pid);
}

/* Containers ask by themselves. */
void
lk_freeze_go_on(struct lk_session *s)
{
	if (!s->choice.is_due || s->now == NULL || s->source == NULL ||
	    lk_source_state(s->source) != LK_SOURCE_LIVE)
		return;
	s->choice.is_due = false;
	ask_of_worker(s);
}

void
lk_freeze_draw_choice(struct lk_canvas *c, const struct lk_area *area)
{
	lk_view_empty(c, area, "a heap is that of one process, and this is a sum of several",
	    "Enter chooses one and opens it here; w or Esc there: all of them again");
}

static void
on_revealed(void *ctx, bool ok, uint64_t number, const char *words)
{
	struct lk_session *s = ctx;

	(void)number;
	if (ok)
		lk_session_say(s, LK_ROLE_MAIN, "what it holds is below; no file gets it");
	else
		lk_session_say(s, LK_ROLE_WARN, "not shown: %s", words);
}

void
lk_freeze_reveal(struct lk_session *s, uint64_t address, double seen_s)
{
	const struct lk_request request = {.op = LK_REQUEST_REVEAL, .number = address,
	    .seen_ms = (uint64_t)llround(seen_s * 1000)};
	int rc;

	if (!may_freeze(s))
		return;
	rc = lk_source_request(s->source, &request, on_revealed, s);
	if (rc == -EBUSY)
		lk_session_say(s, LK_ROLE_WARN, "the heap is being read; Esc gives that up");
	else if (rc < 0)
		lk_session_say(s, LK_ROLE_WARN, "not shown: %s", rc == -ENOTCONN ?
		    "not connected to the sampler" : strerror(-rc));
}

static const struct lk_source_reading *
running(const struct lk_session *s)
{
	return s->source != NULL ? lk_source_reading(s->source) : NULL;
}

bool
lk_freeze_is_running(const struct lk_session *s)
{
	return running(s) != NULL;
}

bool
lk_freeze_input(struct lk_session *s, enum lk_action action)
{
	if (action != LK_ACTION_BACK || running(s) == NULL)
		return false;
	return lk_source_request(s->source,
	    &(struct lk_request){.op = LK_REQUEST_GIVE_UP}, NULL, NULL) == 0;
}

/* ---- saying ---------------------------------------------------------------------------- */

char *
lk_freeze_count(double count, char *out, size_t out_bytes)
{
	if (!(count >= 1000) || count >= 999999.5)
		return lk_text_count(count, out, out_bytes);
	snprintf(out, out_bytes, "%u,%03u", (unsigned int)(count / 1000),
	    (unsigned int)(count - 1000 * floor(count / 1000)));
	return out;
}

/* "a.b[].c[]" is held by "a.b[].c": the last step is to what it holds. */
static void
cut_last_step(char *path)
{
	size_t length = strlen(path);

	if (length > 2 && strcmp(path + length - 2, "[]") == 0)
		path[length - 2] = '\0';
}

bool
lk_freeze_is_collector_off(const struct lk_snapshot *now)
{
	return now != NULL && !isnan(now->memory.at_s) && !now->memory.gc_enabled;
}

char *
lk_freeze_holder(const struct lk_holders *h, char *out, size_t out_bytes)
{
	static const char local[] = "(local in ", unknown[] = "(C or unknown) ";
	char path[LK_SESSION_NAME_BYTES], *end;

	out[0] = '\0';
	if (h == NULL || h->count == 0)
		return out;
	lk_text_clean(h->list[0].path, path, sizeof(path));
	cut_last_step(path);
	end = strstr(path, ") ");
	if (strcmp(path, "(garbage)") == 0)
		snprintf(out, out_bytes, "garbage: held by nobody");
	else if (strncmp(path, local, sizeof(local) - 1) == 0 && end != NULL)
		snprintf(out, out_bytes, "held by local %s in %.*s", end + 2,
		    (int)(end - path) - (int)(sizeof(local) - 1), path + sizeof(local) - 1);
	else if (strncmp(path, unknown, sizeof(unknown) - 1) == 0)
		snprintf(out, out_bytes, "held by C code, or in an expression (%s)",
		    path + sizeof(unknown) - 1);
	else
		snprintf(out, out_bytes, "held by %s", path);
	return out;
}

void
lk_freeze_draw_bar(const struct lk_session *s, struct lk_canvas *c, const struct lk_area *area,
    int row)
{
	const struct lk_source_reading *r = running(s);
	char done[LK_TEXT_BYTES], found[LK_TEXT_BYTES], text[96];
	int col = area->col + 3, cells, full;

	if (r == NULL)
		return;
	if (r->found > 0)
		snprintf(text, sizeof(text), "Esc gives up; %s of %s objects",
		    lk_text_count(r->done, done, sizeof(done)),
		    lk_text_count(r->found, found, sizeof(found)));
	else
		snprintf(text, sizeof(text), "freezing the heap; Esc gives up");
	col += lk_canvas_text(c, row, col, area->cols - 3, LK_ROLE_HIGH, text) + 1;
	cells = area->col + area->cols - 1 - col;
	cells = cells > BAR_CELLS ? BAR_CELLS : cells;
	if (cells < 4 || !(r->found > 0))
		return;
	full = (int)(r->done / r->found * cells);
	full = full > cells ? cells : full;
	lk_canvas_fill(c, row, col, full, LK_ROLE_HIGH, "#");
	lk_canvas_fill(c, row, col + full, cells - full, LK_ROLE_INACTIVE, "-");
}

/* TEXT in as many rows as it needs, broken between words.  Returns: the row behind it. */
static int
draw_wrapped(struct lk_canvas *c, const struct lk_area *area, int row, enum lk_role role,
    const char *text)
{
	int room = area->cols - 4;

	while (*text != '\0' && row < area->row + area->rows) {
		char line[LK_SESSION_NAME_BYTES];
		size_t take = strlen(text), cut;

		snprintf(line, sizeof(line), "%s", text);
		while (lk_canvas_width(c, line) > room) {
			char *blank = strrchr(line, ' ');

			if (blank == NULL)
				break;
			*blank = '\0';
		}
		cut = strlen(line);
		lk_canvas_text(c, row++, area->col + 3, room, role, line);
		text += cut < take ? cut : take;
		text += strspn(text, " ");
	}
	return row;
}

static bool
refused(const struct lk_session *s, bool types)
{
	return s->freeze.refusal[0] != '\0' && (s->freeze.refused == LK_REQUEST_TYPES) == types;
}

void
lk_freeze_draw_nothing(const struct lk_session *s, struct lk_canvas *c,
    const struct lk_area *area, bool types, const char *hint)
{
	int row = area->row + area->rows / 3;

	if (running(s) != NULL) {
		lk_freeze_draw_bar(s, c, area, row);
		return;
	}
	if (refused(s, types)) {
		char words[sizeof(s->freeze.refusal) + 16];

		snprintf(words, sizeof(words), "heap not read: %s", s->freeze.refusal);
		row = draw_wrapped(c, area, row, LK_ROLE_WARN, words);
		draw_wrapped(c, area, row, LK_ROLE_INACTIVE, "^R tries again");
		return;
	}
	if (is_offline(s)) {
		draw_wrapped(c, area, row, LK_ROLE_MAIN, types ?
		    "not in this file: no types were read before it was written" :
		    "not in this file: who holds these was not asked before it was written");
		return;
	}
	row = draw_wrapped(c, area, row, LK_ROLE_MAIN, types ?
	    "not read yet: the process stands still for milliseconds, and a copy is read" :
	    "nothing was asked yet: r on a row asks who holds its objects");
	draw_wrapped(c, area, row, LK_ROLE_INACTIVE, hint);
}

int
lk_freeze_draw_progress(const struct lk_session *s, struct lk_canvas *c,
    const struct lk_area *area, bool types)
{
	char text[sizeof(s->freeze.refusal) + 32];

	if (running(s) != NULL) {
		lk_freeze_draw_bar(s, c, area, area->row);
		return 1;
	}
	if (!refused(s, types))
		return 0;
	snprintf(text, sizeof(text), "not read again: %s", s->freeze.refusal);
	lk_canvas_text(c, area->row, area->col + 3, area->cols - 3, LK_ROLE_WARN, text);
	return 1;
}

int
lk_freeze_draw_head(const struct lk_session *s, const struct lk_frozen *f, struct lk_canvas *c,
    const struct lk_area *area, bool types)
{
	char text[LK_SESSION_NAME_BYTES + 32], at[LK_TEXT_BYTES], copied[LK_TEXT_BYTES];
	char walked[LK_TEXT_BYTES], reason[96] = "";
	struct lk_area below = *area;

	lk_text_clean(f->reason, reason, sizeof(reason));
	snprintf(text, sizeof(text), "frozen %s, pause %.1fms, copied %s, walked %s%s%s",
	    lk_text_clock(f->at_s, at, sizeof(at)), f->pause_us / 1000,
	    lk_text_bytes(f->copied_bytes, copied, sizeof(copied)),
	    lk_text_duration(f->walk_ms / 1000, walked, sizeof(walked)),
	    f->complete ? "" : "  INCOMPLETE: ", reason);
	if (f->complete && lk_canvas_width(c, text) > area->cols - 3)
		snprintf(text, sizeof(text), "%s pause %.1fms, copied %s", at,
		    f->pause_us / 1000, copied);
	lk_canvas_text(c, area->row, area->col + 3, area->cols - 3,
	    f->complete ? LK_ROLE_GRAPH_TEXT : LK_ROLE_WARN, text);
	below.row++;
	return 1 + lk_freeze_draw_progress(s, c, &below, types);
}
