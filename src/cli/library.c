#include "config.h"

#include "cli/library.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"

#include "cli/fault.h"
#include "cli/options.h"

#define LIBRARY	   "libleaktop-sampler.so"
#define PATH_BYTES 4096

/* Beside this program: in a build tree (who runs ./leaktop there means its sampler), then where
 * an installation has it, wherever that was moved to. */
static int
find_beside(char *out, size_t out_bytes)
{
	static const char *const places[] = {
		"src/sampler/.libs/" LIBRARY,
		"../lib/leaktop/" LIBRARY,
	};
	char self[PATH_BYTES];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (length <= 0)
		return -ENOENT;
	self[length] = '\0';
	*strrchr(self, '/') = '\0';
	for (size_t i = 0; i < LK_COUNT_OF(places); i++) {
		snprintf(out, out_bytes, "%s/%s", self, places[i]);
		if (access(out, R_OK) == 0)
			return 0;
	}
	return -ENOENT;
}

int
lk_library_look(char *out, size_t out_bytes)
{
	const char *given = getenv("LEAKTOP_SAMPLER");

	if (given != NULL && given[0] != '\0') {
		snprintf(out, out_bytes, "%s", given);
		return access(out, R_OK) == 0 ? 0 : -errno;
	}
	if (find_beside(out, out_bytes) == 0)
		return 0;
	snprintf(out, out_bytes, LK_PKGLIBDIR "/" LIBRARY);
	return access(out, R_OK) == 0 ? 0 : -errno;
}

int
lk_library_find(char *out, size_t out_bytes)
{
	if (lk_library_look(out, out_bytes) < 0)
		return lk_fault("the sampler is missing: %s cannot be read; install leaktop, "
				"or set LEAKTOP_SAMPLER to its path",
				out);
	return LK_EXIT_DONE;
}
