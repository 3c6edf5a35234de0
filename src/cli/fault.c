#include "config.h"

#include "cli/fault.h"

#include <stdarg.h>
#include <stdio.h>

#include "util/text.h"

#include "cli/options.h"

int
lk_fault(const char *format, ...)
{
	char words[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	lk_text_clean(words, words, sizeof(words));
	fprintf(stderr, "leaktop: %s\n", words);
	return LK_EXIT_FAILED;
}
