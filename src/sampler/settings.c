#include "config.h"

#include "sampler/settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "leaktop/sampler.h"
#include "sampler/core/events.h"
#include "sampler/duty.h"

#define GIVEN_BYTES	2048

static char given[GIVEN_BYTES];
static bool is_given;

void
lk_settings_give(const char *settings)
{
	size_t at = 0, length;

	while ((length = strlen(settings + at)) != 0 && at + length + 2 <= sizeof(given)) {
		memcpy(given + at, settings + at, length + 1);
		at += length + 1;
	}
	given[at] = '\0';
	is_given = true;
}

const char *
lk_settings_text(const char *name)
{
	size_t length = strlen(name);
	const char *at;

	if (!is_given)
		return getenv(name);
	for (at = given; *at != '\0'; at += strlen(at) + 1)
		if (strncmp(at, name, length) == 0 && at[length] == '=')
			return at + length + 1;
	return NULL;
}

/* "512K" -> bytes; 0 when it is not a size. */
static uint64_t
parse_size(const char *s)
{
	static const char units[] = "KMG";
	uint64_t value = 0;
	const char *unit;

	if (*s < '0' || *s > '9')
		return 0;
	for (; *s >= '0' && *s <= '9' && value < UINT64_C(1) << 40; s++)
		value = value * 10 + (uint64_t)(*s - '0');
	unit = *s == '\0' ? NULL : strchr(units, *s & ~0x20);
	if (unit != NULL && unit[0] != '\0') {
		value <<= 10 * (unit - units + 1);
		s++;
	}
	return *s == '\0' ? value : 0;
}

static uint64_t
read_size(const char *name, uint64_t least, uint64_t most, uint64_t otherwise)
{
	const char *text = lk_settings_text(name);
	uint64_t value = text == NULL ? otherwise : parse_size(text);

	if (value >= least && value <= most)
		return value;
	lk_events_add("bad-setting", value);
	return otherwise;
}

static enum lk_native_state
read_native(void)
{
	static const char *const words[] = {
		[LK_NATIVE_OFF] = "off",
		[LK_NATIVE_PYTHON] = "python",
		[LK_NATIVE_STACKS] = "stacks",
	};
	const char *text = lk_settings_text(LK_ENV_NATIVE);
	size_t i;

	for (i = 0; text != NULL && i < LK_COUNT_OF(words); i++)
		if (strcmp(text, words[i]) == 0)
			return (enum lk_native_state)i;
	if (text != NULL)
		lk_events_add("bad-setting", 0);
	return LK_NATIVE_STACKS;
}

/* "1.5" -> its value; -1 when it is not a plain decimal.  strtod() would ask the locale. */
static double
parse_decimal(const char *s)
{
	double value = 0, unit = 1;

	if (*s < '0' || *s > '9')
		return -1;
	for (; *s >= '0' && *s <= '9' && value < 1e6; s++)
		value = value * 10 + (*s - '0');
	if (*s == '.')
		for (s++; *s >= '0' && *s <= '9' && unit > 1e-6; s++)
			value += (unit /= 10) * (*s - '0');
	return *s == '\0' ? value : -1;
}

static double
read_decimal(const char *name, double most, double otherwise)
{
	const char *text = lk_settings_text(name);
	double value = text == NULL ? otherwise : parse_decimal(text);

	if (value >= 0 && value <= most)
		return value;
	lk_events_add("bad-setting", 0);
	return otherwise;
}

/* The next power of two that is not above. */
static unsigned int
shift_of(double duty)
{
	unsigned int shift = 0;

	while (duty < 1 && shift < LK_DUTY_SHIFT_MAX) {
		duty *= 2;
		shift++;
	}
	return shift;
}

void
lk_settings_read(struct lk_settings *out)
{
	const char *off = lk_settings_text(LK_ENV_DISABLE),
	    *freeze = lk_settings_text(LK_ENV_FREEZE),
	    *reveal = lk_settings_text(LK_ENV_REVEAL),
	    *interval = lk_settings_text(LK_ENV_INTERVAL);

	out->disabled = off != NULL && off[0] != '\0' && strcmp(off, "0") != 0;
	out->interval_bytes = read_size(LK_ENV_INTERVAL, LK_INTERVAL_MIN_BYTES,
	    LK_INTERVAL_MAX_BYTES, LK_INTERVAL_DEFAULT_BYTES);
	out->interval_is_asked = interval != NULL && parse_size(interval) == out->interval_bytes;
	out->memory_bytes = read_size(LK_ENV_MEMORY, LK_MEMORY_MIN_BYTES, LK_MEMORY_MAX_BYTES,
	    LK_MEMORY_DEFAULT_BYTES);
	out->native = read_native();
	out->never_freezes = freeze != NULL && strcmp(freeze, "off") == 0;
	out->never_reveals = reveal != NULL && strcmp(reveal, "off") == 0;
	out->budget_percent = read_decimal(LK_ENV_BUDGET, 100, LK_BUDGET_DEFAULT_PERCENT);
	out->duty_shift = shift_of(read_decimal(LK_ENV_DUTY, 1, 1));
}
