/* settings.h - the environment variables of leaktop/sampler.h.  Room: sampler (top). */
#ifndef LK_SAMPLER_SETTINGS_H
#define LK_SAMPLER_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "sampler/native/native.h"

struct lk_settings {
	bool		disabled;
	bool		interval_is_asked;
	uint64_t	interval_bytes, memory_bytes;
	enum lk_native_state native;
	bool		never_freezes, never_reveals;
	double		budget_percent;		/* 0: none */
	unsigned int	duty_shift;		/* forced duty 2^-this, for tests; 0: none */
};

/* lk_settings_give - SETTINGS, "NAME=VALUE" with a NUL behind each and an empty one at the end,
 * stand in place of the environment, which another thread may be changing.  Copied; once. */
void lk_settings_give(const char *settings);

/* lk_settings_text - NAME's value, or NULL; what was given, else the environment. */
const char *lk_settings_text(const char *name);

/* lk_settings_read - what does not parse is an event, and the default. */
void lk_settings_read(struct lk_settings *out);

#endif
