/* screen ROWS COLS utf8|ascii dummy|list text|roles [SCRIPT...] - one screen on standard output. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

int
main(int argc, char **argv)
{
	struct fixture f;

	if (argc < 6) {
		fputs("usage: screen ROWS COLS utf8|ascii dummy|list text|roles [SCRIPT...]\n",
		    stderr);
		return 1;
	}
	fixture_open(&f, atoi(argv[1]), atoi(argv[2]), strcmp(argv[3], "utf8") == 0,
	    strcmp(argv[4], "list") == 0);
	for (int i = 6; i < argc; i++)
		fixture_play(&f, argv[i]);
	fixture_play(&f, "");
	lk_canvas_dump(&f.canvas, stdout, strcmp(argv[5], "roles") == 0);
	fixture_close(&f);
	return 0;
}
