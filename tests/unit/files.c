#include "config.h"

#include "files.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client/source.h"
#include "export/recording.h"
#include "model/arena.h"
#include "model/snapshot.h"

char folder[32], path[64], other[64], words[256];
static struct lk_source *dummy;
unsigned int synced;
const struct lk_export_options newest = {"json", UINT32_MAX, false};

int __wrap_fsync(int fd);

int
__wrap_fsync(int fd)
{
	synced++;
	return fcntl(fd, F_GETFD) < 0 ? -1 : 0;
}

void
files_set_up(void)
{
	strcpy(folder, "/tmp/leaktop-file-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/a.json", folder);
	snprintf(other, sizeof(other), "%s/b.json", folder);
	words[0] = '\0';
	synced = 0;
}

unsigned int
files_strangers(void)
{
	DIR *d = opendir(folder);
	unsigned int count = 0;
	struct dirent *e;

	ck_assert_ptr_nonnull(d);
	while ((e = readdir(d)) != NULL)
		count += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
		    strcmp(e->d_name, "a.json") != 0 && strcmp(e->d_name, "b.json") != 0;
	closedir(d);
	return count;
}

void
files_tear_down(void)
{
	lk_source_close(dummy);
	dummy = NULL;
	ck_assert_uint_eq(files_strangers(), 0);
	unlink(path);
	unlink(other);
	ck_assert_int_eq(rmdir(folder), 0);
}

struct lk_source *
files_dummy(void)
{
	if (dummy == NULL)
		ck_assert_int_eq(lk_source_open_dummy(3, &dummy), 0);
	return dummy;
}

const struct lk_snapshot *
files_now(void)
{
	return lk_source_snapshot(files_dummy());
}

void
files_export(const struct lk_snapshot *s, const char *to)
{
	ck_assert_msg(lk_export_write(s, &newest, to, words, sizeof(words)) == 0, "%s", words);
}

struct lk_source *
files_open(const char *from)
{
	struct lk_source *source = NULL;

	ck_assert_msg(lk_source_open_file(from, words, sizeof(words), &source) == 0, "%s", words);
	return source;
}

char *
files_slurp(const char *from, size_t *length)
{
	FILE *in = fopen(from, "r");
	char *text;

	ck_assert_ptr_nonnull(in);
	ck_assert_int_eq(fseek(in, 0, SEEK_END), 0);
	*length = (size_t)ftell(in);
	rewind(in);
	text = malloc(*length + 1);
	ck_assert_uint_eq(fread(text, 1, *length, in), *length);
	text[*length] = '\0';
	fclose(in);
	return text;
}

void
files_spill(const char *to, const char *text, size_t length)
{
	FILE *out = fopen(to, "w");

	ck_assert_ptr_nonnull(out);
	ck_assert_uint_eq(fwrite(text, 1, length, out), length);
	ck_assert_int_eq(fclose(out), 0);
}

const char *
files_in_memory(const char *text, size_t length)
{
	static char name[32];
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("file", MFD_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	ck_assert_int_eq(pwrite(fd, text, length, 0), (ssize_t)length);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	return name;
}

struct lk_snapshot *
files_bare(int serial)
{
	struct lk_snapshot *s = lk_snapshot_new();

	s->at_s = 1000 + serial;
	s->process.pid = serial + 1;
	return s;
}

struct lk_snapshot *
files_huge(uint32_t count)
{
	struct lk_snapshot *s = lk_snapshot_new();
	struct lk_frame *frames = lk_arena_get(s->arena, 128, sizeof(*frames));
	struct lk_stack *stacks = lk_arena_get(s->arena, count, sizeof(*stacks));
	struct lk_row *rows = lk_arena_get(s->arena, count, sizeof(*rows));
	struct lk_cell *cell = lk_arena_get(s->arena, 1, sizeof(*cell));
	struct lk_baseline *b = lk_arena_get(s->arena, 9, sizeof(*b));

	*cell = (struct lk_cell){0, 1, 524288, 1000, 1e11};
	for (uint32_t i = 0; i < 128; i++)
		frames[i] = (struct lk_frame){.function = "Class.method_of_some_length",
		    .file = "/usr/lib/python3/dist-packages/package/module/file.py",
		    .line = i + 1};
	for (uint32_t i = 0; i < count; i++) {
		stacks[i] = (struct lk_stack){i + 1, LK_DOMAIN_OBJ, "MainThread", 0, 128, frames};
		rows[i] = (struct lk_row){.stack = &stacks[i], .cell_count = 1, .cells = cell};
	}
	for (uint32_t i = 0; i < 9; i++)
		b[i] = (struct lk_baseline){i + 1, "", i, 1, 1, 1, true, count, rows};
	s->at_s = 100;
	s->rows = rows;
	s->row_count = count;
	s->baselines = b;
	s->baseline_count = 9;
	return s;
}

struct lk_recording *
files_record_to(const char *to, uint64_t max_bytes)
{
	struct lk_recording *r = NULL;

	ck_assert_msg(lk_recording_open(to, max_bytes, words, sizeof(words), &r) == 0, "%s",
	    words);
	return r;
}

int
files_add_bare(struct lk_recording *r, int serial)
{
	struct lk_snapshot *s = files_bare(serial);
	int rc = lk_recording_add(r, s, 0, words, sizeof(words));

	lk_snapshot_put(s);
	return rc;
}

void
files_record(int count, const char *why)
{
	struct lk_recording *r = files_record_to(path, LK_RECORDING_BYTES_MIN);

	for (int i = 0; i < count; i++)
		ck_assert_msg(files_add_bare(r, i) == 0, "%s", words);
	if (why != NULL)
		ck_assert_int_eq(lk_recording_end(r, 2000, why), 0);
	lk_recording_close(r);
}
