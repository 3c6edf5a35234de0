/* dummy_app [live|idle|noisy|list] [THEME] - the real loop on a real terminal, over the dummy.
 * For the pty tests and for looking at.  idle: nothing happens in the process; noisy: something
 * writes to stderr while the screen is up. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/source.h"
#include "export/export.h"
#include "ui/app.h"

#include "fixture.h"

/* A file is a matter of the export room; here only the words to the operator count. */
int
lk_export_default_path(const struct lk_snapshot *s, const char *format, char *out,
    size_t out_bytes)
{
	(void)s;
	(void)format;
	snprintf(out, out_bytes, "/nowhere/leaktop-dummy.json");
	return 0;
}

int
lk_export_write(const struct lk_snapshot *s, const struct lk_export_options *options,
    const char *path, char *words, size_t words_bytes)
{
	(void)s;
	(void)options;
	snprintf(words, words_bytes, "%s: there is no such folder", path);
	return -ENOENT;
}

/* As a library would, in the middle of everything. */
static void
make_noise(void *ctx, bool ok, uint64_t number, const char *words)
{
	(void)ctx;
	(void)ok;
	(void)number;
	(void)words;
	fputs("noise on stderr\n", stderr);
}

int
main(int argc, char **argv)
{
	struct lk_source *source = NULL;
	struct lk_app_options options = {.theme = argc > 2 ? argv[2] : NULL, .out_fd = 1};
	const char *mode = argc > 1 ? argv[1] : "live";
	const struct lk_request pause = {.op = LK_REQUEST_PAUSE};
	const struct lk_request hurry = {.op = LK_REQUEST_PERIOD, .number = 100};
	const struct lk_request look = {.op = LK_REQUEST_MEMORY};
	char words[256];
	int rc;

	if (strcmp(mode, "list") == 0) {
		options.scan = fixture_scan;
		options.open = fixture_open_process;
	} else {
		if (lk_source_open_dummy(7, &source) < 0)
			return 2;
		if (strcmp(mode, "idle") == 0) {
			lk_source_request(source, &pause, NULL, NULL);
			lk_source_request(source, &hurry, NULL, NULL);
		}
		if (strcmp(mode, "noisy") == 0)
			lk_source_request(source, &look, make_noise, NULL);
		options.take_sources = &source;
		options.source_count = 1;
	}
	rc = lk_app_run(&options, words, sizeof(words));
	if (words[0] != '\0')
		fprintf(stderr, "dummy_app: %s\n", words);
	return rc < 0 ? 2 : rc;
}
