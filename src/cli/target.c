#include "config.h"

#include "cli/target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "analysis/growth.h"
#include "client/dial.h"
#include "client/discover.h"
#include "client/proc.h"
#include "client/rendezvous.h"
#include "client/source.h"
#include "model/snapshot.h"
#include "util/clock.h"

#include "cli/fault.h"
#include "cli/options.h"

#define FETCH_TRIES 3
#define AWAIT_MS    10000
#define LOOK_NS	    5000000

static int
complain_none(const char *word)
{
	struct lk_proc_stat stat;

	if (strspn(word, "0123456789") != strlen(word)) {
		lk_fault("'%s' is no command, and no Python process here has that name; "
		    "see leaktop --help, leaktop list",
		    word);
		return LK_EXIT_USAGE;
	}
	if (lk_proc_read_stat((pid_t)strtol(word, NULL, 10), &stat) < 0)
		return lk_fault("there is no process %s; leaktop list shows the Python processes",
		    word);
	return lk_fault("process %s (%s) does not run Python; leaktop list shows those that do",
	    word, stat.name);
}

static int
check_sampler(const struct lk_process *p)
{
	if (p->has_sampler)
		return LK_EXIT_DONE;
	if (strcmp(p->why_not, "other user") == 0)
		return lk_fault("process %d belongs to %s; run leaktop as that user or as root",
		    (int)p->pid, p->user);
	if (strncmp(p->why_not, "not started", 11) != 0)
		return lk_fault("process %d (%s): %s; look at it again in a few seconds, or is it "
		    "stopped, or another leaktop's?",
		    (int)p->pid, p->name, p->why_not);
	return lk_fault("process %d (%s) has no sampler: %s; leaktop attach %d puts it in, or "
	    "put \"leaktop run --\" in front of its command, and restart it",
	    (int)p->pid, p->name, p->why_not, (int)p->pid);
}

int
lk_target_pid(const char *word, pid_t *out)
{
	struct lk_discovery *d;
	const struct lk_process *found = NULL;
	const struct lk_process *list;
	int count = 0;

	if (strspn(word, "0123456789") == strlen(word) && strlen(word) < 10) {
		*out = (pid_t)strtol(word, NULL, 10);
		return LK_EXIT_DONE;
	}
	d = lk_discovery_new();
	if (d != NULL && lk_discovery_scan(d, lk_clock_monotonic_ms(), &list) >= 0)
		count = lk_discovery_find(d, word, &found);
	if (count > 0)
		*out = found->pid;
	lk_discovery_free(d);
	if (count == 1)
		return LK_EXIT_DONE;
	if (count > 1)
		return lk_fault("%d processes match '%s'; say which by its pid, see leaktop list",
		    count, word);
	return complain_none(word);
}

int
lk_target_find(const char *word, struct lk_process *out)
{
	struct lk_discovery *d = lk_discovery_new();
	const struct lk_process *list = NULL, *found = NULL;
	int count, status;

	if (d == NULL)
		return lk_fault("%s", strerror(ENOMEM));
	count = lk_discovery_scan(d, lk_clock_monotonic_ms(), &list);
	if (count < 0) {
		lk_discovery_free(d);
		return lk_fault("/proc cannot be read: %s", strerror(-count));
	}
	count = lk_discovery_find(d, word, &found);
	if (count == 0) {
		lk_discovery_free(d);
		return complain_none(word);
	}
	status = check_sampler(found);
	if (status == LK_EXIT_DONE) {
		*out = *found;
		if (count > 1)
			fprintf(stderr,
				"leaktop: %d processes match; taking %d, see leaktop list\n", count,
				(int)found->pid);
	}
	lk_discovery_free(d);
	return status;
}

int
lk_target_dial(const char *word, unsigned int period_ms, struct lk_source **out)
{
	struct lk_process process;
	int status = lk_target_find(word, &process);
	int rc;

	if (status != LK_EXIT_DONE)
		return status;
	rc = lk_source_open_live(process.socket_path, process.pid, period_ms, out);
	return rc < 0 ? lk_fault("%s: %s", process.socket_path, strerror(-rc)) : LK_EXIT_DONE;
}

static const struct lk_process *
by_pid(const struct lk_process *list, int count, pid_t pid)
{
	for (int i = 0; i < count; i++)
		if (list[i].pid == pid)
			return &list[i];
	return NULL;
}

static bool
is_below(const struct lk_process *list, int count, const struct lk_process *p, pid_t pid)
{
	for (int left = count; p != NULL && left > 0; left--) {
		if (p->pid == pid)
			return true;
		p = by_pid(list, count, p->ppid);
	}
	return false;
}

int
lk_target_group(const char *word, pid_t *out)
{
	struct lk_discovery *d = lk_discovery_new();
	const struct lk_process *list, *found = NULL, *top;
	int count = -1, sampled = 0;

	if (d != NULL)
		count = lk_discovery_scan(d, lk_clock_monotonic_ms(), &list);
	if (count > 0 && lk_discovery_find(d, word, &found) > 0) {
		*out = found->pid;
		top = by_pid(list, count, found->group_pid);
		if (top != NULL && strspn(word, "0123456789") != strlen(word) &&
		    strcmp(top->name, found->name) == 0)
			*out = top->pid;
		for (int i = 0; i < count; i++)
			sampled += list[i].has_sampler && is_below(list, count, &list[i], *out);
	}
	lk_discovery_free(d);
	return sampled;
}

int
lk_target_dial_group(pid_t pid, unsigned int period_ms, struct lk_source **out)
{
	int rc = lk_source_open_group(pid, period_ms, NULL, out);

	return rc < 0 ? lk_fault("%d: %s", (int)pid, strerror(-rc)) : LK_EXIT_DONE;
}

int
lk_target_first(const char *word, struct lk_source *source)
{
	int status;

	if (lk_source_wait(source, 0, LK_TARGET_WAIT_MS) == 0)
		return LK_EXIT_DONE;
	status = lk_fault("%s: no answer from its sampler within %d s: %s", word,
	    LK_TARGET_WAIT_MS / 1000, lk_source_words(source));
	lk_source_close(source);
	return status;
}

int
lk_target_open(const char *word, unsigned int period_ms, struct lk_source **out)
{
	int status = lk_target_dial(word, period_ms, out);

	return status != LK_EXIT_DONE ? status : lk_target_first(word, *out);
}

int
lk_target_open_group(const char *word, unsigned int period_ms, struct lk_source **out)
{
	pid_t master;
	int status;

	if (lk_target_group(word, &master) == 0)
		return lk_target_open(word, period_ms, out);
	status = lk_target_dial_group(master, period_ms, out);
	return status != LK_EXIT_DONE ? status : lk_target_first(word, *out);
}

/* 0: somebody listens at PATH; else negative errno, -ESRCH: PID is not there. */
static int
knock(pid_t pid, char *path, size_t path_bytes)
{
	uid_t uid;
	int fd;

	if (!lk_proc_is_same(pid, 0) || lk_proc_uid(pid, &uid) < 0)
		return -ESRCH;
	fd = lk_rendezvous_find(pid, uid, path, path_bytes);
	if (fd == 0)
		fd = lk_dial_unix(path);
	if (fd >= 0)
		close(fd);
	return fd >= 0 || fd == -EAGAIN ? 0 : fd;
}

bool
lk_target_answers(pid_t pid)
{
	struct lk_process process;

	return knock(pid, process.socket_path, sizeof(process.socket_path)) == 0;
}

/* Its socket, once somebody listens there. */
static int
await_socket(pid_t pid, char *path, size_t path_bytes)
{
	int64_t until_ms = lk_clock_monotonic_ms() + AWAIT_MS;
	const struct timespec look = {0, LOOK_NS};
	int rc;

	while ((rc = knock(pid, path, path_bytes)) != -ESRCH) {
		if (rc == 0)
			return 0;
		if (lk_clock_monotonic_ms() > until_ms)
			return -ETIMEDOUT;
		nanosleep(&look, NULL);
	}
	return -ESRCH;
}

int
lk_target_await(pid_t pid, struct lk_source **out)
{
	struct lk_process process;
	struct lk_source *source;
	int rc = await_socket(pid, process.socket_path, sizeof(process.socket_path));

	if (rc == -ESRCH)
		return lk_fault("process %d has ended", (int)pid);
	if (rc < 0)
		return lk_fault("the sampler of process %d does not answer yet: it waits for the "
		    "interpreter, which a long call may hold; look later: leaktop %d",
		    (int)pid, (int)pid);
	rc = lk_source_open_live(process.socket_path, pid, 1000, &source);
	if (rc < 0)
		return lk_fault("%s: %s", process.socket_path, strerror(-rc));
	if (lk_source_wait(source, 0, LK_TARGET_WAIT_MS) < 0) {
		lk_fault("process %d: no numbers from its sampler within %d s: %s", (int)pid,
		    LK_TARGET_WAIT_MS / 1000, lk_source_words(source));
		lk_source_close(source);
		return LK_EXIT_FAILED;
	}
	*out = source;
	return LK_EXIT_DONE;
}

int
lk_target_fetch_rows(struct lk_source *source, uint32_t baseline)
{
	const struct lk_request request = {.op = LK_REQUEST_BASELINE_ROWS, .number = baseline};
	const struct lk_baseline *found;

	found = lk_snapshot_baseline(lk_source_snapshot(source), baseline);
	if (found == NULL || found->has_rows)
		return LK_EXIT_DONE;
	if (lk_source_ask(source, &request, NULL, LK_TARGET_WAIT_MS) < 0)
		return lk_fault("baseline %u cannot be read: %s", baseline,
		    lk_source_words(source));
	for (int i = 0; i < FETCH_TRIES; i++) {
		const struct lk_snapshot *s = lk_source_snapshot(source);

		found = lk_snapshot_baseline(s, baseline);
		if (found == NULL || found->has_rows)
			return LK_EXIT_DONE;
		if (lk_source_wait(source, s->seq, LK_TARGET_WAIT_MS) < 0)
			break;
	}
	return lk_fault("baseline %u did not come: %s", baseline, lk_source_words(source));
}

int
lk_target_reference(struct lk_source *source, const char *text, uint32_t *out)
{
	const struct lk_snapshot *s = lk_source_snapshot(source);
	uint32_t id = LK_REFERENCE_NEWEST;

	if (text != NULL && strcmp(text, "start") == 0) {
		*out = LK_REFERENCE_START;
		return LK_EXIT_DONE;
	}
	for (uint32_t i = 0; text != NULL && i < s->baseline_count; i++) {
		char digits[16];

		snprintf(digits, sizeof(digits), "%u", s->baselines[i].id);
		if (strcmp(s->baselines[i].name, text) == 0 || strcmp(digits, text) == 0)
			id = s->baselines[i].id;
	}
	if (text != NULL && id == LK_REFERENCE_NEWEST)
		return lk_fault("there is no baseline '%s'; mark one with leaktop baseline %d %s",
		    text, s->process.pid, text);
	id = lk_growth_resolve(s, id);
	*out = id;
	return id == LK_REFERENCE_START ? LK_EXIT_DONE : lk_target_fetch_rows(source, id);
}
