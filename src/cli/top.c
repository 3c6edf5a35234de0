#include "config.h"

#include <stdbool.h>
#include <stdint.h>

#include "client/source.h"
#include "leaktop/wire.h"

#include "cli/batch.h"
#include "cli/commands.h"
#include "cli/fault.h"
#include "cli/look.h"
#include "cli/options.h"
#include "cli/screen.h"
#include "cli/target.h"

static unsigned int
period_of(const struct lk_look *look)
{
	if (look->period_ms < LK_WIRE_PERIOD_MIN_MS)
		return LK_WIRE_PERIOD_MIN_MS;
	if (look->period_ms > LK_WIRE_PERIOD_MAX_MS)
		return LK_WIRE_PERIOD_MAX_MS;
	return (unsigned int)look->period_ms;
}

/* On the screens a master means its group: there is nothing to see in it alone. */
static bool
is_group(const struct lk_look *look, const char *word, pid_t *master)
{
	int sampled;

	if (look->alone || (!look->group && (look->batch || look->json)))
		return false;
	sampled = lk_target_group(word, master);
	return look->group ? sampled > 0 : sampled > 1;
}

static int
dial(const struct lk_look *look, const char *word, struct lk_source **out)
{
	pid_t master;

	if (is_group(look, word, &master))
		return lk_target_dial_group(master, period_of(look), out);
	return lk_target_dial(word, period_of(look), out);	/* it says what is wrong */
}

static int
run(const struct lk_arguments *arguments)
{
	const struct lk_look *look = arguments->values;
	bool batch = look->batch || look->json;
	struct lk_source *source;
	int status;

	if (arguments->word_count > 1)
		return lk_options_complain(&lk_top_command,
		    "'%s' is no command; a program is "
		    "started under the sampler by leaktop run",
		    arguments->words[0]);
	if (look->group && arguments->word_count == 0)
		return lk_options_complain(&lk_top_command, "-g wants the PID or NAME of a master");
	if (batch && arguments->word_count == 0)
		return lk_options_complain(&lk_top_command,
		    "-b wants a PID or a NAME; leaktop list shows them");
	if (!batch && !lk_look_is_terminal())
		return lk_fault("standard input and output are no terminal: use leaktop -b %s",
		    arguments->word_count > 0 ? arguments->words[0] :
		    "PID, or leaktop list");
	if (arguments->word_count == 0)
		return lk_screen_run(look, NULL, 0);
	if (!batch) {
		/* the screens say themselves when a stopped process does not answer */
		status = dial(look, arguments->words[0], &source);
		return status != LK_EXIT_DONE ? status : lk_screen_run(look, &source, 1);
	}
	status = dial(look, arguments->words[0], &source);
	if (status == LK_EXIT_DONE)
		status = lk_target_first(arguments->words[0], source);
	if (status != LK_EXIT_DONE)
		return status;
	status = lk_batch_run(source, look);
	lk_source_close(source);
	return status;
}

const struct lk_command lk_top_command = {
    .name = "",
    .words = "[PID|NAME]",
    .summary = "top for the memory of production Python.",
    .details = "Without PID or NAME: the Python processes of this host; Enter goes in.\n"
	       "\nCommands (each with --help):\n"
	       "  run -- COMMAND           start a program with the sampler\n"
	       "  attach PID               put the sampler into one that runs already\n"
	       "  detach PID               take it out again\n"
	       "  doctor [PID]             whether attach works here, and if not, why\n"
	       "  list                     the Python processes of this host\n"
	       "  baseline PID [LABEL]     mark a baseline\n"
	       "  scan PID types           objects by type; containers: the longest ones;\n"
	       "                           referrers: who holds them\n"
	       "  pause PID, resume PID    take the hooks out of a process, and back in\n"
	       "  export PID -o FILE       write a snapshot\n"
	       "  record PID -o FILE       append a snapshot every 10 seconds\n"
	       "  open FILE...             the same screens on a snapshot; two files: their diff\n"
	       "  diff A.json B.json       what grew between two snapshots\n"
	       "\n" LK_BATCH_DETAILS,
    .options = lk_look_options,
    .option_count = LK_LOOK_OPTIONS,
    .defaults = &lk_look_defaults,
    .values_bytes = sizeof(struct lk_look),
    .words_max = SIZE_MAX,
    .run = run,
};
