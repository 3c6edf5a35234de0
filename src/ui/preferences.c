/* The text is kept as it was read: what others wrote there is theirs. */
#include "config.h"

#include "ui/preferences.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "util/replace.h"
#include "util/textfile.h"

int
lk_preferences_folder(char *out, size_t out_bytes)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	int length = -1;

	/* The specification has relative paths ignored. */
	if (config != NULL && *config == '/')
		length = snprintf(out, out_bytes, "%s/leaktop", config);
	else if (home != NULL && *home == '/')
		length = snprintf(out, out_bytes, "%s/.config/leaktop", home);
	return length >= 0 && (size_t)length < out_bytes ? 0 : -ENOENT;
}

int
lk_preferences_read(const char *path, struct lk_preferences *out)
{
	int rc;

	out->text = NULL;
	rc = lk_textfile_read(path, LK_PREFERENCES_MAX_BYTES, &out->text);
	return rc == -ENOENT ? 0 : rc;
}

void
lk_preferences_fini(struct lk_preferences *c)
{
	free(c->text);
	c->text = NULL;
}

/* ---- lines ----------------------------------------------------------------- */

static size_t
line_length(const char *line)
{
	return strcspn(line, "\n");
}

static const char *
next_line(const char *line)
{
	line += line_length(line);
	return *line == '\n' ? line + 1 : line;
}

/* Behind the '=' of a line that begins with NAME; NULL: another line. */
static const char *
value_at(const char *line, const char *name)
{
	size_t length = strlen(name);

	line += strspn(line, " \t");
	if (strncmp(line, name, length) != 0)
		return NULL;
	line += length;
	line += strspn(line, " \t");
	if (*line != '=')
		return NULL;
	line++;
	return line + strspn(line, " \t");
}

static const char *
find_line(const char *text, const char *name, size_t nth)
{
	for (; text != NULL && *text != '\0'; text = next_line(text))
		if (value_at(text, name) != NULL && nth-- == 0)
			return text;
	return NULL;
}

/* A quoted value ends with the quote, another one with the line or a comment. */
static size_t
value_length(const char **value)
{
	size_t length;

	if (**value == '"') {
		(*value)++;
		return strcspn(*value, "\"\r\n");
	}
	length = strcspn(*value, "#\r\n");
	while (length > 0 && ((*value)[length - 1] == ' ' || (*value)[length - 1] == '\t'))
		length--;
	return length;
}

bool
lk_preferences_get(const struct lk_preferences *c, const char *name, size_t nth, char *out,
    size_t out_bytes)
{
	const char *line = find_line(c->text, name, nth);
	const char *value = line != NULL ? value_at(line, name) : NULL;
	size_t length;

	if (value == NULL)
		return false;
	length = value_length(&value);
	if (length >= out_bytes)
		return false;
	memcpy(out, value, length);
	out[length] = '\0';
	return true;
}

/* ---- changing -------------------------------------------------------------- */

static bool
fits_a_line(const char *value)
{
	if (strlen(value) >= LK_PREFERENCES_VALUE_BYTES)
		return false;
	for (; *value != '\0'; value++)
		if ((unsigned char)*value < ' ' || *value == '"')
			return false;
	return true;
}

/* The old text with NEW in place of the first line of NAME or at the end; NEW NULL: without all of
 * its lines. */
static size_t
rewrite(const char *old, const char *name, const char *new, char *out)
{
	size_t length = 0;
	bool done = false;

	for (; *old != '\0'; old = next_line(old)) {
		bool ours = value_at(old, name) != NULL;

		if (ours && new == NULL)
			continue;
		if (ours && !done) {
			length += (size_t)sprintf(out + length, "%s", new);
			done = true;
			continue;
		}
		memcpy(out + length, old, line_length(old));
		length += line_length(old);
		out[length++] = '\n';
	}
	if (new != NULL && !done)
		length += (size_t)sprintf(out + length, "%s", new);
	out[length] = '\0';
	return length;
}

int
lk_preferences_set(struct lk_preferences *c, const char *name, const char *value)
{
	const char *old = c->text != NULL ? c->text : "";
	char line[LK_PREFERENCES_VALUE_BYTES + 80], *text;

	if (strlen(name) > 64 || (value != NULL && !fits_a_line(value)))
		return -EINVAL;
	if (value != NULL)
		snprintf(line, sizeof(line), "%s=\"%s\"\n", name, value);
	text = malloc(strlen(old) + sizeof(line) + 2);
	if (text == NULL)
		return -ENOMEM;
	if (rewrite(old, name, value != NULL ? line : NULL, text) > LK_PREFERENCES_MAX_BYTES) {
		free(text);
		return -EFBIG;
	}
	free(c->text);
	c->text = text;
	return 0;
}

/* ---- writing --------------------------------------------------------------- */

static int
make_folders(const char *path)
{
	char folder[PATH_MAX];

	if (strlen(path) >= sizeof(folder))
		return -ENAMETOOLONG;
	for (const char *slash = strchr(path + 1, '/'); slash != NULL;
	    slash = strchr(slash + 1, '/')) {
		snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
		if (mkdir(folder, 0700) < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

int
lk_preferences_write(const struct lk_preferences *c, const char *path)
{
	char behind_link[PATH_MAX];
	struct lk_replace file;
	int rc = make_folders(path);

	if (rc < 0)
		return rc;
	/* Where the config is a link to a file kept elsewhere, that file is the config. */
	if (realpath(path, behind_link) != NULL)
		path = behind_link;
	rc = lk_replace_open(&file, path);
	if (rc < 0)
		return rc;
	if (c->text != NULL)
		fputs(c->text, file.out);
	return lk_replace_commit(&file);
}
