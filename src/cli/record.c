#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "analysis/growth.h"
#include "base/attr.h"
#include "client/source.h"
#include "export/recording.h"
#include "leaktop/wire.h"
#include "model/snapshot.h"
#include "util/clock.h"

#include "cli/commands.h"
#include "cli/fault.h"
#include "cli/gather.h"
#include "cli/options.h"
#include "cli/target.h"

#define TURN_MS 200	/* a signal is seen after so long at most */
#define SILENT_MS 10000 /* beyond the time between two snapshots */

/* Of a tick that comes a little early: it still is the next one. */
static const double early_share = 0.9;

struct values {
	const char *file;
	uint64_t every_ms, max_bytes, count;
	bool group;
};

static const struct lk_option options[] = {
    {"output", 'o', LK_OPTION_TEXT, "FILE", "where to; goes on with a recording that is there",
     offsetof(struct values, file), NULL},
    {"every", 0, LK_OPTION_DURATION, "SECONDS", "time between snapshots (default 10)",
     offsetof(struct values, every_ms), NULL},
    {"max-size", 0, LK_OPTION_SIZE, "SIZE", "what it may take of the disk (default 64M)",
     offsetof(struct values, max_bytes), NULL},
    {"group", 'g', LK_OPTION_FLAG, NULL,
     "the process and all Python processes below it, as their sum", offsetof(struct values, group),
     NULL},
    {"frames", 'n', LK_OPTION_COUNT, "N", "so many snapshots, then end (default: no end)",
     offsetof(struct values, count), NULL},
};

static const struct values defaults = {
    .every_ms = 10000, .max_bytes = 64u << 20, .count = UINT64_MAX};

struct record {
	const struct values *v;
	struct lk_source *source;
	struct lk_recording *file;
	uint64_t written, missing; /* snapshots; missing: since it could not be written */
	double at_s;		   /* of the last one */
};

static volatile sig_atomic_t stopped;

static void
on_signal(int number)
{
	stopped = number;
}

static void
set_signals(void)
{
	static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
	struct sigaction stop = {.sa_handler = on_signal}, ignore = {.sa_handler = SIG_IGN};

	for (size_t i = 0; i < LK_COUNT_OF(numbers); i++)
		sigaction(numbers[i], &stop, NULL);
	sigaction(SIGXFSZ, &ignore, NULL); /* write() says it, too */
}

/* A disk that is full is no reason to end: it is said once, and once more when it is over. */
static void
add(struct record *r)
{
	const struct lk_snapshot *s = lk_source_snapshot(r->source);
	uint32_t reference = lk_growth_resolve(s, LK_REFERENCE_NEWEST);
	const struct lk_baseline *b = lk_snapshot_baseline(s, reference);
	char words[256] = "";
	int rc;

	r->at_s = s->at_s;
	if (b != NULL && !b->has_rows)
		reference = LK_REFERENCE_START;
	rc = lk_recording_add(r->file, s, reference, words, sizeof(words));
	if (rc < 0) {
		if (r->missing++ == 0)
			lk_fault("%s; trying again with the next snapshot", words);
		return;
	}
	r->written++;
	if (r->missing > 0)
		lk_fault("%s: going on; snapshots that are missing: %llu", r->v->file,
			 (unsigned long long)r->missing);
	r->missing = 0;
}

/* Until the next snapshot is due.  Returns: 0, -EINTR, -ENOTCONN. */
static int
await(struct record *r)
{
	double due_s = r->at_s + (double)r->v->every_ms / 1000 * early_share;
	int64_t silent_ms = lk_clock_monotonic_ms() + (int64_t)r->v->every_ms + SILENT_MS;
	const struct lk_snapshot *s = lk_source_snapshot(r->source);
	bool said = false;

	while (s->at_s < due_s) {
		int rc = stopped ? -EINTR : lk_source_wait(r->source, s->seq, TURN_MS);

		if (rc == -EINTR || rc == -ENOTCONN)
			return rc;
		if (!said && rc < 0 && lk_clock_monotonic_ms() > silent_ms) {
			lk_fault("process %d: its sampler does not answer; waiting for it",
				 s->process.pid);
			said = true;
		}
		s = lk_source_snapshot(r->source);
	}
	return 0;
}

static void
end(struct record *r)
{
	char why[200];

	if (stopped)
		snprintf(why, sizeof(why), "stopped by signal %d", (int)stopped);
	else if (r->written == r->v->count)
		snprintf(why, sizeof(why), "as many as were asked for");
	else
		snprintf(why, sizeof(why), "%s", lk_source_words(r->source));
	if (lk_recording_end(r->file, lk_clock_wall_s(), why) < 0 && r->missing == 0)
		lk_fault("%s: its last line could not be written", r->v->file);
	fprintf(stderr, "leaktop: %s: %llu snapshots; %s\n", r->v->file,
		(unsigned long long)r->written, why);
}

static int
record(struct record *r)
{
	while (!stopped) {
		if (lk_gather_cheap(r->source) != LK_EXIT_DONE &&
		    lk_source_state(r->source) == LK_SOURCE_GONE)
			break;
		add(r);
		if (r->written == r->v->count || await(r) < 0)
			break;
	}
	end(r);
	if (r->missing > 0)
		return lk_fault("%s: the last %llu snapshots are missing", r->v->file,
				(unsigned long long)r->missing);
	return LK_EXIT_DONE;
}

static unsigned int
period_of(const struct values *v)
{
	if (v->every_ms < LK_WIRE_PERIOD_MIN_MS)
		return LK_WIRE_PERIOD_MIN_MS;
	return v->every_ms > LK_WIRE_PERIOD_MAX_MS ? LK_WIRE_PERIOD_MAX_MS
						   : (unsigned int)v->every_ms;
}

static int
run(const struct lk_arguments *arguments)
{
	const struct values *v = arguments->values;
	struct record r = {.v = v};
	char words[256] = "";
	int status;

	if (v->file == NULL)
		return lk_options_complain(&lk_record_command, "wants -o FILE");
	if (v->max_bytes < LK_RECORDING_BYTES_MIN)
		return lk_options_complain(&lk_record_command, "--max-size: 1M at least");
	set_signals();
	status = (v->group ? lk_target_open_group : lk_target_open)(arguments->words[0],
								    period_of(v), &r.source);
	if (status != LK_EXIT_DONE)
		return status;
	if (lk_recording_open(v->file, v->max_bytes, words, sizeof(words), &r.file) < 0)
		status = lk_fault("%s", words);
	else
		status = record(&r);
	lk_recording_close(r.file);
	lk_source_close(r.source);
	return status;
}

const struct lk_command lk_record_command = {
    .name = "record",
    .words = "PID|NAME",
    .summary = "Append a snapshot to a file now and then, until the process ends or a signal.",
    .details = "leaktop open plays it: , and . go to the snapshot before and after.\n"
	       "The file never takes more than --max-size: every other snapshot is given up\n"
	       "when it would, so that old ones are further apart than new ones.\n"
	       "When the disk is full it is said, and recording goes on when there is room.\n"
	       "Without containers and types, for which the heap would be frozen.\n",
    .options = options,
    .option_count = LK_COUNT_OF(options),
    .defaults = &defaults,
    .values_bytes = sizeof(struct values),
    .words_min = 1,
    .words_max = 1,
    .run = run,
};
