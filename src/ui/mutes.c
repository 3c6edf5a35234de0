#include "config.h"

#include "ui/mutes.h"

#include <stdio.h>
#include <string.h>

static size_t
index_of(const struct lk_mutes *m, const char *name)
{
	size_t i = 0;

	while (i < m->count && strncmp(m->names[i], name, LK_MUTES_NAME_BYTES - 1) != 0)
		i++;
	return i;
}

bool
lk_mutes_has(const struct lk_mutes *m, const char *name)
{
	return index_of(m, name) < m->count;
}

bool
lk_mutes_toggle(struct lk_mutes *m, const char *name)
{
	size_t at = index_of(m, name);

	if (at < m->count) {
		memmove(m->names[at], m->names[at + 1], (m->count - at - 1) * sizeof(m->names[0]));
		m->count--;
		return false;
	}
	if (m->count == LK_MUTES_MAX)
		return false;
	snprintf(m->names[m->count++], sizeof(m->names[0]), "%s", name);
	return true;
}
