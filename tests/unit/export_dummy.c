/* export_dummy PATH [SEED [SECONDS]] - exports the dummy, for tests of the file from outside;
 * with SECONDS (25 are enough) its heap is asked for, too. */
#include "config.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/source.h"
#include "export/export.h"

/* One question after the other about the frozen heap; CTX is the source. */
static void
ask_next(void *ctx, bool ok, uint64_t number, const char *words)
{
	static const struct lk_request questions[] = {
	    {.op = LK_REQUEST_TYPES},
	    {.op = LK_REQUEST_HOLDERS, .text = "shop.log.Context"},
	    {.op = LK_REQUEST_HOLDERS_STACK, .number = 1},
	    {.op = LK_REQUEST_HOLDERS_ADDRESS, .number = 0x7f2a10004000},
	    {.op = LK_REQUEST_TYPES},
	};
	static size_t next;

	(void)ok;
	(void)number;
	(void)words;
	if (next < sizeof(questions) / sizeof(questions[0]))
		lk_source_request(ctx, &questions[next++], ask_next, ctx);
}

int
main(int argc, char **argv)
{
	struct lk_export_options options = {.format = "json", .reference = UINT32_MAX};
	struct lk_source *source = NULL;
	char words[256] = "no memory";
	int rc = -1;

	if (argc < 2)
		return EXIT_FAILURE;
	if (lk_source_open_dummy(argc > 2 ? (uint32_t)atoi(argv[2]) : 1, &source) == 0) {
		if (argc > 3)
			ask_next(source, true, 0, "");
		for (int i = 0; i <= (argc > 3 ? atoi(argv[3]) : 0); i++)
			lk_source_dispatch(source, NULL, 0, i * 1000);
		rc = lk_export_write(lk_source_snapshot(source), &options, argv[1], words,
		    sizeof(words));
	}
	lk_source_close(source);
	if (rc < 0)
		fprintf(stderr, "export_dummy: %s\n", words);
	return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
