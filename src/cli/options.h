/* options.h - the command line as a table: what is parsed is what --help prints.
 * Room: cli. */
#ifndef LK_CLI_OPTIONS_H
#define LK_CLI_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

enum lk_option_kind {
	LK_OPTION_FLAG,	    /* bool */
	LK_OPTION_COUNT,    /* uint64_t, at least 1 */
	LK_OPTION_SIZE,	    /* uint64_t bytes: 512, 10M, 1.5G */
	LK_OPTION_DURATION, /* uint64_t ms: 2, 0.5, 500ms, 1m */
	LK_OPTION_TEXT,	    /* const char *, borrowed from argv */
	LK_OPTION_CHOICE,   /* unsigned int: index in choices */
};

struct lk_option {
	const char *name; /* without the dashes; NULL: letter only */
	char letter;	  /* 0: none */
	enum lk_option_kind kind;
	const char *value; /* what --help calls it; NULL: a flag */
	const char *help;
	size_t offset;		    /* in the values */
	const char *const *choices; /* NULL-terminated */
};

struct lk_arguments {
	const void *values;
	char **words; /* [word_count], what is no option */
	size_t word_count;
};

#define LK_EXIT_DONE	  0
#define LK_EXIT_USAGE	  1
#define LK_EXIT_FAILED	  2 /* the reason is on stderr */
#define LK_EXIT_THRESHOLD 3

#define LK_COMMAND_VALUES_BYTES 128

struct lk_command {
	const char *name;    /* "" is leaktop without a command */
	const char *words;   /* what follows the options, for --help */
	const char *summary; /* one line */
	const char *details; /* more lines, for --help; may be NULL */
	const struct lk_option *options;
	size_t option_count;
	const void *defaults; /* NULL: all zero */
	size_t values_bytes;  /* <= LK_COMMAND_VALUES_BYTES */
	size_t words_min, words_max;
	int options_end_at_word; /* the rest belongs to another program */
	int (*run)(const struct lk_arguments *arguments);
};

/* lk_options_run - parse ARGV[1..] for COMMAND and run it; --help and --version are
 * understood by every command.  Wrong usage is reported on stderr.
 * Returns: an exit status. */
int lk_options_run(const struct lk_command *command, int argc, char **argv);

/* lk_options_complain - "leaktop: WORDS" and where to read more.  Returns: LK_EXIT_USAGE. */
int lk_options_complain(const struct lk_command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
