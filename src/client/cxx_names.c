#include "config.h"

#include "client/cxx_names.h"

#include <string.h>

#include "base/attr.h"

#define DEPTH_MAX	64 /* of types within types */
#define LENGTH_DIGITS	4

struct reader {
	const char *at;
	unsigned int depth;
	char *out;
	size_t room, used;
	const char *class; /* what a constructor would be called here; NULL: nothing */
	size_t class_length;
};

static bool skip_type(struct reader *r);

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
take(struct reader *r, char c)
{
	if (*r->at != c)
		return false;
	r->at++;
	return true;
}

static bool
put(struct reader *r, const char *text, size_t length)
{
	if (length >= r->room - r->used)
		return false;
	memcpy(r->out + r->used, text, length);
	r->used += length;
	r->out[r->used] = '\0';
	return true;
}

/* The length of a source name; 0: it is none, or not all there. */
static size_t
take_length(struct reader *r)
{
	size_t length = 0;

	for (int i = 0; i < LENGTH_DIGITS && is_digit(*r->at); i++)
		length = length * 10 + (size_t)(*r->at++ - '0');
	return strnlen(r->at, length) == length ? length : 0;
}

static bool
skip_source_name(struct reader *r)
{
	size_t length = take_length(r);

	r->at += length;
	return length > 0;
}

/* ---- what is left out ------------------------------------------------------ */

/* "S_", "S1A_", "St", "Sa": a substitution, or std and some of its classes. */
static bool
skip_substitution(struct reader *r)
{
	r->at++;
	if (*r->at != '\0' && strchr("tabsiod", *r->at) != NULL) {
		r->at++;
		return true;
	}
	while (is_digit(*r->at) || (*r->at >= 'A' && *r->at <= 'Z'))
		r->at++;
	return take(r, '_');
}

/* A number's value with its type: "Lb1E". */
static bool
skip_literal(struct reader *r)
{
	r->at++;
	if (*r->at == '_' || !skip_type(r))
		return false;
	while (*r->at == 'n' || is_digit(*r->at))
		r->at++;
	return take(r, 'E');
}

/* "I...E", "J...E" */
static bool
skip_arguments(struct reader *r)
{
	bool ok = ++r->depth < DEPTH_MAX;

	r->at++;
	while (ok && *r->at != 'E') {
		if (*r->at == 'L')
			ok = skip_literal(r);
		else if (*r->at == 'J')
			ok = skip_arguments(r);
		else
			ok = skip_type(r);
	}
	r->depth--;
	return ok && take(r, 'E');
}

static bool
skip_nested(struct reader *r)
{
	r->at++;
	while (*r->at == 'K' || *r->at == 'V' || *r->at == 'r')
		r->at++;
	while (*r->at != 'E') {
		bool ok = *r->at == 'S' ? skip_substitution(r) :
		    *r->at == 'I' ? skip_arguments(r) :
		    *r->at == 'T' ? skip_type(r) : skip_source_name(r);

		if (!ok)
			return false;
	}
	return take(r, 'E');
}

/* T_, T0_ */
static bool
skip_parameter(struct reader *r)
{
	r->at++;
	while (is_digit(*r->at))
		r->at++;
	return take(r, '_');
}

/* F types E */
static bool
skip_function(struct reader *r)
{
	r->at++;
	while (*r->at != 'E')
		if (*r->at == '\0' || !skip_type(r))
			return false;
	return take(r, 'E');
}

static bool
skip_array(struct reader *r)
{
	r->at++;
	while (is_digit(*r->at))
		r->at++;
	return take(r, '_') && skip_type(r);
}

static bool
skip_named(struct reader *r)
{
	bool ok;

	if (*r->at == 'S') {
		bool is_std = r->at[1] == 't';

		ok = skip_substitution(r) && (!is_std || skip_source_name(r));
	} else
		ok = *r->at == 'N' ? skip_nested(r) :
		    *r->at == 'T' ? skip_parameter(r) : skip_source_name(r);
	return ok && (*r->at != 'I' || skip_arguments(r));
}

static bool
skip_plain(struct reader *r)
{
	static const char builtins[] = "vwbcahstijlmxynofdegz";

	if (*r->at == 'D' && r->at[1] != '\0' && strchr("nadfehisuc", r->at[1]) != NULL) {
		r->at += 2;
		return true;
	}
	if (*r->at != '\0' && strchr(builtins, *r->at) != NULL) {
		r->at++;
		return true;
	}
	return skip_named(r);
}

static bool
skip_type(struct reader *r)
{
	bool ok = ++r->depth < DEPTH_MAX;

	while (*r->at != '\0' && strchr("PROKVr", *r->at) != NULL)
		r->at++;
	if (*r->at == 'D' && r->at[1] == 'p') {
		r->at += 2;
		ok = ok && skip_type(r);
	} else if (*r->at == 'F')
		ok = ok && skip_function(r);
	else if (*r->at == 'A')
		ok = ok && skip_array(r);
	else if (*r->at == 'M') {
		r->at++;
		ok = ok && skip_type(r) && skip_type(r);
	} else
		ok = ok && skip_plain(r);
	r->depth--;
	return ok;
}

/* ---- what is said ----------------------------------------------------------- */

static bool
put_component(struct reader *r, const char *text, size_t length)
{
	static const char unnamed[] = "(anonymous namespace)";

	if (length >= 10 && strncmp(text, "_GLOBAL__N", 10) == 0) {
		text = unnamed;
		length = sizeof(unnamed) - 1;
	}
	r->class = text;
	r->class_length = length;
	return put(r, text, length);
}

static bool
read_source_name(struct reader *r)
{
	size_t length = take_length(r);
	const char *text = r->at;

	if (length == 0)
		return false;
	r->at += length;
	return put_component(r, text, length);
}

/* TEXT, whose constructors are called CLASS. */
static bool
put_class(struct reader *r, const char *text, const char *class)
{
	r->class = class;
	r->class_length = strlen(class);
	return put(r, text, strlen(text));
}

static bool
read_standard(struct reader *r)
{
	static const struct {
		char code;
		const char *text, *class;
	} names[] = {
	    {'t', "std", "std"},		    {'a', "std::allocator", "allocator"},
	    {'b', "std::basic_string", "basic_string"}, {'s', "std::string", "basic_string"},
	    {'i', "std::istream", "basic_istream"}, {'o', "std::ostream", "basic_ostream"},
	    {'d', "std::iostream", "basic_iostream"},
	};

	for (size_t i = 0; i < LK_COUNT_OF(names); i++)
		if (r->at[1] == names[i].code) {
			r->at += 2;
			return put_class(r, names[i].text, names[i].class);
		}
	return false;
}

static bool
read_operator(struct reader *r)
{
	static const char codes[][3] = {"nw", "na", "dl", "da", "pl", "mi", "ml", "dv", "rm", "an",
	    "or", "eo", "aS", "pL", "mI", "mL", "dV", "rM", "aN", "oR", "eO", "ls", "rs", "lS",
	    "rS", "eq", "ne", "lt", "gt", "le", "ge", "nt", "aa", "oo", "pp", "mm", "cm", "pt",
	    "cl", "ix", "ng", "ps", "ad", "de", "co"};
	static const char *const texts[] = {" new", " new[]", " delete", " delete[]", "+", "-", "*",
	    "/", "%", "&", "|", "^", "=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<",
	    ">>", "<<=", ">>=", "==", "!=", "<", ">", "<=", ">=", "!", "&&", "||", "++", "--", ",",
	    "->", "()", "[]", "-", "+", "&", "*", "~"};

	for (size_t i = 0; i < LK_COUNT_OF(codes); i++)
		if (strncmp(r->at, codes[i], 2) == 0) {
			r->at += 2;
			return put(r, "operator", 8) && put(r, texts[i], strlen(texts[i]));
		}
	return false;
}

/* C1, D0: named after their class. */
static bool
read_constructor(struct reader *r)
{
	if (r->at[1] < '0' || r->at[1] > '5' || r->class == NULL)
		return false;
	if (r->at[0] == 'D' && !put(r, "~", 1))
		return false;
	r->at += 2;
	return put(r, r->class, r->class_length);
}

static bool
read_component(struct reader *r)
{
	take(r, 'L');
	if (is_digit(*r->at))
		return read_source_name(r);
	if (*r->at == 'S')
		return read_standard(r);
	if (*r->at == 'C' || *r->at == 'D')
		return read_constructor(r);
	return read_operator(r);
}

static bool
read_nested(struct reader *r)
{
	bool first = true;

	while (*r->at != '\0' && strchr("rVKRO", *r->at) != NULL)
		r->at++;
	while (*r->at != 'E') {
		if (*r->at == 'I') {
			if (first || !skip_arguments(r))
				return false;
			continue;
		}
		if (take(r, 'B')) {
			if (!skip_source_name(r))
				return false;
			continue;
		}
		if ((!first && !put(r, "::", 2)) || !read_component(r))
			return false;
		first = false;
	}
	return !first;
}

bool
lk_cxx_names_text(const char *mangled, char *out, size_t out_bytes)
{
	struct reader r = {.out = out, .room = out_bytes};
	bool ok;

	out[0] = '\0';
	if (strncmp(mangled, "_Z", 2) != 0)
		return false;
	r.at = mangled + 2;
	if (take(&r, 'N'))
		ok = read_nested(&r);
	else if (r.at[0] == 'S' && r.at[1] == 't')
		ok = read_component(&r) && put(&r, "::", 2) && read_component(&r);
	else
		ok = (*r.at == 'L' || is_digit(*r.at) || (*r.at >= 'a' && *r.at <= 'z')) &&
		    read_component(&r);
	if (!ok)
		out[0] = '\0';
	return ok;
}
