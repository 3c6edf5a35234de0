/* filter.h - which rows are shown: "cart", "!json", "~^shop\.", "file:cart & !thread:Main".
 * Room: ui; of the screens, and of --filter on the command line. */
#ifndef LK_UI_FILTER_H
#define LK_UI_FILTER_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

#define LK_FILTER_TERMS		4
#define LK_FILTER_FIELD_BYTES	12

struct lk_filter_term {
	bool		excludes, is_regex;
	char		field[LK_FILTER_FIELD_BYTES];	/* "" the row as it is shown */
	const char	*text;
	regex_t		regex;
};

/* Zeroed is one that lets all rows pass. */
struct lk_filter {
	struct lk_filter_term	terms[LK_FILTER_TERMS];	/* [count]; all of them must be true */
	int			count;
	char			*copy;			/* what the terms' texts are in */
};

/* The text of the row's FIELD ("" as it is shown), of any length; borrowed until the next call.
 * ^ and $ match at the ends of its lines. */
typedef const char *(*lk_filter_text_fn)(void *ctx, const char *field);

/* lk_filter_parse - FIELDS: their names, ending in NULL; what is before a ':' and none of them is
 * part of the text.  "" is no term: all rows match.  F: zeroed, or of an earlier parse.
 * Returns: 0; -EINVAL for what is no regular expression, -E2BIG for too many terms, -ENOMEM; then F
 * is empty and WORDS say why. */
int lk_filter_parse(struct lk_filter *f, const char *text, const char *const *fields, char *words,
    size_t words_bytes);
void lk_filter_forget(struct lk_filter *f);

/* lk_filter_matches - do all terms of F hold for what TEXT says of CTX? */
bool lk_filter_matches(const struct lk_filter *f, lk_filter_text_fn text, void *ctx);

#endif
