#include "config.h"

#include "sampler/cpython/layout.h"

#include "base/attr.h"

static const struct lk_layout *const rows[] = {
	&lk_py_v308, &lk_py_v309, &lk_py_v310, &lk_py_v311,
	&lk_py_v312, &lk_py_v313, &lk_py_v314, &lk_py_v315, &lk_py_v313t, &lk_py_v314t,
};

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

bool
lk_layout_is_free_threaded(const char *version)
{
	return strstr(version, "free-threading") != NULL;
}

const struct lk_layout *
lk_layout_for(const char *version, const char **why)
{
	bool free_threaded = lk_layout_is_free_threaded(version);
	int minor = minor_of(version);
	size_t i;

	for (i = 0; i < LK_COUNT_OF(rows); i++)
		if (rows[i]->minor == minor && rows[i]->free_threaded == free_threaded)
			return rows[i];
	*why = free_threaded ? "this free-threaded Python is not supported: 3.13 and 3.14 are" :
	    "this Python is not supported: CPython 3.8 to 3.15 is";
	return NULL;
}
