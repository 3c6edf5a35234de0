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

static double
channel(int32_t rgb, int shift)
{
	double c = (rgb >> shift & 255) / 255.0;

	return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

static double
luminance(int32_t rgb)
{
	return 0.2126 * channel(rgb, 16) + 0.7152 * channel(rgb, 8) + 0.0722 * channel(rgb, 0);
}

static double
contrast(int32_t a, int32_t b)
{
	double x = luminance(a) + 0.05, y = luminance(b) + 0.05;

	return x > y ? x / y : y / x;
}

static const char *const shipped[] = {"default", "light", "mono"};

/* Text is readable: 4.5 to 1 on the background, or on what such terminals have. */
START_TEST(a_shipped_theme_is_complete_and_readable)
{
	const char *srcdir = getenv("srcdir");
	char themes[4096];
	struct lk_theme_folders folders = {.installed = themes};
	struct lk_theme theme;

	warnings = 0;
	snprintf(themes, sizeof(themes), "%s/themes", srcdir != NULL ? srcdir : ".");
	ck_assert_int_eq(lk_theme_load(shipped[_i], &folders, count_warning, NULL, &theme), 0);
	ck_assert_uint_eq(warnings, 0);
	for (int key = 0; key < LK_THEME_KEY_COUNT; key++)
		ck_assert_msg(theme.keys[key].given, "%s is not set",
		    lk_theme_key_name((enum lk_theme_key)key));
	for (int role = 0; role < LK_ROLE_COUNT && !theme.mono; role++)
		for (int selected = 0; selected < 2; selected++) {
			struct lk_ink ink = lk_theme_ink(&theme, (enum lk_role)role, selected,
			    1 << 24);
			int32_t fg = ink.fg, bg = ink.bg;

			if (role == LK_ROLE_LINE || (selected && role != LK_ROLE_MAIN))
				continue;
			fg = fg >= 0 ? fg : theme.light ? 0x000000 : 0xd0d0d0;
			bg = bg >= 0 ? bg : theme.light ? 0xffffff : 0x1c1c1c;
			ck_assert_msg(contrast(fg, bg) >= 4.5, "%s role %c: %.2f", shipped[_i],
			    lk_role_letter((enum lk_role)role), contrast(fg, bg));
		}
}
END_TEST

START_TEST(the_compiled_theme_is_the_shipped_default)
{
	const char *srcdir = getenv("srcdir");
	char themes[4096];
	struct lk_theme_folders folders = {.installed = themes};
	struct lk_theme file, compiled;

	snprintf(themes, sizeof(themes), "%s/themes", srcdir != NULL ? srcdir : ".");
	ck_assert_int_eq(lk_theme_load("default", &folders, count_warning, NULL, &file), 0);
	lk_theme_default(&compiled);
	for (int key = 0; key < LK_THEME_KEY_COUNT; key++) {
		const struct lk_colour *a = &file.keys[key], *b = &compiled.keys[key];

		ck_assert_msg(a->rgb == b->rgb && a->index256 == b->index256 &&
		    a->index16 == b->index16 && a->mono == b->mono, "%s differs",
		    lk_theme_key_name((enum lk_theme_key)key));
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("theme");
	TCase *text = tcase_create("text"), *files = tcase_create("files");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(text, a_value_is_read_or_left, 0, (int)LK_COUNT_OF(values));
	tcase_add_test(text, what_is_left_out_follows_its_relative);
	tcase_add_test(text, without_colours_there_are_none);
	tcase_add_test(text, eight_colours_are_enough);
	tcase_add_loop_test(text, a_shipped_theme_is_complete_and_readable, 0,
	    (int)LK_COUNT_OF(shipped));
	tcase_add_test(text, the_compiled_theme_is_the_shipped_default);
	tcase_add_checked_fixture(files, make_folder, remove_folder);
	tcase_add_test(files, a_theme_inherits);
	tcase_add_test(files, the_users_folder_comes_first);
	tcase_add_test(files, what_is_missing_or_unsafe_is_the_default);
	suite_add_tcase(suite, text);
	suite_add_tcase(suite, files);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
