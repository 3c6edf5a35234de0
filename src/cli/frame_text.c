#include "config.h"

#include "cli/frame_text.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/growth.h"
#include "analysis/verdict.h"
#include "model/snapshot.h"
#include "ui/columns.h"
#include "util/text.h"

#include "cli/jsonl.h"
#include "cli/terminal.h"

#define NAME_BYTES 512
#define LINE_CELLS 100 /* of the headings, where there is no terminal */

static void
print_process(const struct lk_frame_text *f)
{
	const struct lk_snapshot *s = f->snapshot;
	char command[NAME_BYTES], host[80], python[40], reason[200], at[LK_TEXT_BYTES];
	char line[2 * NAME_BYTES], sum[96] = "", silent[32] = "";

	lk_text_clean(s->process.command, command, sizeof(command));
	lk_text_clean(s->process.host, host, sizeof(host));
	lk_text_clean(s->process.python, python, sizeof(python));
	lk_text_clean(s->sampler.reason, reason, sizeof(reason));
	if (lk_snapshot_silent(s) > 0)
		snprintf(silent, sizeof(silent), "%u silent, ", lk_snapshot_silent(s));
	if (s->member_count > 0)
		snprintf(sum, sizeof(sum), " sum of %u processes, %s%u ended,",
			 lk_snapshot_summed(s), silent, s->ended_count);
	snprintf(line, sizeof(line), "leaktop %d@%s%s py%s %s%s%s at %s frame %llu: %s",
	       s->process.pid, host, sum, python,
	       lk_state_name(s->sampler.state), reason[0] == '\0' ? "" : " ", reason,
	       lk_text_clock(s->at_s, at, sizeof(at)), (unsigned long long)f->number, command);
	lk_text_clean(line, line, (size_t)lk_terminal_cols(LINE_CELLS) + 1);
	puts(line);
}

static void
print_numbers(const struct lk_frame_text *f)
{
	const struct lk_snapshot *s = f->snapshot;
	const struct lk_growth *line = lk_verdict_line(f->set, s->trend_step_s);
	char rss[LK_TEXT_BYTES], live[LK_TEXT_BYTES], interval[LK_TEXT_BYTES];
	char limit[LK_TEXT_BYTES], rate[LK_TEXT_BYTES], at[NAME_BYTES] = "";
	struct lk_verdict verdict;

	lk_verdict_of(s, &verdict);
	printf("RSS %s %s  python %s  limit %s  interval %s  duty %g  cost %.2f%%  drops %.0f\n",
	       lk_text_bytes(s->rss_bytes, rss, sizeof(rss)),
	       lk_text_rate_per_min(verdict.rss_growth_bytes_per_min, rate, sizeof(rate)),
	       lk_text_bytes(s->est_live_bytes, live, sizeof(live)),
	       lk_text_bytes(s->cgroup_limit_bytes, limit, sizeof(limit)),
	       lk_text_bytes(s->sampler.interval_bytes, interval, sizeof(interval)),
	       s->sampler.duty > 0 ? s->sampler.duty : 1,
	       isnan(s->sampler.cost_percent) ? 0 : s->sampler.cost_percent,
	       isnan(s->sampler.drops) ? 0 : s->sampler.drops);
	if (verdict.kind_bytes > 0 && line != NULL && line->frame != NULL &&
	    verdict.is_native == (line->native_bytes > line->live.bytes / 2))
		lk_columns_where(line->frame, at, sizeof(at));
	printf("Why: %.*s%s%s%s\n", (int)verdict.kind_bytes, verdict.sentence,
	       at[0] != '\0' ? " at " : "", at, verdict.sentence + verdict.kind_bytes);
}

static void
print_reference(const struct lk_frame_text *f)
{
	const struct lk_baseline *baseline;
	char name[NAME_BYTES], window[LK_TEXT_BYTES];

	baseline = lk_snapshot_baseline(f->snapshot, f->set->reference);
	lk_text_duration(f->set->window_s, window, sizeof(window));
	if (baseline == NULL) {
		printf("since the start, %s ago\n", window);
		return;
	}
	lk_text_clean(baseline->name, name, sizeof(name));
	printf("since B%u '%s', %s ago", baseline->id, name, window);
	if (baseline->missed_count > 0)
		printf("; growth without that of %u that missed it", baseline->missed_count);
	if (baseline->late_count > 0)
		printf("; %u marked it up to %s later", baseline->late_count,
		       lk_text_duration(baseline->late_s, window, sizeof(window)));
	putchar('\n');
}

/* Cells of a column of sizes. */
static int
size_cells(void)
{
	return lk_text_used_unit() == LK_TEXT_WHOLE ? 15 : 8;
}

static void
print_row(const struct lk_growth *g)
{
	const int width = size_cells();
	char delta[LK_TEXT_BYTES], error[LK_TEXT_BYTES], objects[LK_TEXT_BYTES];
	char rate[LK_TEXT_BYTES], live[LK_TEXT_BYTES], survived[32];
	char function[NAME_BYTES] = "(no Python stack)", file[NAME_BYTES] = "-", line[16] = "";

	if (g->frame != NULL) {
		lk_text_clean(g->frame->function, function, sizeof(function));
		lk_text_clean(g->frame->file, file, sizeof(file));
	}
	if (g->frame == NULL || !g->frame->native)
		snprintf(line, sizeof(line), ":%u", g->frame == NULL ? 0 : g->frame->line);
	snprintf(survived, sizeof(survived), "%u/%u", g->survived_count, g->interval_count);
	printf("%c %*s %*s %7s %*s %*s %5s %s %s%s\n", g->significant ? '!' : ' ',
	       width, lk_text_bytes_signed(g->delta_bytes, delta, sizeof(delta)),
	       width, lk_text_bytes(g->delta_error_bytes, error, sizeof(error)),
	       lk_text_count_signed(g->delta_objects, objects, sizeof(objects)),
	       width, lk_text_bytes_signed(g->rate_bytes_per_min, rate, sizeof(rate)),
	       width, lk_text_bytes(g->live.bytes, live, sizeof(live)),
	       survived, function, file, line);
}

int
lk_frame_text_print(const struct lk_frame_text *f)
{
	if (f->number > 1)
		putchar('\n');
	print_process(f);
	print_numbers(f);
	print_reference(f);
	printf("  %*s %*s %7s %*s %*s %5s %s\n", size_cells(), "DELTA", size_cells(), "+/-",
	       "OBJECTS", size_cells(), "RATE/m", size_cells(), "LIVE", "SURV", "SITE FILE:LINE");
	for (size_t i = 0; i < f->count; i++)
		print_row(f->rows[i]);
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : -EIO;
}

static void
json_row(struct lk_jsonl *j, const struct lk_growth *g)
{
	lk_jsonl_open(j, NULL, '{');
	lk_jsonl_text(j, "function", g->frame == NULL ? NULL : g->frame->function);
	lk_jsonl_text(j, "file", g->frame == NULL ? NULL : g->frame->file);
	lk_jsonl_whole(j, "line", g->frame == NULL ? 0 : g->frame->line);
	lk_jsonl_flag(j, "native", g->frame != NULL && g->frame->native);
	lk_jsonl_real(j, "delta_bytes", g->delta_bytes);
	lk_jsonl_real(j, "delta_error_bytes", g->delta_error_bytes);
	lk_jsonl_flag(j, "significant", g->significant);
	lk_jsonl_real(j, "delta_objects", g->delta_objects);
	lk_jsonl_real(j, "rate_bytes_per_min", g->rate_bytes_per_min);
	lk_jsonl_real(j, "live_bytes", g->live.bytes);
	lk_jsonl_real(j, "live_error_bytes", g->live_error_bytes);
	lk_jsonl_real(j, "live_objects", g->live.objects);
	lk_jsonl_real(j, "native_live_bytes", g->native_bytes);
	lk_jsonl_whole(j, "survived_intervals", g->survived_count);
	lk_jsonl_whole(j, "intervals", g->interval_count);
	lk_jsonl_whole(j, "stacks", g->stack_count);
	lk_jsonl_close(j, '}');
}

/* Of a group: each of its processes; none otherwise. */
static void
json_members(struct lk_jsonl *j, const struct lk_snapshot *s, uint32_t reference)
{
	if (s->member_count == 0)
		return;
	lk_jsonl_open(j, "processes", '[');
	for (uint32_t i = 0; i < s->member_count; i++) {
		const struct lk_member *m = &s->members[i];
		const struct lk_baseline *b = m->part != NULL ?
			lk_snapshot_baseline(m->part, reference) : NULL;

		lk_jsonl_open(j, NULL, '{');
		lk_jsonl_whole(j, "pid", (uint64_t)m->pid);
		lk_jsonl_text(j, "state", lk_snapshot_member_word(m->state));
		lk_jsonl_flag(j, "in_sum", m->in_sum);
		lk_jsonl_real(j, "rss_bytes", m->rss_bytes);
		lk_jsonl_real(j, "live_bytes", m->live_bytes);
		lk_jsonl_flag(j, "missed_reference", b != NULL ? b->missed_count > 0 :
			      m->missed_reference);
		lk_jsonl_real(j, "reference_late_s", b != NULL ? b->late_s : 0);
		lk_jsonl_close(j, '}');
	}
	lk_jsonl_close(j, ']');
	lk_jsonl_whole(j, "ended", s->ended_count);
}

static void
json_pauses(struct lk_jsonl *j, const struct lk_gc_pauses *p)
{
	if (isnan(p->watched_s)) {
		lk_jsonl_text(j, "gc_pauses", NULL);
		return;
	}
	lk_jsonl_open(j, "gc_pauses", '{');
	lk_jsonl_flag(j, "exact", p->exact);
	lk_jsonl_real(j, "watched_s", p->watched_s);
	lk_jsonl_real(j, "looks", p->looks);
	lk_jsonl_real(j, "collections", p->collections);
	lk_jsonl_real(j, "seen", p->seen);
	lk_jsonl_real(j, "total_us", p->total_us);
	lk_jsonl_real(j, "longest_us", p->longest_us);
	lk_jsonl_real(j, "longest_error_us", p->longest_error_us);
	lk_jsonl_real(j, "longest_generation", p->longest_generation);
	lk_jsonl_real(j, "unseen_us", p->unseen_us);
	lk_jsonl_close(j, '}');
}

static void
json_verdict(struct lk_jsonl *j, const struct lk_frame_text *f)
{
	const struct lk_growth *line = lk_verdict_line(f->set, f->snapshot->trend_step_s);
	const struct lk_frame *at = line != NULL ? line->frame : NULL;
	struct lk_verdict v;

	lk_verdict_of(f->snapshot, &v);
	lk_jsonl_open(j, "verdict", '{');
	lk_jsonl_text(j, "kind", lk_verdict_kind_name(v.kind));
	lk_jsonl_text(j, "sentence", v.sentence);
	lk_jsonl_real(j, "rss_growth_bytes_per_min", v.rss_growth_bytes_per_min);
	lk_jsonl_real(j, "live_growth_bytes_per_min", v.live_growth_bytes_per_min);
	lk_jsonl_real(j, "native_growth_bytes_per_min", v.native_growth_bytes_per_min);
	lk_jsonl_real(j, "seconds_to_limit", v.seconds_to_limit);
	lk_jsonl_text(j, "function", at != NULL ? at->function : NULL);
	lk_jsonl_text(j, "file", at != NULL ? at->file : NULL);
	lk_jsonl_whole(j, "line", at != NULL ? at->line : 0);
	lk_jsonl_close(j, '}');
}

static void
json_reference(struct lk_jsonl *j, const struct lk_frame_text *f)
{
	const struct lk_baseline *b = lk_snapshot_baseline(f->snapshot, f->set->reference);

	lk_jsonl_open(j, "reference", '{');
	lk_jsonl_whole(j, "baseline", f->set->reference);
	lk_jsonl_text(j, "name", b == NULL ? "start" : b->name);
	lk_jsonl_real(j, "window_s", f->set->window_s);
	lk_jsonl_close(j, '}');
}

int
lk_frame_text_json(const struct lk_frame_text *f)
{
	const struct lk_snapshot *s = f->snapshot;
	struct lk_jsonl j = {.file = stdout};

	lk_jsonl_open(&j, NULL, '{');
	lk_jsonl_whole(&j, "frame", f->number);
	lk_jsonl_real(&j, "at", s->at_s);
	lk_jsonl_whole(&j, "pid", (uint64_t)s->process.pid);
	lk_jsonl_text(&j, "host", s->process.host);
	lk_jsonl_text(&j, "command", s->process.command);
	lk_jsonl_text(&j, "python", s->process.python);
	lk_jsonl_text(&j, "state", lk_state_name(s->sampler.state));
	lk_jsonl_text(&j, "reason", s->sampler.reason);
	lk_jsonl_real(&j, "rss_bytes", s->rss_bytes);
	lk_jsonl_real(&j, "live_bytes", s->est_live_bytes);
	lk_jsonl_real(&j, "live_objects", s->est_live_objects);
	lk_jsonl_text(&j, "native", s->sampler.native);
	lk_jsonl_real(&j, "native_live_bytes", s->est_native_live_bytes);
	lk_jsonl_real(&j, "cgroup_limit_bytes", s->cgroup_limit_bytes);
	lk_jsonl_real(&j, "interval_bytes", s->sampler.interval_bytes);
	lk_jsonl_real(&j, "cost_percent", s->sampler.cost_percent);
	lk_jsonl_real(&j, "budget_percent", s->sampler.budget_percent);
	lk_jsonl_real(&j, "duty", s->sampler.duty);
	lk_jsonl_real(&j, "hooks", s->sampler.hooks);
	lk_jsonl_real(&j, "drops", s->sampler.drops);
	json_members(&j, s, f->set->reference);
	json_pauses(&j, &s->memory.gc_pauses);
	json_verdict(&j, f);
	json_reference(&j, f);
	lk_jsonl_open(&j, "rows", '[');
	for (size_t i = 0; i < f->count; i++)
		json_row(&j, f->rows[i]);
	lk_jsonl_close(&j, ']');
	lk_jsonl_close(&j, '}');
	return lk_jsonl_end(&j);
}
