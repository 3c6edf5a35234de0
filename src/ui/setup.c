#include "config.h"

#include "ui/setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/preferences.h"
#include "ui/session.h"

#define PERIOD_MS	1000u	/* unless somebody says otherwise */
#define PERIOD_LEAST_MS	250u
#define PERIOD_MOST_MS	30000u

/* Where "id " is in the list; NULL: it is not. */
static char *
find(const struct lk_setup *setup, const char *id)
{
	size_t length = strlen(id);

	for (const char *at = setup->hidden; *at != '\0'; at += strcspn(at, " ") + 1)
		if (strncmp(at, id, length) == 0 && at[length] == ' ')
			return (char *)(uintptr_t)at;
	return NULL;
}

bool
lk_setup_hides(const struct lk_setup *setup, const struct lk_column *column)
{
	return !column->search && find(setup, column->id) != NULL;
}

void
lk_setup_toggle(struct lk_setup *setup, const struct lk_column *column)
{
	char *at = find(setup, column->id);
	size_t length = strlen(column->id) + 1, used = strlen(setup->hidden);

	if (column->search)
		return;
	if (at != NULL)
		memmove(at, at + length, strlen(at + length) + 1);
	else if (used + length < sizeof(setup->hidden))
		snprintf(setup->hidden + used, sizeof(setup->hidden) - used, "%s ", column->id);
}

void
lk_setup_columns(const struct lk_setup *setup, const struct lk_column *const *all,
    const struct lk_column **out)
{
	size_t count = 0;

	for (size_t i = 0; all[i] != NULL && count < LK_TABLE_COLUMNS_MAX; i++)
		if (!lk_setup_hides(setup, all[i]))
			out[count++] = all[i];
	out[count] = NULL;
}

/* ---- the config --------------------------------------------------------------------------- */

static void
read_hidden(struct lk_setup *setup, char *list)
{
	char *rest = NULL;

	setup->hidden[0] = '\0';
	for (char *id = strtok_r(list, " ,", &rest); id != NULL;
	     id = strtok_r(NULL, " ,", &rest)) {
		size_t used = strlen(setup->hidden);

		if (used + strlen(id) + 1 < sizeof(setup->hidden))
			snprintf(setup->hidden + used, sizeof(setup->hidden) - used, "%s ", id);
	}
}

void
lk_setup_read(struct lk_session *s, const struct lk_preferences *c, const char *path)
{
	char value[LK_PREFERENCES_VALUE_BYTES], name[32], *end;

	snprintf(s->setup.path, sizeof(s->setup.path), "%s", path);
	/* what the command line asks for is nearer */
	if (s->period_ms == PERIOD_MS && lk_preferences_get(c, "interval", 0, value,
	    sizeof(value))) {
		unsigned long period_ms = strtoul(value, &end, 10);

		if (end != value && *end == '\0' && period_ms >= PERIOD_LEAST_MS &&
		    period_ms <= PERIOD_MOST_MS)
			s->period_ms = (unsigned int)period_ms;
		else
			lk_session_say(s, LK_ROLE_WARN,
			    "config: interval is milliseconds, %u to %u", PERIOD_LEAST_MS,
			    PERIOD_MOST_MS);
	}
	if (lk_preferences_get(c, "hide", 0, value, sizeof(value)))
		read_hidden(&s->setup, value);
	for (int i = 1; i <= LK_MUTES_MAX; i++) {
		snprintf(name, sizeof(name), "mute.%d", i);
		if (lk_preferences_get(c, name, 0, value, sizeof(value)) && *value != '\0' &&
		    !lk_mutes_has(&s->mutes, value))
			lk_mutes_toggle(&s->mutes, value);
	}
}

static int
set_all(const struct lk_session *s, struct lk_preferences *c)
{
	char text[32];
	int rc;

	snprintf(text, sizeof(text), "%u", s->period_ms);
	rc = lk_preferences_set(c, "interval", s->period_ms == PERIOD_MS ? NULL : text);
	if (rc == 0)
		rc = lk_preferences_set(c, "hide", s->setup.hidden[0] != '\0' ? s->setup.hidden :
		    NULL);
	for (size_t i = 0; i < LK_MUTES_MAX && rc == 0; i++) {
		snprintf(text, sizeof(text), "mute.%zu", i + 1);
		rc = lk_preferences_set(c, text, i < s->mutes.count ? s->mutes.names[i] : NULL);
	}
	return rc;
}

void
lk_setup_keep(struct lk_session *s, const char *name, const char *value)
{
	struct lk_preferences c;
	int rc;

	if (s->setup.path[0] == '\0')
		return;
	rc = lk_preferences_read(s->setup.path, &c);
	if (rc == 0)
		rc = set_all(s, &c);
	if (rc == 0 && name != NULL)
		rc = lk_preferences_set(&c, name, value);
	if (rc == 0)
		rc = lk_preferences_write(&c, s->setup.path);
	if (rc < 0)
		lk_session_say(s, LK_ROLE_WARN, "not kept: %.160s: %s", s->setup.path,
		    strerror(-rc));
	lk_preferences_fini(&c);
}
