/* export.h - the door of the export room: a snapshot becomes a file. */
#ifndef LK_EXPORT_EXPORT_H
#define LK_EXPORT_EXPORT_H

#include <stddef.h>
#include <stdint.h>

struct lk_snapshot;

struct lk_export_options {
	const char	*format;	/* "json" */
	uint32_t	 reference;	/* baseline id, 0 start, UINT32_MAX newest */
};

/* lk_export_write - write S to PATH: temporary file beside it, fsync, rename, mode 0600.
 * words: [words_bytes], what went wrong, for people.
 * Returns: 0 or negative errno; on failure nothing new is left at PATH. */
int lk_export_write(const struct lk_snapshot *s, const struct lk_export_options *options,
    const char *path, char *words, size_t words_bytes);

/* lk_export_default_path - "leaktop-HOST-PID-YYYYmmdd-HHMMSS.json", absolute, in the
 * current folder, else the home folder, else /tmp.  Returns 0 or -ENAMETOOLONG. */
int lk_export_default_path(const struct lk_snapshot *s, char *out, size_t out_bytes);

/* lk_export_formats - NULL-terminated names. */
const char *const *lk_export_formats(void);

#endif
