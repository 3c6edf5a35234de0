/* Theme files: where they are, whether they may be trusted, what they inherit. */
#include "config.h"

#include "ui/theme.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "util/textfile.h"

#define FILE_MAX_BYTES	(64u << 10)
#define INHERIT_MAX	4

static int
read_named(const char *name, const struct lk_theme_folders *folders, char **out)
{
	const char *const list[] = {folders->user, folders->build, folders->installed};
	char path[4096];
	int rc = -ENOENT;

	if (strchr(name, '/') != NULL)
		return lk_textfile_read(name, FILE_MAX_BYTES, out);
	for (size_t i = 0; i < LK_COUNT_OF(list) && rc == -ENOENT; i++) {
		if (list[i] == NULL)
			continue;
		if (snprintf(path, sizeof(path), "%s/%s.theme", list[i], name) < (int)sizeof(path))
			rc = lk_textfile_read(path, FILE_MAX_BYTES, out);
	}
	return rc;
}

static bool
inherits(const char *text, char *out, size_t out_bytes)
{
	const char *at = strstr(text, "inherit=\"");
	size_t length;

	if (at == NULL || (at != text && at[-1] != '\n'))
		return false;
	at += strlen("inherit=\"");
	length = strcspn(at, "\"\n");
	if (length == 0 || length >= out_bytes)
		return false;
	memcpy(out, at, length);
	out[length] = '\0';
	return true;
}

static int
load(const char *name, const struct lk_theme_folders *folders, lk_theme_warn_fn warn, void *ctx,
    int depth, struct lk_theme *theme)
{
	char *text = NULL, parent[64];
	int rc;

	rc = read_named(name, folders, &text);
	if (rc == -ENOENT && strcmp(name, "default") == 0)
		return 0;		/* compiled in */
	if (rc < 0)
		return rc;
	if (depth < INHERIT_MAX && inherits(text, parent, sizeof(parent)) &&
	    strcmp(parent, name) != 0 &&
	    load(parent, folders, warn, ctx, depth + 1, theme) < 0 && warn != NULL)
		warn(ctx, "the theme that this theme inherits cannot be read");
	snprintf(theme->name, sizeof(theme->name), "%s", name);
	lk_theme_parse(theme, text, warn, ctx);
	free(text);
	return 0;
}

int
lk_theme_load(const char *name, const struct lk_theme_folders *folders, lk_theme_warn_fn warn,
    void *ctx, struct lk_theme *out)
{
	int rc;

	lk_theme_default(out);
	rc = load(name, folders, warn, ctx, 0, out);
	if (rc < 0)
		lk_theme_default(out);
	return rc;
}

static size_t
add_name(const char *name, size_t length, char names[][64], size_t count, size_t max)
{
	if (length == 0 || length >= 64 || count == max)
		return count;
	for (size_t i = 0; i < count; i++)
		if (strncmp(names[i], name, length) == 0 && names[i][length] == '\0')
			return count;
	memcpy(names[count], name, length);
	names[count][length] = '\0';
	return count + 1;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

size_t
lk_theme_names(const struct lk_theme_folders *folders, char names[][64], size_t max)
{
	const char *const list[] = {folders->user, folders->build, folders->installed};
	size_t count = add_name("default", 7, names, 0, max);

	for (size_t i = 0; i < LK_COUNT_OF(list); i++) {
		DIR *dir = list[i] != NULL ? opendir(list[i]) : NULL;
		struct dirent *entry;

		while (dir != NULL && (entry = readdir(dir)) != NULL) {
			size_t length = strlen(entry->d_name);

			if (length > 6 && strcmp(entry->d_name + length - 6, ".theme") == 0)
				count = add_name(entry->d_name, length - 6, names, count, max);
		}
		if (dir != NULL)
			closedir(dir);
	}
	if (count > 2)
		qsort(names[1], count - 1, sizeof(names[0]), by_name);
	return count;
}
