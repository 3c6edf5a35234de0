/* Which theme is wanted, of all who may say so. */
#include "config.h"

#include "ui/theme.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "util/text.h"

#include "ui/preferences.h"

/* "PATTERN THEME WORDS": the theme, when the pattern fits. */
static const char *
match(char *line, const char *host, const char **words)
{
	char *rest = NULL;
	const char *pattern = strtok_r(line, " \t", &rest);
	const char *theme = pattern != NULL ? strtok_r(NULL, " \t", &rest) : NULL;

	if (theme == NULL || fnmatch(pattern, host, 0) != 0)
		return NULL;
	*words = rest + strspn(rest, " \t");
	return theme;
}

/* The theme of the first line that fits HOST, borrowed from LINE; NULL: there is none. */
static const char *
find_match(const struct lk_preferences *preferences, const char *host, char *line,
    const char **words)
{
	const size_t bytes = LK_PREFERENCES_VALUE_BYTES;

	for (size_t i = 0; lk_preferences_get(preferences, "theme.match", i, line, bytes); i++) {
		const char *theme = match(line, host, words);

		if (theme != NULL)
			return theme;
	}
	return NULL;
}

static const char *
preferred(const struct lk_preferences *preferences, const char *host, char *line)
{
	const size_t bytes = LK_PREFERENCES_VALUE_BYTES;
	const char *words, *theme = find_match(preferences, host, line, &words);

	if (theme != NULL)
		return theme;
	if (lk_preferences_get(preferences, "theme", 0, line, bytes) && *line != '\0')
		return line;
	return "default";
}

void
lk_theme_banner(const struct lk_preferences *preferences, const char *host, char *out,
    size_t out_bytes)
{
	char line[LK_PREFERENCES_VALUE_BYTES];
	const char *words;

	if (find_match(preferences, host, line, &words) == NULL)
		words = "";
	lk_text_clean(words, out, out_bytes);
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
