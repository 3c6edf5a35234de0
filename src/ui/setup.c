#include "config.h"

#include "ui/setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/text.h"

#include "ui/preferences.h"
#include "ui/session.h"

#define PERIOD_MS	1000u	/* unless somebody says otherwise */
#define PERIOD_LEAST_MS	250u
#define PERIOD_MOST_MS	30000u

/* Where "id " is in LIST; NULL: it is not. */
static char *
find(const char *list, const char *id)
{
	size_t length = strlen(id);

	for (const char *at = list; *at != '\0'; at += strcspn(at, " ") + 1)
		if (strncmp(at, id, length) == 0 && at[length] == ' ')
			return (char *)(uintptr_t)at;
	return NULL;
}

bool
lk_setup_hides(const struct lk_setup *setup, const struct lk_column *column)
{
	return !column->search && find(setup->hidden, column->id) != NULL;
}

void
lk_setup_toggle(struct lk_setup *setup, const struct lk_column *column)
{
	char *at = find(setup->hidden, column->id);
	size_t length = strlen(column->id) + 1, used = strlen(setup->hidden);

	if (column->search)
		return;
	if (at != NULL)
		memmove(at, at + length, strlen(at + length) + 1);
	else if (used + length < sizeof(setup->hidden))
		snprintf(setup->hidden + used, sizeof(setup->hidden) - used, "%s ", column->id);
}

/* A column that was never moved stays behind the one that it is behind without any order. */
void
lk_setup_order(const struct lk_setup *setup, const struct lk_column *const *all,
    const struct lk_column **out)
{
	const char *places[LK_TABLE_COLUMNS_MAX], *place = setup->order;
	size_t count = 0;

	for (; all[count] != NULL && count < LK_TABLE_COLUMNS_MAX; count++) {
		const char *chosen = find(setup->order, all[count]->id);
		size_t at = count;

		if (chosen != NULL)
			place = chosen;
		for (; at > 0 && places[at - 1] > place; at--) {
			places[at] = places[at - 1];
			out[at] = out[at - 1];
		}
		places[at] = place;
		out[at] = all[count];
	}
	out[count] = NULL;
}

void
lk_setup_columns(const struct lk_setup *setup, const struct lk_column *const *all,
    const struct lk_column **out)
{
	size_t count = 0;

	lk_setup_order(setup, all, out);
	for (size_t i = 0; out[i] != NULL; i++)
		if (!lk_setup_hides(setup, out[i]))
			out[count++] = out[i];
	out[count] = NULL;
}

bool
lk_setup_move(struct lk_setup *setup, const struct lk_column *const *all,
    const struct lk_column *column, int step)
{
	const struct lk_column *list[LK_TABLE_COLUMNS_MAX + 1];
	size_t used = 0, at = 0, count = 0;

	lk_setup_order(setup, all, list);
	for (; list[count] != NULL; count++)
		if (list[count] == column)
			at = count;
	if (at == count || (step < 0 && at == 0) || (step > 0 && at + 1 == count))
		return false;
	list[at] = list[step < 0 ? at - 1 : at + 1];
	list[step < 0 ? at - 1 : at + 1] = column;
	setup->order[0] = '\0';
	for (size_t i = 0; i < count && used < sizeof(setup->order); i++)
		used += (size_t)snprintf(setup->order + used, sizeof(setup->order) - used, "%s ",
		    list[i]->id);
	return true;
}

/* ---- the config --------------------------------------------------------------------------- */

static void
read_list(char *list, char out[LK_SETUP_HIDDEN_BYTES])
{
	char *rest = NULL;

	out[0] = '\0';
	for (char *id = strtok_r(list, " ,", &rest); id != NULL;
	    id = strtok_r(NULL, " ,", &rest)) {
		size_t used = strlen(out);

		if (used + strlen(id) + 1 < LK_SETUP_HIDDEN_BYTES)
			snprintf(out + used, LK_SETUP_HIDDEN_BYTES - used, "%s ", id);
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
		read_list(value, s->setup.hidden);
	if (lk_preferences_get(c, "columns", 0, value, sizeof(value)))
		read_list(value, s->setup.order);
	if (lk_preferences_get(c, "units", 0, value, sizeof(value))) {
		int unit = lk_text_unit_parse(value);

		if (unit >= 0)
			lk_text_use_unit((enum lk_text_unit)unit);
		else
			lk_session_say(s, LK_ROLE_WARN,
			    "config: units are binary, decimal or bytes");
	}
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
	enum lk_text_unit unit = lk_text_used_unit();
	char text[32];
	int rc;

	snprintf(text, sizeof(text), "%u", s->period_ms);
	rc = lk_preferences_set(c, "interval", s->period_ms == PERIOD_MS ? NULL : text);
	if (rc == 0)
		rc = lk_preferences_set(c, "hide", s->setup.hidden[0] != '\0' ? s->setup.hidden :
		    NULL);
	if (rc == 0)
		rc = lk_preferences_set(c, "columns", s->setup.order[0] != '\0' ? s->setup.order :
		    NULL);
	if (rc == 0)
		rc = lk_preferences_set(c, "units", unit == LK_TEXT_BINARY ? NULL :
		    lk_text_unit_name(unit));
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
