#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/source.h"
#include "leaktop/wire.h"

#include "cli/commands.h"
#include "cli/fault.h"
#include "cli/options.h"
#include "cli/target.h"

static int
run(const struct lk_arguments *arguments)
{
	struct lk_request request = {.op = LK_REQUEST_BASELINE};
	struct lk_source *source;
	uint64_t id;
	int status;

	if (arguments->word_count > 1)
		request.text = arguments->words[1];
	if (request.text != NULL && strlen(request.text) > LK_WIRE_NAME_MAX)
		return lk_options_complain(&lk_baseline_command, "a name has at most %u bytes",
		    LK_WIRE_NAME_MAX);
	status = lk_target_open(arguments->words[0], 1000, &source);
	if (status != LK_EXIT_DONE)
		return status;
	if (lk_source_ask(source, &request, &id, LK_TARGET_WAIT_MS) < 0)
		status = lk_fault("no baseline was marked: %s", lk_source_words(source));
	else
		printf("%" PRIu64 "\n", id);
	lk_source_close(source);
	return status;
}

const struct lk_command lk_baseline_command = {
    .name = "baseline",
    .words = "PID|NAME [LABEL]",
    .summary = "Mark a baseline in a process and print its number.",
    .details = "What is allocated from now on counts as born after it. It lives in the process:\n"
	       "every leaktop that looks at it sees the same baselines.\n",
    .words_min = 1,
    .words_max = 2,
    .run = run,
};
