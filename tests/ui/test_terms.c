/* Every view on every kind of terminal: what arrives there, interpreted by a strict one, is what
 * the canvas says, in the theme's colours, and no more bytes than a slow line bears. */
#include "config.h"

#include <check.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/attr.h"
#include "client/discover.h"
#include "export/export.h"
#include "ui/tty.h"
#include "ui/view.h"

#include "fixture.h"
#include "suites.h"
#include "vt.h"

#define PAINT_BYTES	6144	/* a whole 80x24 screen */
#define IDLE_BYTES	600	/* a frame in which nothing happened */
#define MARKER		'\005'	/* behind a frame, from the test: all of it has arrived */
#define SHOTS_MAX	64

/* ---- a terminal and what it was sent ----------------------------------------- */

struct wire {
	int		master, slave;
	pthread_t	reader;
	pthread_mutex_t	lock;
	pthread_cond_t	marked;
	char		bytes[1 << 20];
	size_t		count;
	int		markers;
	struct termios	modes;
};

static void *
read_all(void *ctx)
{
	struct wire *w = ctx;
	char chunk[4096];
	ssize_t have;

	while ((have = read(w->master, chunk, sizeof(chunk))) > 0) {
		pthread_mutex_lock(&w->lock);
		for (ssize_t i = 0; i < have; i++) {
			if (chunk[i] == MARKER)
				w->markers++;
			else if (w->count < sizeof(w->bytes))
				w->bytes[w->count++] = chunk[i];
		}
		pthread_cond_broadcast(&w->marked);
		pthread_mutex_unlock(&w->lock);
	}
	return NULL;
}

static struct wire *
open_wire(int rows, int cols)
{
	const struct winsize size = {.ws_row = (unsigned short)rows,
	    .ws_col = (unsigned short)cols};
	struct wire *w = calloc(1, sizeof(*w));

	w->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	ck_assert_int_ge(w->master, 0);
	ck_assert_int_eq(grantpt(w->master), 0);
	ck_assert_int_eq(unlockpt(w->master), 0);
	w->slave = open(ptsname(w->master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	ck_assert_int_ge(w->slave, 0);
	ioctl(w->slave, TIOCSWINSZ, &size);
	ck_assert_int_eq(tcgetattr(w->slave, &w->modes), 0);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->marked, NULL);
	ck_assert_int_eq(pthread_create(&w->reader, NULL, read_all, w), 0);
	return w;
}

/* What has been written so far has also arrived. */
static void
await(struct wire *w)
{
	const char marker = MARKER;
	int wanted;

	pthread_mutex_lock(&w->lock);
	wanted = w->markers + 1;
	pthread_mutex_unlock(&w->lock);
	ck_assert_int_eq(write(w->slave, &marker, 1), 1);
	pthread_mutex_lock(&w->lock);
	while (w->markers < wanted)
		pthread_cond_wait(&w->marked, &w->lock);
	pthread_mutex_unlock(&w->lock);
}

static void
close_wire(struct wire *w)
{
	struct termios modes;

	ck_assert_int_eq(tcgetattr(w->slave, &modes), 0);
	ck_assert_uint_eq(modes.c_iflag, w->modes.c_iflag);
	ck_assert_uint_eq(modes.c_oflag, w->modes.c_oflag);
	ck_assert_uint_eq(modes.c_lflag, w->modes.c_lflag);
	close(w->slave);
	pthread_join(w->reader, NULL);
	close(w->master);
	free(w);
}

/* ---- what is to be seen ------------------------------------------------------ */

struct shot {
	const char	*name;
	struct lk_canvas canvas;
};

struct album {
	struct shot	shots[SHOTS_MAX];
	size_t		count;
};

static void
shoot(struct album *album, const char *name, const struct lk_canvas *c)
{
	size_t bytes = (size_t)c->rows * (size_t)c->cols * sizeof(*c->cells);
	struct shot *shot = &album->shots[album->count];

	ck_assert_uint_lt(album->count++, SHOTS_MAX);
	shot->name = name;
	shot->canvas = *c;
	shot->canvas.cells = malloc(bytes);
	memcpy(shot->canvas.cells, c->cells, bytes);
}

/* Baselines, and a heap that was read: something is to be seen in every view. */
#define LIVED "+40 b +20 Bcarts<Enter> +20 4<Enter> +6 r +4 "

static void
shoot_views(struct album *album, int rows, int cols, bool utf8)
{
	static const struct {
		const char *name, *script;
	} more[] = {
		{"filter", "1/shop<Enter>"}, {"prompt", "Bwarm"},
		{"no row", "<Esc>/nothing<Enter>"},
	};
	struct fixture f;

	fixture_open(&f, rows, cols, utf8, false);
	fixture_play(&f, LIVED);
	for (const struct lk_view_ops *const *view = lk_views_all; *view != NULL; view++) {
		lk_desk_show(&f.desk, (*view)->id, false);
		fixture_play(&f, "+2");
		shoot(album, (*view)->id, &f.canvas);
	}
	for (size_t i = 0; i < LK_COUNT_OF(more); i++) {
		fixture_play(&f, more[i].script);
		shoot(album, more[i].name, &f.canvas);
	}
	fixture_close(&f);
	fixture_open(&f, rows, cols, utf8, true);
	fixture_play(&f, "+2 _");
	shoot(album, "list", &f.canvas);
	fixture_close(&f);
}

static void
burn(struct album *album)
{
	for (size_t i = 0; i < album->count; i++)
		lk_canvas_fini(&album->shots[i].canvas);
}

/* ---- comparing --------------------------------------------------------------- */

static const char *const themes[] = {"default", "light", "tty16", "mono", "nord", "gruvbox_dark",
	"dracula", "solarized_dark", "colorblind"};

static void
load_theme(const char *name, bool no_colour, struct lk_theme *out)
{
	const char *srcdir = getenv("srcdir");
	char folder[4096];
	const struct lk_theme_folders folders = {.installed = folder};

	snprintf(folder, sizeof(folder), "%s/themes", srcdir != NULL ? srcdir : ".");
	ck_assert_int_eq(lk_theme_load(name, &folders, NULL, NULL, out), 0);
	out->mono |= no_colour;
}

/* What a terminal has no way to show, or not beside colours, is not missed. */
static const struct place {
	const char	*term, *locale;
	unsigned int	 without;
} places[] = {
	{"xterm-256color", "C.UTF-8", 0},
	{"tmux-256color", "C.UTF-8", 0},
	{"linux", "C.UTF-8", VT_UNDERLINE | VT_DIM},
	{"vt100", "C.UTF-8", VT_DIM},
	{"xterm-256color", "C", 0},
	{"tmux-256color", "C", 0},
	{"linux", "C", VT_UNDERLINE | VT_DIM},
	{"vt100", "C", VT_DIM},
};

static void
compare_cell(const struct vt_cell *seen, const struct lk_canvas_cell *cell,
    const struct lk_ink *ink, unsigned int without, const char *where)
{
	bool blank = strcmp(cell->text, " ") == 0;

	/* curses keeps four combining marks of a character. */
	ck_assert_msg(strcmp(seen->text, cell->text) == 0 || (strlen(seen->text) > 8 &&
	    strncmp(seen->text, cell->text, strlen(seen->text)) == 0),
	    "%s: \"%s\" instead of \"%s\"", where, seen->text, cell->text);
	ck_assert_msg(seen->pen.bg == ink->bg && (blank || seen->pen.fg == ink->fg),
	    "%s: \"%s\" is %d on %d, not %d on %d", where, cell->text, seen->pen.fg, seen->pen.bg,
	    ink->fg, ink->bg);
	if (blank)	/* bold and dim do not show */
		without |= VT_BOLD | VT_DIM;
	ck_assert_msg((seen->pen.attributes & ~without) == (ink->attributes & ~without),
	    "%s: \"%s\" has attributes %x, not %x", where, cell->text, seen->pen.attributes,
	    ink->attributes);
}

static void
compare(const struct vt *vt, const struct lk_canvas *c, const struct lk_theme *theme,
    int colours, unsigned int without, const char *name)
{
	char where[128];

	ck_assert_msg(vt->complaint[0] == '\0', "%s: %s", name, vt->complaint);
	for (int row = 0; row < c->rows; row++)
		for (int col = 0; col < c->cols; col++) {
			const struct lk_canvas_cell *cell =
			    &c->cells[(size_t)row * (size_t)c->cols + (size_t)col];
			struct lk_ink ink = lk_theme_ink(theme, (enum lk_role)cell->role,
			    cell->selected, colours);

			if (cell->width_cells == 0)
				continue;
			snprintf(where, sizeof(where), "%s, %s, %d,%d", name, theme->name, row,
			    col);
			compare_cell(&vt->grid[row][col], cell, &ink, without, where);
		}
}

static size_t
show(struct wire *w, struct lk_tty *tty, struct vt *vt, const struct lk_canvas *c,
    const struct lk_theme *theme)
{
	size_t before = w->count;

	lk_tty_show(tty, c, theme);
	await(w);
	vt_feed(vt, w->bytes + before, w->count - before);
	return w->count - before;
}

/* First as a change of the screen before it, then painted whole. */
static void
show_album(const struct album *album, const struct place *place, bool no_colour)
{
	const struct lk_canvas *first = &album->shots[0].canvas;
	struct wire *w = open_wire(first->rows, first->cols);
	const struct lk_tty_options options = {.in_fd = w->slave, .out_fd = w->slave,
	    .no_colour = no_colour};
	struct lk_theme theme;
	struct lk_tty *tty;
	struct vt *vt = calloc(1, sizeof(*vt));
	char words[256];

	vt_init(vt, first->rows, first->cols, first->utf8);
	setenv("TERM", place->term, 1);
	ck_assert_int_eq(lk_tty_open(&options, words, sizeof(words), &tty), 0);
	ck_assert_str_eq(words, "");
	ck_assert(!no_colour || lk_tty_colours(tty) == 0);
	for (size_t i = 0; i < album->count; i++) {
		const struct shot *shot = &album->shots[i];
		size_t bytes;

		load_theme(themes[i % LK_COUNT_OF(themes)], no_colour, &theme);
		show(w, tty, vt, &shot->canvas, &theme);
		compare(vt, &shot->canvas, &theme, lk_tty_colours(tty), place->without, shot->name);
		lk_tty_redraw(tty);
		bytes = show(w, tty, vt, &shot->canvas, &theme);
		compare(vt, &shot->canvas, &theme, lk_tty_colours(tty), place->without, shot->name);
		ck_assert_msg(first->rows != 24 || bytes <= PAINT_BYTES,
		    "%s in %s on %s: %zu bytes", shot->name, theme.name, place->term, bytes);
	}
	lk_tty_close(tty);
	close_wire(w);
	free(vt);
}

static const struct {
	int rows, cols;
} sizes[] = {{10, 40}, {24, 80}, {43, 132}};

/* Under valgrind, which is not about looks, one size and the first terminal alone. */
START_TEST(what_arrives_is_what_was_drawn)
{
	const int size = _i / 2;
	const bool utf8 = _i % 2 == 0;
	struct album album = {.count = 0};

	if (lk_suites_in_valgrind() && size != 0)
		return;
	shoot_views(&album, sizes[size].rows, sizes[size].cols, utf8);
	for (size_t i = 0; i < LK_COUNT_OF(places); i++) {
		if ((strcmp(places[i].locale, "C.UTF-8") == 0) != utf8)
			continue;
		if (lk_suites_in_valgrind() && strcmp(places[i].term, "xterm-256color") != 0)
			continue;
		show_album(&album, &places[i], false);
		if (sizes[size].rows == 24)
			show_album(&album, &places[i], true);
	}
	burn(&album);
}
END_TEST

START_TEST(an_idle_frame_is_nearly_nothing_in_every_view)
{
	const struct lk_request pause = {.op = LK_REQUEST_PAUSE};
	struct wire *w = open_wire(24, 80);
	const struct lk_tty_options options = {.in_fd = w->slave, .out_fd = w->slave};
	struct vt *vt = calloc(1, sizeof(*vt));
	struct lk_theme theme;
	struct lk_tty *tty;
	struct fixture f;
	char words[256];

	setenv("TERM", "xterm-256color", 1);
	fixture_open(&f, 24, 80, true, false);
	fixture_play(&f, LIVED);
	ck_assert_int_eq(lk_source_request(f.desk.session.source, &pause, NULL, NULL), 0);
	fixture_play(&f, "+60");
	vt_init(vt, 24, 80, true);
	ck_assert_int_eq(lk_tty_open(&options, words, sizeof(words), &tty), 0);
	for (size_t i = 0; lk_views_all[i] != NULL; i++) {
		load_theme(themes[i % LK_COUNT_OF(themes)], false, &theme);
		lk_desk_show(&f.desk, lk_views_all[i]->id, false);
		fixture_play(&f, "+10");
		show(w, tty, vt, &f.canvas, &theme);
		for (int second = 0; second < 3; second++) {
			size_t bytes;

			fixture_play(&f, "+1");
			bytes = show(w, tty, vt, &f.canvas, &theme);
			ck_assert_msg(bytes <= IDLE_BYTES, "%s: %zu bytes", lk_views_all[i]->id,
			    bytes);
			compare(vt, &f.canvas, &theme, lk_tty_colours(tty), 0, lk_views_all[i]->id);
		}
	}
	lk_tty_close(tty);
	fixture_close(&f);
	close_wire(w);
	free(vt);
}
END_TEST

/* ---- hostile names ----------------------------------------------------------- */

#define LONG_NAME	10000
#define FILE_BYTES	(16u << 20)

/* Values that are words of the file's own, or numbers as text. */
static const char *const own_words[] = {"schema", "domain", "state", "mode", "native", "by", "code",
	"address", "build_id"};

/* Escape sequences, C0, DEL, C1, bidi and other invisible characters, formats, line ends, wide
 * and combining characters. */
static const char hostile_json[] =
    "\\u001b[2J\\u001b]0;owned\\u0007\\u0005\\r\\n\\b\\f\\t\\u007f\\u009b31m\\u0090q\\u009c"
    "\\u202e\\u2066\\u200b\\u2028\\ufeff%s%n%99999d\\u6f22e\\u0301\\u0301\\u0301\\u0301\\u0301"
    "\\u0301\\u0301\\u0301\\u0301\\u0301\\ud83d\\udc0d";

static bool
is_own_word(const char *key, size_t length)
{
	for (size_t i = 0; i < LK_COUNT_OF(own_words); i++)
		if (strlen(own_words[i]) == length && strncmp(own_words[i], key, length) == 0)
			return true;
	return false;
}

/* Every text of a snapshot that the target chose begins with the worst; some are long. */
static void
make_hostile(const char *in, FILE *out)
{
	const char *key = "";
	size_t key_length = 0, texts = 0;

	while (*in != '\0') {
		const char *text = in + 1, *end = text;

		if (*in != '"') {
			putc(*in++, out);
			continue;
		}
		while (*end != '"')
			end += *end == '\\' ? 2 : 1;
		in = end + 1;
		putc('"', out);
		if (*in == ':') {
			key = text;
			key_length = (size_t)(end - text);
		} else if (!is_own_word(key, key_length)) {
			fputs(hostile_json, out);
			for (int i = 0; texts % 16 == 15 && i < LONG_NAME; i++)
				putc('a' + i % 26, out);
			texts++;
		}
		fwrite(text, 1, (size_t)(end - text) + 1, out);
	}
	ck_assert_uint_gt(texts, 100);
}

static struct lk_source *
open_hostile(const struct lk_snapshot *snapshot)
{
	const struct lk_export_options options = {.format = "json", .reference = UINT32_MAX};
	char path[] = "/tmp/leaktop-hostile-XXXXXX", words[256];
	struct lk_source *source = NULL;
	char *text = calloc(1, FILE_BYTES);
	int fd = mkstemp(path);
	FILE *file;

	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_eq(lk_export_write(snapshot, &options, path, words, sizeof(words)), 0);
	file = fopen(path, "r+");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_lt(fread(text, 1, FILE_BYTES - 1, file), FILE_BYTES - 1);
	rewind(file);
	make_hostile(text, file);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_msg(lk_source_open_file(path, words, sizeof(words), &source) == 0, "%s", words);
	unlink(path);
	free(text);
	return source;
}

/* As long as there is room for, and cut there as a copy of /proc may be. */
static void
spoil(char *out, size_t out_bytes)
{
	static const char bytes[] =
	    "\033[2J\033]0;owned\007\005\r\n\b\177\233\377\376\300\200\355\240\200\303(%s%n"
	    "\342\200\256\342\201\246\302\233\346\274\242";

	for (size_t i = 0; i + 1 < out_bytes; i++)
		out[i] = bytes[i % (sizeof(bytes) - 1)];
	out[out_bytes - 1] = '\0';
}

static int
scan_hostile(void *ctx, int64_t now_ms, const struct lk_process **out)
{
	static struct lk_process list[3];

	(void)ctx;
	(void)now_ms;
	memset(list, 0, sizeof(list));
	for (size_t i = 0; i < LK_COUNT_OF(list); i++) {
		struct lk_process *p = &list[i];

		p->pid = 77 + (int)i;
		p->ppid = p->group_pid = 77;
		p->start_time = i + 1;
		p->rss_bytes = 1 << 20;
		p->has_sampler = i < 2;
		spoil(p->user, sizeof(p->user));
		spoil(p->python, sizeof(p->python));
		spoil(p->command, sizeof(p->command));
		spoil(p->name, sizeof(p->name));
		spoil(p->why_not, sizeof(p->why_not));
	}
	*out = list;
	return (int)LK_COUNT_OF(list);
}

static void
shoot_hostile(struct album *album, int rows, int cols, bool utf8)
{
	char row[64 << 10];
	struct fixture f;

	fixture_open(&f, rows, cols, utf8, false);
	fixture_play(&f, LIVED);
	lk_desk_watch(&f.desk, open_hostile(f.desk.session.now));
	fixture_play(&f, "+2");
	for (const struct lk_view_ops *const *view = lk_views_all; *view != NULL; view++) {
		lk_desk_show(&f.desk, (*view)->id, false);
		fixture_play(&f, "+1");
		shoot(album, (*view)->id, &f.canvas);
		fixture_play(&f, "j<Right><Right>");
		shoot(album, "beside it", &f.canvas);
		fixture_play(&f, "<Enter> +1 ");
		shoot(album, "inside", &f.canvas);
		lk_desk_row_text(&f.desk, row, sizeof(row));
		for (const char *at = row; *at != '\0'; at++)
			ck_assert_msg((unsigned char)*at >= ' ' || *at == '\t', "%s: a row with %d",
			    (*view)->id, *at);
	}
	fixture_close(&f);
	fixture_open(&f, rows, cols, utf8, true);
	f.desk.session.scan = scan_hostile;
	for (const char *script = "+2 \0_ \0j \0jj \0/x \0"; *script != '\0';
	    script += strlen(script) + 1) {
		fixture_play(&f, script);
		shoot(album, "processes", &f.canvas);
	}
	fixture_close(&f);
}

START_TEST(hostile_names_do_not_reach_the_terminal)
{
	const int size = _i / 2;
	const bool utf8 = _i % 2 == 0;
	struct album album = {.count = 0};

	if (lk_suites_in_valgrind() && _i != 0)
		return;
	shoot_hostile(&album, sizes[size].rows, sizes[size].cols, utf8);
	show_album(&album, &places[utf8 ? 0 : 4], false);
	burn(&album);
}
END_TEST

static Suite *
terms_suite(void)
{
	Suite *suite = suite_create("terms");
	TCase *tc = tcase_create("terms");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, what_arrives_is_what_was_drawn, 0, 2 * (int)LK_COUNT_OF(sizes));
	tcase_add_loop_test(tc, hostile_names_do_not_reach_the_terminal, 0,
	    2 * (int)LK_COUNT_OF(sizes));
	tcase_add_test(tc, an_idle_frame_is_nearly_nothing_in_every_view);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {terms_suite, NULL};

	return lk_suites_run(suites);
}
