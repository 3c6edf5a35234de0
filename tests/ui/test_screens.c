/* Every view at three sizes, compared with what a person should see: tests/ui/screens/.
 * LEAKTOP_SCREENS=write rewrites them (make check-screens); look at the difference. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"

#include "fixture.h"
#include "suites.h"

#define SCREEN_BYTES 65536

/* Two baselines of the operator's own after a minute of warm-up, then traffic. */
#define MARKED "+60 b +120 Bcarts<Enter> +200 "

/* The heap read twice, a minute apart. */
#define COUNTED "+5 b 4<Enter> +54 <C-r> +4 "

static const struct screen {
	const char *name;
	const char *script;
	bool	    list;
	bool	    roles;	/* the layer of styles as well */
	bool	    one_size;	/* 80x24 alone: the others are those of another screen */
	const char *banner;	/* of the host; NULL: none */
} screens[] = {
	{"stacks", MARKED, false, true},
	{"stacks-start", MARKED "[[[[[[", false, false},
	{"stacks-absolute", MARKED "a", false, false},
	{"stacks-rates", MARKED "aa", false, false},
	{"stacks-files", MARKED "tt", false, false},
	{"stacks-filter", MARKED "/shop<Enter>", false, false},
	{"stacks-native", MARKED "/images<Enter>", false, true},
	{"stacks-library", MARKED "/libssl<Enter>", false, false},
	{"stacks-own", MARKED "l", false, false, true},
	{"stacks-types", MARKED "ttt <C-r> +4", false, true},
	{"stacks-untyped", MARKED "ttt", false, false},
	{"stacks-typing", MARKED "ttt <C-r> +2", false, false, true},
	{"stacks-type-unknown", MARKED "ttt <C-r> +34 <End>", false, false, true},
	{"stacks-zoom", MARKED "z", false, true},
	{"stacks-zoom-week", MARKED "jz----", false, false, true},
	{"memory-zoom", MARKED "6 +2 z-", false, true},
	{"past", MARKED "Z,,,", false, false},
	{"tree-past", MARKED "2Z,,,", false, false, true},
	{"tree", MARKED "2", false, true},
	{"tree-inverted", MARKED "2i", false, false, true},
	{"tree-zoomed", MARKED "2ajj+jj<Enter>", false, false, true},
	{"icicle", MARKED "2t", false, true},
	{"icicle-live", MARKED "2atj", false, false},
	{"source", MARKED "<Enter>", false, false},
	{"containers", MARKED "5 +3", false, false},
	{"containers-reveal-asked", MARKED "5 +3 K", false, false, true},
	{"containers-revealed", MARKED "5 +3 Ky<Enter> +1", false, false},
	{"containers-revealed-other", MARKED "5 +3 Ky<Enter> +1 j", false, false, true},
	{"types-unread", "4", false, false},
	{"types-reading", "4<Enter> +2", false, false, true},
	{"types-first", "4<Enter> +4", false, false, true},
	{"types", COUNTED, false, true},
	{"types-connections", COUNTED "t", false, false, true},
	{"types-hostile", COUNTED "/odd<Enter>", false, false, true},
	{"types-sites", COUNTED "/Price<Enter><Enter> +1", false, false},
	{"types-sites-back", COUNTED "/Price<Enter><Enter> +1 <Esc>", false, false, true},
	{"types-sites-none", COUNTED "/~^dict<Enter><Enter>", false, false, true},
	{"referrers", COUNTED "r +4", false, true},
	{"referrers-again", COUNTED "r +4 <C-r> +1", false, false, true},
	{"referrers-way", COUNTED "/~^dict<Enter>r +4", false, false, true},
	{"referrers-hostile", COUNTED "/~^str<Enter>r +4 jj", false, false, true},
	{"referrers-stack", MARKED "r +4", false, false, true},
	{"referrers-cycle", COUNTED "/Context<Enter>r +4", false, false},
	{"types-held", COUNTED "r +4 <Esc>", false, false, true},
	{"memory", "6 +2", false, true},
	{"memory-end", "6 +2 <End>", false, false, true},
	{"baselines", MARKED "8", false, true},
	{"suspects", MARKED "9", false, true},
	{"suspects-held", MARKED "5 +3 9r +4 9", false, false},
	{"suspects-muted", MARKED "9M", false, false, true},
	{"diff", MARKED "8jj_jj_<Enter>", false, false},
	{"setup", MARKED "Sjjj<Enter>", false, false},
	{"stacks-chosen", MARKED "Sjjjj<Enter>jjj<Enter><Esc>", false, false, true},
	{"setup-moved", MARKED "S<End><<<<", false, false, true},
	{"stacks-moved", MARKED "S<End><<<< <Esc>", false, false, true},
	{"stacks-decimal", MARKED "Sj<Enter><Esc>", false, false, true},
	{"stacks-bytes", MARKED "Sj<Left><Esc>", false, false},
	{"memory-bytes", MARKED "Sj<Left>6 +2", false, false},
	{"help", "?", false, false},
	{"processes", "+2", true, true},
	{"workers", "+2 _", true, false},
	{"group", "+2 _ <Enter> +60 b +60", true, true},
	{"group-workers", "+2 _ <Enter> +60 b +60 w", true, false},
	{"group-types", "+2 _ <Enter> +60 4", true, false, true},
	{"worker-types", "+2 _ <Enter> +60 4<Enter><Enter> +20", true, false, true},
	{"paused", MARKED "Z", false, false},
	{"banner", MARKED, false, true, false, "PRODUCTION"},
	{"banner-list", "+2", true, true, true, "PRODUCTION"},
	{"banner-long", MARKED "Z", false, false, true,
	    "PRODUCTION: ask the shop team before you mark"},
	{"prompt", MARKED "Bwarm", false, false},
};

static const struct size {
	int rows, cols;
	bool utf8;
} sizes[] = {
	{10, 40, true}, {24, 80, true}, {43, 132, true}, {24, 80, false}, {3, 30, true},
};

static char *
dump(const struct lk_canvas *c, bool roles)
{
	char *text = NULL;
	size_t bytes;
	FILE *to = open_memstream(&text, &bytes);

	ck_assert_ptr_nonnull(to);
	ck_assert_int_eq(lk_canvas_dump(c, to, false), 0);
	if (roles) {
		fputs("--- roles ---\n", to);
		ck_assert_int_eq(lk_canvas_dump(c, to, true), 0);
	}
	fclose(to);
	return text;
}

/* The first line that differs: whole screens are too long for a message. */
static void
assert_same_lines(const char *path, const char *wanted, const char *seen)
{
	for (int line = 1; *wanted != '\0' || *seen != '\0'; line++) {
		size_t w = strcspn(wanted, "\n"), s = strcspn(seen, "\n");

		ck_assert_msg(w == s && strncmp(wanted, seen, w) == 0,
		    "%s:%d differs (make check-screens rewrites it)\nwanted %.*s\nseen   %.*s",
		    path, line, (int)w, wanted, (int)s, seen);
		wanted += w + (wanted[w] == '\n');
		seen += s + (seen[s] == '\n');
	}
}

static void
compare(const char *path, const char *seen)
{
	static char wanted[SCREEN_BYTES];
	const char *mode = getenv("LEAKTOP_SCREENS");
	bool rewrite = mode != NULL && strcmp(mode, "write") == 0;
	FILE *file = fopen(path, rewrite ? "w" : "r");
	size_t bytes;

	ck_assert_msg(file != NULL, "%s is missing: make check-screens writes it", path);
	if (rewrite) {
		fputs(seen, file);
		ck_assert_int_eq(fclose(file), 0);
		return;
	}
	bytes = fread(wanted, 1, sizeof(wanted) - 1, file);
	wanted[bytes] = '\0';
	fclose(file);
	assert_same_lines(path, wanted, seen);
}

/* Under valgrind, which is not about looks and takes a second for each, at one size by turns. */
static bool
is_looked_at(const struct screen *screen, const struct size *size)
{
	if (screen->one_size)
		return size->rows == 24 && size->utf8;
	return !lk_suites_in_valgrind() || (size_t)(screen - screens) % LK_COUNT_OF(sizes) ==
	    (size_t)(size - sizes);
}

START_TEST(a_view_looks_as_drawn)
{
	const struct screen *screen = &screens[_i / (int)LK_COUNT_OF(sizes)];
	const struct size *size = &sizes[_i % (int)LK_COUNT_OF(sizes)];
	const char *folder = getenv("srcdir");
	struct fixture f;
	char path[4096], *seen;

	if (!is_looked_at(screen, size))
		return;
	fixture_open(&f, size->rows, size->cols, size->utf8, screen->list);
	snprintf(f.desk.session.banner, sizeof(f.desk.session.banner), "%s",
	    screen->banner != NULL ? screen->banner : "");
	fixture_play(&f, screen->script);
	seen = dump(&f.canvas, screen->roles && size->rows == 24 && size->utf8);
	snprintf(path, sizeof(path), "%s/tests/ui/screens/%s-%dx%d%s.screen",
	    folder != NULL ? folder : ".", screen->name, size->cols, size->rows,
	    size->utf8 ? "" : "-ascii");
	compare(path, seen);
	free(seen);
	fixture_close(&f);
}
END_TEST

/* Whatever the size, nothing is drawn outside and nothing crashes. */
START_TEST(every_size_is_drawn)
{
	static const char *const keys[] = {"0", "1", "2", "t", "i", "3", "4", "5", "6", "8", "9",
	    "?", "S", "4<Enter> +5", "4r +5", "1z", "-", "6z"};
	const int step = lk_suites_in_valgrind() ? 8 : 1;	/* half a minute there, not ten */
	struct fixture f;

	fixture_open(&f, 24, 80, true, _i == 1);
	fixture_play(&f, _i == 1 ? "+2 <Enter> +5" : MARKED "<Enter>");
	for (size_t k = 0; k < LK_COUNT_OF(keys); k++) {
		fixture_play(&f, keys[k]);
		for (int rows = 1; rows <= 60; rows += 3 * step)
			for (int cols = 1; cols <= 200; cols += 7 * step) {
				ck_assert_int_eq(lk_canvas_resize(&f.canvas, rows, cols), 0);
				fixture_play(&f, "");
			}
	}
	fixture_close(&f);
}
END_TEST

static Suite *
screens_suite(void)
{
	Suite *suite = suite_create("screens");
	TCase *tc = tcase_create("screens");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, a_view_looks_as_drawn, 0,
	    (int)(LK_COUNT_OF(screens) * LK_COUNT_OF(sizes)));
	tcase_add_loop_test(tc, every_size_is_drawn, 0, 2);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {screens_suite, NULL};

	return lk_suites_run(suites);
}
