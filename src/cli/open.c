#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "client/source.h"

#include "cli/batch.h"
#include "cli/commands.h"
#include "cli/fault.h"
#include "cli/look.h"
#include "cli/options.h"
#include "cli/screen.h"

#define FILES_MAX 2

static void
close_all(struct lk_source **sources, size_t count)
{
	for (size_t i = 0; i < count; i++)
		lk_source_close(sources[i]);
}

static int
print_all(struct lk_source **sources, size_t count, const struct lk_look *look)
{
	int status = LK_EXIT_DONE;

	for (size_t i = 0; i < count && status == LK_EXIT_DONE; i++)
		status = lk_batch_run(sources[i], look);
	return status;
}

static int
run(const struct lk_arguments *arguments)
{
	const struct lk_look *look = arguments->values;
	struct lk_source *sources[FILES_MAX];
	size_t count = arguments->word_count;
	int status;

	if (look->group || look->alone)
		return lk_options_complain(&lk_open_command, "a file has no group of processes");
	for (size_t i = 0; i < count; i++) {
		char words[256] = "";
		int rc =
		    lk_source_open_file(arguments->words[i], words, sizeof(words), &sources[i]);

		if (rc < 0) {
			close_all(sources, i);
			return lk_fault("%s", words[0] != '\0' ? words : strerror(-rc));
		}
	}
	if (!look->batch && !look->json && lk_look_is_terminal())
		return lk_screen_run(look, sources, count);
	status = print_all(sources, count, look);
	close_all(sources, count);
	return status;
}

const struct lk_command lk_open_command = {
    .name = "open",
    .words = "FILE [FILE]",
    .summary = "Show a snapshot in the same screens as a process; two of them: what grew.",
    .details = "A recording is shown from its end; , and . go back and on.  One that is still\n"
	       "written is followed.\n"
	       "Without a terminal, or with -b, one frame of text per file; of a recording its\n"
	       "last -n frames.\n" LK_BATCH_DETAILS,
    .options = lk_look_options,
    .option_count = LK_LOOK_OPTIONS,
    .defaults = &lk_look_defaults,
    .values_bytes = sizeof(struct lk_look),
    .words_min = 1,
    .words_max = FILES_MAX,
    .run = run,
};
