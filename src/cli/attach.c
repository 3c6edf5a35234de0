#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "attach/attach.h"
#include "attach/preflight.h"
#include "base/attr.h"
#include "client/source.h"
#include "model/snapshot.h"
#include "util/text.h"

#include "cli/commands.h"
#include "cli/fault.h"
#include "cli/library.h"
#include "cli/options.h"
#include "cli/sampling.h"
#include "cli/target.h"

struct values {
	struct lk_sampling sampling;
	bool dry_run, verbose, seccomp;
};

#define SAMPLING(member) (offsetof(struct values, sampling) + offsetof(struct lk_sampling, member))

static const struct lk_option options[] = {
    {"dry-run", 'n', LK_OPTION_FLAG, NULL, "say what would be done, and touch nothing",
     offsetof(struct values, dry_run), NULL},
    {"verbose", 'v', LK_OPTION_FLAG, NULL, "say what was looked at, and how long it took",
     offsetof(struct values, verbose), NULL},
    {"seccomp", 0, LK_OPTION_FLAG, NULL, "also where system calls are filtered; see leaktop(1)",
     offsetof(struct values, seccomp), NULL},
    {"interval", 'i', LK_OPTION_SIZE, "SIZE", "mean distance between samples (default 512K)",
     SAMPLING(interval_bytes), NULL},
    {"memory", 'm', LK_OPTION_SIZE, "SIZE", "cap of the sampler's tables, 4M to 32M (default 16M)",
     SAMPLING(memory_bytes), NULL},
    {"budget", 0, LK_OPTION_TEXT, "PERCENT",
     "what it may cost, of the process's own time; 0: no matter (default 1)", SAMPLING(budget),
     NULL},
    {"native", 0, LK_OPTION_TEXT, "WHAT",
     "of libraries' own memory: stacks, python or off (default stacks)", SAMPLING(native), NULL},
};

static void
print_checks(const struct lk_preflight *preflight)
{
	static const char *const marks[] = {
	    [LK_FINDING_GOOD] = "ok", [LK_FINDING_NOTE] = "note", [LK_FINDING_REFUSED] = "no"};

	for (size_t i = 0; i < preflight->count; i++) {
		const struct lk_check *check = &preflight->checks[i];
		char words[sizeof(check->words)];

		lk_text_clean(check->words, words, sizeof(words));
		printf("%-5s %-12s %s\n", marks[check->finding], check->what, words);
	}
}

static void
print_plan(pid_t pid)
{
	printf("Would stop one thread of process %d for a few milliseconds, where it holds no\n"
	    "lock of the C library; make 128 kB of memory there, start a thread by its\n"
	    "pthread_create, and let the process go on.  That thread would load the library,\n"
	    "start the sampler in it, give the memory back and end.\n"
	    "Nothing was touched.\n",
	    (int)pid);
}

static void
print_report(const struct lk_attach_report *report)
{
	printf("thread %d stopped; %u stop%s, the longest %.2f ms\n", (int)report->thread,
	    report->stops, report->stops == 1 ? "" : "s", (double)report->longest_us / 1000);
	printf("%.2f ms in which a kill -9 of leaktop would have harmed the process\n",
	    (double)report->window_us / 1000);
	printf("%.2f ms to load the library and start it, in its own thread\n",
	    (double)report->loading_us / 1000);
}

/* The screen is the proof: its sampler is asked for numbers. */
static int
verify(pid_t pid)
{
	const struct lk_snapshot *s;
	struct lk_source *source;
	char since[LK_TEXT_BYTES], words[256];
	int status = lk_target_await(pid, &source);

	if (status != LK_EXIT_DONE)
		return status;
	s = lk_source_snapshot(source);
	lk_text_clock(s->sampler.started_at_s, since, sizeof(since));
	if (s->sampler.state == LK_STATE_DORMANT) {
		snprintf(words, sizeof(words), "%s", s->sampler.reason);
		lk_source_close(source);
		return lk_fault("the sampler is in process %d, but does not sample: %s", (int)pid,
		    words);
	}
	printf("Process %d has the sampler since %s; what was allocated before is not known.\n"
	    "See it: leaktop %d\n",
	    (int)pid, since, (int)pid);
	lk_source_close(source);
	return LK_EXIT_DONE;
}

static int
perform(struct lk_attach *a, pid_t pid, const struct values *v)
{
	char settings[LK_SAMPLING_SETTINGS_MAX][LK_SAMPLING_SETTING_BYTES];
	const char *list[LK_SAMPLING_SETTINGS_MAX];
	size_t count = lk_sampling_settings(&v->sampling, settings);
	struct lk_attach_report report;
	int rc;

	for (size_t i = 0; i < count; i++)
		list[i] = settings[i];
	rc = lk_attach_perform(a, list, count, &report);
	if (v->verbose)
		print_report(&report);
	if (rc < 0 && rc != -EALREADY)	/* that has not come up yet */
		return lk_fault("process %d goes on without the sampler: %s", (int)pid,
		    report.words);
	return verify(pid);
}

static int
attach_to(struct lk_attach *a, pid_t pid, const struct values *v)
{
	const struct lk_preflight *preflight = lk_attach_preflight(a);

	if (v->verbose || v->dry_run)
		print_checks(preflight);
	if (preflight->has_sampler && lk_target_answers(pid)) {
		printf("Process %d has the sampler already.  See it: leaktop %d\n", (int)pid,
		    (int)pid);
		return LK_EXIT_DONE;
	}
	if (preflight->refusal != NULL)
		return lk_fault("%s", preflight->refusal->words);
	if (v->dry_run) {
		print_plan(pid);
		return LK_EXIT_DONE;
	}
	fflush(stdout);
	return perform(a, pid, v);
}

static int
attach(const struct lk_arguments *arguments)
{
	const struct values *v = arguments->values;
	char library[LK_LIBRARY_PATH_BYTES];
	int rc, status = lk_sampling_check(&lk_attach_command, &v->sampling);
	struct lk_attach *a;
	pid_t pid = 0;

	if (status == LK_EXIT_DONE)
		status = lk_library_find(library, sizeof(library));
	if (status == LK_EXIT_DONE)
		status = lk_target_pid(arguments->words[0], &pid);
	if (status != LK_EXIT_DONE)
		return status;
	rc = lk_attach_look(pid, library, v->seccomp, &a);
	if (rc == -ESRCH)
		return lk_fault("there is no process %d; leaktop list shows the Python processes",
		    (int)pid);
	if (rc < 0)
		return lk_fault("process %d: %s", (int)pid, strerror(-rc));
	status = attach_to(a, pid, v);
	lk_attach_free(a);
	return status;
}

const struct lk_command lk_attach_command = {
    .name = "attach",
    .words = "PID|NAME",
    .summary = "Put the sampler into a Python process that runs, without a restart.",
    .details = "One thread is stopped for a few milliseconds. Counts from then on.\n"
	       "--dry-run looks at everything and touches nothing.\n",
    .options = options,
    .option_count = LK_COUNT_OF(options),
    .values_bytes = sizeof(struct values),
    .words_min = 1,
    .words_max = 1,
    .run = attach,
};
