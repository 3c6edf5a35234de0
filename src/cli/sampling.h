/* sampling.h - how a sampler is to sample: what run and attach have in common.  Room: cli. */
#ifndef LK_CLI_SAMPLING_H
#define LK_CLI_SAMPLING_H

#include <stddef.h>
#include <stdint.h>

struct lk_command;

struct lk_sampling {
	uint64_t interval_bytes, memory_bytes; /* 0: the sampler's default */
	const char *budget, *folder, *native;  /* NULL: likewise */
};

#define LK_SAMPLING_SETTINGS_MAX  5
#define LK_SAMPLING_SETTING_BYTES 320

/* lk_sampling_check - Returns: LK_EXIT_DONE; LK_EXIT_USAGE, said on stderr as COMMAND's. */
int lk_sampling_check(const struct lk_command *command, const struct lk_sampling *v);

/* lk_sampling_settings - the environment variables for it, "NAME=VALUE", after the check.
 * Returns: how many. */
size_t lk_sampling_settings(const struct lk_sampling *v,
    char out[LK_SAMPLING_SETTINGS_MAX][LK_SAMPLING_SETTING_BYTES]);

#endif
