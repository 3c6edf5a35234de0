#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "client/source.h"
#include "export/export.h"
#include "model/snapshot.h"

#include "cli/commands.h"
#include "cli/fault.h"
#include "cli/gather.h"
#include "cli/options.h"
#include "cli/target.h"

#define PATH_BYTES 4096

struct values {
	const char *file, *format, *baseline;
	bool delta, group;
	uint64_t max_bytes;
};

static const struct lk_option options[] = {
    {"output", 'o', LK_OPTION_TEXT, "FILE",
     "where to; - is standard output (default: a name of its own)", offsetof(struct values, file),
     NULL},
    {"format", 0, LK_OPTION_TEXT, "FORMAT",
     "json, folded, speedscope, pprof, html (default: as FILE ends)",
     offsetof(struct values, format), NULL},
    {"delta", 0, LK_OPTION_FLAG, NULL, "flame graphs of what grew, not of what is alive",
     offsetof(struct values, delta), NULL},
    {"baseline", 0, LK_OPTION_TEXT, "LABEL", "growth since this one, or start (default newest)",
     offsetof(struct values, baseline), NULL},
    {"group", 'g', LK_OPTION_FLAG, NULL,
     "the process and all Python processes below it, as their sum", offsetof(struct values, group),
     NULL},
    {"max-size", 0, LK_OPTION_SIZE, "SIZE",
     "folded, speedscope: stacks beyond it become one (default 64M)",
     offsetof(struct values, max_bytes), NULL},
};

static int
copy_to_stdout(const char *path)
{
	char bytes[16384];
	size_t got;
	FILE *file = fopen(path, "re");
	int rc = 0;

	if (file == NULL)
		return -errno;
	while ((got = fread(bytes, 1, sizeof(bytes), file)) > 0)
		if (fwrite(bytes, 1, got, stdout) != got)
			rc = -EIO;
	fclose(file);
	return fflush(stdout) != 0 ? -EIO : rc;
}

/* By a file of its own, because the writer renames. */
static int
write_stdout(const struct lk_snapshot *s, const struct lk_export_options *export_options)
{
	const char *base = getenv("TMPDIR");
	char folder[PATH_BYTES], path[PATH_BYTES + 16], words[256] = "";
	int rc;

	snprintf(folder, sizeof(folder), "%s/leaktop-XXXXXX",
		 base == NULL || base[0] == '\0' ? "/tmp" : base);
	if (mkdtemp(folder) == NULL)
		return lk_fault("%s: %s", folder, strerror(errno));
	snprintf(path, sizeof(path), "%s/snapshot", folder);
	rc = lk_export_write(s, export_options, path, words, sizeof(words));
	if (rc == 0)
		rc = copy_to_stdout(path);
	unlink(path);
	rmdir(folder);
	return rc < 0 ? lk_fault("%s", words[0] != '\0' ? words : strerror(-rc)) : LK_EXIT_DONE;
}

static int
write_file(const struct lk_snapshot *s, const struct lk_export_options *export_options,
	   const char *file)
{
	char path[PATH_BYTES], words[256] = "";
	char *full;
	int rc = 0;

	if (file == NULL)
		rc = lk_export_default_path(s, export_options->format, path, sizeof(path));
	else
		snprintf(path, sizeof(path), "%s", file);
	if (rc == 0)
		rc = lk_export_write(s, export_options, path, words, sizeof(words));
	if (rc < 0)
		return lk_fault("%s", words[0] != '\0' ? words : strerror(-rc));
	full = realpath(path, NULL);
	puts(full == NULL ? path : full);
	free(full);
	return LK_EXIT_DONE;
}

/* What was asked for, else what FILE ends with, else json. */
static const char *
format_of(const struct values *v)
{
	const char *by_name =
	    v->format == NULL && v->file != NULL ? lk_export_format_of(v->file) : NULL;

	if (v->format != NULL)
		return v->format;
	return by_name != NULL ? by_name : lk_export_formats()[0];
}

static bool
is_format(const char *name)
{
	for (const char *const *format = lk_export_formats(); *format != NULL; format++)
		if (strcmp(*format, name) == 0)
			return true;
	return false;
}

/* A path, or the name of a file that begins as ours do: a script of that name, which may mean its
 * process, does not. */
static bool
is_file(const char *word)
{
	bool ours = strchr(word, '/') != NULL;
	struct stat st;
	FILE *file;

	if (ours || stat(word, &st) < 0 || !S_ISREG(st.st_mode))
		return ours;
	file = fopen(word, "re");
	ours = file != NULL && fgetc(file) == '{';
	if (file != NULL)
		fclose(file);
	return ours;
}

static int
open_word(const char *word, bool group, struct lk_source **out)
{
	char words[256] = "";
	int rc;

	if (!is_file(word))
		return (group ? lk_target_open_group : lk_target_open)(word, 1000, out);
	rc = lk_source_open_file(word, words, sizeof(words), out);
	if (rc < 0)
		return lk_fault("%s", words[0] != '\0' ? words : strerror(-rc));
	return LK_EXIT_DONE;
}

static int
run(const struct lk_arguments *arguments)
{
	const struct values *v = arguments->values;
	struct lk_export_options export_options = {.format = format_of(v), .delta = v->delta,
						    .max_bytes = v->max_bytes};
	const struct lk_snapshot *s;
	struct lk_source *source;
	int status;

	if (!is_format(export_options.format))
		return lk_options_complain(&lk_export_command, "no such format: %s", v->format);
	if (v->delta && !lk_export_has_delta(export_options.format))
		return lk_options_complain(&lk_export_command, "%s has both: --delta is for "
					   "flame graphs", export_options.format);
	status = open_word(arguments->words[0], v->group, &source);
	if (status != LK_EXIT_DONE)
		return status;
	status = lk_target_reference(source, v->baseline, &export_options.reference);
	if (status == LK_EXIT_DONE && lk_source_state(source) != LK_SOURCE_OFFLINE)
		status = lk_gather_all(source);
	s = lk_source_snapshot(source);
	if (status == LK_EXIT_DONE && v->file != NULL && strcmp(v->file, "-") == 0)
		status = write_stdout(s, &export_options);
	else if (status == LK_EXIT_DONE)
		status = write_file(s, &export_options, v->file);
	lk_source_close(source);
	return status;
}

const struct lk_command lk_export_command = {
    .name = "export",
    .words = "PID|NAME|FILE",
    .summary = "Write a snapshot of a process, or of a FILE, to a file and print its full path.",
    .details = "json: all of it, with memory, containers, history, trends and all baselines;\n"
	       "  leaktop open shows it again.\n"
	       "folded: a line per stack and its bytes, as flame graph programs take it.\n"
	       "speedscope: for that viewer, with two profiles: live and growth.\n"
	       "pprof: profile.proto, gzipped, for go tool pprof: inuse_space, inuse_objects,\n"
	       "  alloc_space, alloc_objects; with --delta the growth as inuse_*.\n"
	       "html: one page, flame graphs and tables, that needs no network.\n"
	       "FILE may end in .json, .folded, .speedscope.json, .pb.gz, .html instead of\n"
	       "--format.  Of growth, a flame graph shows what grew and not what shrank.\n",
    .options = options,
    .option_count = LK_COUNT_OF(options),
    .values_bytes = sizeof(struct values),
    .words_min = 1,
    .words_max = 1,
    .run = run,
};
