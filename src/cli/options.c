#include "config.h"

#include "cli/options.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/text.h"

struct parse {
	const struct lk_command *command;
	int argc, at; /* argv[at] is looked at */
	char **argv;
	char *values;
	int exit_status; /* < 0: go on */
};

static const char *
space_before(const char *word)
{
	return word[0] == '\0' ? "" : " ";
}

int
lk_options_complain(const struct lk_command *command, const char *format, ...)
{
	char words[512];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	lk_text_clean(words, words, sizeof(words));
	fprintf(stderr, "leaktop: %s\nTry: leaktop%s%s --help\n", words,
		space_before(command->name), command->name);
	return LK_EXIT_USAGE;
}

static void
print_option(const struct lk_option *option)
{
	char left[64];
	const char *value = option->value == NULL ? "" : option->value;

	if (option->name == NULL)
		snprintf(left, sizeof(left), "-%c%s%s", option->letter, space_before(value), value);
	else if (option->letter == 0)
		snprintf(left, sizeof(left), "    --%s%s%s", option->name, space_before(value),
		    value);
	else
		snprintf(left, sizeof(left), "-%c, --%s%s%s", option->letter, option->name,
		    space_before(value), value);
	printf("  %-24s %s\n", left, option->help);
}

static void
print_help(const struct lk_command *command)
{
	printf("Usage: leaktop%s%s [options]%s%s\n%s\n", space_before(command->name), command->name,
	    space_before(command->words), command->words, command->summary);
	if (command->details != NULL)
		printf("\n%s", command->details);
	puts("\nOptions:");
	for (size_t i = 0; i < command->option_count; i++)
		print_option(&command->options[i]);
	puts("  -h, --help               this text\n"
	    "  -V, --version            the version\n"
	    "\nSIZE takes K, M, G (of 1024). Exit status: 0 done, 1 usage, 2 failed, "
	    "3 threshold.");
}

static int
choice_of(const struct lk_option *option, const char *text)
{
	for (int i = 0; option->choices[i] != NULL; i++)
		if (strcmp(option->choices[i], text) == 0)
			return i;
	return -EINVAL;
}

static int
count_of(const char *text, uint64_t *out)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return -EINVAL;
	errno = 0;
	*out = strtoull(text, &end, 10);
	return errno == 0 && *end == '\0' && *out > 0 ? 0 : -EINVAL;
}

/* Returns: 0 or negative errno when TEXT is no such value. */
static int
store(const struct lk_option *option, const char *text, char *at)
{
	int rc;

	switch (option->kind) {
	case LK_OPTION_FLAG:
		*(bool *)at = true;
		return 0;
	case LK_OPTION_COUNT:
		return count_of(text, (uint64_t *)at);
	case LK_OPTION_SIZE:
		return lk_text_parse_bytes(text, (uint64_t *)at);
	case LK_OPTION_DURATION:
		return lk_text_parse_duration(text, (uint64_t *)at);
	case LK_OPTION_TEXT:
		*(const char **)at = text;
		return 0;
	case LK_OPTION_CHOICE:
		rc = choice_of(option, text);
		if (rc >= 0)
			*(unsigned int *)at = (unsigned int)rc;
		return rc < 0 ? rc : 0;
	}
	return -EINVAL;
}

static void
complain_value(struct parse *p, const struct lk_option *option, const char *text)
{
	char name[40], choices[200] = "";

	if (option->name != NULL)
		snprintf(name, sizeof(name), "--%s", option->name);
	else
		snprintf(name, sizeof(name), "-%c", option->letter);
	for (size_t i = 0; option->choices != NULL && option->choices[i] != NULL; i++) {
		size_t used = strlen(choices);

		snprintf(choices + used, sizeof(choices) - used, "%s%s",
		    i == 0 ? ": one of " : ", ", option->choices[i]);
	}
	if (text == NULL)
		p->exit_status =
		    lk_options_complain(p->command, "%s wants %s", name, option->value);
	else
		p->exit_status = lk_options_complain(p->command, "%s: '%s' is no %s%s", name, text,
		    option->value, choices);
}

/* ATTACHED: the value in the same word, or NULL. */
static void
take(struct parse *p, const struct lk_option *option, const char *attached)
{
	const char *text = attached;

	if (option->kind != LK_OPTION_FLAG && text == NULL && p->at + 1 < p->argc)
		text = p->argv[++p->at];
	if (option->kind != LK_OPTION_FLAG && text == NULL)
		complain_value(p, option, NULL);
	else if (store(option, text, p->values + option->offset) < 0)
		complain_value(p, option, text);
}

static bool
is_common(struct parse *p, const char *name, char letter)
{
	if (letter == 'h' || (name != NULL && strcmp(name, "help") == 0)) {
		print_help(p->command);
		p->exit_status = LK_EXIT_DONE;
		return true;
	}
	if (letter == 'V' || (name != NULL && strcmp(name, "version") == 0)) {
		puts("leaktop " PACKAGE_VERSION);
		p->exit_status = LK_EXIT_DONE;
		return true;
	}
	return false;
}

static void
parse_long(struct parse *p, const char *word)
{
	size_t length = strcspn(word, "=");
	const char *attached = word[length] == '=' ? word + length + 1 : NULL;

	for (size_t i = 0; i < p->command->option_count; i++) {
		const struct lk_option *option = &p->command->options[i];

		if (option->name == NULL || strlen(option->name) != length ||
		    strncmp(option->name, word, length) != 0)
			continue;
		if (option->kind == LK_OPTION_FLAG && attached != NULL)
			p->exit_status =
			    lk_options_complain(p->command, "--%s takes no value", option->name);
		else
			take(p, option, attached);
		return;
	}
	if (!is_common(p, word, 0))
		p->exit_status = lk_options_complain(p->command, "no such option: --%s", word);
}

static const struct lk_option *
option_by_letter(const struct lk_command *command, char letter)
{
	for (size_t i = 0; i < command->option_count; i++)
		if (command->options[i].letter == letter)
			return &command->options[i];
	return NULL;
}

static void
parse_letters(struct parse *p, const char *letters)
{
	for (; *letters != '\0' && p->exit_status < 0; letters++) {
		const struct lk_option *option = option_by_letter(p->command, *letters);

		if (option == NULL) {
			if (!is_common(p, NULL, *letters))
				p->exit_status = lk_options_complain(
				    p->command, "no such option: -%c", *letters);
			return;
		}
		if (option->kind != LK_OPTION_FLAG) {
			take(p, option, letters[1] == '\0' ? NULL : letters + 1);
			return;
		}
		take(p, option, NULL);
	}
}

/* Options first and last; what is none is moved to the front of argv. */
static size_t
parse_all(struct parse *p)
{
	size_t word_count = 0;
	bool only_words = false;

	for (p->at = 1; p->at < p->argc && p->exit_status < 0; p->at++) {
		char *word = p->argv[p->at];

		if (!only_words && strcmp(word, "--") == 0) {
			only_words = true;
		} else if (only_words || word[0] != '-' || word[1] == '\0') {
			p->argv[1 + word_count++] = word;
			only_words = only_words || p->command->options_end_at_word;
		} else if (word[1] == '-') {
			parse_long(p, word + 2);
		} else {
			parse_letters(p, word + 1);
		}
	}
	return word_count;
}

int
lk_options_run(const struct lk_command *command, int argc, char **argv)
{
	_Alignas(max_align_t) char values[LK_COMMAND_VALUES_BYTES] = {0};
	struct parse p = {
	    .command = command, .argc = argc, .argv = argv, .values = values, .exit_status = -1};
	size_t word_count;

	if (command->defaults != NULL)
		memcpy(values, command->defaults, command->values_bytes);
	word_count = parse_all(&p);
	if (p.exit_status >= 0)
		return p.exit_status;
	if (word_count < command->words_min)
		return lk_options_complain(command, "%s%swants%s%s", command->name,
		    command->name[0] == '\0' ? "" : " ",
		    space_before(command->words), command->words);
	if (word_count > command->words_max)
		return lk_options_complain(command, "too many words, from '%s' on",
		    argv[1 + command->words_max]);
	argv[1 + word_count] = NULL;
	return command->run(&(struct lk_arguments){values, argv + 1, word_count});
}
