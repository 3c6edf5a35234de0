#include "config.h"

#include "sampler/cpython/layout.h"

#include "base/attr.h"

static const struct lk_layout *const rows[] = {
	&lk_py_v308, &lk_py_v309, &lk_py_v310, &lk_py_v311,
	&lk_py_v312, &lk_py_v313, &lk_py_v314, &lk_py_v315,
};

const char lk_layout_free_threaded[] = "free-threaded Python is not supported: its objects live in "
    "heaps that its collector walks, and a sampled block would have to leave them";

/* "3.MINOR..." -> MINOR, -1 when it is not a 3. */
static int
minor_of(const char *version)
{
	int minor = 0;

	if (version[0] != '3' || version[1] != '.')
		return -1;
	for (version += 2; *version >= '0' && *version <= '9' && minor < 1000; version++)
		minor = minor * 10 + (*version - '0');
	return minor;
}

const struct lk_layout *
lk_layout_for(const char *version, const char **why)
{
	int minor = minor_of(version);
	size_t i;

	if (strstr(version, "free-threading") != NULL) {
		*why = lk_layout_free_threaded;
		return NULL;
	}
	for (i = 0; i < LK_COUNT_OF(rows); i++)
		if (rows[i]->minor == minor)
			return rows[i];
	*why = "this Python is not supported: CPython 3.8 to 3.15 is";
	return NULL;
}
