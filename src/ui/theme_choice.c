/* Which theme is wanted, of all who may say so. */
#include "config.h"

#include "ui/theme.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "ui/preferences.h"

/* "PATTERN THEME": the theme, when the pattern fits. */
static const char *
match(char *line, const char *host)
{
	char *rest = line;
	const char *pattern = strtok_r(rest, " \t", &rest);
	const char *theme = pattern != NULL ? strtok_r(NULL, " \t", &rest) : NULL;

	return theme != NULL && fnmatch(pattern, host, 0) == 0 ? theme : NULL;
}

static const char *
preferred(const struct lk_preferences *preferences, const char *host, char *line)
{
	const size_t bytes = LK_PREFERENCES_VALUE_BYTES;

	for (size_t i = 0; lk_preferences_get(preferences, "theme.match", i, line, bytes); i++) {
		const char *theme = match(line, host);

		if (theme != NULL)
			return theme;
	}
	if (lk_preferences_get(preferences, "theme", 0, line, bytes) && *line != '\0')
		return line;
	return "default";
}

void
lk_theme_choose(const struct lk_preferences *preferences, const char *option,
    const char *environment, const char *host, char *out, size_t out_bytes)
{
	char line[LK_PREFERENCES_VALUE_BYTES];
	const char *name = option;

	if (name == NULL || *name == '\0')
		name = environment;
	if (name == NULL || *name == '\0')
		name = preferred(preferences, host, line);
	snprintf(out, out_bytes, "%s", name);
}
