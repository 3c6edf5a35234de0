#include "config.h"

#include "cli/attach_key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "attach/attach.h"
#include "attach/preflight.h"
#include "util/clock.h"
#include "util/text.h"

#include "cli/library.h"
#include "cli/target.h"

#define ANSWER_MS	5000
#define LOOK_NS		5000000

static int
await(pid_t pid, char *words, size_t words_bytes)
{
	int64_t until_ms = lk_clock_monotonic_ms() + ANSWER_MS;
	const struct timespec look = {0, LOOK_NS};
	char now[LK_TEXT_BYTES];

	while (!lk_target_answers(pid)) {
		if (lk_clock_monotonic_ms() > until_ms) {
			snprintf(words, words_bytes, "the sampler of %d does not answer yet: it "
			    "waits for the interpreter", (int)pid);
			return -ETIMEDOUT;
		}
		nanosleep(&look, NULL);
	}
	lk_text_clock(lk_clock_wall_s(), now, sizeof(now));
	snprintf(words, words_bytes, "counts since %s; what was allocated before is not known",
	    now);
	return 0;
}

/* What a child has told. */
struct told {
	struct lk_attach_report report;
	int rc;
};

static void
perform_and_tell(struct lk_attach *a, int to)
{
	struct told told = {.rc = 0};
	ssize_t n;

	told.rc = lk_attach_perform(a, NULL, 0, &told.report);
	n = write(to, &told, sizeof(told));	/* less than a pipe takes at once */
	_exit(n == (ssize_t)sizeof(told) ? 0 : 1);
}

/* The kernel lets go of a thread that did not come out of it in time only when the program that
 * wanted it ends: so that is not the one that has the screen. */
static int
perform_in_child(struct lk_attach *a, struct lk_attach_report *report)
{
	struct told told = {.rc = -ECHILD};
	ssize_t n = 0;
	int ends[2];
	pid_t child;

	snprintf(told.report.words, sizeof(told.report.words), "no process for it can be made");
	if (pipe2(ends, O_CLOEXEC) == 0) {
		child = fork();
		if (child == 0)
			perform_and_tell(a, ends[1]);
		if (child > 0)
			snprintf(told.report.words, sizeof(told.report.words), "what did it ended "
			    "before it told; leaktop list says whether the sampler is there");
		close(ends[1]);
		while (child > 0 && (n = read(ends[0], &told, sizeof(told))) < 0 && errno == EINTR)
			continue;
		close(ends[0]);
		while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
			continue;
	}
	*report = told.report;
	return told.rc;
}

static int
perform_on(struct lk_attach *a, pid_t pid, char *words, size_t words_bytes)
{
	struct lk_attach_report report;
	int rc = perform_in_child(a, &report);

	if (rc == 0 || rc == -EALREADY)	/* that has not come up yet */
		return await(pid, words, words_bytes);
	snprintf(words, words_bytes, "%d goes on without the sampler: %s", (int)pid, report.words);
	return rc;
}

int
lk_attach_key(void *ctx, int pid, bool perform, char *words, size_t words_bytes)
{
	char library[LK_LIBRARY_PATH_BYTES];
	const struct lk_preflight *preflight;
	struct lk_attach *a;
	int rc;

	(void)ctx;
	if (lk_library_look(library, sizeof(library)) < 0) {
		snprintf(words, words_bytes, "the sampler is missing: %s", library);
		return -ENOENT;
	}
	rc = lk_attach_look((pid_t)pid, library, false, &a);
	if (rc < 0) {
		snprintf(words, words_bytes, "%d: %s", pid, strerror(-rc));
		return rc;
	}
	preflight = lk_attach_preflight(a);
	if (preflight->refusal != NULL) {
		lk_text_clean(preflight->refusal->words, words, words_bytes);
		rc = -EPERM;
	} else if (perform) {
		rc = perform_on(a, (pid_t)pid, words, words_bytes);
	}
	lk_attach_free(a);
	return rc;
}
