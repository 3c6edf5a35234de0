/* export_dummy PATH [SEED [SECONDS]] - exports the dummy, for tests of the file from outside. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "client/source.h"
#include "export/export.h"

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
