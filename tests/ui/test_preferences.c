/* What is kept between sessions: read with distrust, written whole, and nobody's lines lost. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "ui/preferences.h"
#include "ui/theme.h"

#include "suites.h"

static char folder[] = "/tmp/leaktop-config-XXXXXX";
static char path[256];
static struct lk_preferences preferences;

static void
make_folder(void)
{
	memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/leaktop/config", folder);
	setenv("XDG_CONFIG_HOME", folder, 1);
	preferences.text = NULL;
}

static void
remove_folder(void)
{
	char inside[300];

	lk_preferences_fini(&preferences);
	unlink(path);
	snprintf(inside, sizeof(inside), "%s/elsewhere", folder);
	unlink(inside);
	snprintf(inside, sizeof(inside), "%s/leaktop", folder);
	rmdir(inside);
	ck_assert_int_eq(rmdir(folder), 0);	/* nothing was left behind */
}

static void
assert_file(const char *wanted)
{
	char text[1024];
	FILE *file = fopen(path, "r");
	size_t bytes;

	ck_assert_ptr_nonnull(file);
	bytes = fread(text, 1, sizeof(text) - 1, file);
	text[bytes] = '\0';
	fclose(file);
	ck_assert_str_eq(text, wanted);
}

static const struct {
	const char *text, *value;	/* value NULL: none */
} lines[] = {
	{"theme=\"nord\"\n", "nord"},
	{"theme=nord", "nord"},
	{"  theme = nord # a comment\r\n", "nord"},
	{"themes=\"a\"\n#theme=\"b\"\nthem=\"c\"\ntheme=\"\"\n", ""},
	{"theme=\"a b\" rest\n", "a b"},
	{"theme=\"open\ntheme=\"b\"\n", "open"},
	{"theme\n", NULL},
	{"theme.match=\"x y\"\n", NULL},
	{"", NULL},
};

START_TEST(a_line_is_read)
{
	char value[LK_PREFERENCES_VALUE_BYTES], *text = strdup(lines[_i].text);
	const struct lk_preferences p = {text};
	bool there = lk_preferences_get(&p, "theme", 0, value, sizeof(value));

	ck_assert_int_eq(there, lines[_i].value != NULL);
	if (there)
		ck_assert_str_eq(value, lines[_i].value);
	free(text);
}
END_TEST

START_TEST(what_is_not_ours_stays)
{
	char *before = strdup("# mine\ncolour=blue\ntheme=old\ntheme=older\nlast line");

	preferences.text = before;
	ck_assert_int_eq(lk_preferences_set(&preferences, "theme", "nord"), 0);
	ck_assert_str_eq(preferences.text,
	    "# mine\ncolour=blue\ntheme=\"nord\"\ntheme=older\nlast line\n");
	ck_assert_int_eq(lk_preferences_set(&preferences, "theme", NULL), 0);
	ck_assert_int_eq(lk_preferences_set(&preferences, "interval", "2"), 0);
	ck_assert_str_eq(preferences.text, "# mine\ncolour=blue\nlast line\ninterval=\"2\"\n");
}
END_TEST

START_TEST(a_value_that_is_no_line_is_refused)
{
	char long_value[LK_PREFERENCES_VALUE_BYTES + 1];

	memset(long_value, 'x', sizeof(long_value));
	long_value[sizeof(long_value) - 1] = '\0';
	ck_assert_int_eq(lk_preferences_set(&preferences, "theme", "a\nb=c"), -EINVAL);
	ck_assert_int_eq(lk_preferences_set(&preferences, "theme", "a\"b"), -EINVAL);
	ck_assert_int_eq(lk_preferences_set(&preferences, "theme", long_value), -EINVAL);
	ck_assert_ptr_null(preferences.text);
}
END_TEST

START_TEST(it_is_written_and_read)
{
	char found[256], value[LK_PREFERENCES_VALUE_BYTES];

	ck_assert_int_eq(lk_preferences_folder(found, sizeof(found)), 0);
	ck_assert_int_eq(strncmp(path, found, strlen(found)), 0);
	ck_assert_int_eq(lk_preferences_read(path, &preferences), 0);	/* not there yet */
	ck_assert_int_eq(lk_preferences_set(&preferences, "theme", "nord"), 0);
	ck_assert_int_eq(lk_preferences_write(&preferences, path), 0);
	ck_assert_int_eq(lk_preferences_set(&preferences, "theme", "light"), 0);
	ck_assert_int_eq(lk_preferences_write(&preferences, path), 0);
	assert_file("theme=\"light\"\n");
	lk_preferences_fini(&preferences);
	ck_assert_int_eq(lk_preferences_read(path, &preferences), 0);
	ck_assert(lk_preferences_get(&preferences, "theme", 0, value, sizeof(value)));
	ck_assert_str_eq(value, "light");
	ck_assert(!lk_preferences_get(&preferences, "theme", 1, value, sizeof(value)));
}
END_TEST

/* People keep such files in a repository and put a link here. */
START_TEST(a_link_stays_a_link)
{
	char target[300];
	struct stat st;

	ck_assert_int_eq(lk_preferences_set(&preferences, "theme", "a"), 0);
	ck_assert_int_eq(lk_preferences_write(&preferences, path), 0);
	snprintf(target, sizeof(target), "%s/elsewhere", folder);
	ck_assert_int_eq(rename(path, target), 0);
	ck_assert_int_eq(symlink(target, path), 0);
	ck_assert_int_eq(lk_preferences_set(&preferences, "theme", "b"), 0);
	ck_assert_int_eq(lk_preferences_write(&preferences, path), 0);
	ck_assert_int_eq(lstat(path, &st), 0);
	ck_assert(S_ISLNK(st.st_mode));
	assert_file("theme=\"b\"\n");
}
END_TEST

START_TEST(what_others_may_write_is_not_believed)
{
	char value[LK_PREFERENCES_VALUE_BYTES];

	ck_assert_int_eq(lk_preferences_set(&preferences, "theme", "a"), 0);
	ck_assert_int_eq(lk_preferences_write(&preferences, path), 0);
	lk_preferences_fini(&preferences);
	ck_assert_int_eq(chmod(path, 0664), 0);
	ck_assert_int_eq(lk_preferences_read(path, &preferences), geteuid() == 0 ? -EPERM : 0);
	ck_assert_int_eq(lk_preferences_get(&preferences, "theme", 0, value, sizeof(value)),
	    geteuid() != 0);
}
END_TEST

/* ---- which theme ------------------------------------------------------------ */

static const struct {
	const char *text, *option, *environment, *host, *theme;
} choices[] = {
	{"theme=nord\n", "light", "mono", "prod-1", "light"},
	{"theme=nord\n", NULL, "mono", "prod-1", "mono"},
	{"theme=nord\n", "", "", "prod-1", "nord"},
	{"theme=nord\ntheme.match=\"prod-* dracula\"\n", NULL, NULL, "prod-1", "dracula"},
	{"theme=nord\ntheme.match=\"prod-* dracula\"\n", NULL, NULL, "web-1", "nord"},
	{"theme.match=\"web-? a\"\ntheme.match=\"*.example.org b\"\n", NULL, NULL,
	    "db.example.org", "b"},
	{"theme.match=\"web\"\ntheme.match=\"\"\n", NULL, NULL, "web", "default"},
	{"theme=\n", NULL, NULL, "web", "default"},
	{"", NULL, NULL, "", "default"},
};

START_TEST(the_theme_is_whose_word_comes_first)
{
	char name[64], *text = strdup(choices[_i].text);
	const struct lk_preferences p = {text};

	lk_theme_choose(&p, choices[_i].option, choices[_i].environment, choices[_i].host, name,
	    sizeof(name));
	ck_assert_str_eq(name, choices[_i].theme);
	free(text);
}
END_TEST

static const struct {
	const char *text, *host, *words;
} banners[] = {
	{"theme.match=\"prod-* dracula PRODUCTION\"\n", "prod-1", "PRODUCTION"},
	{"theme.match=\"prod-* dracula PRODUCTION\"\n", "web-1", ""},
	{"theme.match=\"prod-* dracula\"\ntheme.match=\"* nord ANY\"\n", "prod-1", ""},
	{"theme.match=\"*  nord \t PROD: ask first\"\n", "x", "PROD: ask first"},
	{"theme.match=\"* nord \033[31mP\xe2\x80\xae\"\n", "x", "?[31mP?"},
	{"theme.match=\"*\"\n", "x", ""},
	{"", "x", ""},
};

START_TEST(a_host_may_have_a_banner)
{
	char words[64], *text = strdup(banners[_i].text);
	const struct lk_preferences p = {text};

	lk_theme_banner(&p, banners[_i].host, words, sizeof(words));
	ck_assert_str_eq(words, banners[_i].words);
	free(text);
}
END_TEST

static Suite *
preferences_suite(void)
{
	Suite *suite = suite_create("preferences");
	TCase *text = tcase_create("text"), *files = tcase_create("files");

	tcase_add_loop_test(text, a_line_is_read, 0, (int)LK_COUNT_OF(lines));
	tcase_add_loop_test(text, the_theme_is_whose_word_comes_first, 0,
	    (int)LK_COUNT_OF(choices));
	tcase_add_loop_test(text, a_host_may_have_a_banner, 0, (int)LK_COUNT_OF(banners));
	tcase_add_checked_fixture(files, make_folder, remove_folder);
	tcase_add_test(files, what_is_not_ours_stays);
	tcase_add_test(files, a_value_that_is_no_line_is_refused);
	tcase_add_test(files, it_is_written_and_read);
	tcase_add_test(files, a_link_stays_a_link);
	tcase_add_test(files, what_others_may_write_is_not_believed);
	suite_add_tcase(suite, text);
	suite_add_tcase(suite, files);
	return suite;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {preferences_suite, NULL};

	return lk_suites_run(suites);
}
