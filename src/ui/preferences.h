/* preferences.h - what the operator prefers, between sessions: $XDG_CONFIG_HOME/leaktop/config.
 * Room: ui.
 *
 *     # a comment
 *     theme="nord"
 *     theme.match="prod-* dracula"
 *
 * A name, '=', a value; quotes may be missing.  Names are lower case, with dots.  A name may stand
 * there more than once.  What this program does not know stays in the file as it is. */
#ifndef LK_UI_PREFERENCES_H
#define LK_UI_PREFERENCES_H

#include <stdbool.h>
#include <stddef.h>

#define LK_PREFERENCES_VALUE_BYTES	256	/* with the NUL; what is longer is no value */
#define LK_PREFERENCES_MAX_BYTES	(64u << 10)

struct lk_preferences {
	char *text;	/* NULL: empty */
};

/* lk_preferences_folder - where the config and the operator's themes are:
 * $XDG_CONFIG_HOME/leaktop, or .config/leaktop at home.
 * Returns: 0; -ENOENT when neither is known. */
int lk_preferences_folder(char *out, size_t out_bytes);

/* lk_preferences_read - a file that is not there is an empty config.  Fini in any case.
 * Returns: 0; or what lk_textfile_read said, with an empty config. */
int lk_preferences_read(const char *path, struct lk_preferences *out);
void lk_preferences_fini(struct lk_preferences *c);

/* lk_preferences_get - the value of the NTH (from 0) line with this NAME; false: there is none. */
bool lk_preferences_get(const struct lk_preferences *c, const char *name, size_t nth, char *out,
    size_t out_bytes);

/* lk_preferences_set - the first line with NAME says VALUE from now on, or a new one at the end;
 * VALUE NULL: all its lines go.
 * Returns: 0; -EINVAL for a value that does not fit in a line; -EFBIG; -ENOMEM. */
int lk_preferences_set(struct lk_preferences *c, const char *name, const char *value);

/* lk_preferences_write - to PATH, whose folder is made: a reader sees the old file or the new one.
 * Returns: 0 or negative errno. */
int lk_preferences_write(const struct lk_preferences *c, const char *path);

#endif
