#include "config.h"

#include "client/descriptors.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

double *
lk_descriptors_kind(struct lk_descriptors *d, const char *text)
{
	if (strncmp(text, "socket:", 7) == 0)
		return &d->sockets;
	if (strncmp(text, "pipe:", 5) == 0)
		return &d->pipes;
	if (text[0] == '/' && strncmp(text, "/dev/", 5) != 0 && strncmp(text, "/memfd:", 7) != 0)
		return &d->files;
	return &d->others; /* epoll, eventfd, terminals, devices */
}

/* Returns: false when there are too many. */
static bool
count_links(DIR *folder, struct lk_descriptors *out)
{
	char text[64]; /* the beginning says which kind */
	const struct dirent *entry;
	unsigned int count = 0;

	while ((entry = readdir(folder)) != NULL) {
		ssize_t length;

		if (entry->d_name[0] == '.')
			continue;
		if (++count > LK_DESCRIPTORS_MAX)
			return false;
		length = readlinkat(dirfd(folder), entry->d_name, text, sizeof(text) - 1);
		if (length < 0)
			continue; /* closed meanwhile */
		text[length] = '\0';
		(*lk_descriptors_kind(out, text))++;
	}
	return true;
}

void
lk_descriptors_count(int pid, struct lk_descriptors *out)
{
	char path[32];
	DIR *folder;
	bool all;

	*out = (struct lk_descriptors){0};
	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	folder = opendir(path);
	all = folder != NULL && count_links(folder, out);
	if (folder != NULL)
		closedir(folder);
	if (!all)
		*out = (struct lk_descriptors){NAN, NAN, NAN, NAN};
}
