#include "config.h"

#include "cli/jsonl.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The length of the UTF-8 character at S, 0 when it is none (RFC 3629). */
static size_t
character_bytes(const unsigned char *s)
{
	static const struct {
		unsigned char low, high, second_low, second_high;
		size_t bytes;
	} forms[] = {
	    {0x00, 0x7f, 0, 0, 1},	 {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
	    {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
	    {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (s[0] < forms[i].low || s[0] > forms[i].high)
			continue;
		if (forms[i].bytes > 1 &&
		    (s[1] < forms[i].second_low || s[1] > forms[i].second_high))
			return 0;
		for (size_t k = 2; k < forms[i].bytes; k++)
			if ((s[k] & 0xc0) != 0x80)
				return 0;
		return forms[i].bytes;
	}
	return 0;
}

static void
put_text(FILE *file, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	putc('"', file);
	while (*s != '\0') {
		size_t bytes = character_bytes(s);

		if (bytes == 0)
			fputs("\xef\xbf\xbd", file);
		else if (*s == '"' || *s == '\\')
			fprintf(file, "\\%c", *s);
		else if (*s < 0x20 || *s == 0x7f || (bytes == 2 && s[0] == 0xc2 && s[1] < 0xa0))
			/* C1 controls too: somebody will look at this in a terminal */
			fprintf(file, "\\u%04x", bytes == 2 ? s[1] : s[0]);
		else
			fwrite(s, 1, bytes, file);
		s += bytes == 0 ? 1 : bytes;
	}
	putc('"', file);
}

static void
put_key(struct lk_jsonl *j, const char *key)
{
	if (j->comma)
		putc(',', j->file);
	j->comma = true;
	if (key != NULL)
		fprintf(j->file, "\"%s\":", key);
}

void
lk_jsonl_open(struct lk_jsonl *j, const char *key, char bracket)
{
	put_key(j, key);
	putc(bracket, j->file);
	j->comma = false;
}

void
lk_jsonl_close(struct lk_jsonl *j, char bracket)
{
	putc(bracket, j->file);
	j->comma = true;
}

void
lk_jsonl_text(struct lk_jsonl *j, const char *key, const char *value)
{
	put_key(j, key);
	if (value == NULL)
		fputs("null", j->file);
	else
		put_text(j->file, value);
}

void
lk_jsonl_real(struct lk_jsonl *j, const char *key, double value)
{
	put_key(j, key);
	if (!isfinite(value))
		fputs("null", j->file);
	else if (value == floor(value) && fabs(value) < 1e15)
		fprintf(j->file, "%" PRId64, (int64_t)value);
	else
		fprintf(j->file, "%.3f", value);
}

void
lk_jsonl_whole(struct lk_jsonl *j, const char *key, uint64_t value)
{
	put_key(j, key);
	fprintf(j->file, "%" PRIu64, value);
}

void
lk_jsonl_flag(struct lk_jsonl *j, const char *key, bool value)
{
	put_key(j, key);
	fputs(value ? "true" : "false", j->file);
}

int
lk_jsonl_end(struct lk_jsonl *j)
{
	putc('\n', j->file);
	j->comma = false;
	return fflush(j->file) == 0 && !ferror(j->file) ? 0 : -EIO;
}
