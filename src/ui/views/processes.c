/* Processes: the Python processes of this host, worst growth first, workers by group. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/discover.h"
#include "util/text.h"

#include "ui/columns.h"
#include "ui/view.h"
#include "ui/views/all.h"

struct process_row {
	struct lk_process	 process;
	int			 workers;	/* > 0: the sum of that many */
	int			 sampled;	/* of them and their master: with a sampler */
};

struct processes {
	struct process_row	*rows;		/* [count] */
	size_t			 count, capacity;
	bool			 folded;	/* groups as one row */
};

static const struct process_row *
row_of(const struct lk_ask *ask)
{
	return ask->item;
}

static void
pid_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	snprintf(out, out_bytes, "%d", (int)row_of(ask)->process.pid);
}

static double
pid_value(const struct lk_ask *ask)
{
	return -(double)row_of(ask)->process.pid;
}

static void
user_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	lk_text_clean(row_of(ask)->process.user, out, out_bytes);
}

static void
rss_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	lk_text_bytes((double)row_of(ask)->process.rss_bytes, out, out_bytes);
}

static double
rss_value(const struct lk_ask *ask)
{
	return (double)row_of(ask)->process.rss_bytes;
}

static void
growth_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	lk_text_bytes_signed(row_of(ask)->process.rss_growth_bytes_per_min, out, out_bytes);
}

static double
growth_value(const struct lk_ask *ask)
{
	return row_of(ask)->process.rss_growth_bytes_per_min;
}

static enum lk_role
growth_role(const struct lk_ask *ask)
{
	double growth = growth_value(ask);

	return growth >= 1024 * 1024 ? LK_ROLE_GROW : growth < 0 ? LK_ROLE_SHRINK :
	    LK_ROLE_INACTIVE;
}

static void
up_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	lk_text_duration(row_of(ask)->process.up_s, out, out_bytes);
}

static double
up_value(const struct lk_ask *ask)
{
	return row_of(ask)->process.up_s;
}

static void
python_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	const char *python = row_of(ask)->process.python;

	lk_text_clean(*python != '\0' ? python : "?", out, out_bytes);
}

static void
sampler_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	const struct lk_process *p = &row_of(ask)->process;

	if (row_of(ask)->workers > 0)
		snprintf(out, out_bytes, "%d workers", row_of(ask)->workers);
	else
		lk_text_clean(p->has_sampler ? "yes" : strncmp(p->why_not, "not started", 11) == 0 ?
		    "no" : p->why_not, out, out_bytes);
}

static double
sampler_value(const struct lk_ask *ask)
{
	return row_of(ask)->process.has_sampler ? 1 : 0;
}

static enum lk_role
sampler_role(const struct lk_ask *ask)
{
	return row_of(ask)->process.has_sampler ? LK_ROLE_SHRINK : LK_ROLE_INACTIVE;
}

static void
command_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	char clean[sizeof(row_of(ask)->process.command)];

	lk_text_clean(row_of(ask)->process.command, clean, sizeof(clean));
	snprintf(out, out_bytes, "%s", lk_columns_command(clean));
}

static const struct lk_column column_pid = {
	.id = "pid", .title = "PID", .width_cells = 7, .text = pid_text, .value = pid_value,
	.search = true, .help = "process",
};
static const struct lk_column column_user = {
	.id = "user", .title = "USER", .width_cells = 8, .drop = 3, .left = true, .search = true,
	.text = user_text, .help = "who runs it",
};
static const struct lk_column column_rss = {
	.id = "rss", .title = "RSS", .width_cells = 6, .text = rss_text, .value = rss_value,
	.help = "resident memory",
};
static const struct lk_column column_growth = {
	.id = "growth", .title = "d/min", .width_cells = 7, .text = growth_text,
	.value = growth_value, .role = growth_role, .help = "RSS gained per minute, while watched",
};
static const struct lk_column column_up = {
	.id = "up", .title = "UP", .width_cells = 7, .drop = 4, .text = up_text,
	.value = up_value, .help = "time since it started",
};
static const struct lk_column column_python = {
	.id = "python", .title = "PY", .width_cells = 4, .drop = 5, .left = true,
	.text = python_text, .help = "Python version",
};
static const struct lk_column column_sampler = {
	.id = "sampler", .title = "SAMPLER", .width_cells = 9, .stretch = 1, .drop = 2,
	.left = true, .text = sampler_text, .value = sampler_value, .role = sampler_role,
	.help = "yes: Enter opens it; else why there is none",
};
static const struct lk_column column_command = {
	.id = "command", .title = "COMMAND", .width_cells = 14, .stretch = 2, .left = true,
	.search = true, .text = command_text, .help = "program and arguments",
};
static const struct lk_column *const processes_columns[] = {
	&column_pid, &column_user, &column_rss, &column_growth, &column_up, &column_python,
	&column_sampler, &column_command, NULL,
};

static void
processes_fini(struct lk_view *view)
{
	struct processes *v = view->state;

	free(v->rows);
}

static int
members_of(const struct lk_session *s, pid_t group)
{
	int count = 0;

	for (int i = 0; i < s->process_count; i++)
		count += s->processes[i].group_pid == group;
	return count;
}

/* The master of a group stands for the sum of all of it. */
static void
sum_group(const struct lk_session *s, struct process_row *row)
{
	struct lk_process *sum = &row->process;

	row->sampled = 0;
	sum->rss_bytes = 0;
	sum->rss_growth_bytes_per_min = 0;
	for (int i = 0; i < s->process_count; i++) {
		const struct lk_process *p = &s->processes[i];

		if (p->group_pid != sum->pid)
			continue;
		row->sampled += p->has_sampler;
		sum->rss_bytes += p->rss_bytes;
		sum->rss_growth_bytes_per_min += p->rss_growth_bytes_per_min;
	}
}

static bool
make_room(struct processes *v, size_t count)
{
	struct process_row *rows;

	if (count <= v->capacity)
		return true;
	rows = realloc(v->rows, count * sizeof(*rows));
	if (rows == NULL)
		return false;
	v->rows = rows;
	v->capacity = count;
	return true;
}

static void
add_row(struct processes *v, const struct lk_session *s, const struct lk_process *p)
{
	int members = members_of(s, p->group_pid);
	bool master = p->pid == p->group_pid;
	struct process_row *row = &v->rows[v->count];

	if (v->folded && members > 1 && !master)
		return;
	row->process = *p;
	row->workers = 0;
	if (v->folded && members > 1 && master) {
		row->workers = members - 1;
		sum_group(s, row);
	}
	v->count++;
}

static void
processes_update(struct lk_view *view)
{
	const struct lk_session *s = view->session;
	struct processes *v = view->state;

	v->count = 0;
	lk_table_begin(view->table);
	if (s->process_count > 0 && make_room(v, (size_t)s->process_count)) {
		for (int i = 0; i < s->process_count; i++)
			add_row(v, s, &s->processes[i]);
		for (size_t i = 0; i < v->count; i++) {
			const struct lk_process *p = &v->rows[i].process;

			lk_table_add(view->table, (uint64_t)p->pid ^ p->start_time << 24,
			    &v->rows[i], p->has_sampler || v->rows[i].workers > 0 ? 0 : LK_ROW_DIM);
		}
	}
	lk_table_end(view->table, s->now_ms);
}

static void
processes_draw(struct lk_view *view, struct lk_canvas *c, const struct lk_area *area)
{
	const struct lk_session *s = view->session;

	if (s->process_count < 0)
		lk_view_empty(c, area, "processes cannot be listed", strerror(-s->process_count));
	else if (s->process_count == 0)
		lk_view_empty(c, area, "no Python process is running on this host",
		    "start one with: leaktop run -- python3 app.py");
	else
		lk_table_draw(view->table, c, area);
}

static void
open_selected(struct lk_view *view)
{
	const struct lk_row_ref *selected = lk_table_selected(view->table);
	const struct process_row *row = selected != NULL ? selected->item : NULL;
	char why[sizeof(row->process.why_not)];

	if (row == NULL)
		return;
	if (row->process.has_sampler || (row->workers > 0 && row->sampled > 0)) {
		view->session->wish_pid = row->process.pid;
		view->session->wish_group = row->workers > 0;
		return;
	}
	if (row->workers > 0) {
		lk_session_say(view->session, LK_ROLE_WARN,
		    "none of these %d workers has a sampler: Space unfolds the group",
		    row->workers);
		return;
	}
	lk_text_clean(row->process.why_not, why, sizeof(why));
	lk_session_say(view->session, LK_ROLE_WARN,
	    strcmp(why, "other user") == 0 ?
	    "%d (%s): run leaktop as that user, or as root" :
	    "no sampler in %d (%s): A puts it in", row->process.pid, why);
}

/* Looked at first: what cannot be done is not asked for. */
static void
ask_attach(struct lk_view *view)
{
	const struct lk_row_ref *selected = lk_table_selected(view->table);
	const struct process_row *row = selected != NULL ? selected->item : NULL;
	struct lk_session *s = view->session;
	char words[sizeof(s->message)] = "", title[sizeof(s->prompt.title)];
	int pid = row != NULL ? (int)row->process.pid : 0;

	if (row == NULL)
		return;
	if (s->readonly)
		lk_session_say(s, LK_ROLE_WARN, "--readonly: nothing is put into a process");
	else if (row->workers > 0)
		lk_session_say(s, LK_ROLE_WARN, "a group of workers: Space unfolds it");
	else if (row->process.has_sampler)
		lk_session_say(s, LK_ROLE_WARN, "%d has the sampler: Enter opens it", pid);
	else if (s->attach == NULL)
		lk_session_say(s, LK_ROLE_WARN, "no processes of this host are shown");
	else if (s->attach(s->attach_ctx, pid, false, words, sizeof(words)) < 0)
		lk_session_say(s, LK_ROLE_WARN, "%s", words);
	else {
		snprintf(title, sizeof(title), "%d: stop a thread for milliseconds, load the "
		    "sampler in a new one? y/n", pid);
		lk_prompt_open(&s->prompt, LK_ASK_ATTACH, title, NULL);
		s->prompt_number = (uint32_t)pid;
	}
}

static void
processes_answer(struct lk_view *view, enum lk_ask_for purpose, const char *text)
{
	struct lk_session *s = view->session;
	char words[sizeof(s->message)] = "";
	int pid = (int)s->prompt_number;

	if (purpose != LK_ASK_ATTACH || s->attach == NULL)
		return;
	if (strcmp(text, "y") != 0 && strcmp(text, "yes") != 0) {
		lk_session_say(s, LK_ROLE_MAIN, "%d is left alone", pid);
		return;
	}
	if (s->attach(s->attach_ctx, pid, true, words, sizeof(words)) < 0) {
		lk_session_say(s, LK_ROLE_WARN, "%s", words);
		return;
	}
	if (s->scan != NULL)
		s->process_count = s->scan(s->scan_ctx, s->now_ms, &s->processes);
	s->wish_pid = pid;
	lk_session_say(s, LK_ROLE_MAIN, "%s", words);
}

static bool
processes_input(struct lk_view *view, enum lk_action action)
{
	struct processes *v = view->state;

	switch (action) {
	case LK_ACTION_ENTER:
		open_selected(view);
		return true;
	case LK_ACTION_ATTACH:
		ask_attach(view);
		return true;
	case LK_ACTION_TAG:
		v->folded = !v->folded;
		view->table->frozen_until_ms = 0;
		processes_update(view);
		lk_session_say(view->session, LK_ROLE_MAIN, v->folded ?
		    "groups as one row: Enter opens the sum" : "every process");
		return true;
	default:
		return false;
	}
}

static void
processes_status(const struct lk_view *view, char *out, size_t out_bytes)
{
	const struct lk_session *s = view->session;
	int with = 0;

	for (int i = 0; i < s->process_count; i++)
		with += s->processes[i].has_sampler;
	if (s->process_count > 0)
		snprintf(out, out_bytes, "%d processes, %d with a sampler", s->process_count, with);
}

const struct lk_view_ops lk_view_processes = {
	.id = "processes",
	.title = "Processes",
	.short_title = "Proc",
	.key = '0',
	.without_process = true,
	.state_size = sizeof(struct processes),
	.columns = processes_columns,
	.sort = "growth",
	.fini = processes_fini,
	.update = processes_update,
	.draw = processes_draw,
	.input = processes_input,
	.answer = processes_answer,
	.status = processes_status,
};
