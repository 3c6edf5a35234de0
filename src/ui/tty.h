/* tty.h - the terminal: shows a canvas, reads keys, always gives the terminal back.
 * Room: ui; tty.c is the only file that includes curses. */
#ifndef LK_UI_TTY_H
#define LK_UI_TTY_H

#include <stdbool.h>
#include <stddef.h>

struct lk_canvas;
struct lk_theme;
struct lk_tty;

struct lk_tty_options {
	int	in_fd, out_fd;
	bool	no_colour;	/* NO_COLOR: attributes only */
};

/* lk_tty_open - take the terminal over.  TERM is tried first, then xterm-256color, xterm, vt100.
 * words: [words_bytes], what went wrong or which terminal was taken instead; "" if all is well.
 * Returns: 0; -ENOTTY; -ENODEV when no description of the terminal was found. */
int lk_tty_open(const struct lk_tty_options *options, char *words, size_t words_bytes,
    struct lk_tty **out);

/* lk_tty_close - give the terminal back and replay what went to stderr meanwhile. NULL is fine. */
void lk_tty_close(struct lk_tty *tty);

/* lk_tty_size - as the kernel knows it; 24x80 when it does not. */
void lk_tty_size(const struct lk_tty *tty, int *rows, int *cols);

/* lk_tty_show - make the screen look like CANVAS; curses sends the difference. */
void lk_tty_show(struct lk_tty *tty, const struct lk_canvas *canvas, const struct lk_theme *theme);

/* lk_tty_redraw - forget what the screen shows: the next show paints it whole. */
void lk_tty_redraw(struct lk_tty *tty);

/* lk_tty_resize - take the size anew. */
void lk_tty_resize(struct lk_tty *tty);

/* lk_tty_key - the next key (keys.h) without waiting; LK_KEY_NONE when there is none. */
int lk_tty_key(struct lk_tty *tty);

/* lk_tty_gone - nobody is there any more: end of file or an error on reading. */
bool lk_tty_gone(struct lk_tty *tty);

/* lk_tty_busy - the output queue has not drained: skip a frame instead of piling up. */
bool lk_tty_busy(const struct lk_tty *tty);

/* lk_tty_suspend - give the terminal back, stop, take it again when continued. */
void lk_tty_suspend(struct lk_tty *tty);

/* lk_tty_copy - TEXT to the terminal's clipboard (OSC 52).  Returns: 0, -EMSGSIZE above 8 KiB. */
int lk_tty_copy(struct lk_tty *tty, const char *text);

/* lk_tty_colours - how many this terminal has: 0, 8, 16, 256 or 1 << 24. */
int lk_tty_colours(const struct lk_tty *tty);

#endif
