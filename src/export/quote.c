#include "config.h"

#include "export/quote.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "util/text.h"

size_t
lk_quote_put(FILE *out, const char *text)
{
	char clean[LK_QUOTE_BYTES];
	size_t length = 2;

	lk_text_clean(text, clean, sizeof(clean));
	putc('"', out);
	for (const unsigned char *p = (const unsigned char *)clean; *p != '\0'; p++) {
		bool plain = strchr("\"\\<>&", *p) == NULL;

		if (plain)
			putc(*p, out);
		else
			fprintf(out, "\\u%04x", *p);
		length += plain ? 1 : sizeof("\\u0000") - 1;
	}
	putc('"', out);
	return length;
}

void
lk_quote_number(FILE *out, double value)
{
	if (!isfinite(value))
		fputs("null", out);
	else if (value == floor(value) && fabs(value) < 0x1p53)
		fprintf(out, "%.0f", value);
	else
		fprintf(out, "%.17g", value);
}
