#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"

#include "cli/commands.h"
#include "cli/fault.h"
#include "cli/library.h"
#include "cli/options.h"
#include "cli/sampling.h"

static const struct lk_option options[] = {
    {"interval", 'i', LK_OPTION_SIZE, "SIZE", "mean distance between samples (default 512K)",
     offsetof(struct lk_sampling, interval_bytes), NULL},
    {"memory", 'm', LK_OPTION_SIZE, "SIZE", "cap of the sampler's tables, 4M to 32M (default 16M)",
     offsetof(struct lk_sampling, memory_bytes), NULL},
    {"budget", 0, LK_OPTION_TEXT, "PERCENT",
     "what it may cost, of CMD's own time; 0: no matter (default 1)",
     offsetof(struct lk_sampling, budget), NULL},
    {"native", 0, LK_OPTION_TEXT, "WHAT",
     "of libraries' own memory: stacks, python or off (default stacks)",
     offsetof(struct lk_sampling, native), NULL},
    {"dir", 0, LK_OPTION_TEXT, "FOLDER", "where the socket goes (absolute)",
     offsetof(struct lk_sampling, folder), NULL},
};

static int
set_preload(const char *library)
{
	const char *others = getenv("LD_PRELOAD");
	size_t length = strlen(library) + (others == NULL ? 0 : strlen(others)) + 2;
	char *value = malloc(length);
	int rc;

	if (value == NULL)
		return -ENOMEM;
	snprintf(value, length, "%s%s%s", library, others == NULL || others[0] == '\0' ? "" : ":",
	    others == NULL ? "" : others);
	rc = setenv("LD_PRELOAD", value, 1) < 0 ? -errno : 0;
	free(value);
	return rc;
}

static int
set_variables(const struct lk_sampling *v)
{
	char settings[LK_SAMPLING_SETTINGS_MAX][LK_SAMPLING_SETTING_BYTES];
	size_t count = lk_sampling_settings(v, settings);
	int rc = 0;

	for (size_t i = 0; i < count && rc == 0; i++) {
		char *value = strchr(settings[i], '=');

		*value++ = '\0';
		rc = setenv(settings[i], value, 1) < 0 ? -errno : 0;
	}
	return rc;
}

static int
run(const struct lk_arguments *arguments)
{
	const struct lk_sampling *v = arguments->values;
	char library[LK_LIBRARY_PATH_BYTES];
	int rc, status = lk_sampling_check(&lk_run_command, v);

	if (status != LK_EXIT_DONE)
		return status;
	status = lk_library_find(library, sizeof(library));
	if (status != LK_EXIT_DONE)
		return status;
	if (strpbrk(library, " :") != NULL)
		return lk_fault(
		    "the sampler cannot be preloaded from a path with spaces or colons: "
		    "%s",
		    library);
	rc = set_preload(library);
	if (rc == 0)
		rc = set_variables(v);
	if (rc < 0)
		return lk_fault("%s", strerror(-rc));
	execvp(arguments->words[0], arguments->words);
	return lk_fault("%s: %s", arguments->words[0], strerror(errno));
}

const struct lk_command lk_run_command = {
    .name = "run",
    .words = "-- COMMAND [ARGUMENT...]",
    .summary = "Replace leaktop by COMMAND, with the sampler in it and in its children.",
    .details = "Same pid, same signals, same exit status. What is not Python stays untouched.\n"
	       "Example: leaktop run -- gunicorn -w 4 shop.wsgi\n",
    .options = options,
    .option_count = LK_COUNT_OF(options),
    .values_bytes = sizeof(struct lk_sampling),
    .words_min = 1,
    .words_max = SIZE_MAX,
    .options_end_at_word = 1,
    .run = run,
};
