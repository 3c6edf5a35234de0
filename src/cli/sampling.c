#include "config.h"

#include "cli/sampling.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "leaktop/sampler.h"

#include "cli/options.h"

#define FOLDER_MAX_BYTES 256

/* A plain decimal, as the sampler reads it. */
static bool
is_percentage(const char *text)
{
	size_t whole = strspn(text, "0123456789"), length = whole;

	if (text[whole] == '.')
		length += 1 + strspn(text + whole + 1, "0123456789");
	return whole > 0 && length < 32 && text[length] == '\0' && strtod(text, NULL) <= 100;
}

static bool
is_native_word(const char *text)
{
	return strcmp(text, "stacks") == 0 || strcmp(text, "python") == 0 ||
	    strcmp(text, "off") == 0;
}

int
lk_sampling_check(const struct lk_command *command, const struct lk_sampling *v)
{
	if (v->interval_bytes != 0 && (v->interval_bytes < LK_INTERVAL_MIN_BYTES ||
		v->interval_bytes > LK_INTERVAL_MAX_BYTES))
		return lk_options_complain(command, "--interval must be 1K to 1G");
	if (v->memory_bytes != 0 &&
	    (v->memory_bytes < LK_MEMORY_MIN_BYTES || v->memory_bytes > LK_MEMORY_MAX_BYTES))
		return lk_options_complain(command, "--memory must be 4M to 32M");
	if (v->budget != NULL && !is_percentage(v->budget))
		return lk_options_complain(command, "--budget must be 0 to 100 percent");
	if (v->native != NULL && !is_native_word(v->native))
		return lk_options_complain(command, "--native must be stacks, python or off");
	if (v->folder != NULL &&
	    (v->folder[0] != '/' || strlen(v->folder) >= FOLDER_MAX_BYTES))
		return lk_options_complain(command, "--dir must be an absolute path");
	return LK_EXIT_DONE;
}

size_t
lk_sampling_settings(const struct lk_sampling *v,
    char out[LK_SAMPLING_SETTINGS_MAX][LK_SAMPLING_SETTING_BYTES])
{
	const struct {
		const char *name;
		uint64_t bytes;
		const char *text;
	} rows[LK_SAMPLING_SETTINGS_MAX] = {
	    {LK_ENV_INTERVAL, v->interval_bytes, NULL}, {LK_ENV_MEMORY, v->memory_bytes, NULL},
	    {LK_ENV_BUDGET, 0, v->budget},		{LK_ENV_NATIVE, 0, v->native},
	    {LK_ENV_DIR, 0, v->folder},
	};
	size_t count = 0;

	for (size_t i = 0; i < LK_COUNT_OF(rows); i++) {
		if (rows[i].text != NULL)
			snprintf(out[count++], LK_SAMPLING_SETTING_BYTES, "%s=%s", rows[i].name,
			    rows[i].text);
		else if (rows[i].bytes != 0)
			snprintf(out[count++], LK_SAMPLING_SETTING_BYTES, "%s=%" PRIu64,
			    rows[i].name, rows[i].bytes);
	}
	return count;
}
