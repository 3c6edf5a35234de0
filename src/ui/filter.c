#include "config.h"

#include "ui/filter.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ROW_BYTES 2048

void
lk_filter_forget(struct lk_filter *f)
{
	for (int i = 0; i < f->count; i++)
		if (f->terms[i].is_regex)
			regfree(&f->terms[i].regex);
	f->count = 0;
}

/* Behind "name:" when it is one of FIELDS. */
static const char *
take_field(const char *text, const char *const *fields, char field[LK_FILTER_FIELD_BYTES])
{
	for (; fields != NULL && *fields != NULL; fields++) {
		size_t length = strlen(*fields);

		if (strncmp(text, *fields, length) == 0 && text[length] == ':') {
			snprintf(field, LK_FILTER_FIELD_BYTES, "%s", *fields);
			return text + length + 1;
		}
	}
	return text;
}

/* What is begun only ("!", "~", "file:") is no term yet.  Returns: 1: it is one; 0; -EINVAL. */
static int
parse_term(struct lk_filter_term *term, char *text, const char *const *fields)
{
	const char *at = text + strspn(text, " ");

	memset(term, 0, sizeof(*term));
	term->excludes = *at == '!';
	at += term->excludes;
	at = take_field(at, fields, term->field);
	if (*at == '!' && !term->excludes) {
		term->excludes = true;
		at++;
	}
	if (*at == '~') {
		if (at[1] == '\0')
			return 0;
		if (regcomp(&term->regex, at + 1, REG_EXTENDED | REG_ICASE | REG_NOSUB) != 0)
			return -EINVAL;
		term->is_regex = true;
		return 1;
	}
	snprintf(term->text, sizeof(term->text), "%s", at);
	return *at != '\0';
}

int
lk_filter_parse(struct lk_filter *f, const char *text, const char *const *fields)
{
	char copy[256], *at = copy;

	lk_filter_forget(f);
	snprintf(copy, sizeof(copy), "%s", text);
	while (at != NULL && f->count < LK_FILTER_TERMS) {
		char *end = strstr(at, " & ");
		int rc;

		if (end != NULL)
			*end = '\0';
		rc = parse_term(&f->terms[f->count], at, fields);
		if (rc < 0) {
			lk_filter_forget(f);
			return rc;
		}
		f->count += rc;
		at = end != NULL ? end + 3 : NULL;
	}
	return 0;
}

bool
lk_filter_matches(const struct lk_filter *f, lk_filter_text_fn text, void *ctx)
{
	for (int i = 0; i < f->count; i++) {
		const struct lk_filter_term *term = &f->terms[i];
		char row[ROW_BYTES];
		bool hit;

		row[0] = '\0';
		text(ctx, term->field, row, sizeof(row));
		hit = term->is_regex ? regexec(&term->regex, row, 0, NULL, 0) == 0 :
		    strcasestr(row, term->text) != NULL;
		if (hit == term->excludes)
			return false;
	}
	return true;
}
