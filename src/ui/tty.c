#include "config.h"

#include "ui/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <term.h>

#include "base/attr.h"

#include "ui/canvas.h"
#include "ui/keys.h"
#include "ui/signals.h"

#define PAIRS_MAX	256
#define ESC_DELAY_MS	25
#define GAP_CELLS	3
#define COPY_MAX_BYTES	8192
#define STDERR_KEEP_BYTES 65536

struct pair {
	int32_t fg, bg;
};

struct lk_tty {
	int		 in_fd, out_fd;
	FILE		*in, *out;
	SCREEN		*screen;
	struct termios	 modes;		/* as found */
	int		 colours;
	int		 pair_count;
	struct pair	 pairs[PAIRS_MAX];	/* [pair_count]; number 0 is the terminal's own */
	int		 stderr_fd;	/* the real one, while 2 is a buffer */
	bool		 gone;
};

static const char *const fallback_terms[] = {"xterm-256color", "xterm", "vt100"};

/* ---- stderr ---------------------------------------------------------------- */

/* What libraries print must not land in the middle of a screen. */
static void
hold_stderr(struct lk_tty *tty)
{
	int buffer;

	tty->stderr_fd = -1;
	if (!isatty(STDERR_FILENO))
		return;
	buffer = memfd_create("leaktop-stderr", MFD_CLOEXEC);
	if (buffer < 0)
		return;
	tty->stderr_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	if (tty->stderr_fd >= 0)
		dup2(buffer, STDERR_FILENO);
	close(buffer);
}

static void
replay_stderr(struct lk_tty *tty)
{
	char chunk[4096];
	size_t kept = 0;
	ssize_t have;
	int buffer;

	if (tty->stderr_fd < 0)
		return;
	fflush(stderr);
	buffer = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	dup2(tty->stderr_fd, STDERR_FILENO);
	close(tty->stderr_fd);
	tty->stderr_fd = -1;
	if (buffer < 0)
		return;
	lseek(buffer, 0, SEEK_SET);
	while (kept < STDERR_KEEP_BYTES && (have = read(buffer, chunk, sizeof(chunk))) > 0) {
		if (write(STDERR_FILENO, chunk, (size_t)have) != have)
			break;
		kept += (size_t)have;
	}
	close(buffer);
}

/* ---- open and close -------------------------------------------------------- */

static int
try_terms(struct lk_tty *tty, char *words, size_t words_bytes)
{
	const char *term = getenv("TERM");

	if (term != NULL && *term != '\0' && strcmp(term, "dumb") != 0) {
		tty->screen = newterm(term, tty->out, tty->in);
		if (tty->screen != NULL)
			return 0;
	}
	for (size_t i = 0; i < LK_COUNT_OF(fallback_terms); i++) {
		tty->screen = newterm(fallback_terms[i], tty->out, tty->in);
		if (tty->screen == NULL)
			continue;
		snprintf(words, words_bytes, "terminal \"%.32s\" is unknown here, taking %s",
		    term != NULL ? term : "", fallback_terms[i]);
		return 0;
	}
	snprintf(words, words_bytes,
	    "no description of terminal \"%.32s\" on this system; use leaktop -b",
	    term != NULL ? term : "");
	return -ENODEV;
}

static int
count_colours(bool no_colour)
{
	if (no_colour || !has_colors())
		return 0;
	start_color();
	use_default_colors();
	if (COLORS > 256 && tigetflag("RGB") > 0)
		return 1 << 24;
	return COLORS >= 256 ? 256 : COLORS >= 16 ? 16 : COLORS >= 8 ? 8 : 0;
}

/* Capabilities carry padding marks "$<5>"; a crash handler cannot wait, so they go. */
static size_t
append_capability(char *out, size_t length, size_t out_bytes, const char *name)
{
	const char *text = tigetstr(name);

	if (text == NULL || text == (const char *)-1)
		return length;
	while (*text != '\0' && length + 1 < out_bytes) {
		if (text[0] == '$' && text[1] == '<') {
			text += strcspn(text, ">");
			text += *text == '>';
			continue;
		}
		out[length++] = *text++;
	}
	return length;
}

static void
guard_terminal(const struct lk_tty *tty)
{
	static const char *const capabilities[] = {"sgr0", "op", "rmkx", "rmacs", "cnorm", "rmcup"};
	char restore[256];
	size_t length = 0;

	for (size_t i = 0; i < LK_COUNT_OF(capabilities); i++)
		length = append_capability(restore, length, sizeof(restore), capabilities[i]);
	if (length + 2 < sizeof(restore)) {
		restore[length++] = '\r';
		restore[length++] = '\n';
	}
	lk_signals_guard(tty->out_fd, &tty->modes, restore, length, tty->stderr_fd);
}

static void
take_screen(struct lk_tty *tty)
{
	raw();
	noecho();
	nonl();
	set_escdelay(ESC_DELAY_MS);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	meta(stdscr, TRUE);
	leaveok(stdscr, FALSE);
	idlok(stdscr, FALSE);
	curs_set(0);
	lk_signals_open();	/* curses put handlers of its own */
	guard_terminal(tty);
}

static FILE *
stream_of(int fd, const char *mode)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	FILE *stream = copy >= 0 ? fdopen(copy, mode) : NULL;

	if (stream == NULL && copy >= 0)
		close(copy);
	return stream;
}

int
lk_tty_open(const struct lk_tty_options *options, char *words, size_t words_bytes,
    struct lk_tty **out)
{
	struct lk_tty *tty = NULL;
	int rc;

	words[0] = '\0';
	tty = calloc(1, sizeof(*tty));
	if (tty == NULL)
		return -ENOMEM;
	tty->stderr_fd = -1;
	tty->in_fd = options->in_fd;
	tty->out_fd = options->out_fd;
	rc = -ENOTTY;
	snprintf(words, words_bytes, "not a terminal; use leaktop -b");
	if (!isatty(tty->out_fd) || tcgetattr(tty->in_fd, &tty->modes) < 0)
		goto fail;
	words[0] = '\0';
	rc = -ENOMEM;
	tty->in = stream_of(tty->in_fd, "r");
	tty->out = stream_of(tty->out_fd, "w");
	if (tty->in == NULL || tty->out == NULL)
		goto fail;
	rc = try_terms(tty, words, words_bytes);
	if (rc < 0)
		goto fail;
	hold_stderr(tty);
	tty->colours = count_colours(options->no_colour);
	take_screen(tty);
	*out = tty;
	return 0;

fail:
	lk_tty_close(tty);
	return rc;
}

void
lk_tty_close(struct lk_tty *tty)
{
	if (tty == NULL)
		return;
	if (tty->screen != NULL) {
		erase();
		endwin();
		fflush(tty->out);
		delscreen(tty->screen);
		tcsetattr(tty->in_fd, TCSANOW, &tty->modes);
		lk_signals_guard(-1, NULL, NULL, 0, -1);
	}
	replay_stderr(tty);
	if (tty->in != NULL)
		fclose(tty->in);
	if (tty->out != NULL)
		fclose(tty->out);
	free(tty);
}

/* ---- size ------------------------------------------------------------------ */

void
lk_tty_size(const struct lk_tty *tty, int *rows, int *cols)
{
	struct winsize size;

	*rows = 24;
	*cols = 80;
	if (ioctl(tty->out_fd, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
		*rows = size.ws_row;
		*cols = size.ws_col;
	}
}

void
lk_tty_resize(struct lk_tty *tty)
{
	int rows, cols;

	lk_tty_size(tty, &rows, &cols);
	if (rows != LINES || cols != COLS)
		resizeterm(rows, cols);
}

/* ---- showing --------------------------------------------------------------- */

static int
pair_of(struct lk_tty *tty, const struct lk_ink *ink)
{
	int number;

	if (ink->fg == LK_COLOUR_DEFAULT && ink->bg == LK_COLOUR_DEFAULT)
		return 0;
	for (int i = 0; i < tty->pair_count; i++)
		if (tty->pairs[i].fg == ink->fg && tty->pairs[i].bg == ink->bg)
			return i + 1;
	number = tty->pair_count + 1;
	if (tty->pair_count == PAIRS_MAX || number >= COLOR_PAIRS ||
	    init_extended_pair(number, ink->fg, ink->bg) == ERR)
		return 0;
	tty->pairs[tty->pair_count].fg = ink->fg;
	tty->pairs[tty->pair_count].bg = ink->bg;
	tty->pair_count++;
	return number;
}

static const struct {
	unsigned int ours;
	attr_t	     curses;
} attribute_map[] = {
	{LK_BOLD, A_BOLD}, {LK_DIM, A_DIM}, {LK_UNDERLINE, A_UNDERLINE}, {LK_REVERSE, A_REVERSE},
};

static attr_t
attributes_of(unsigned int ours)
{
	attr_t sum = A_NORMAL;

	for (size_t i = 0; i < LK_COUNT_OF(attribute_map); i++)
		if (ours & attribute_map[i].ours)
			sum |= attribute_map[i].curses;
	return sum;
}

struct ink {
	attr_t	attributes;
	int	pair;
	int32_t	bg;
};

struct inks {
	struct ink of[LK_ROLE_COUNT][2];	/* plain and selected */
};

static void
show_cell(int row, int col, const struct lk_canvas_cell *cell, const struct ink *ink)
{
	wchar_t wide[CCHARW_MAX + 1];
	mbstate_t state;
	const char *text = cell->text;
	cchar_t glyph;
	size_t count;

	memset(&state, 0, sizeof(state));
	count = mbsrtowcs(wide, &text, CCHARW_MAX, &state);
	if (count == (size_t)-1 || count == 0) {
		wide[0] = L'?';
		count = 1;
	}
	wide[count] = L'\0';
	if (setcchar(&glyph, wide, ink->attributes, 0, &ink->pair) == OK)
		mvadd_wch(row, col, &glyph);
}

static void
find_inks(struct lk_tty *tty, const struct lk_theme *theme, struct inks *out)
{
	for (int role = 0; role < LK_ROLE_COUNT; role++)
		for (int selected = 0; selected < 2; selected++) {
			struct lk_ink i = lk_theme_ink(theme, (enum lk_role)role, selected != 0,
			    tty->colours);
			struct ink *ink = &out->of[role][selected];

			ink->attributes = attributes_of(i.attributes);
			ink->pair = pair_of(tty, &i);
			ink->bg = i.bg;
		}
}

/* A gap between two words looks the same in the ink of the word before it, and a change of ink and
 * back costs up to 50 bytes.  A long one is cheaper erased, which needs the ink of the screen. */
static bool
is_gap(const struct lk_canvas_cell *cell, int left, const struct ink *before,
    const struct ink *own)
{
	int length = 0;

	while (length < left && length <= GAP_CELLS && strcmp(cell[length].text, " ") == 0)
		length++;
	return length > 0 && length <= GAP_CELLS && length < left && before->bg == own->bg &&
	    (before->attributes & (A_UNDERLINE | A_REVERSE)) == 0 &&
	    (own->attributes & (A_UNDERLINE | A_REVERSE)) == 0;
}

static void
show_row(const struct lk_canvas *canvas, int row, const struct inks *inks)
{
	const struct lk_canvas_cell *cells =
	    &canvas->cells[(size_t)row * (size_t)canvas->cols];
	const struct ink *before = NULL;

	for (int col = 0; col < canvas->cols && col < COLS; col++) {
		const struct ink *ink = &inks->of[cells[col].role][cells[col].selected];

		if (cells[col].width_cells == 0)
			continue;
		if (before != NULL && is_gap(&cells[col], canvas->cols - col, before, ink))
			ink = before;
		show_cell(row, col, &cells[col], ink);
		before = ink;
	}
}

void
lk_tty_show(struct lk_tty *tty, const struct lk_canvas *canvas, const struct lk_theme *theme)
{
	struct inks inks;
	cchar_t blank;

	find_inks(tty, theme, &inks);
	/* What is erased takes the theme's background, so that curses need not send its spaces. */
	if (setcchar(&blank, L" ", A_NORMAL, 0, &inks.of[LK_ROLE_MAIN][0].pair) == OK)
		bkgrndset(&blank);
	erase();
	for (int row = 0; row < canvas->rows && row < LINES; row++)
		show_row(canvas, row, &inks);
	wnoutrefresh(stdscr);
	doupdate();
}

void
lk_tty_redraw(struct lk_tty *tty)
{
	(void)tty;
	clearok(curscr, TRUE);
}

/* ---- keys ------------------------------------------------------------------ */

static const struct {
	int curses, ours;
} special[] = {
	{KEY_UP, LK_KEY_UP}, {KEY_DOWN, LK_KEY_DOWN}, {KEY_LEFT, LK_KEY_LEFT},
	{KEY_RIGHT, LK_KEY_RIGHT}, {KEY_PPAGE, LK_KEY_PAGE_UP}, {KEY_NPAGE, LK_KEY_PAGE_DOWN},
	{KEY_HOME, LK_KEY_HOME}, {KEY_END, LK_KEY_END}, {KEY_BTAB, LK_KEY_BACK_TAB},
	{KEY_BACKSPACE, LK_KEY_BACKSPACE}, {KEY_DC, LK_KEY_DELETE}, {KEY_ENTER, LK_KEY_ENTER},
};

static int
translate(int key)
{
	for (size_t i = 0; i < LK_COUNT_OF(special); i++)
		if (special[i].curses == key)
			return special[i].ours;
	if (key > KEY_F0 && key <= KEY_F(12))
		return LK_KEY_F0 + (key - KEY_F0);
	return LK_KEY_NONE;
}

int
lk_tty_key(struct lk_tty *tty)
{
	wint_t key = 0;

	for (;;) {
		int rc = get_wch(&key);

		(void)tty;
		if (rc == ERR)
			return LK_KEY_NONE;
		if (rc == OK)
			return key == '\r' || key == '\n' ? LK_KEY_ENTER :
			    key == '\b' ? LK_KEY_BACKSPACE : (int)key;
		if (translate((int)key) != LK_KEY_NONE)
			return translate((int)key);
	}
}

/* curses reports end of file as "no key".  Ask the descriptor itself, only when poll said
 * that there is something to read and curses then found nothing. */
bool
lk_tty_gone(struct lk_tty *tty)
{
	int waiting = 0;

	if (tcgetpgrp(tty->in_fd) < 0 && errno != ENOTTY)
		return true;
	if (ioctl(tty->in_fd, FIONREAD, &waiting) < 0)
		return true;
	return false;
}

bool
lk_tty_busy(const struct lk_tty *tty)
{
	int queued = 0;

	return ioctl(tty->out_fd, TIOCOUTQ, &queued) == 0 && queued > 2048;
}

void
lk_tty_suspend(struct lk_tty *tty)
{
	def_prog_mode();
	endwin();
	fflush(tty->out);
	lk_signals_stop();
	reset_prog_mode();
	lk_tty_resize(tty);
	clearok(curscr, TRUE);
	refresh();
	take_screen(tty);
}

/* ---- clipboard ------------------------------------------------------------- */

int
lk_tty_copy(struct lk_tty *tty, const char *text)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t length = strlen(text);

	if (length > COPY_MAX_BYTES)
		return -EMSGSIZE;
	fputs("\033]52;c;", tty->out);
	for (size_t i = 0; i < length; i += 3) {
		unsigned int three = (unsigned int)(unsigned char)text[i] << 16;
		char out[5] = "====";

		if (i + 1 < length)
			three |= (unsigned int)(unsigned char)text[i + 1] << 8;
		if (i + 2 < length)
			three |= (unsigned char)text[i + 2];
		out[0] = alphabet[three >> 18];
		out[1] = alphabet[three >> 12 & 63];
		if (i + 1 < length)
			out[2] = alphabet[three >> 6 & 63];
		if (i + 2 < length)
			out[3] = alphabet[three & 63];
		fputs(out, tty->out);
	}
	fputc('\a', tty->out);
	fflush(tty->out);
	return 0;
}

int
lk_tty_colours(const struct lk_tty *tty)
{
	return tty->colours;
}
