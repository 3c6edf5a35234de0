#include "config.h"

#include "ui/theme.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"

#define D LK_COLOUR_DEFAULT
#define FOLLOW_MAX 4
#define HIDDEN_BELOW 1.5	/* contrast: nobody can read that */
#define SELECTED_MIN 3.0

/* Key of the files, the colour without any file, and the key it follows when a theme gives
 * only that one; it may follow another in its turn. */
struct key {
	const char		*name;
	enum lk_theme_key	 follows;
	struct lk_colour	 colour;
};

static const struct key keys[LK_THEME_KEY_COUNT] = {
	[LK_THEME_MAIN_BG] = {"main_bg", LK_THEME_MAIN_BG, {false, D, D, D, 0}},
	[LK_THEME_MAIN_FG] = {"main_fg", LK_THEME_MAIN_FG, {false, D, D, D, 0}},
	[LK_THEME_TITLE] = {"title", LK_THEME_MAIN_FG, {false, D, D, D, LK_BOLD}},
	[LK_THEME_HI_FG] = {"hi_fg", LK_THEME_HI_FG, {false, 0x5fd7ff, 81, 14, LK_BOLD}},
	[LK_THEME_SELECTED_BG] =
	    {"selected_bg", LK_THEME_SELECTED_BG, {false, 0x1f4f7f, 24, 4, LK_REVERSE}},
	[LK_THEME_SELECTED_FG] =
	    {"selected_fg", LK_THEME_SELECTED_FG, {false, 0xffffff, 231, 15, LK_REVERSE}},
	[LK_THEME_INACTIVE_FG] =
	    {"inactive_fg", LK_THEME_INACTIVE_FG, {false, 0x949494, 246, 7, LK_DIM}},
	[LK_THEME_GRAPH_TEXT] = {"graph_text", LK_THEME_INACTIVE_FG, {false, 0xa8a8a8, 248, 7, 0}},
	[LK_THEME_METER_BG] = {"meter_bg", LK_THEME_METER_BG, {false, 0x444444, 238, 8, LK_DIM}},
	[LK_THEME_DIV_LINE] = {"div_line", LK_THEME_INACTIVE_FG, {false, 0x767676, 243, 8, LK_DIM}},
	[LK_THEME_BOX] = {"box", LK_THEME_DIV_LINE, {false, 0x767676, 243, 8, LK_DIM}},
	[LK_THEME_HEADING_FG] =
	    {"heading_fg", LK_THEME_INACTIVE_FG, {false, 0x87afd7, 110, 12, LK_UNDERLINE}},
	[LK_THEME_GROW_FG] = {"grow_fg", LK_THEME_GROW_END, {false, 0xffaf5f, 215, 11, 0}},
	[LK_THEME_GROW_START] = {"grow_start", LK_THEME_GROW_FG, {false, 0x87af87, 108, 2, 0}},
	[LK_THEME_GROW_MID] = {"grow_mid", LK_THEME_GROW_FG, {false, 0xd7af5f, 179, 3, 0}},
	[LK_THEME_GROW_END] = {"grow_end", LK_THEME_GROW_FG, {false, 0xff8787, 210, 9, LK_BOLD}},
	[LK_THEME_SHRINK_FG] = {"shrink_fg", LK_THEME_SHRINK_END, {false, 0x87d7d7, 116, 14, 0}},
	[LK_THEME_SHRINK_START] =
	    {"shrink_start", LK_THEME_SHRINK_FG, {false, 0x5fafaf, 73, 6, 0}},
	[LK_THEME_SHRINK_MID] = {"shrink_mid", LK_THEME_SHRINK_FG, {false, 0x5fd7d7, 80, 14, 0}},
	[LK_THEME_SHRINK_END] = {"shrink_end", LK_THEME_SHRINK_FG, {false, 0x87ffff, 123, 14, 0}},
	[LK_THEME_SUSPECT] = {"suspect", LK_THEME_GROW_END, {false, 0xff8787, 210, 9, LK_BOLD}},
	[LK_THEME_WARN] = {"warn", LK_THEME_GROW_MID, {false, 0xffd75f, 221, 11, LK_BOLD}},
	[LK_THEME_STALE] = {"stale", LK_THEME_WARN, {false, 0xd7af00, 178, 3, LK_BOLD}},
	[LK_THEME_BASELINE] = {"baseline", LK_THEME_HI_FG, {false, 0xaf87ff, 141, 13, LK_BOLD}},
	[LK_THEME_DIFF_NEW] = {"diff_new", LK_THEME_GROW_FG, {false, 0xffaf5f, 215, 11, LK_BOLD}},
	[LK_THEME_DIFF_GONE] =
	    {"diff_gone", LK_THEME_SHRINK_FG, {false, 0x87d7d7, 116, 14, LK_DIM}},
	[LK_THEME_MEM_PYTHON] =
	    {"mem_python", LK_THEME_HI_FG, {false, 0x5fafff, 75, 12, LK_BOLD}},
	[LK_THEME_MEM_FRAG] = {"mem_frag", LK_THEME_WARN, {false, 0xd7af5f, 179, 11, 0}},
	[LK_THEME_MEM_NATIVE] =
	    {"mem_native", LK_THEME_BASELINE, {false, 0xd787d7, 176, 13, LK_UNDERLINE}},
	[LK_THEME_MEM_OTHER] =
	    {"mem_other", LK_THEME_INACTIVE_FG, {false, 0x949494, 246, 7, LK_DIM}},
	[LK_THEME_BANNER_BG] =
	    {"banner_bg", LK_THEME_BANNER_BG, {false, 0x870000, 88, 1, LK_REVERSE}},
	[LK_THEME_BANNER_FG] =
	    {"banner_fg", LK_THEME_BANNER_FG, {false, 0xffffff, 231, 15, LK_REVERSE | LK_BOLD}},
	[LK_THEME_KEY_FG] = {"key_fg", LK_THEME_MAIN_FG, {false, D, D, D, 0}},
	[LK_THEME_KEY_BG] = {"key_bg", LK_THEME_MAIN_BG, {false, D, D, D, 0}},
};

/* btop's names for the same thing. */
static const struct alias {
	const char *theirs, *ours;
} aliases[] = {
	{"used_start", "grow_start"}, {"used_mid", "grow_mid"}, {"used_end", "grow_end"},
	{"free_start", "shrink_start"}, {"free_mid", "shrink_mid"}, {"free_end", "shrink_end"},
	{"proc_box", "box"}, {"div_line_fg", "div_line"},
};

/* btop themes say these as well; they have no counterpart here and deserve no warning. */
static const char *const foreign[] = {
	"proc_misc", "cpu_box", "mem_box", "net_box", "temp_start", "temp_mid", "temp_end",
	"cpu_start", "cpu_mid", "cpu_end", "cached_start", "cached_mid", "cached_end",
	"available_start", "available_mid", "available_end", "download_start", "download_mid",
	"download_end", "upload_start", "upload_mid", "upload_end", "process_start",
	"process_mid", "process_end", "proc_pause_bg", "proc_follow_bg", "proc_banner_bg",
	"proc_banner_fg", "followed_bg", "followed_fg",
};

static const struct role {
	char			letter;
	enum lk_theme_key	fg, bg;
	unsigned int		attributes;	/* in colour */
	bool			plain_when_selected;
} roles[LK_ROLE_COUNT] = {
	[LK_ROLE_MAIN] = {'.', LK_THEME_MAIN_FG, LK_THEME_MAIN_BG, 0, true},
	[LK_ROLE_TITLE] = {'t', LK_THEME_TITLE, LK_THEME_MAIN_BG, LK_BOLD, true},
	[LK_ROLE_HIGH] = {'h', LK_THEME_HI_FG, LK_THEME_MAIN_BG, LK_BOLD},
	[LK_ROLE_INACTIVE] = {'i', LK_THEME_INACTIVE_FG, LK_THEME_MAIN_BG, 0, true},
	[LK_ROLE_GRAPH_TEXT] = {'x', LK_THEME_GRAPH_TEXT, LK_THEME_MAIN_BG, 0, true},
	[LK_ROLE_LINE] = {'l', LK_THEME_DIV_LINE, LK_THEME_MAIN_BG, 0},
	[LK_ROLE_HEADING] = {'c', LK_THEME_HEADING_FG, LK_THEME_MAIN_BG, 0},
	[LK_ROLE_GROW] = {'g', LK_THEME_GROW_FG, LK_THEME_MAIN_BG, 0},
	[LK_ROLE_GROW_LOW] = {'1', LK_THEME_GROW_START, LK_THEME_MAIN_BG, 0},
	[LK_ROLE_GROW_MID] = {'2', LK_THEME_GROW_MID, LK_THEME_MAIN_BG, 0},
	[LK_ROLE_GROW_HIGH] = {'3', LK_THEME_GROW_END, LK_THEME_MAIN_BG, 0},
	[LK_ROLE_SHRINK] = {'s', LK_THEME_SHRINK_FG, LK_THEME_MAIN_BG, 0},
	[LK_ROLE_SUSPECT] = {'!', LK_THEME_SUSPECT, LK_THEME_MAIN_BG, LK_BOLD},
	[LK_ROLE_WARN] = {'w', LK_THEME_WARN, LK_THEME_MAIN_BG, 0},
	[LK_ROLE_STALE] = {'z', LK_THEME_STALE, LK_THEME_MAIN_BG, LK_BOLD},
	[LK_ROLE_BASELINE] = {'b', LK_THEME_BASELINE, LK_THEME_MAIN_BG, 0},
	[LK_ROLE_NEW] = {'n', LK_THEME_DIFF_NEW, LK_THEME_MAIN_BG, 0},
	[LK_ROLE_GONE] = {'v', LK_THEME_DIFF_GONE, LK_THEME_MAIN_BG, 0},
	[LK_ROLE_PYTHON] = {'p', LK_THEME_MEM_PYTHON, LK_THEME_MAIN_BG, 0},
	[LK_ROLE_FRAGMENTED] = {'f', LK_THEME_MEM_FRAG, LK_THEME_MAIN_BG, 0},
	[LK_ROLE_NATIVE] = {'m', LK_THEME_MEM_NATIVE, LK_THEME_MAIN_BG, 0},
	[LK_ROLE_OTHER] = {'o', LK_THEME_MEM_OTHER, LK_THEME_MAIN_BG, 0},
	[LK_ROLE_BANNER] = {'r', LK_THEME_BANNER_FG, LK_THEME_BANNER_BG, LK_BOLD},
	[LK_ROLE_KEY_LABEL] = {'k', LK_THEME_KEY_FG, LK_THEME_KEY_BG, 0},
};

static const struct ansi {
	const char	*name;
	uint32_t	 rgb;
} ansi[16] = {
	{"black", 0x000000}, {"red", 0xcd0000}, {"green", 0x00cd00}, {"yellow", 0xcdcd00},
	{"blue", 0x0000ee}, {"magenta", 0xcd00cd}, {"cyan", 0x00cdcd}, {"white", 0xe5e5e5},
	{"bright_black", 0x7f7f7f}, {"bright_red", 0xff0000}, {"bright_green", 0x00ff00},
	{"bright_yellow", 0xffff00}, {"bright_blue", 0x5c5cff}, {"bright_magenta", 0xff00ff},
	{"bright_cyan", 0x00ffff}, {"bright_white", 0xffffff},
};

static const struct {
	const char *name;
	uint8_t	    attribute;
} attributes[] = {
	{"bold", LK_BOLD}, {"dim", LK_DIM}, {"underline", LK_UNDERLINE},
	{"reverse", LK_REVERSE}, {"normal", 0},
};

/* What parsing one file has to remember. */
struct reading {
	struct lk_theme	*theme;
	lk_theme_warn_fn warn;
	void		*ctx;
	bool		 warned_key, warned_value;
};

const char *
lk_theme_key_name(enum lk_theme_key key)
{
	return key < LK_THEME_KEY_COUNT ? keys[key].name : NULL;
}

int
lk_role_letter(enum lk_role role)
{
	return role < LK_ROLE_COUNT ? roles[role].letter : '?';
}

static uint32_t
distance(uint32_t a, uint32_t b)
{
	uint32_t sum = 0;

	for (int shift = 0; shift <= 16; shift += 8) {
		int d = (int)(a >> shift & 255) - (int)(b >> shift & 255);

		sum += (uint32_t)(d * d);
	}
	return sum;
}

/* The 6x6x6 cube and the 24 greys of xterm. */
static uint32_t
rgb_of_256(int index)
{
	static const uint8_t level[6] = {0, 95, 135, 175, 215, 255};
	uint32_t grey;

	if (index >= 232) {
		grey = (uint32_t)(8 + 10 * (index - 232));
		return grey << 16 | grey << 8 | grey;
	}
	index -= 16;
	return (uint32_t)level[index / 36] << 16 | (uint32_t)level[index / 6 % 6] << 8 |
	    level[index % 6];
}

static int
nearest_256(uint32_t rgb)
{
	int best = 16;

	for (int i = 16; i < 256; i++)
		if (distance(rgb_of_256(i), rgb) < distance(rgb_of_256(best), rgb))
			best = i;
	return best;
}

static int
nearest_16(uint32_t rgb)
{
	int best = 0;

	for (int i = 1; i < 16; i++)
		if (distance(ansi[i].rgb, rgb) < distance(ansi[best].rgb, rgb))
			best = i;
	return best;
}

static void
from_rgb(uint32_t rgb, struct lk_colour *out)
{
	out->rgb = (int32_t)rgb;
	out->index256 = (int16_t)nearest_256(rgb);
	out->index16 = (int8_t)nearest_16(rgb);
}

/* "#RRGGBB", "#BW" (a grey), "R G B", an ANSI name, or "" for the terminal's own. */
static bool
parse_rgb(const char *text, struct lk_colour *out)
{
	unsigned int r, g, b;
	char end;

	if (*text == '\0') {
		out->rgb = out->index256 = out->index16 = D;
		return true;
	}
	if (*text == '#') {
		size_t digits = strspn(text + 1, "0123456789abcdefABCDEF");

		if (text[1 + digits] != '\0' || (digits != 6 && digits != 2))
			return false;
		r = (unsigned int)strtoul(text + 1, NULL, 16);
		from_rgb(digits == 6 ? r : r << 16 | r << 8 | r, out);
		return true;
	}
	if (sscanf(text, "%3u %3u %3u%c", &r, &g, &b, &end) == 3 && r < 256 && g < 256 && b < 256) {
		from_rgb(r << 16 | g << 8 | b, out);
		return true;
	}
	for (size_t i = 0; i < LK_COUNT_OF(ansi); i++) {
		if (strcmp(ansi[i].name, text) == 0) {
			from_rgb(ansi[i].rgb, out);
			out->index256 = (int16_t)i;
			out->index16 = (int8_t)i;
			return true;
		}
	}
	return false;
}

static bool
parse_index(const char *text, int limit, int *out)
{
	struct lk_colour named;
	char *end;
	long value;

	if (*text == '\0')
		return true;
	value = strtol(text, &end, 10);
	if (*end == '\0' && value >= 0 && value < limit) {
		*out = (int)value;
		return true;
	}
	if (!isalpha((unsigned char)*text) || !parse_rgb(text, &named))
		return false;
	*out = named.index16;
	return true;
}

static bool
parse_mono(char *text, uint8_t *out)
{
	uint8_t sum = 0;
	char *rest = NULL, *word;

	for (word = strtok_r(text, "+ ", &rest); word != NULL; word = strtok_r(NULL, "+ ", &rest)) {
		size_t i = 0;

		while (i < LK_COUNT_OF(attributes) && strcmp(attributes[i].name, word) != 0)
			i++;
		if (i == LK_COUNT_OF(attributes))
			return false;
		sum |= attributes[i].attribute;
	}
	*out = sum;
	return true;
}

static bool
parse_colour(const char *value, struct lk_colour *colour)
{
	struct lk_colour out = *colour;
	char copy[96], *part[4] = {NULL}, *at = copy;
	int index256, index16;
	size_t count = 0;

	if (strlen(value) >= sizeof(copy))
		return false;
	memcpy(copy, value, strlen(value) + 1);
	while (at != NULL && count < LK_COUNT_OF(part))
		part[count++] = strsep(&at, "|");
	if (at != NULL || !parse_rgb(part[0], &out))
		return false;
	index256 = out.index256;
	index16 = out.index16;
	if ((part[1] != NULL && !parse_index(part[1], 256, &index256)) ||
	    (part[2] != NULL && !parse_index(part[2], 16, &index16)) ||
	    (part[3] != NULL && !parse_mono(part[3], &out.mono)))
		return false;
	out.index256 = (int16_t)index256;
	out.index16 = (int8_t)index16;
	out.given = true;
	*colour = out;
	return true;
}

static int
find_key(const char *name)
{
	for (size_t i = 0; i < LK_COUNT_OF(aliases); i++)
		if (strcmp(aliases[i].theirs, name) == 0)
			name = aliases[i].ours;
	for (int i = 0; i < LK_THEME_KEY_COUNT; i++)
		if (strcmp(keys[i].name, name) == 0)
			return i;
	return -1;
}

static bool
is_foreign(const char *name)
{
	for (size_t i = 0; i < LK_COUNT_OF(foreign); i++)
		if (strcmp(foreign[i], name) == 0)
			return true;
	return false;
}

static void
complain(struct reading *r, bool *once, const char *what, const char *name)
{
	char words[160];

	if (*once || r->warn == NULL)
		return;
	*once = true;
	snprintf(words, sizeof(words), "theme %.40s: %s \"%.60s\"", r->theme->name, what, name);
	r->warn(r->ctx, words);
}

static void
set_colour(struct reading *r, const char *name, const char *value)
{
	int key = find_key(name);

	if (key < 0) {
		if (!is_foreign(name))
			complain(r, &r->warned_key, "unknown key", name);
		return;
	}
	if (!parse_colour(value, &r->theme->keys[key]))
		complain(r, &r->warned_value, "no such colour for", name);
}

/* The value after '=': without quotes and blanks around it. */
static char *
value_of(char *text)
{
	size_t length;

	text += strspn(text, " \t");
	if (*text == '"') {
		text++;
		text[strcspn(text, "\"")] = '\0';
		return text;
	}
	text[strcspn(text, "#") == 0 ? strlen(text) : strcspn(text, "#")] = '\0';
	for (length = strlen(text); length > 0 && isspace((unsigned char)text[length - 1]);)
		text[--length] = '\0';
	return text;
}

/* One line: NAME="VALUE" or theme[NAME]="VALUE"; quotes may be missing. */
static void
read_line(struct reading *r, char *line)
{
	char *equals, *name, *value;

	line += strspn(line, " \t");
	equals = strchr(line, '=');
	if (*line == '#' || *line == '\0')
		return;
	if (equals == NULL) {
		complain(r, &r->warned_key, "unknown line", line);
		return;
	}
	*equals = '\0';
	value = value_of(equals + 1);
	if (strncmp(line, "theme[", 6) == 0) {
		name = line + 6;
		name[strcspn(name, "]")] = '\0';
		set_colour(r, name, value);
		return;
	}
	name = line;
	name[strcspn(name, " \t")] = '\0';
	if (strcmp(name, "variant") == 0) {
		r->theme->light = strcmp(value, "light") == 0;
		r->theme->mono = strcmp(value, "mono") == 0;
	} else if (strcmp(name, "inherit") != 0) {
		complain(r, &r->warned_key, "unknown key", name);
	}
}

/* btop's gradients may leave the middle and the end empty. */
static void
complete_gradient(struct lk_colour *start, struct lk_colour *mid, struct lk_colour *end)
{
	uint32_t sum = 0;

	if (!start->given || start->rgb == D)
		return;
	if (end->given && end->rgb == D)
		*end = *start;
	if (!end->given || (mid->given && mid->rgb != D))
		return;
	for (int shift = 0; shift <= 16; shift += 8)
		sum |= ((uint32_t)(start->rgb >> shift & 255) +
		    (uint32_t)(end->rgb >> shift & 255)) / 2 << shift;
	from_rgb(sum, mid);
	mid->given = true;
}

void
lk_theme_parse(struct lk_theme *theme, const char *text, lk_theme_warn_fn warn, void *ctx)
{
	struct reading r = {.theme = theme, .warn = warn, .ctx = ctx};

	while (*text != '\0') {
		size_t length = strcspn(text, "\r\n");
		char line[256];

		snprintf(line, sizeof(line), "%.*s", (int)(length > 255 ? 255 : length), text);
		read_line(&r, line);
		text += length;
		text += strspn(text, "\r\n");
	}
	complete_gradient(&theme->keys[LK_THEME_GROW_START], &theme->keys[LK_THEME_GROW_MID],
	    &theme->keys[LK_THEME_GROW_END]);
	complete_gradient(&theme->keys[LK_THEME_SHRINK_START], &theme->keys[LK_THEME_SHRINK_MID],
	    &theme->keys[LK_THEME_SHRINK_END]);
}

void
lk_theme_default(struct lk_theme *out)
{
	memset(out, 0, sizeof(*out));
	snprintf(out->name, sizeof(out->name), "default");
	for (int i = 0; i < LK_THEME_KEY_COUNT; i++)
		out->keys[i] = keys[i].colour;
}

/* What the theme left out follows the key that is nearest in meaning, if it gave that. */
static const struct lk_colour *
colour_of(const struct lk_theme *theme, enum lk_theme_key key)
{
	enum lk_theme_key at = key;

	for (int step = 0; step < FOLLOW_MAX && !theme->keys[at].given; step++)
		at = keys[at].follows;
	return &theme->keys[theme->keys[at].given ? at : key];
}

static int32_t
number_of(const struct lk_colour *colour, int colours)
{
	if (colours > 256)
		return colour->rgb;
	if (colours == 256)
		return colour->index256;
	return colour->index16;
}

/* ---- legibility ------------------------------------------------------------ */

static int32_t
rgb_of(int32_t number, int colours)
{
	if (number == D || colours > 256)
		return number;
	return (int32_t)(number < 16 ? ansi[number].rgb : rgb_of_256(number));
}

/* Relative luminance and contrast as WCAG 2 defines them. */
static double
luminance(int32_t rgb)
{
	static const double weight[] = {0.0722, 0.7152, 0.2126};
	double sum = 0;

	for (int i = 0; i < 3; i++) {
		double c = (rgb >> 8 * i & 255) / 255.0;

		sum += weight[i] * (c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4));
	}
	return sum;
}

double
lk_theme_contrast(int32_t fg, int32_t bg, int colours)
{
	double a, b;

	if (fg == D || bg == D)
		return NAN;
	a = luminance(rgb_of(fg, colours)) + 0.05;
	b = luminance(rgb_of(bg, colours)) + 0.05;
	return a > b ? a / b : b / a;
}

/* A theme from elsewhere must not hide what it never thought of. */
static bool
is_hidden(int32_t fg, int32_t bg, bool selected, int colours)
{
	double contrast = lk_theme_contrast(fg, bg, colours);

	return contrast < (selected ? SELECTED_MIN : HIDDEN_BELOW);
}

struct lk_ink
lk_theme_ink(const struct lk_theme *theme, enum lk_role role, bool selected, int colours)
{
	const struct role *r = &roles[role < LK_ROLE_COUNT ? role : LK_ROLE_MAIN];
	const struct lk_colour *fg = colour_of(theme, r->fg), *bg = colour_of(theme, r->bg);
	const struct lk_colour *plain;
	struct lk_ink ink = {D, D, 0};

	if (theme->mono || colours < 8) {
		ink.attributes = fg->mono | (selected ? LK_REVERSE : 0);
		return ink;
	}
	if (selected)
		bg = colour_of(theme, LK_THEME_SELECTED_BG);
	plain = colour_of(theme, selected ? LK_THEME_SELECTED_FG : LK_THEME_MAIN_FG);
	if (selected && (r->plain_when_selected || colours < 256))
		fg = plain;
	ink.fg = number_of(fg, colours);
	ink.bg = number_of(bg, colours);
	if (role != LK_ROLE_LINE && is_hidden(ink.fg, ink.bg, selected, colours))
		ink.fg = number_of(plain, colours);
	ink.attributes = r->attributes;
	if (colours == 8) {	/* bright is bold there */
		ink.attributes |= ink.fg >= 8 ? LK_BOLD : 0;
		ink.fg = ink.fg >= 8 ? ink.fg - 8 : ink.fg;
		ink.bg = ink.bg >= 8 ? ink.bg - 8 : ink.bg;
	}
	return ink;
}
