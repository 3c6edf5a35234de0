/* export.h - the door of the export room: a snapshot becomes a file. */
#ifndef LK_EXPORT_EXPORT_H
#define LK_EXPORT_EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct lk_snapshot;

#define LK_EXPORT_MAX_BYTES (64u << 20)

struct lk_export_options {
	const char	*format;	/* a name of lk_export_formats(); NULL: json */
	uint32_t	 reference;	/* baseline id, 0 start, UINT32_MAX newest */
	bool		 delta;		/* growth since the reference instead of what is alive */
	uint64_t	 max_bytes;	/* of folded and speedscope; 0: LK_EXPORT_MAX_BYTES.  What
					   weighs least is one stack then that says so */
};

/* lk_export_write - write S to PATH: temporary file beside it, fsync, rename, mode 0600.
 * words: [words_bytes], what went wrong, for people.
 * Returns: 0 or negative errno; on failure nothing new is left at PATH. */
int lk_export_write(const struct lk_snapshot *s, const struct lk_export_options *options,
    const char *path, char *words, size_t words_bytes);

/* lk_export_print - the same to OUT, flushed. */
int lk_export_print(const struct lk_snapshot *s, const struct lk_export_options *options,
    FILE *out, char *words, size_t words_bytes);

/* lk_export_default_path - "leaktop-HOST-PID-YYYYmmdd-HHMMSS.json" or with the suffix of FORMAT,
 * absolute, in the current folder, else the home folder, else /tmp.
 * Returns 0 or -ENAMETOOLONG. */
int lk_export_default_path(const struct lk_snapshot *s, const char *format, char *out,
    size_t out_bytes);

/* lk_export_formats - NULL-terminated names, those of json, folded, speedscope, pprof, html. */
const char *const *lk_export_formats(void);

/* lk_export_has_delta - whether options.delta makes a difference. */
bool lk_export_has_delta(const char *format);

/* lk_export_format_of - the format that the end of a file's name means; NULL: none. */
const char *lk_export_format_of(const char *path);

#endif
