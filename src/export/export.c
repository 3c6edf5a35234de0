#include "config.h"

#include "export/export.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "analysis/growth.h"
#include "base/attr.h"
#include "model/snapshot.h"
#include "util/replace.h"

#include "export/format.h"

static const struct lk_format *const formats[] = {
	&lk_json_format, &lk_folded_format, &lk_speedscope_format, &lk_pprof_format,
	&lk_html_format,
};

static const char *const format_names[LK_COUNT_OF(formats) + 1] = {
	"json", "folded", "speedscope", "pprof", "html", NULL
};

const char *const *
lk_export_formats(void)
{
	return format_names;
}

/* NULL is the first. */
static const struct lk_format *
format_named(const char *name)
{
	for (size_t i = 0; i < LK_COUNT_OF(formats); i++)
		if (name == NULL || strcmp(formats[i]->name, name) == 0)
			return formats[i];
	return NULL;
}

bool
lk_export_has_delta(const char *name)
{
	const struct lk_format *format = format_named(name);

	return format != NULL && format->has_delta;
}

/* The longest suffix: .speedscope.json is not .json. */
const char *
lk_export_format_of(const char *path)
{
	const struct lk_format *best = NULL;
	size_t length = strlen(path);

	for (size_t i = 0; i < LK_COUNT_OF(formats); i++) {
		size_t end = strlen(formats[i]->suffix);

		if (length > end && strcmp(path + length - end, formats[i]->suffix) == 0 &&
		    (best == NULL || end > strlen(best->suffix)))
			best = formats[i];
	}
	return best != NULL ? best->name : NULL;
}

static int
explain(int rc, uint32_t missing, const char *path, char *words, size_t words_bytes)
{
	if (rc == -ENODATA)
		snprintf(words, words_bytes, "what was live at baseline %u was not fetched yet",
		    missing);
	else if (rc == -EEXIST)
		snprintf(words, words_bytes, "%s is there and is not a file", path);
	else
		snprintf(words, words_bytes, "%s: %s", path, strerror(-rc));
	return rc;
}

/* *missing is set to the baseline whose rows are needed and not there. */
static int
write_to(const struct lk_snapshot *s, const struct lk_format *format,
    const struct lk_export_options *options, FILE *out, uint32_t *missing)
{
	struct lk_export_job job = {.s = s, .delta = options->delta,
	    .max_bytes = options->max_bytes > 0 ? options->max_bytes : LK_EXPORT_MAX_BYTES};
	struct lk_growth_set *growth =
	    lk_growth_new(s, options->reference, 0, LK_GROUP_STACK, missing);
	int rc;

	if (growth == NULL)
		return *missing != 0 ? -ENODATA : -ENOMEM;
	job.growth = growth;
	errno = 0;
	rc = format->write(&job, out);
	lk_growth_free(growth);
	return rc;
}

static int
complain_format(const char *name, char *words, size_t words_bytes)
{
	snprintf(words, words_bytes, "no format is called %s", name);
	return -EINVAL;
}

int
lk_export_print(const struct lk_snapshot *s, const struct lk_export_options *options, FILE *out,
    char *words, size_t words_bytes)
{
	const struct lk_format *format = format_named(options->format);
	uint32_t missing = 0;
	int rc;

	if (format == NULL)
		return complain_format(options->format, words, words_bytes);
	rc = write_to(s, format, options, out, &missing);
	return rc < 0 ? explain(rc, missing, "not written", words, words_bytes) : 0;
}

int
lk_export_write(const struct lk_snapshot *s, const struct lk_export_options *options,
    const char *path, char *words, size_t words_bytes)
{
	const struct lk_format *format = format_named(options->format);
	struct lk_replace file;
	uint32_t missing = 0;
	int rc;

	if (format == NULL)
		return complain_format(options->format, words, words_bytes);
	rc = lk_replace_open(&file, path);
	if (rc < 0)
		return explain(rc, 0, path, words, words_bytes);
	rc = write_to(s, format, options, file.out, &missing);
	if (rc < 0)
		lk_replace_abandon(&file);
	else
		rc = lk_replace_commit(&file);
	return rc < 0 ? explain(rc, missing, path, words, words_bytes) : 0;
}

static const char *
folder_to_write(char *current, size_t current_bytes)
{
	const char *home = getenv("HOME");

	if (getcwd(current, current_bytes) != NULL && access(current, W_OK) == 0)
		return current;
	if (home != NULL && home[0] == '/' && access(home, W_OK) == 0)
		return home;
	return "/tmp";
}

/* A host name in a file name: what is no letter, digit, dot or dash becomes '_'. */
static void
put_host(const char *host, char *out, size_t out_bytes)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";
	size_t i = 0;

	for (; host[i] != '\0' && i + 1 < out_bytes; i++)
		out[i] = strchr(plain, host[i]) != NULL ? host[i] : '_';
	out[i] = '\0';
}

int
lk_export_default_path(const struct lk_snapshot *s, const char *name, char *out,
    size_t out_bytes)
{
	const struct lk_format *format = format_named(name);
	char folder[PATH_MAX], host[65], when[32] = "00000000-000000";
	time_t at = isfinite(s->at_s) && fabs(s->at_s) < 1e12 ? (time_t)s->at_s : 0;
	const char *in = folder_to_write(folder, sizeof(folder));
	struct tm tm;
	int length;

	put_host(s->process.host[0] != '\0' ? s->process.host : "host", host, sizeof(host));
	if (localtime_r(&at, &tm) != NULL)
		strftime(when, sizeof(when), "%Y%m%d-%H%M%S", &tm);
	length = snprintf(out, out_bytes, "%s/leaktop-%s-%d-%s%s",
	    strcmp(in, "/") == 0 ? "" : in, host, s->process.pid, when,
	    format != NULL ? format->suffix : "");
	return length < 0 || (size_t)length >= out_bytes ? -ENAMETOOLONG : 0;
}
