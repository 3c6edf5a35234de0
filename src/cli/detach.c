#include "config.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "client/discover.h"
#include "client/source.h"
#include "util/clock.h"

#include "cli/commands.h"
#include "cli/fault.h"
#include "cli/options.h"
#include "cli/target.h"

#define GOES_MS 10000
#define LOOK_NS 10000000

/* Its threads end after its hooks are out, and its socket with them. */
static int
await_end(pid_t pid)
{
	int64_t until_ms = lk_clock_monotonic_ms() + GOES_MS;
	const struct timespec look = {0, LOOK_NS};

	while (lk_target_answers(pid)) {
		if (lk_clock_monotonic_ms() > until_ms)
			return lk_fault("the sampler of process %d samples no more, but its "
					"threads are still there after %d s",
					(int)pid, GOES_MS / 1000);
		nanosleep(&look, NULL);
	}
	return LK_EXIT_DONE;
}

static int
detach(const struct lk_arguments *arguments)
{
	const struct lk_request request = {.op = LK_REQUEST_DETACH};
	struct lk_process process;
	struct lk_source *source;
	uint64_t hooks = 0;
	int rc, status = lk_target_find(arguments->words[0], &process);

	if (status == LK_EXIT_DONE)
		status = lk_target_await(process.pid, &source);
	if (status != LK_EXIT_DONE)
		return status;
	rc = lk_source_ask(source, &request, &hooks, LK_TARGET_WAIT_MS);
	if (rc < 0)
		status = lk_fault("not detached: %s", lk_source_words(source));
	lk_source_close(source);
	if (status == LK_EXIT_DONE)
		status = await_end(process.pid);
	if (status != LK_EXIT_DONE)
		return status;
	printf("Process %d runs without the sampler: its threads and its socket are gone, and\n",
	       (int)process.pid);
	if (hooks == 0)
		printf("all of its hooks. Its library stays mapped, asleep.\n");
	else
		printf("its hooks but %" PRIu64
		       ", which see the ends of blocks that are in its memory.\n",
		       hooks);
	return LK_EXIT_DONE;
}

const struct lk_command lk_detach_command = {
    .name = "detach",
    .words = "PID|NAME",
    .summary = "Take the sampler out of a process; what it knows is forgotten.",
    .details = "Its library stays mapped, asleep, and the memory of its tables is given back;\n"
	       "leaktop attach starts it again.\n",
    .words_min = 1,
    .words_max = 1,
    .run = detach,
};
