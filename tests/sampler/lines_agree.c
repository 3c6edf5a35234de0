/* lines_agree - reads what lines.py says of code objects, one on a line:
 *	form of the table, first line, the table in hex, the line of each instruction
 * and fails for the first one that lk_lines_find sees otherwise. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sampler/cpython/lines.h"

static size_t
from_hex(const char *hex, uint8_t *out)
{
	size_t n = 0;
	unsigned int byte;

	for (; sscanf(hex, "%2x", &byte) == 1; hex += 2)
		out[n++] = (uint8_t)byte;
	return n;
}

/* Returns: how many instructions agree, -1 when one does not. */
static long
agree(char *text)
{
	struct lk_linetable table = {0};
	char *form = strtok(text, " \n"), *word = strtok(NULL, " \n");
	char *hex = strtok(NULL, " \n");
	uint8_t *bytes;
	long n = 0;
	uint32_t found;

	if (hex == NULL)
		return -1;
	bytes = malloc(strlen(hex));
	if (bytes == NULL)
		return -1;
	table.form = (enum lk_lines_form)atoi(form);
	table.first_line = atoi(word);
	table.length = from_hex(hex, bytes);
	table.bytes = bytes;
	for (; n >= 0 && (word = strtok(NULL, " \n")) != NULL; n++) {
		found = lk_lines_find(&table, n * 2);
		if (found != (uint32_t)atol(word)) {
			printf("instruction %ld of code at line %d: %u, not %s\n", n,
			    table.first_line, found, word);
			n = -2;
		}
	}
	free(bytes);
	return n;
}

int
main(void)
{
	char *text = NULL;
	size_t size = 0;
	long n, instructions = 0, codes = 0;

	for (; getline(&text, &size, stdin) > 0; codes++, instructions += n) {
		n = agree(text);
		if (n < 0)
			return EXIT_FAILURE;
	}
	free(text);
	printf("%ld instructions in %ld code objects\n", instructions, codes);
	return codes > 100 ? EXIT_SUCCESS : EXIT_FAILURE;
}
