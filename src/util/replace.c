#include "config.h"

#include "util/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int
check_target(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	return S_ISREG(st.st_mode) || S_ISLNK(st.st_mode) ? 0 : -EEXIST;
}

/* The folder of PATH with its slash; "" for the current one. */
static size_t
folder_length(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? (size_t)(slash - path) + 1 : 0;
}

static char *
temporary_name(const char *path)
{
	size_t folder = folder_length(path), size = folder + sizeof(".leaktop-XXXXXX");
	char *name = malloc(size);

	if (name == NULL)
		return NULL;
	memcpy(name, path, folder);
	memcpy(name + folder, ".leaktop-XXXXXX", sizeof(".leaktop-XXXXXX"));
	return name;
}

static void
forget(struct lk_replace *r)
{
	free(r->path);
	free(r->temporary);
	memset(r, 0, sizeof(*r));
}

void
lk_replace_abandon(struct lk_replace *r)
{
	if (r->out != NULL)
		fclose(r->out);
	if (r->temporary != NULL)
		unlink(r->temporary);
	forget(r);
}

int
lk_replace_open(struct lk_replace *r, const char *path)
{
	int fd, rc = check_target(path);

	memset(r, 0, sizeof(*r));
	if (rc < 0)
		return rc;
	r->path = strdup(path);
	r->temporary = temporary_name(path);
	if (r->path == NULL || r->temporary == NULL) {
		forget(r);
		return -ENOMEM;
	}
	fd = mkostemp(r->temporary, O_CLOEXEC); /* mode 0600 */
	if (fd < 0) {
		rc = -errno;
		forget(r);
		return rc;
	}
	r->out = fdopen(fd, "w");
	if (r->out == NULL) {
		close(fd);
		lk_replace_abandon(r);
		return -ENOMEM;
	}
	return 0;
}

/* The name survives a power cut only when the folder was written too; a file system that cannot
 * do that has its reasons. */
static void
sync_folder(const char *path)
{
	size_t length = folder_length(path);
	char *folder = length > 0 ? strndup(path, length) : strdup(".");
	int fd = folder != NULL ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(folder);
}

int
lk_replace_commit(struct lk_replace *r)
{
	int rc = 0;
	FILE *out = r->out;

	if (fflush(out) != 0 || ferror(out))
		rc = errno != 0 ? -errno : -EIO;
	else if (fsync(fileno(out)) < 0 && errno != EINVAL)
		rc = -errno;
	r->out = NULL;
	if (fclose(out) != 0 && rc == 0)
		rc = -errno;
	if (rc == 0 && rename(r->temporary, r->path) < 0)
		rc = -errno;
	if (rc < 0) {
		lk_replace_abandon(r);
		return rc;
	}
	sync_folder(r->path);
	forget(r);
	return 0;
}
