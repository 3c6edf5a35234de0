/* app.h - the door of the ui room: the screens on a terminal, until the operator leaves.
 * Room: ui; cli calls it. */
#ifndef LK_UI_APP_H
#define LK_UI_APP_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/desk.h"

struct lk_app_options {
	struct lk_source **take_sources;	/* [source_count] opened; the app closes them */
	size_t		 source_count;		/* 0: the list; 1: that; 2 files: a diff */
	lk_scan_fn	 scan;			/* NULL: this host's processes */
	void		*scan_ctx;
	lk_desk_open_fn	 open;			/* NULL: by the socket of the process */
	void		*open_ctx;
	lk_attach_fn	 attach;		/* NULL: the key says that it is not possible */
	void		*attach_ctx;
	const char	*theme;			/* or path; NULL: LEAKTOP_THEME, "default" */
	unsigned int	 period_ms;		/* 0: 1000 */
	bool		 readonly;
	bool		 ascii;			/* no blocks or lines even where UTF-8 is known */
	int		 in_fd, out_fd;		/* both 0: standard input and output */
};

/* lk_app_run - take the terminal over and return when the operator leaves it, or when it is
 * gone (SIGHUP, end of file) or SIGTERM comes.  setlocale() is called.
 * words: [words_bytes], why it could not start, for stderr; "" otherwise.
 * Returns: 0 when left by a key or because nobody is there any more; 128 + number after
 * SIGTERM or SIGINT; -ENOTTY or -ENODEV: no terminal that can be used (use batch); or
 * another negative errno. */
int lk_app_run(const struct lk_app_options *options, char *words, size_t words_bytes);

#endif
