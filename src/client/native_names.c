#include "config.h"

#include "client/native_names.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "util/text.h"

#include "client/cxx_names.h"
#include "client/elf_symbols.h"

#define PATH_BYTES 4352 /* PATH_MAX and what is put in front */

static const char deleted[] = " (deleted)"; /* what maps says behind such a path */

struct object {
	char *path, *build_id;
	struct lk_elf_symbols *elf; /* NULL: no file is the one that is mapped */
};

struct lk_native_names {
	pid_t pid;
	char *debug_folder;
	uint32_t count, last; /* the object asked for last: frames of one come in runs */
	struct object objects[LK_NATIVE_OBJECTS_MAX];
};

/* A mapping of the object, from /proc/PID/maps. */
struct mapping {
	char range[64]; /* "7f2a-7f2b" */
	dev_t device;
	ino_t inode;
};

struct lk_native_names *
lk_native_names_new(pid_t pid, const char *debug_folder)
{
	struct lk_native_names *names = calloc(1, sizeof(*names));

	if (names == NULL)
		return NULL;
	names->pid = pid;
	names->debug_folder = strdup(debug_folder);
	if (names->debug_folder == NULL) {
		free(names);
		return NULL;
	}
	return names;
}

void
lk_native_names_free(struct lk_native_names *names)
{
	if (names == NULL)
		return;
	for (uint32_t i = 0; i < names->count; i++) {
		lk_elf_symbols_close(names->objects[i].elf);
		free(names->objects[i].path);
		free(names->objects[i].build_id);
	}
	free(names->debug_folder);
	free(names);
}

/* ---- the file of an object ----------------------------------------------- */

/* A regular file, for reading; -1 else.  The path is somebody else's word, and to open a device may
 * already do something: so it is looked at first, and opened only through that look. */
static int
open_regular(const char *path)
{
	int fd = -1, look = open(path, O_PATH | O_CLOEXEC);
	char link[32];
	struct stat stat_buf;

	if (look < 0)
		return -1;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", look);
	if (fstat(look, &stat_buf) == 0 && S_ISREG(stat_buf.st_mode))
		fd = open(link, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	close(look);
	return fd;
}

/* NULL unless PATH can be read as an ELF file. */
static struct lk_elf_symbols *
open_elf(const char *path)
{
	struct lk_elf_symbols *elf = NULL;
	int fd = open_regular(path);

	if (fd < 0 || lk_elf_symbols_open(fd, &elf) < 0)
		return NULL;
	return elf;
}

static struct lk_elf_symbols *
open_with_build_id(const char *path, const char *build_id)
{
	struct lk_elf_symbols *elf = open_elf(path);

	if (elf == NULL || strcmp(lk_elf_symbols_build_id(elf), build_id) == 0)
		return elf;
	lk_elf_symbols_close(elf);
	return NULL;
}

static size_t
plain_length(const char *path)
{
	size_t length = strlen(path), tail = sizeof(deleted) - 1;

	return length > tail && strcmp(path + length - tail, deleted) == 0 ? length - tail :
	    length;
}

/* The first mapping of PATH, deleted or not. */
static bool
find_mapping(pid_t pid, const char *path, struct mapping *out)
{
	char file[32], *line = NULL;
	unsigned int major, minor;
	size_t capacity = 0;
	uintmax_t inode;
	bool found = false;
	FILE *maps;
	int at;

	snprintf(file, sizeof(file), "/proc/%d/maps", (int)pid);
	maps = fopen(file, "re");
	if (maps == NULL)
		return false;
	while (!found && getline(&line, &capacity, maps) > 0) {
		line[strcspn(line, "\n")] = '\0';
		at = 0;
		if (sscanf(line, "%63s %*s %*s %x:%x %ju %n", out->range, &major, &minor, &inode,
			&at) < 4 || at == 0)
			continue;
		found = plain_length(line + at) == plain_length(path) &&
			strncmp(line + at, path, plain_length(path)) == 0;
		out->device = makedev(major, minor);
		out->inode = (ino_t)inode;
	}
	free(line);
	fclose(maps);
	return found;
}

static bool
is_mapped(const struct mapping *mapping, const char *path)
{
	struct stat stat_buf;

	return stat(path, &stat_buf) == 0 && stat_buf.st_dev == mapping->device &&
	    stat_buf.st_ino == mapping->inode;
}

/* The path first, as the process sees it, then as we do, whose root may be all that we can see: a
 * build id that is right makes any file right.  map_files needs root. */
static struct lk_elf_symbols *
open_mapped(const struct lk_native_names *names, const char *path, const char *build_id)
{
	struct lk_elf_symbols *elf = NULL;
	struct mapping mapping;
	char file[PATH_BYTES];

	snprintf(file, sizeof(file), "/proc/%d/root%.*s", (int)names->pid,
	    (int)plain_length(path), path);
	if (build_id[0] != '\0')
		elf = open_with_build_id(file, build_id);
	if (elf == NULL && build_id[0] != '\0')
		elf = open_with_build_id(path, build_id);
	if (elf != NULL || !find_mapping(names->pid, path, &mapping))
		return elf;
	if (build_id[0] == '\0' && is_mapped(&mapping, file))
		return open_with_build_id(file, "");
	snprintf(file, sizeof(file), "/proc/%d/map_files/%s", (int)names->pid, mapping.range);
	return open_with_build_id(file, build_id);
}

static struct lk_elf_symbols *
open_debug(const struct lk_native_names *names, const char *build_id)
{
	struct lk_elf_symbols *elf;
	char tail[2 * LK_ELF_BUILD_ID_MAX + 32], file[PATH_BYTES];

	if (strlen(build_id) < 4 || strlen(build_id) > (size_t)2 * LK_ELF_BUILD_ID_MAX ||
	    strspn(build_id, "0123456789abcdef") != strlen(build_id))
		return NULL;
	snprintf(tail, sizeof(tail), "/.build-id/%.2s/%s.debug", build_id, build_id + 2);
	snprintf(file, sizeof(file), "/proc/%d/root%s%s", (int)names->pid, names->debug_folder,
	    tail);
	elf = open_with_build_id(file, build_id);
	if (elf != NULL)
		return elf;
	snprintf(file, sizeof(file), "%s%s", names->debug_folder, tail);
	return open_with_build_id(file, build_id);
}

static struct lk_elf_symbols *
open_object(const struct lk_native_names *names, const char *path, const char *build_id)
{
	struct lk_elf_symbols *elf, *debug;

	if (names->pid <= 0 || path[0] != '/' || strlen(path) > PATH_BYTES - 64)
		return NULL;
	elf = open_mapped(names, path, build_id);
	if (elf != NULL && lk_elf_symbols_is_full(elf))
		return elf;
	debug = open_debug(names, build_id);
	if (debug != NULL && (elf == NULL || lk_elf_symbols_is_full(debug))) {
		lk_elf_symbols_close(elf);
		return debug;
	}
	lk_elf_symbols_close(debug);
	return elf;
}

/* ---- objects that are known ---------------------------------------------- */

static struct object *
add_object(struct lk_native_names *names, const char *path, const char *build_id)
{
	struct object *object = &names->objects[names->count];

	if (names->count == LK_NATIVE_OBJECTS_MAX)
		return NULL;
	object->path = strdup(path);
	object->build_id = strdup(build_id);
	if (object->path == NULL || object->build_id == NULL) {
		free(object->path);
		free(object->build_id);
		return NULL;
	}
	object->elf = open_object(names, path, build_id);
	names->count++;
	return object;
}

static bool
is_object(const struct object *object, const char *path, const char *build_id)
{
	return strcmp(object->path, path) == 0 && strcmp(object->build_id, build_id) == 0;
}

static struct object *
object_of(struct lk_native_names *names, const char *path, const char *build_id)
{
	if (names->count > 0 && is_object(&names->objects[names->last], path, build_id))
		return &names->objects[names->last];
	for (uint32_t i = 0; i < names->count; i++)
		if (is_object(&names->objects[i], path, build_id)) {
			names->last = i;
			return &names->objects[i];
		}
	return add_object(names, path, build_id);
}

static char *
place_text(const char *path, uint64_t address, char *out, size_t out_bytes)
{
	const char *slash = strrchr(path, '/'), *base = slash != NULL ? slash + 1 : path;

	if (path[0] == '\0')
		snprintf(out, out_bytes, "%s", "(code outside of any file)");
	else
		snprintf(out, out_bytes, "%.*s+0x%" PRIx64, (int)(out_bytes - 24), base, address);
	return out;
}

char *
lk_native_names_text(struct lk_native_names *names, const char *build_id, const char *object,
    uint64_t address, char *out, size_t out_bytes)
{
	char symbol[LK_ELF_NAME_BYTES];
	struct object *known = NULL;

	if (names != NULL && address > 0 && object[0] != '\0')
		known = object_of(names, object, build_id);
	if (known == NULL || known->elf == NULL ||
	    lk_elf_symbols_find(known->elf, address - 1, symbol, sizeof(symbol)) <= 0)
		return place_text(object, address, out, out_bytes);
	if (!lk_cxx_names_text(symbol, out, out_bytes))
		lk_text_clean(symbol, out, out_bytes);
	return out;
}
