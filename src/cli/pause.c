#include "config.h"

#include <stdint.h>

#include "client/source.h"

#include "cli/commands.h"
#include "cli/fault.h"
#include "cli/options.h"
#include "cli/target.h"

static int
ask(const struct lk_arguments *arguments, enum lk_request_op op, const char *what)
{
	const struct lk_request request = {.op = op};
	struct lk_source *source;
	uint64_t unused;
	int status = lk_target_open(arguments->words[0], 1000, &source);

	if (status != LK_EXIT_DONE)
		return status;
	if (lk_source_ask(source, &request, &unused, LK_TARGET_WAIT_MS) < 0)
		status = lk_fault("%s: %s", what, lk_source_words(source));
	lk_source_close(source);
	return status;
}

static int
pause_sampler(const struct lk_arguments *arguments)
{
	return ask(arguments, LK_REQUEST_PAUSE, "not paused");
}

static int
resume_sampler(const struct lk_arguments *arguments)
{
	return ask(arguments, LK_REQUEST_RESUME, "not resumed");
}

const struct lk_command lk_pause_command = {
    .name = "pause",
    .words = "PID|NAME",
    .summary = "Stop sampling and take the hooks out of a process; what is known stays.",
    .details = "What sees the end of sampled blocks stays as long as one of them is alive.\n",
    .words_min = 1,
    .words_max = 1,
    .run = pause_sampler,
};

const struct lk_command lk_resume_command = {
    .name = "resume",
    .words = "PID|NAME",
    .summary = "Go on sampling after a pause.",
    .words_min = 1,
    .words_max = 1,
    .run = resume_sampler,
};
