/* filter.h - which rows are shown: "cart", "!json", "~^shop\.", "file:cart & !thread:Main".
 * Room: ui. */
#ifndef LK_UI_FILTER_H
#define LK_UI_FILTER_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

#define LK_FILTER_TERMS		4
#define LK_FILTER_FIELD_BYTES	12

struct lk_filter_term {
	bool	excludes, is_regex;
	char	field[LK_FILTER_FIELD_BYTES];	/* "" the row as it is shown */
	char	text[128];
	regex_t	regex;
};

struct lk_filter {
	struct lk_filter_term	terms[LK_FILTER_TERMS];	/* [count]; all of them must be true */
	int			count;
};

/* The text of the row's FIELD ("" as it is shown) in OUT. */
typedef void (*lk_filter_text_fn)(void *ctx, const char *field, char *out, size_t out_bytes);

/* lk_filter_parse - FIELDS: their names, ending in NULL; what is before a ':' and none of them is
 * part of the text.  "" is no term: all rows match.
 * Returns: 0; -EINVAL for what is no regular expression: F is empty then. */
int lk_filter_parse(struct lk_filter *f, const char *text, const char *const *fields);
void lk_filter_forget(struct lk_filter *f);

bool lk_filter_matches(const struct lk_filter *f, lk_filter_text_fn text, void *ctx);

#endif
