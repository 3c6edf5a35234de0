/* A theme file from anywhere, as every role looks with it on every terminal. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "ui/theme.h"

#include "fuzz.h"

const char *const fuzz_seeds[] = {"themes/*.theme", NULL};

static void
warned(void *ctx, const char *words)
{
	(void)ctx;
	if (strlen(words) >= 160)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	static const int ladder[] = {0, 8, 16, 256, 1 << 24};
	char *text = malloc(count + 1);
	struct lk_theme theme;

	memcpy(text, bytes, count);
	text[count] = '\0';
	lk_theme_default(&theme);
	lk_theme_parse(&theme, text, warned, NULL);
	for (int role = 0; role < LK_ROLE_COUNT; role++)
		for (size_t i = 0; i < 2 * LK_COUNT_OF(ladder); i++) {
			int colours = ladder[i / 2];
			struct lk_ink ink = lk_theme_ink(&theme, (enum lk_role)role, i % 2 == 1,
			    colours);

			if (ink.fg < -1 || (ink.fg > 0 && ink.fg >= colours) || ink.bg < -1 ||
			    (ink.bg > 0 && ink.bg >= colours))
				abort();
		}
	free(text);
	return 0;
}
