#include "config.h"

#include "ui/filter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
lk_filter_forget(struct lk_filter *f)
{
	for (int i = 0; i < f->count; i++)
		if (f->terms[i].is_regex)
			regfree(&f->terms[i].regex);
	f->count = 0;
	free(f->copy);
	f->copy = NULL;
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
parse_term(struct lk_filter_term *term, const char *text, const char *const *fields, char *words,
    size_t words_bytes)
{
	const char *at = text + strspn(text, " ");
	int rc;

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
		rc = regcomp(&term->regex, at + 1,
		    REG_EXTENDED | REG_ICASE | REG_NEWLINE | REG_NOSUB);
		if (rc != 0) {
			regerror(rc, &term->regex, words, words_bytes);
			return -EINVAL;
		}
		term->is_regex = true;
		return 1;
	}
	term->text = at;
	return *at != '\0';
}

static int
parse_terms(struct lk_filter *f, const char *const *fields, char *words, size_t words_bytes)
{
	struct lk_filter_term term;
	char *end;

	for (char *at = f->copy; at != NULL; at = end != NULL ? end + 3 : NULL) {
		int rc;

		end = strstr(at, " & ");
		if (end != NULL)
			*end = '\0';
		rc = parse_term(&term, at, fields, words, words_bytes);
		if (rc < 0)
			return rc;
		if (rc == 0)
			continue;
		if (f->count == LK_FILTER_TERMS) {
			if (term.is_regex)
				regfree(&term.regex);
			snprintf(words, words_bytes, "more than %d terms", LK_FILTER_TERMS);
			return -E2BIG;
		}
		f->terms[f->count++] = term;
	}
	return 0;
}

int
lk_filter_parse(struct lk_filter *f, const char *text, const char *const *fields, char *words,
    size_t words_bytes)
{
	int rc = -ENOMEM;

	lk_filter_forget(f);
	f->copy = strdup(text);
	if (f->copy != NULL)
		rc = parse_terms(f, fields, words, words_bytes);
	else
		snprintf(words, words_bytes, "out of memory");
	if (rc < 0)
		lk_filter_forget(f);
	return rc;
}

bool
lk_filter_matches(const struct lk_filter *f, lk_filter_text_fn text, void *ctx)
{
	for (int i = 0; i < f->count; i++) {
		const struct lk_filter_term *term = &f->terms[i];
		const char *row = text(ctx, term->field);
		bool hit = term->is_regex ? regexec(&term->regex, row, 0, NULL, 0) == 0 :
		    strcasestr(row, term->text) != NULL;

		if (hit == term->excludes)
			return false;
	}
	return true;
}
