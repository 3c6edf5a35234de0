#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "leaktop/sampler.h"

#include "cli/commands.h"
#include "cli/fault.h"
#include "cli/options.h"

#define LIBRARY	   "libleaktop-sampler.so"
#define PATH_BYTES 4096

struct values {
	uint64_t interval_bytes, memory_bytes;
	const char *budget, *folder, *native;
};

static const struct lk_option options[] = {
    {"interval", 'i', LK_OPTION_SIZE, "SIZE", "mean distance between samples (default 512K)",
     offsetof(struct values, interval_bytes), NULL},
    {"memory", 'm', LK_OPTION_SIZE, "SIZE", "cap of the sampler's tables, 4M to 32M (default 16M)",
     offsetof(struct values, memory_bytes), NULL},
    {"budget", 0, LK_OPTION_TEXT, "PERCENT",
     "what it may cost, of CMD's own time; 0: no matter (default 1)",
     offsetof(struct values, budget), NULL},
    {"native", 0, LK_OPTION_TEXT, "WHAT",
     "of libraries' own memory: stacks, python or off (default stacks)",
     offsetof(struct values, native), NULL},
    {"dir", 0, LK_OPTION_TEXT, "FOLDER", "where the socket goes (absolute)",
     offsetof(struct values, folder), NULL},
};

/* Beside this program: in a build tree (who runs ./leaktop there means its sampler), then where
 * an installation has it, wherever that was moved to. */
static int
find_beside(char *out, size_t out_bytes)
{
	static const char *const places[] = {
		"src/sampler/.libs/" LIBRARY,
		"../lib/leaktop/" LIBRARY,
	};
	char self[PATH_BYTES];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (length <= 0)
		return -ENOENT;
	self[length] = '\0';
	*strrchr(self, '/') = '\0';
	for (size_t i = 0; i < LK_COUNT_OF(places); i++) {
		snprintf(out, out_bytes, "%s/%s", self, places[i]);
		if (access(out, R_OK) == 0)
			return 0;
	}
	return -ENOENT;
}

static int
find_library(char *out, size_t out_bytes)
{
	const char *given = getenv("LEAKTOP_SAMPLER");

	if (given != NULL && given[0] != '\0') {
		snprintf(out, out_bytes, "%s", given);
		return access(out, R_OK) == 0 ? 0 : -errno;
	}
	if (find_beside(out, out_bytes) == 0)
		return 0;
	snprintf(out, out_bytes, LK_PKGLIBDIR "/" LIBRARY);
	return access(out, R_OK) == 0 ? 0 : -errno;
}

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
set_bytes(const char *name, uint64_t bytes)
{
	char digits[24];

	if (bytes == 0)
		return 0;
	snprintf(digits, sizeof(digits), "%" PRIu64, bytes);
	return setenv(name, digits, 1) < 0 ? -errno : 0;
}

/* A plain decimal, as the sampler reads it. */
static bool
is_percentage(const char *text)
{
	size_t whole = strspn(text, "0123456789"), length = whole;

	if (text[whole] == '.')
		length += 1 + strspn(text + whole + 1, "0123456789");
	return whole > 0 && text[length] == '\0' && strtod(text, NULL) <= 100;
}

static bool
is_native_word(const char *text)
{
	return strcmp(text, "stacks") == 0 || strcmp(text, "python") == 0 ||
	       strcmp(text, "off") == 0;
}

static int
check(const struct values *v)
{
	if (v->interval_bytes != 0 && (v->interval_bytes < LK_INTERVAL_MIN_BYTES ||
				       v->interval_bytes > LK_INTERVAL_MAX_BYTES))
		return lk_options_complain(&lk_run_command, "--interval must be 1K to 1G");
	if (v->memory_bytes != 0 &&
	    (v->memory_bytes < LK_MEMORY_MIN_BYTES || v->memory_bytes > LK_MEMORY_MAX_BYTES))
		return lk_options_complain(&lk_run_command, "--memory must be 4M to 32M");
	if (v->budget != NULL && !is_percentage(v->budget))
		return lk_options_complain(&lk_run_command, "--budget must be 0 to 100 percent");
	if (v->native != NULL && !is_native_word(v->native))
		return lk_options_complain(&lk_run_command,
		    "--native must be stacks, python or off");
	if (v->folder != NULL && v->folder[0] != '/')
		return lk_options_complain(&lk_run_command, "--dir must be an absolute path");
	return LK_EXIT_DONE;
}

static int
run(const struct lk_arguments *arguments)
{
	const struct values *v = arguments->values;
	char library[PATH_BYTES + 64];
	int rc, status = check(v);

	if (status != LK_EXIT_DONE)
		return status;
	if (find_library(library, sizeof(library)) < 0)
		return lk_fault(
		    "the sampler is missing: %s cannot be read; install leaktop, or set "
		    "LEAKTOP_SAMPLER to its path",
		    library);
	if (strpbrk(library, " :") != NULL)
		return lk_fault(
		    "the sampler cannot be preloaded from a path with spaces or colons: "
		    "%s",
		    library);
	rc = set_preload(library);
	if (rc == 0)
		rc = set_bytes(LK_ENV_INTERVAL, v->interval_bytes);
	if (rc == 0)
		rc = set_bytes(LK_ENV_MEMORY, v->memory_bytes);
	if (rc == 0 && v->budget != NULL)
		rc = setenv(LK_ENV_BUDGET, v->budget, 1) < 0 ? -errno : 0;
	if (rc == 0 && v->native != NULL)
		rc = setenv(LK_ENV_NATIVE, v->native, 1) < 0 ? -errno : 0;
	if (rc == 0 && v->folder != NULL)
		rc = setenv(LK_ENV_DIR, v->folder, 1) < 0 ? -errno : 0;
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
    .values_bytes = sizeof(struct values),
    .words_min = 1,
    .words_max = SIZE_MAX,
    .options_end_at_word = 1,
    .run = run,
};
