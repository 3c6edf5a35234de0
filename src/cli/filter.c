#include "config.h"

#include "cli/filter.h"

#include <string.h>

#include "cli/fault.h"
#include "cli/options.h"

int
lk_filter_set(struct lk_filter *f, const char *text)
{
	char why[128];
	int rc;

	memset(f, 0, sizeof(*f));
	if (text == NULL || text[0] == '\0')
		return LK_EXIT_DONE;
	f->exclude = text[0] == '!';
	f->text = text + f->exclude;
	if (f->text[0] != '~')
		return LK_EXIT_DONE;
	rc = regcomp(&f->regex, f->text + 1, REG_EXTENDED | REG_ICASE | REG_NOSUB);
	if (rc != 0) {
		regerror(rc, &f->regex, why, sizeof(why));
		f->text = NULL;
		lk_fault("--filter %s: %s", text, why);
		return LK_EXIT_USAGE;
	}
	f->is_regex = true;
	return LK_EXIT_DONE;
}

void
lk_filter_clear(struct lk_filter *f)
{
	if (f->is_regex)
		regfree(&f->regex);
	memset(f, 0, sizeof(*f));
}

static bool
has(const struct lk_filter *f, const char *text)
{
	return f->is_regex ? regexec(&f->regex, text, 0, NULL, 0) == 0
			   : strcasestr(text, f->text) != NULL;
}

bool
lk_filter_passes(const struct lk_filter *f, const char *a, const char *b)
{
	return f->text == NULL || (has(f, a) || has(f, b)) != f->exclude;
}
