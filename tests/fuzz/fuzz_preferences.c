/* A config file from anywhere: read, asked, changed. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "ui/preferences.h"
#include "ui/theme.h"

#include "fuzz.h"

const char *const fuzz_seeds[] = {"tests/fuzz/seeds/*.config", "themes/*.theme", NULL};

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	struct lk_preferences p = {malloc(count + 1)};
	char value[LK_PREFERENCES_VALUE_BYTES], name[64];

	if (count > LK_PREFERENCES_MAX_BYTES)
		count = LK_PREFERENCES_MAX_BYTES;
	memcpy(p.text, bytes, count);
	p.text[count] = '\0';
	lk_theme_choose(&p, NULL, NULL, "prod-1.example.org", name, sizeof(name));
	lk_theme_banner(&p, "prod-1.example.org", name, sizeof(name));
	if (lk_preferences_set(&p, "theme", "nord") == 0 &&
	    (!lk_preferences_get(&p, "theme", 0, value, sizeof(value)) ||
	    strcmp(value, "nord") != 0))
		abort();
	if (lk_preferences_set(&p, "theme", NULL) == 0 &&
	    lk_preferences_get(&p, "theme", 0, value, sizeof(value)))
		abort();
	lk_preferences_fini(&p);
	return 0;
}
