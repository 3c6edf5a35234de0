#include "config.h"

#include "ui/footer.h"

#include <stdio.h>
#include <string.h>

#include "client/discover.h"
#include "client/discover.h"
#include "model/snapshot.h"

#include "ui/desk.h"
#include "ui/header.h"

struct hint {
	char		 keys[24];
	const char	*label;
};

#define HINTS_MAX 24
#define MESSAGE_ROWS 4	/* of 80 columns it needs no more */

/* Help, then the keys of the view, then those of everywhere. */
enum footer_pass { PASS_HELP, PASS_OWN, PASS_OTHERS, PASS_COUNT };

static enum footer_pass
pass_of(const struct lk_binding *b)
{
	return b->view != NULL ? PASS_OWN : b->action == LK_ACTION_HELP ? PASS_HELP : PASS_OTHERS;
}

static bool
shows(const struct lk_desk *d, const struct lk_binding *b, enum footer_pass pass)
{
	const struct lk_view_ops *ops = d->views[d->current].ops;

	if (b->footer == NULL || pass_of(b) != pass)
		return false;
	if (pass == PASS_OWN)
		return strcmp(b->view, ops->id) == 0 &&
		    !((b->flags & LK_BINDING_CHANGES) != 0 && d->session.readonly);
	if ((b->flags & LK_BINDING_CHANGES) != 0 && d->session.readonly)
		return false;
	return (b->flags & LK_BINDING_PROCESS) == 0 ||
	    (d->session.source != NULL && !ops->without_process);
}

static int
collect(const struct lk_desk *d, struct hint hints[HINTS_MAX])
{
	size_t all_count;
	const struct lk_binding *all = lk_keys_all(&all_count);
	int count = 0;

	for (int pass = PASS_HELP; pass < PASS_COUNT; pass++)
		for (size_t i = 0; i < all_count && count < HINTS_MAX; i++) {
			char name[16];
			size_t used;

			if (!shows(d, &all[i], (enum footer_pass)pass))
				continue;
			lk_keys_name(all[i].key, name, sizeof(name));
			if (count > 0 && strcmp(hints[count - 1].label, all[i].footer) == 0) {
				used = strlen(hints[count - 1].keys);
				snprintf(hints[count - 1].keys + used,
				    sizeof(hints[0].keys) - used, " %s", name);
				continue;
			}
			snprintf(hints[count].keys, sizeof(hints[0].keys), "%s", name);
			hints[count++].label = all[i].footer;
		}
	return count;
}

static void
draw_keys(const struct lk_desk *d, struct lk_canvas *c, int row)
{
	struct hint hints[HINTS_MAX];
	int count = collect(d, hints), col = 1, wide = 1, last_width;
	bool space;

	for (int i = 0; i < count; i++)
		wide += (int)(strlen(hints[i].keys) + strlen(hints[i].label)) + 3;
	space = wide <= c->cols;
	last_width = (int)(strlen(hints[count - 1].keys) + strlen(hints[count - 1].label));
	for (int i = 0; i < count; i++) {
		int width = (int)(strlen(hints[i].keys) + strlen(hints[i].label)) + 1;

		/* Quit is always there; what does not fit before it is in the help. */
		if (!space && i + 1 < count && col + width + last_width > c->cols)
			continue;
		col += lk_canvas_text(c, row, col, c->cols - col, LK_ROLE_HIGH, hints[i].keys);
		col += space;
		col += lk_canvas_text(c, row, col, c->cols - col, LK_ROLE_KEY_LABEL,
		    hints[i].label);
		col += 1 + space;
	}
}

static void
draw_prompt(const struct lk_prompt *prompt, struct lk_canvas *c, int row)
{
	char before[LK_PROMPT_BYTES];
	int col = 1;

	col += lk_canvas_text(c, row, col, c->cols - col, LK_ROLE_TITLE, prompt->title);
	col += lk_canvas_text(c, row, col, c->cols - col, LK_ROLE_TITLE, ": ");
	snprintf(before, sizeof(before), "%.*s", (int)prompt->at, prompt->text);
	lk_canvas_text(c, row, col, c->cols - col, LK_ROLE_HIGH, prompt->text);
	lk_canvas_select(c, row, col + lk_canvas_width(c, before), 1);
}

static bool
lacks_sampler(const struct lk_session *s)
{
	for (int i = 0; i < s->process_count; i++)
		if (!s->processes[i].has_sampler)
			return true;
	return false;
}

static const char *
after_its_end(const struct lk_desk *d, char *out, size_t out_bytes)
{
	const struct lk_process *next = d->successor;

	if (next->pid != 0 && next->has_sampler)
		snprintf(out, out_bytes, "%d runs the same command now: ^R goes on with it; "
		    "x exports these numbers", (int)next->pid);
	else if (next->pid != 0)
		snprintf(out, out_bytes, "%d runs the same command now, without the sampler: "
		    "0, then A puts it in", (int)next->pid);
	else
		snprintf(out, out_bytes, "x exports its last numbers%s", d->session.scan != NULL ?
		    "; its successor is offered when it runs" : "");
	return out;
}

/* What to do next, while there is nothing to report. */
static const char *
advice(const struct lk_desk *d, char *out, size_t out_bytes)
{
	const struct lk_session *s = &d->session;
	size_t moment;

	if (s->source == NULL && lacks_sampler(s))
		return "SAMPLER no:  A puts it into a process that runs";
	if (s->source != NULL && lk_source_state(s->source) == LK_SOURCE_GONE)
		return after_its_end(d, out, out_bytes);
	if (s->source != NULL && lk_source_state(s->source) == LK_SOURCE_OFFLINE &&
	    lk_source_moments(s->source, &moment) > 1)
		return ", . go through the recording; Z plays it";
	if (s->source == NULL || s->now == NULL || s->before != NULL || s->readonly ||
	    lk_source_state(s->source) == LK_SOURCE_OFFLINE ||
	    s->now->sampler.state == LK_STATE_DORMANT)
		return "";
	if (lk_session_is_group(s) && s->choice.view != 0 &&
	    strcmp(d->views[d->current].ops->id, "workers") == 0) {
		snprintf(out, out_bytes, "Enter opens the worker in %s; w there: all of them again",
		    lk_views_all[lk_views_find(s->choice.view)]->title);
		return out;
	}
	if (d->group_pid != 0 && !lk_session_is_group(s)) {
		snprintf(out, out_bytes, "a worker alone; w: all of %d again", d->group_pid);
		return out;
	}
	if (s->now->baseline_count == 0)
		return "b marks a baseline once the program is warm: growth then counts from there";
	if (s->now->baseline_count == 1)
		return "b again after some traffic: what survives every baseline is the leak (8)";
	if (s->survivors > 0 && strcmp(d->views[d->current].ops->id, "stacks") == 0) {
		snprintf(out, out_bytes, s->survivors == 1 ?
		    "%u line survives every baseline: 9 Suspects" :
		    "%u lines survive every baseline: 9 Suspects", s->survivors);
		return out;
	}
	if (strcmp(s->now->sampler.native, "python") == 0)
		return "native frames off: leaktop run --native=stacks shows them";
	if (strcmp(s->now->sampler.native, "off") == 0)
		return "native memory is not counted: what libraries take has no line here";
	return "";
}

/* The bytes of TEXT that a row takes, up to a space. */
static size_t
fitting(const struct lk_canvas *c, const char *text)
{
	char part[sizeof(((struct lk_session *)0)->message)];
	size_t taken = 0, at = 0;

	do {
		at++;
		at += strcspn(text + at, " ");
		snprintf(part, sizeof(part), "%.*s", (int)at, text);
		if (taken != 0 && lk_canvas_width(c, part) > c->cols - 1)
			break;
		taken = at;
	} while (text[at] != '\0');
	return taken;
}

/* What to do next is mostly at the end of it.  Returns: rows, the last is ROW. */
static int
draw_message(const struct lk_session *s, struct lk_canvas *c, int row, int rows_max)
{
	char part[sizeof(s->message)];
	const char *lines[MESSAGE_ROWS], *text = s->message;
	size_t taken;
	int count = 0;

	while (*text != '\0' && count < rows_max) {
		lines[count++] = text;
		text += fitting(c, text);
		text += strspn(text, " ");
	}
	for (int i = 0; i < count; i++) {
		taken = i + 1 < count ? (size_t)(lines[i + 1] - lines[i]) : strlen(lines[i]);
		snprintf(part, sizeof(part), "%.*s", (int)taken, lines[i]);
		lk_canvas_text(c, row - count + 1 + i, 1, c->cols - 1, s->message_role, part);
	}
	return count;
}

int
lk_footer_draw(const struct lk_desk *d, struct lk_canvas *c)
{
	const struct lk_session *s = &d->session;
	bool full = c->rows >= LK_HEADER_FULL_ROWS;
	int row = full ? c->rows - 2 : c->rows - 1, rows = 1;
	char words[96];

	if (s->prompt.open)
		draw_prompt(&s->prompt, c, row);
	else if (s->message[0] != '\0')
		rows = draw_message(s, c, row, full ? MESSAGE_ROWS : 1);
	else if (full)
		lk_canvas_text(c, row, 1, c->cols - 1, LK_ROLE_INACTIVE,
		    advice(d, words, sizeof(words)));
	else
		draw_keys(d, c, row);
	if (full)
		draw_keys(d, c, c->rows - 1);
	return full ? rows + 1 : rows;
}
