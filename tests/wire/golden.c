#include "config.h"

#include "golden.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

char *
lk_golden_read(const char *folder, const char *name, size_t *length)
{
	char path[4096];
	char *line = NULL;
	size_t capacity = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s/%s.json", LK_TEST_WIRE_DIR, folder, name);
	file = fopen(path, "re");
	ck_assert_msg(file != NULL, "%s cannot be opened", path);
	*length = (size_t)getline(&line, &capacity, file);
	ck_assert_msg((ssize_t)*length > 0 && line[*length - 1] == '\n', "%s: no line", path);
	ck_assert_msg(fgetc(file) == EOF, "%s: more than one line", path);
	fclose(file);
	return line;
}

size_t
lk_golden_each(const char *folder, void (*fn)(const char *name))
{
	char path[4096], name[256];
	size_t count = 0;
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/%s", LK_TEST_WIRE_DIR, folder);
	dir = opendir(path);
	ck_assert_msg(dir != NULL, "%s cannot be opened", path);
	while ((entry = readdir(dir)) != NULL) {
		char *dot = strrchr(entry->d_name, '.');

		if (dot == NULL || strcmp(dot, ".json") != 0)
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)(dot - entry->d_name), entry->d_name);
		fn(name);
		count++;
	}
	closedir(dir);
	return count;
}
