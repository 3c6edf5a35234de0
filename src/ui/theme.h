/* theme.h - colours by their meaning: the roles views draw in, and the theme files that
 * say what a role looks like on terminals with 16 million, 256, 16 and no colours.
 * Room: ui.  No curses here: tty.c turns an ink into a colour pair. */
#ifndef LK_UI_THEME_H
#define LK_UI_THEME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lk_preferences;

/* What a cell means.  A role never carries meaning alone: there is a word, a sign or a
 * marker beside it. */
enum lk_role {
	LK_ROLE_MAIN,
	LK_ROLE_TITLE,
	LK_ROLE_HIGH,		/* keys, what is typed, the active tab */
	LK_ROLE_INACTIVE,
	LK_ROLE_GRAPH_TEXT,	/* numbers and words beside a graph */
	LK_ROLE_LINE,		/* dividers */
	LK_ROLE_HEADING,	/* column titles */
	LK_ROLE_GROW,
	LK_ROLE_GROW_LOW,
	LK_ROLE_GROW_MID,
	LK_ROLE_GROW_HIGH,
	LK_ROLE_SHRINK,
	LK_ROLE_SUSPECT,
	LK_ROLE_WARN,
	LK_ROLE_STALE,
	LK_ROLE_BASELINE,
	LK_ROLE_NEW,
	LK_ROLE_GONE,
	LK_ROLE_PYTHON,
	LK_ROLE_FRAGMENTED,
	LK_ROLE_NATIVE,
	LK_ROLE_OTHER,
	LK_ROLE_BANNER,		/* states the operator must not miss */
	LK_ROLE_KEY_LABEL,	/* words of the footer */
	LK_ROLE_COUNT
};

enum lk_theme_key {
	LK_THEME_MAIN_BG, LK_THEME_MAIN_FG, LK_THEME_TITLE, LK_THEME_HI_FG,
	LK_THEME_SELECTED_BG, LK_THEME_SELECTED_FG, LK_THEME_INACTIVE_FG,
	LK_THEME_GRAPH_TEXT, LK_THEME_METER_BG, LK_THEME_DIV_LINE, LK_THEME_BOX,
	LK_THEME_HEADING_FG, LK_THEME_GROW_FG, LK_THEME_GROW_START, LK_THEME_GROW_MID,
	LK_THEME_GROW_END, LK_THEME_SHRINK_FG, LK_THEME_SHRINK_START, LK_THEME_SHRINK_MID,
	LK_THEME_SHRINK_END, LK_THEME_SUSPECT, LK_THEME_WARN, LK_THEME_STALE,
	LK_THEME_BASELINE, LK_THEME_DIFF_NEW, LK_THEME_DIFF_GONE, LK_THEME_MEM_PYTHON,
	LK_THEME_MEM_FRAG, LK_THEME_MEM_NATIVE, LK_THEME_MEM_OTHER, LK_THEME_BANNER_BG,
	LK_THEME_BANNER_FG, LK_THEME_KEY_FG, LK_THEME_KEY_BG, LK_THEME_KEY_COUNT
};

enum lk_attribute { LK_BOLD = 1, LK_DIM = 2, LK_UNDERLINE = 4, LK_REVERSE = 8 };

#define LK_COLOUR_DEFAULT (-1)		/* the terminal's own */

struct lk_colour {
	bool	given;		/* by a theme; else it is computed */
	int32_t	rgb;		/* 0xRRGGBB or LK_COLOUR_DEFAULT */
	int16_t	index256;	/* LK_COLOUR_DEFAULT: the terminal's own */
	int8_t	index16;
	uint8_t	mono;		/* enum lk_attribute */
};

struct lk_theme {
	char			 name[64];
	bool			 light;
	bool			 mono;		/* never any colour */
	struct lk_colour	 keys[LK_THEME_KEY_COUNT];
};

/* What to put on a terminal: colours in its own numbering, and attributes. */
struct lk_ink {
	int32_t		fg, bg;
	unsigned int	attributes;
};

/* One message for people about a theme; called at most once for each kind of trouble. */
typedef void (*lk_theme_warn_fn)(void *ctx, const char *words);

/* Where theme files are looked for, in this order; NULL entries are skipped. */
struct lk_theme_folders {
	const char	*user;		/* $XDG_CONFIG_HOME/leaktop/themes */
	const char	*build;		/* LEAKTOP_THEMES, or themes/ beside a build's program */
	const char	*installed;	/* PKGDATADIR/themes */
};

/* lk_theme_default - the compiled-in theme; cannot fail. */
void lk_theme_default(struct lk_theme *out);

/* lk_theme_parse - TEXT of a theme file over what *THEME already says.  Never fails: an
 * unknown key warns once, a bad value leaves that key as it was and warns once. */
void lk_theme_parse(struct lk_theme *theme, const char *text, lk_theme_warn_fn warn, void *ctx);

/* lk_theme_load - by NAME, or by path when NAME has a '/'.  A file may inherit others,
 * to a depth of 4.  Keys left out are computed.
 * Returns: 0; -ENOENT, -EFBIG above 64 KiB, -EPERM for a file that others may write when
 * root reads it, or what open said; *out is the default theme then. */
int lk_theme_load(const char *name, const struct lk_theme_folders *folders,
    lk_theme_warn_fn warn, void *ctx, struct lk_theme *out);

/* lk_theme_choose - the name of the theme that is wanted: OPTION if there is one, else ENVIRONMENT,
 * else in the preferences the first of the lines
 *     theme.match="PATTERN THEME [WORDS]"
 * whose pattern (*, ? and [...]) fits HOST, else their theme="THEME", else "default".
 * OPTION, ENVIRONMENT: NULL or "" for none. */
void lk_theme_choose(const struct lk_preferences *preferences, const char *option,
    const char *environment, const char *host, char *out, size_t out_bytes);

/* lk_theme_banner - what such a line says behind the theme, "PRODUCTION" of
 *     theme.match="prod-* dracula PRODUCTION"
 * for the header of every screen on those hosts, whatever the theme; "" nothing.  Cleaned. */
void lk_theme_banner(const struct lk_preferences *preferences, const char *host, char *out,
    size_t out_bytes);

/* lk_theme_names - the themes in FOLDERS and the compiled one: sorted, "default" first.
 * Returns: how many of NAMES were filled, at most MAX. */
size_t lk_theme_names(const struct lk_theme_folders *folders, char names[][64], size_t max);

/* lk_theme_ink - how ROLE looks on a terminal with COLOURS colours (0, 8, 16, 256, 1 << 24).
 * What could not be told from its background takes the colour of plain text. */
struct lk_ink lk_theme_ink(const struct lk_theme *theme, enum lk_role role, bool selected,
    int colours);

/* lk_theme_contrast - 1 to 21 between two colours of a terminal with COLOURS, as WCAG 2 defines it
 * and with xterm's palette; NAN where one is the terminal's own. */
double lk_theme_contrast(int32_t fg, int32_t bg, int colours);

/* lk_theme_key_name - the spelling in files; NULL beyond the last one. */
const char *lk_theme_key_name(enum lk_theme_key key);

/* lk_role_letter - lower case, for dumps. */
int lk_role_letter(enum lk_role role);

#endif
