/* filter.h - which rows are printed: the language of the filter on the screens.  Room: cli. */
#ifndef LK_CLI_FILTER_H
#define LK_CLI_FILTER_H

#include <regex.h>
#include <stdbool.h>

/* TEXT: those with it in one of their texts, case ignored; ~TEXT: those that the regular expression
 * matches; !TEXT, !~TEXT: the others. */
struct lk_filter {
	const char *text; /* NULL: all rows */
	bool exclude, is_regex;
	regex_t regex;
};

/* lk_filter_set - TEXT is borrowed; NULL or "" lets all rows pass.
 * Returns: LK_EXIT_DONE, to be cleared; else an exit status, said on stderr. */
int lk_filter_set(struct lk_filter *filter, const char *text);
void lk_filter_clear(struct lk_filter *filter);

/* lk_filter_passes - a row with these texts. */
bool lk_filter_passes(const struct lk_filter *filter, const char *a, const char *b);

#endif
