#include "config.h"

#include "cli/attach_key.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>

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

static int
perform_on(struct lk_attach *a, pid_t pid, char *words, size_t words_bytes)
{
	struct lk_attach_report report;
	int rc = lk_attach_perform(a, NULL, 0, &report);

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
