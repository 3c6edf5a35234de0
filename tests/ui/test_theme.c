/* Theme files: what they may say, where they are found, what they look like. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "ui/theme.h"

#include "suites.h"

static unsigned int warnings;
static char last_warning[256];

static void
count_warning(void *ctx, const char *words)
{
	(void)ctx;
	warnings++;
	snprintf(last_warning, sizeof(last_warning), "%s", words);
}

static struct lk_theme
parsed(const char *text)
{
	struct lk_theme theme;

	warnings = 0;
	lk_theme_default(&theme);
	lk_theme_parse(&theme, text, count_warning, NULL);
	return theme;
}

static const struct {
	const char *text;
	int32_t	    rgb;
	int	    index256, index16, mono;
	unsigned int warnings;
} values[] = {
	{"theme[grow_fg]=\"#bf616a|167|1|bold\"", 0xbf616a, 167, 1, LK_BOLD, 0},
	{"theme[grow_fg]=\"#BF616A|167|red|bold+underline\"", 0xbf616a, 167, 1,
	    LK_BOLD | LK_UNDERLINE, 0},
	{"theme[grow_fg]=\"#ff\"", 0xffffff, 231, 15, 0, 0},
	{"theme[grow_fg]=\"255 0 0\"", 0xff0000, 196, 9, 0, 0},
	{"theme[grow_fg]=\"red\"", 0xcd0000, 1, 1, 0, 0},
	{"theme[grow_fg]=\"\"", -1, -1, -1, 0, 0},
	{"theme[grow_fg]=#00ff00", 0x00ff00, 46, 10, 0, 0},
	{"theme[used_start]=\"#010203\"", 0xffaf5f, 215, 11, 0, 0},	/* another key */
	{"theme[grow_fg]=\"#12345\"", 0xffaf5f, 215, 11, 0, 1},
	{"theme[grow_fg]=\"#00ff00|999\"", 0xffaf5f, 215, 11, 0, 1},
	{"theme[grow_fg]=\"#00ff00|1|1|blink\"", 0xffaf5f, 215, 11, 0, 1},
	{"theme[grow_fg]=\"1 2\"", 0xffaf5f, 215, 11, 0, 1},
	{"theme[no_such_key]=\"red\"\ntheme[nor_this]=\"red\"", 0xffaf5f, 215, 11, 0, 1},
	{"theme[proc_misc]=\"#123456\"", 0xffaf5f, 215, 11, 0, 0},	/* btop's */
	{"rubbish", 0xffaf5f, 215, 11, 0, 1},
	{"# theme[grow_fg]=\"red\"", 0xffaf5f, 215, 11, 0, 0},
};

START_TEST(a_value_is_read_or_left)
{
	struct lk_theme theme = parsed(values[_i].text);
	const struct lk_colour *grow = &theme.keys[LK_THEME_GROW_FG];

	ck_assert_int_eq(grow->rgb, values[_i].rgb);
	ck_assert_int_eq(grow->index256, values[_i].index256);
	ck_assert_int_eq(grow->index16, values[_i].index16);
	ck_assert_int_eq(grow->mono, values[_i].mono);
	ck_assert_uint_eq(warnings, values[_i].warnings);
}
END_TEST

START_TEST(what_is_left_out_follows_its_relative)
{
	struct lk_theme theme = parsed("theme[inactive_fg]=\"#010203\"\n");

	ck_assert_int_eq(lk_theme_ink(&theme, LK_ROLE_OTHER, false, 1 << 24).fg, 0x010203);
	theme = parsed("theme[inactive_fg]=\"#010203\"\ntheme[mem_other]=\"#040506\"\n");
	ck_assert_int_eq(lk_theme_ink(&theme, LK_ROLE_OTHER, false, 1 << 24).fg, 0x040506);
	theme = parsed("theme[used_end]=\"#070809\"\n");
	ck_assert_int_eq(theme.keys[LK_THEME_GROW_END].rgb, 0x070809);
}
END_TEST

START_TEST(without_colours_there_are_none)
{
	struct lk_theme theme;

	lk_theme_default(&theme);
	theme.mono = true;
	for (int role = 0; role < LK_ROLE_COUNT; role++)
		for (int selected = 0; selected < 2; selected++) {
			struct lk_ink ink = lk_theme_ink(&theme, (enum lk_role)role, selected, 256);

			ck_assert_int_eq(ink.fg, LK_COLOUR_DEFAULT);
			ck_assert_int_eq(ink.bg, LK_COLOUR_DEFAULT);
			ck_assert(!selected || (ink.attributes & LK_REVERSE) != 0);
		}
}
END_TEST

START_TEST(eight_colours_are_enough)
{
	struct lk_theme theme;

	lk_theme_default(&theme);
	for (int role = 0; role < LK_ROLE_COUNT; role++) {
		struct lk_ink ink = lk_theme_ink(&theme, (enum lk_role)role, true, 8);

		ck_assert_int_lt(ink.fg, 8);
		ck_assert_int_lt(ink.bg, 8);
	}
}
END_TEST

/* ---- files ------------------------------------------------------------------ */

static char folder[] = "/tmp/leaktop-theme-XXXXXX";

static void
make_folder(void)
{
	memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	warnings = 0;
}

static void
write_theme(const char *name, const char *text, mode_t mode)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s.theme", folder, name);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
	ck_assert_int_eq(chmod(path, mode), 0);
}

static void
remove_folder(void)
{
	static const char *const names[] = {"mine", "other", "loop", "default", "big"};
	char path[256];

	for (size_t i = 0; i < LK_COUNT_OF(names); i++) {
		snprintf(path, sizeof(path), "%s/%s.theme", folder, names[i]);
		unlink(path);
	}
	rmdir(folder);
}

static int
load(const char *name, struct lk_theme *out)
{
	const struct lk_theme_folders folders = {.user = folder};

	return lk_theme_load(name, &folders, count_warning, NULL, out);
}

START_TEST(a_theme_inherits)
{
	struct lk_theme theme;

	write_theme("other", "theme[grow_fg]=\"#010203\"\ntheme[suspect]=\"#040506\"\n", 0644);
	write_theme("mine", "inherit=\"other\"\ntheme[suspect]=\"#070809\"\n", 0644);
	ck_assert_int_eq(load("mine", &theme), 0);
	ck_assert_str_eq(theme.name, "mine");
	ck_assert_int_eq(theme.keys[LK_THEME_GROW_FG].rgb, 0x010203);
	ck_assert_int_eq(theme.keys[LK_THEME_SUSPECT].rgb, 0x070809);
	write_theme("loop", "inherit=\"mine\"\n", 0644);
	write_theme("other", "inherit=\"loop\"\n", 0644);
	ck_assert_int_eq(load("loop", &theme), 0);
}
END_TEST

START_TEST(the_users_folder_comes_first)
{
	char names[8][64];
	const struct lk_theme_folders folders = {.user = folder, .installed = "/nowhere"};
	struct lk_theme theme;

	write_theme("default", "theme[title]=\"#010203\"\n", 0644);
	write_theme("mine", "", 0644);
	ck_assert_int_eq(load("default", &theme), 0);
	ck_assert_int_eq(theme.keys[LK_THEME_TITLE].rgb, 0x010203);
	ck_assert_uint_eq(lk_theme_names(&folders, names, LK_COUNT_OF(names)), 2);
	ck_assert_str_eq(names[0], "default");
	ck_assert_str_eq(names[1], "mine");
}
END_TEST

START_TEST(what_is_missing_or_unsafe_is_the_default)
{
	struct lk_theme theme;
	char *big = calloc(1, 70000);

	ck_assert_int_eq(load("nosuch", &theme), -ENOENT);
	ck_assert_str_eq(theme.name, "default");
	ck_assert_int_eq(load("/etc", &theme), -EPERM);
	memset(big, '#', 69999);
	write_theme("big", big, 0644);
	free(big);
	ck_assert_int_eq(load("big", &theme), -EFBIG);
	write_theme("mine", "theme[title]=\"red\"\n", 0664);
	ck_assert_int_eq(load("mine", &theme), geteuid() == 0 ? -EPERM : 0);
}
END_TEST

/* ---- the shipped ones ------------------------------------------------------- */

static const char *const shipped[] = {"default", "light", "tty16", "mono", "nord", "gruvbox_dark",
	"dracula", "solarized_dark", "colorblind"};
static const int ladder[] = {1 << 24, 256, 16};

/* xterm's, for what theme files name by number. */
static const int32_t ansi_rgb[16] = {0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd,
	0x00cdcd, 0xe5e5e5, 0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff,
	0xffffff};

static int32_t
rgb_of(int32_t number, int colours)
{
	static const int level[6] = {0, 95, 135, 175, 215, 255};
	int grey;

	if (colours > 256)
		return number;
	if (number < 16)
		return ansi_rgb[number];
	if (number >= 232) {
		grey = 8 + 10 * (number - 232);
		return grey << 16 | grey << 8 | grey;
	}
	number -= 16;
	return level[number / 36] << 16 | level[number / 6 % 6] << 8 | level[number % 6];
}

static void
load_shipped(const char *name, struct lk_theme *out)
{
	const char *srcdir = getenv("srcdir");
	char themes[4096];
	const struct lk_theme_folders folders = {.installed = themes};

	warnings = 0;
	snprintf(themes, sizeof(themes), "%s/themes", srcdir != NULL ? srcdir : ".");
	ck_assert_int_eq(lk_theme_load(name, &folders, count_warning, NULL, out), 0);
	ck_assert_msg(warnings == 0, "%s", last_warning);
}

START_TEST(a_shipped_theme_is_complete)
{
	struct lk_theme theme;

	load_shipped(shipped[_i], &theme);
	ck_assert_str_eq(theme.name, shipped[_i]);
	ck_assert_int_eq(theme.light, strcmp(shipped[_i], "light") == 0);
	for (int key = 0; key < LK_THEME_KEY_COUNT; key++)
		ck_assert_msg(theme.keys[key].given, "%s is not set",
		    lk_theme_key_name((enum lk_theme_key)key));
}
END_TEST

START_TEST(contrast_is_that_of_wcag)
{
	ck_assert_double_eq_tol(lk_theme_contrast(0xffffff, 0x000000, 1 << 24), 21, 0.001);
	ck_assert_double_eq_tol(lk_theme_contrast(0x777777, 0xffffff, 1 << 24), 4.478, 0.001);
	ck_assert_double_eq_tol(lk_theme_contrast(231, 16, 256), 21, 0.001);
	ck_assert_double_eq_tol(lk_theme_contrast(15, 0, 16), 21, 0.001);
	ck_assert(isnan(lk_theme_contrast(LK_COLOUR_DEFAULT, 0, 16)));
}
END_TEST

/* What is read at length: 4.5 to 1, as WCAG 2 asks of text.  What is a word or a mark: 3 to 1,
 * as it asks of large text and of graphics; the palettes of others have no more. */
static double
least_contrast(enum lk_role role, bool selected)
{
	static const enum lk_role main_text[] = {LK_ROLE_MAIN, LK_ROLE_TITLE, LK_ROLE_HIGH,
	    LK_ROLE_GROW, LK_ROLE_SHRINK, LK_ROLE_WARN, LK_ROLE_BANNER, LK_ROLE_KEY_LABEL};

	if (role == LK_ROLE_LINE)
		return 1;
	for (size_t i = 0; i < LK_COUNT_OF(main_text) && !(selected && role != LK_ROLE_MAIN); i++)
		if (main_text[i] == role)
			return 4.5;
	return 3;
}

/* Where a theme leaves the background to the terminal, the usual ones of such terminals. */
START_TEST(a_shipped_theme_is_readable)
{
	const int colours = ladder[_i % (int)LK_COUNT_OF(ladder)];
	const int32_t dark_bg = colours == 16 ? 0x000000 : 0x1c1c1c;
	struct lk_theme theme;

	load_shipped(shipped[_i / (int)LK_COUNT_OF(ladder)], &theme);
	for (int role = 0; role < LK_ROLE_COUNT && !theme.mono; role++)
		for (int selected = 0; selected < 2; selected++) {
			struct lk_ink ink = lk_theme_ink(&theme, (enum lk_role)role, selected,
			    colours);
			int32_t fg = ink.fg >= 0 ? rgb_of(ink.fg, colours) :
			    theme.light ? 0x000000 : 0xd0d0d0;
			int32_t bg = ink.bg >= 0 ? rgb_of(ink.bg, colours) :
			    theme.light ? 0xffffff : dark_bg;
			double contrast = lk_theme_contrast(fg, bg, 1 << 24);

			ck_assert_msg(contrast >= least_contrast((enum lk_role)role, selected),
			    "%s with %d colours, role %c%s: %06x on %06x is %.2f", theme.name,
			    colours, lk_role_letter((enum lk_role)role),
			    selected ? " selected" : "", (unsigned int)fg, (unsigned int)bg,
			    contrast);
		}
}
END_TEST

/* ---- eyes without the cones for medium wavelengths -------------------------- */

static double
linear(int32_t rgb, int shift)
{
	double c = (rgb >> shift & 255) / 255.0;

	return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

/* Deuteranopia on linear sRGB: G. M. Machado, M. M. Oliveira, L. A. F. Fernandes, "A
 * Physiologically-based Model for Simulation of Color Vision Deficiency", IEEE Transactions on
 * Visualization and Computer Graphics 15 (6), 2009: the matrix for a severity of 1.0. */
static void
as_a_deuteranope_sees(int32_t rgb, double out[3])
{
	static const double matrix[3][3] = {
		{0.367322, 0.860646, -0.227968},
		{0.280085, 0.672501, 0.047413},
		{-0.011820, 0.042940, 0.968881},
	};
	const double in[3] = {linear(rgb, 16), linear(rgb, 8), linear(rgb, 0)};

	for (int i = 0; i < 3; i++) {
		out[i] = 0;
		for (int j = 0; j < 3; j++)
			out[i] += matrix[i][j] * in[j];
		out[i] = fmin(fmax(out[i], 0), 1);
	}
}

static double
lab_curve(double t)
{
	return t > 216.0 / 24389 ? cbrt(t) : (24389.0 / 27 * t + 16) / 116;
}

/* CIE 1976 L*a*b* of linear sRGB under D65 (CIE 15; matrix of IEC 61966-2-1). */
static void
lab_of(const double rgb[3], double out[3])
{
	double x = 0.4124564 * rgb[0] + 0.3575761 * rgb[1] + 0.1804375 * rgb[2];
	double y = 0.2126729 * rgb[0] + 0.7151522 * rgb[1] + 0.0721750 * rgb[2];
	double z = 0.0193339 * rgb[0] + 0.1191920 * rgb[1] + 0.9503041 * rgb[2];

	x = lab_curve(x / 0.95047);
	y = lab_curve(y);
	z = lab_curve(z / 1.08883);
	out[0] = 116 * y - 16;
	out[1] = 500 * (x - y);
	out[2] = 200 * (y - z);
}

/* The difference of CIE 1976; 2.3 is just noticeable, 20 is another colour at a glance. */
static double
difference_for_a_deuteranope(int32_t a, int32_t b)
{
	double rgb[3], lab_a[3], lab_b[3], sum = 0;

	as_a_deuteranope_sees(a, rgb);
	lab_of(rgb, lab_a);
	as_a_deuteranope_sees(b, rgb);
	lab_of(rgb, lab_b);
	for (int i = 0; i < 3; i++)
		sum += (lab_a[i] - lab_b[i]) * (lab_a[i] - lab_b[i]);
	return sqrt(sum);
}

START_TEST(red_and_green_of_the_same_brightness_are_one_colour_then)
{
	ck_assert_double_lt(difference_for_a_deuteranope(0xb06000, 0x808000), 20);
	ck_assert_double_gt(difference_for_a_deuteranope(0xe69f00, 0x56b4e9), 50);
	ck_assert_double_eq_tol(difference_for_a_deuteranope(0x123456, 0x123456), 0, 1e-9);
}
END_TEST

START_TEST(growing_and_shrinking_stay_apart)
{
	static const enum lk_role pairs[][2] = {{LK_ROLE_GROW, LK_ROLE_SHRINK},
	    {LK_ROLE_GROW_HIGH, LK_ROLE_SHRINK}, {LK_ROLE_SUSPECT, LK_ROLE_SHRINK},
	    {LK_ROLE_NEW, LK_ROLE_GONE}};
	const int colours = ladder[_i % (int)LK_COUNT_OF(ladder)];
	struct lk_theme theme;

	load_shipped(shipped[_i / (int)LK_COUNT_OF(ladder)], &theme);
	for (size_t i = 0; i < LK_COUNT_OF(pairs) && !theme.mono; i++) {
		struct lk_ink a = lk_theme_ink(&theme, pairs[i][0], false, colours);
		struct lk_ink b = lk_theme_ink(&theme, pairs[i][1], false, colours);
		double apart = difference_for_a_deuteranope(rgb_of(a.fg, colours),
		    rgb_of(b.fg, colours));

		ck_assert_msg(apart >= 20, "%s with %d colours, roles %c and %c: %.1f",
		    theme.name, colours, lk_role_letter(pairs[i][0]),
		    lk_role_letter(pairs[i][1]), apart);
	}
}
END_TEST

/* ---- btop's ------------------------------------------------------------------ */

/* Every key that btop's own themes have, on a light background nobody here thought of. */
static const char btop_theme[] =
    "# Main background, empty for terminal default\n"
    "theme[main_bg]=\"#fafafa\"\ntheme[main_fg]=\"#202020\"\ntheme[title]=\"#101010\"\n"
    "theme[hi_fg]=\"#0040a0\"\ntheme[selected_bg]=\"#0040a0\"\ntheme[selected_fg]=\"#f0f0f0\"\n"
    "theme[inactive_fg]=\"#606060\"\ntheme[graph_text]=\"#404040\"\ntheme[meter_bg]=\"#40\"\n"
    "theme[proc_misc]=\"#003000\"\ntheme[cpu_box]=\"#101010\"\ntheme[mem_box]=\"#101010\"\n"
    "theme[net_box]=\"#101010\"\ntheme[proc_box]=\"#303030\"\ntheme[div_line]=\"#808080\"\n"
    "theme[temp_start]=\"#4\"\ntheme[temp_mid]=\"\"\ntheme[temp_end]=\"#ff0000\"\n"
    "theme[cpu_start]=\"#00ff00\"\ntheme[cpu_mid]=\"\"\ntheme[cpu_end]=\"#ff0000\"\n"
    "theme[free_start]=\"#002000\"\ntheme[free_mid]=\"\"\ntheme[free_end]=\"\"\n"
    "theme[cached_start]=\"\"\ntheme[cached_mid]=\"\"\ntheme[cached_end]=\"\"\n"
    "theme[available_start]=\"\"\ntheme[available_mid]=\"\"\ntheme[available_end]=\"\"\n"
    "theme[used_start]=\"#200000\"\ntheme[used_mid]=\"\"\ntheme[used_end]=\"#a00000\"\n"
    "theme[download_start]=\"\"\ntheme[download_mid]=\"\"\ntheme[download_end]=\"\"\n"
    "theme[upload_start]=\"\"\ntheme[upload_mid]=\"\"\ntheme[upload_end]=\"\"\n"
    "theme[process_start]=\"\"\ntheme[process_mid]=\"\"\ntheme[process_end]=\"\"\n"
    "theme[proc_pause_bg]=\"\"\ntheme[proc_follow_bg]=\"\"\ntheme[proc_banner_bg]=\"\"\n"
    "theme[proc_banner_fg]=\"\"\ntheme[followed_bg]=\"\"\ntheme[followed_fg]=\"\"\n";

START_TEST(a_theme_of_btop_is_at_home_here)
{
	struct lk_theme theme = parsed(btop_theme);

	ck_assert_msg(warnings == 0, "%s", last_warning);
	ck_assert_int_eq(theme.keys[LK_THEME_GROW_MID].rgb, 0x600000);	/* computed */
	ck_assert_int_eq(theme.keys[LK_THEME_SHRINK_END].rgb, 0x002000);
	ck_assert_int_eq(theme.keys[LK_THEME_SHRINK_MID].rgb, 0x002000);
	ck_assert_int_eq(theme.keys[LK_THEME_METER_BG].rgb, 0x404040);
	ck_assert_int_eq(theme.keys[LK_THEME_BOX].rgb, 0x303030);
	ck_assert_int_eq(lk_theme_ink(&theme, LK_ROLE_GROW, false, 1 << 24).fg, 0xa00000);
	ck_assert_int_eq(lk_theme_ink(&theme, LK_ROLE_SUSPECT, false, 1 << 24).fg, 0xa00000);
	ck_assert_int_eq(lk_theme_ink(&theme, LK_ROLE_SHRINK, false, 1 << 24).fg, 0x002000);
	ck_assert_int_eq(lk_theme_ink(&theme, LK_ROLE_PYTHON, false, 1 << 24).fg, 0x0040a0);
	for (int role = 0; role < LK_ROLE_COUNT; role++)
		for (size_t i = 0; i < 2 * LK_COUNT_OF(ladder); i++) {
			int colours = ladder[i / 2];
			struct lk_ink ink = lk_theme_ink(&theme, (enum lk_role)role, i % 2 == 1,
			    colours);

			ck_assert_msg(lk_theme_contrast(ink.fg, ink.bg, colours) >= 1.5 ||
			    role == LK_ROLE_LINE, "role %c", lk_role_letter((enum lk_role)role));
		}
}
END_TEST

/* White on white is said by nobody on purpose. */
START_TEST(what_could_not_be_seen_is_plain)
{
	struct lk_theme theme = parsed("theme[main_bg]=\"#ffffff\"\ntheme[main_fg]=\"#000000\"\n"
	    "theme[warn]=\"#fefefe\"\ntheme[selected_bg]=\"#000080\"\n"
	    "theme[selected_fg]=\"#ffff00\"\ntheme[hi_fg]=\"#0000ff\"\n");

	ck_assert_int_eq(lk_theme_ink(&theme, LK_ROLE_WARN, false, 1 << 24).fg, 0x000000);
	ck_assert_int_eq(lk_theme_ink(&theme, LK_ROLE_HIGH, false, 1 << 24).fg, 0x0000ff);
	ck_assert_int_eq(lk_theme_ink(&theme, LK_ROLE_HIGH, true, 1 << 24).fg, 0xffff00);
}
END_TEST

START_TEST(the_compiled_theme_is_the_shipped_default)
{
	struct lk_theme file, compiled;

	load_shipped("default", &file);
	lk_theme_default(&compiled);
	for (int key = 0; key < LK_THEME_KEY_COUNT; key++) {
		const struct lk_colour *a = &file.keys[key], *b = &compiled.keys[key];

		ck_assert_msg(a->rgb == b->rgb && a->index256 == b->index256 &&
		    a->index16 == b->index16 && a->mono == b->mono, "%s differs",
		    lk_theme_key_name((enum lk_theme_key)key));
	}
}
END_TEST

static Suite *
theme_suite(void)
{
	Suite *suite = suite_create("theme");
	TCase *text = tcase_create("text"), *files = tcase_create("files");
	const int rungs = (int)(LK_COUNT_OF(shipped) * LK_COUNT_OF(ladder));

	tcase_add_loop_test(text, a_value_is_read_or_left, 0, (int)LK_COUNT_OF(values));
	tcase_add_test(text, what_is_left_out_follows_its_relative);
	tcase_add_test(text, without_colours_there_are_none);
	tcase_add_test(text, eight_colours_are_enough);
	tcase_add_loop_test(text, a_shipped_theme_is_complete, 0, (int)LK_COUNT_OF(shipped));
	tcase_add_test(text, contrast_is_that_of_wcag);
	tcase_add_loop_test(text, a_shipped_theme_is_readable, 0, rungs);
	tcase_add_test(text, red_and_green_of_the_same_brightness_are_one_colour_then);
	tcase_add_loop_test(text, growing_and_shrinking_stay_apart, 0, rungs);
	tcase_add_test(text, a_theme_of_btop_is_at_home_here);
	tcase_add_test(text, what_could_not_be_seen_is_plain);
	tcase_add_test(text, the_compiled_theme_is_the_shipped_default);
	tcase_add_checked_fixture(files, make_folder, remove_folder);
	tcase_add_test(files, a_theme_inherits);
	tcase_add_test(files, the_users_folder_comes_first);
	tcase_add_test(files, what_is_missing_or_unsafe_is_the_default);
	suite_add_tcase(suite, text);
	suite_add_tcase(suite, files);
	return suite;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {theme_suite, NULL};

	return lk_suites_run(suites);
}
