/* What anybody may write to the sampler's socket. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "proto/request.h"

#include "fuzz.h"

const char *const fuzz_seeds[] = {"tests/wire/requests/*.json", NULL};

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	/* As long as it is, so that a look behind its end is seen. */
	char *line = malloc(count > 0 ? count : 1);
	struct lk_wire_request request;

	memcpy(line, bytes, count);
	lk_request_read(line, count, &request);
	if (strlen(request.op) >= LK_REQUEST_OP_MAX || strlen(request.name) > LK_WIRE_NAME_MAX)
		abort();
	free(line);
	return 0;
}
