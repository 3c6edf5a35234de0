#include "config.h"

#include "util/text.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/attr.h"

/* VALUE >= 0 with DECIMALS digits behind a point, whatever the locale calls a point. */
static int
put_fixed(char *out, size_t out_bytes, const char *sign, double value, int decimals,
    const char *unit)
{
	static const double scales[] = {1, 10, 100};
	uint64_t scale = (uint64_t)scales[decimals];
	uint64_t scaled = (uint64_t)(value * scales[decimals] + 0.5);

	if (decimals == 0)
		return snprintf(out, out_bytes, "%s%" PRIu64 "%s", sign, scaled, unit);
	return snprintf(out, out_bytes, "%s%" PRIu64 ".%0*" PRIu64 "%s", sign, scaled / scale,
	    decimals, scaled % scale, unit);
}

static char *
unknown(char *out, size_t out_bytes)
{
	snprintf(out, out_bytes, "-");
	return out;
}

static enum lk_text_unit used_unit = LK_TEXT_BINARY;

static const char *const unit_names[LK_TEXT_UNIT_COUNT] = {
	[LK_TEXT_BINARY] = "binary", [LK_TEXT_DECIMAL] = "decimal", [LK_TEXT_WHOLE] = "bytes",
};

void
lk_text_use_unit(enum lk_text_unit unit)
{
	used_unit = unit;
}

enum lk_text_unit
lk_text_used_unit(void)
{
	return used_unit;
}

const char *
lk_text_unit_name(enum lk_text_unit unit)
{
	return unit_names[unit];
}

int
lk_text_unit_parse(const char *name)
{
	for (int i = 0; i < LK_TEXT_UNIT_COUNT; i++)
		if (strcmp(unit_names[i], name) == 0)
			return i;
	return -1;
}

static char *
put_bytes(double bytes, const char *plus, char *out, size_t out_bytes)
{
	static const char *const units[] = {"B", "K", "M", "G", "T", "P", "E"};
	const char *sign = bytes < 0 ? "-" : plus;
	double value = fabs(bytes), step = used_unit == LK_TEXT_DECIMAL ? 1000 : 1024;
	size_t unit = 0;
	int decimals;

	if (!isfinite(bytes) || value >= 0x1p63)
		return unknown(out, out_bytes);
	if (value < 0.5) {
		snprintf(out, out_bytes, "0");
		return out;
	}
	if (used_unit == LK_TEXT_WHOLE) {
		put_fixed(out, out_bytes, sign, value, 0, "");
		return out;
	}
	while (value >= (unit == 0 ? 999.5 : 999.95) && unit + 1 < LK_COUNT_OF(units)) {
		value /= step;
		unit++;
	}
	decimals = unit == 0 ? 0 : unit >= 3 && value < 9.995 ? 2 : 1;
	put_fixed(out, out_bytes, sign, value, decimals,
	    unit == 1 && used_unit == LK_TEXT_DECIMAL ? "k" : units[unit]);
	return out;
}

char *
lk_text_bytes(double bytes, char *out, size_t out_bytes)
{
	return put_bytes(bytes, "", out, out_bytes);
}

char *
lk_text_bytes_signed(double bytes, char *out, size_t out_bytes)
{
	return put_bytes(bytes, "+", out, out_bytes);
}

char *
lk_text_rate_per_min(double bytes_per_min, char *out, size_t out_bytes)
{
	char bytes[LK_TEXT_BYTES];

	if (!isfinite(bytes_per_min))
		return unknown(out, out_bytes);
	snprintf(out, out_bytes, "%s/min",
	    lk_text_bytes_signed(bytes_per_min, bytes, sizeof(bytes)));
	return out;
}

static char *
put_count(double count, const char *plus, char *out, size_t out_bytes)
{
	static const char *const units[] = {"", "k", "M", "G", "T", "P"};
	const char *sign = count < 0 ? "-" : plus;
	double value = fabs(count);
	size_t unit = 0;
	int decimals;

	if (!isfinite(count) || value >= 0x1p63)
		return unknown(out, out_bytes);
	if (value < 0.5) {
		snprintf(out, out_bytes, "0");
		return out;
	}
	while (value >= 999.5 && unit + 1 < LK_COUNT_OF(units)) {
		value /= 1000;
		unit++;
	}
	decimals = unit == 0 || value >= 99.95 ? 0 : unit >= 2 && value < 9.995 ? 2 : 1;
	put_fixed(out, out_bytes, sign, value, decimals, units[unit]);
	return out;
}

char *
lk_text_count(double count, char *out, size_t out_bytes)
{
	return put_count(count, "", out, out_bytes);
}

char *
lk_text_count_signed(double count, char *out, size_t out_bytes)
{
	return put_count(count, "+", out, out_bytes);
}

char *
lk_text_duration(double seconds, char *out, size_t out_bytes)
{
	const char *sign = seconds < 0 ? "-" : "";
	double value = fabs(seconds);
	uint64_t s;

	if (!isfinite(seconds) || value >= 1e12)
		return unknown(out, out_bytes);
	s = (uint64_t)(value + 0.5);
	if (value < 0.0005)
		snprintf(out, out_bytes, "0s");
	else if (value < 0.9995)
		snprintf(out, out_bytes, "%s%ums", sign, (unsigned int)(value * 1000 + 0.5));
	else if (s < 60)
		snprintf(out, out_bytes, "%s%" PRIu64 "s", sign, s);
	else if (s < 3600)
		snprintf(out, out_bytes, "%s%" PRIu64 "m%02" PRIu64 "s", sign, s / 60, s % 60);
	else if (s < 86400)
		snprintf(out, out_bytes, "%s%" PRIu64 "h%02" PRIu64 "m", sign, s / 3600,
		    s % 3600 / 60);
	else
		snprintf(out, out_bytes, "%s%" PRIu64 "d%02" PRIu64 "h", sign, s / 86400,
		    s % 86400 / 3600);
	return out;
}

char *
lk_text_clock(double at_s, char *out, size_t out_bytes)
{
	struct tm tm;
	time_t t;

	if (!isfinite(at_s) || fabs(at_s) > 1e15)
		return unknown(out, out_bytes);
	t = (time_t)floor(at_s);
	if (localtime_r(&t, &tm) == NULL)
		return unknown(out, out_bytes);
	snprintf(out, out_bytes, "%02d:%02d:%02d", tm.tm_hour, tm.tm_min, tm.tm_sec);
	return out;
}

char *
lk_text_percent(double part, double whole, char *out, size_t out_bytes)
{
	double percent = 100 * part / whole;

	if (!isfinite(percent) || fabs(percent) >= 1e12)
		return unknown(out, out_bytes);
	put_fixed(out, out_bytes, percent <= -0.05 ? "-" : "", fabs(percent),
	    fabs(percent) < 9.95 ? 1 : 0, "%");
	return out;
}

/* Length of the well-formed UTF-8 character at S and its number; 0 when there is none. */
static size_t
utf8_at(const unsigned char *s, uint32_t *out_code)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t length = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3
	    : s[0] < 0xf5 ? 4 : 0;
	uint32_t code;

	if (length == 0)
		return 0;
	code = length == 1 ? s[0] : s[0] & (0x7fu >> length);
	for (size_t i = 1; i < length; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0; /* the NUL stops it too */
		code = code << 6 | (s[i] & 0x3f);
	}
	if (code < smallest[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	*out_code = code;
	return length;
}

/* What a terminal could obey, or what would make text read differently from its bytes. */
static bool
is_unsafe(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{0x00, 0x1f},	    {0x7f, 0x9f},	/* C0, DEL, C1 */
		{0xad, 0xad},	    {0x34f, 0x34f},	/* soft hyphen, grapheme joiner */
		{0x61c, 0x61c},	    {0x180e, 0x180e},	/* bidi and vowel marks */
		{0x200b, 0x200f},   {0x2028, 0x202e},	/* zero width, line ends, embeddings */
		{0x2060, 0x206f},   {0xfeff, 0xfeff},	/* isolates, byte order mark */
		{0xfff9, 0xfffb},   {0xe0000, 0xe0fff},	/* annotations, tags */
	};

	for (size_t i = 0; i < LK_COUNT_OF(ranges); i++)
		if (code >= ranges[i].first && code <= ranges[i].last)
			return true;
	return false;
}

size_t
lk_text_clean(const char *in, char *out, size_t out_bytes)
{
	const unsigned char *p = (const unsigned char *)in;
	size_t used = 0;

	if (out_bytes == 0)
		return 0;
	while (*p != '\0') {
		uint32_t code = 0;
		size_t length, put;
		bool space, plain;

		if (*p >= ' ' && *p < 0x7f) {	/* nearly always */
			if (used + 1 >= out_bytes)
				break;
			out[used++] = (char)*p++;
			continue;
		}
		length = utf8_at(p, &code);
		space = *p == '\t' || *p == '\n' || *p == '\r';
		plain = length > 0 && !is_unsafe(code);
		put = plain ? length : 1;

		if (used + put >= out_bytes)
			break;
		if (plain)
			memmove(out + used, p, length);
		else
			out[used] = space ? ' ' : '?';
		used += put;
		p += length > 0 ? length : 1;
	}
	out[used] = '\0';
	return used;
}

static size_t
characters(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

/* What stands for the part that was cut, where so many cells are left. */
static size_t
dots_in(size_t cells)
{
	return cells > 6 ? 3 : cells > 3 ? 2 : cells > 1 ? 1 : 0;
}

char *
lk_text_tail(const char *text, size_t cells, char *out, size_t out_bytes)
{
	size_t count = characters(text), dots = dots_in(cells);

	if (out_bytes == 0)
		return out;
	if (count <= cells) {
		lk_text_clean(text, out, out_bytes);
		return out;
	}
	for (size_t skip = count - (cells - dots); skip > 0; skip--)
		for (text++; ((unsigned char)*text & 0xc0) == 0x80;)
			text++;
	dots = dots < out_bytes ? dots : out_bytes - 1;
	memset(out, '.', dots);
	lk_text_clean(text, out + dots, out_bytes - dots);
	return out;
}

char *
lk_text_head(const char *text, size_t cells, char *out, size_t out_bytes)
{
	size_t dots = dots_in(cells), used;
	const char *end = text;

	if (characters(text) <= cells) {
		lk_text_clean(text, out, out_bytes);
		return out;
	}
	for (size_t kept = 0; kept < cells - dots; kept++)
		for (end++; ((unsigned char)*end & 0xc0) == 0x80;)
			end++;
	used = (size_t)(end - text) + 1;	/* with the NUL */
	used = lk_text_clean(text, out, used < out_bytes ? used : out_bytes);
	snprintf(out + used, out_bytes - used, "%.*s", (int)dots, "...");
	return out;
}

/* Digits with at most one point; strtod would take the locale's point, hex and "nan". */
static const char *
read_decimal(const char *text, double *out)
{
	const char *p = text;
	double value = 0, place = 1;
	bool point = false, digits = false;

	for (; (*p >= '0' && *p <= '9') || (*p == '.' && !point); p++) {
		if (*p == '.') {
			point = true;
			continue;
		}
		digits = true;
		value = value * 10 + (*p - '0');
		place *= point ? 10 : 1;
	}
	if (!digits)
		return NULL;
	*out = value / place;
	return p;
}

struct unit {
	const char *name;
	double factor;
};

static int
parse_with_units(const char *text, const struct unit *units, size_t unit_count, double limit,
    uint64_t *out)
{
	double value = 0;
	const char *rest = read_decimal(text, &value);

	if (rest == NULL)
		return -EINVAL;
	for (size_t i = 0; i < unit_count; i++) {
		if (strcasecmp(rest, units[i].name) != 0)
			continue;
		value *= units[i].factor;
		if (!(value < limit))
			return -ERANGE;
		*out = (uint64_t)(value + 0.5);
		return 0;
	}
	return -EINVAL;
}

int
lk_text_parse_bytes(const char *text, uint64_t *out)
{
	static const struct unit units[] = {
		{"", 1},	 {"B", 1},	   {"K", 0x1p10}, {"KB", 0x1p10}, {"KiB", 0x1p10},
		{"M", 0x1p20},	 {"MB", 0x1p20},   {"MiB", 0x1p20}, {"G", 0x1p30},
		{"GB", 0x1p30},	 {"GiB", 0x1p30},  {"T", 0x1p40}, {"TB", 0x1p40}, {"TiB", 0x1p40},
	};

	return parse_with_units(text, units, LK_COUNT_OF(units), 0x1p63, out);
}

int
lk_text_parse_duration(const char *text, uint64_t *out_ms)
{
	static const struct unit units[] = {
		{"", 1e3}, {"s", 1e3}, {"ms", 1}, {"m", 6e4}, {"min", 6e4}, {"h", 3.6e6},
	};

	return parse_with_units(text, units, LK_COUNT_OF(units), 0x1p31, out_ms);
}
