#include "config.h"

#include "ui/app.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/attr.h"
#include "client/discover.h"
#include "export/export.h"
#include "model/snapshot.h"
#include "util/clock.h"
#include "util/text.h"

#include "ui/keys.h"
#include "ui/preferences.h"
#include "ui/signals.h"
#include "ui/tty.h"

#define POLL_MAX	(2 + LK_SOURCE_POLL_MAX)
#define THEMES_MAX	32
#define TICK_MS		1000	/* the longest sleep while something is watched */
#define BUSY_MS		50	/* the terminal is behind: look again */

struct app {
	struct lk_desk		 desk;
	struct lk_canvas	 canvas;
	struct lk_tty		*tty;
	struct lk_theme		 theme;
	struct lk_theme_folders	 folders;
	char			 user_folder[4096];
	char			 build_folder[4096];
	struct lk_discovery	*discovery;
	int			 signals_fd;
	bool			 dirty;
	bool			 leave;
	int			 result;
};

/* ---- theme ----------------------------------------------------------------- */

static void
warn_theme(void *ctx, const char *words)
{
	struct app *a = ctx;

	lk_session_say(&a->desk.session, LK_ROLE_WARN, "%s", words);
}

/* A program run from its build folder finds the themes beside it. */
static const char *
build_folder(char *out, size_t out_bytes)
{
	const char *given = getenv("LEAKTOP_THEMES");
	ssize_t length;
	char *slash;

	if (given != NULL && *given != '\0')
		return given;
	length = readlink("/proc/self/exe", out, out_bytes - sizeof("/themes"));
	if (length <= 0)
		return NULL;
	out[length] = '\0';
	slash = strrchr(out, '/');
	if (slash == NULL)
		return NULL;
	strcpy(slash, "/themes");
	return access(out, R_OK) == 0 ? out : NULL;
}

static void
find_folders(struct app *a)
{
	char folder[LK_COUNT_OF(a->user_folder) - sizeof("/themes")];

	if (lk_preferences_folder(folder, sizeof(folder)) == 0) {
		snprintf(a->user_folder, sizeof(a->user_folder), "%s/themes", folder);
		a->folders.user = a->user_folder;
	}
	a->folders.build = build_folder(a->build_folder, sizeof(a->build_folder));
	a->folders.installed = LK_PKGDATADIR "/themes";
}

static bool
no_colour(void)
{
	const char *value = getenv("NO_COLOR");

	return value != NULL && *value != '\0';
}

static void
load_theme(struct app *a, const char *name)
{
	int rc = lk_theme_load(name, &a->folders, warn_theme, a, &a->theme);

	if (rc < 0)
		lk_session_say(&a->desk.session, LK_ROLE_WARN, "theme %s: %s; taking default", name,
		    rc == -EPERM ? "others may write it" : strerror(-rc));
}

static void
first_theme(struct app *a, const char *option)
{
	char path[4096], name[4096], host[256] = "";
	struct lk_preferences preferences = {NULL};
	int rc = lk_preferences_folder(path, sizeof(path) - sizeof("/config"));

	if (rc == 0) {
		strcat(path, "/config");
		rc = lk_preferences_read(path, &preferences);
	}
	if (rc < 0 && rc != -ENOENT)
		lk_session_say(&a->desk.session, LK_ROLE_WARN, "%s: %s; not read", path,
		    rc == -EPERM ? "others may write it" : strerror(-rc));
	gethostname(host, sizeof(host) - 1);
	lk_theme_choose(&preferences, option, getenv("LEAKTOP_THEME"), host, name, sizeof(name));
	lk_theme_banner(&preferences, host, a->desk.session.banner,
	    sizeof(a->desk.session.banner));
	if (rc == 0)
		lk_setup_read(&a->desk.session, &preferences, path);
	lk_preferences_fini(&preferences);
	find_folders(a);
	load_theme(a, name);
	if (no_colour())
		a->theme.mono = true;
}

static void
next_theme(struct app *a)
{
	char names[THEMES_MAX][64];
	size_t count = lk_theme_names(&a->folders, names, THEMES_MAX), at = 0;

	while (at < count && strcmp(names[at], a->theme.name) != 0)
		at++;
	load_theme(a, names[at + 1 < count ? at + 1 : 0]);
	if (no_colour())
		a->theme.mono = true;
	lk_session_say(&a->desk.session, LK_ROLE_MAIN, no_colour() ?
	    "theme %s, without colours: NO_COLOR is set" : "theme %s", a->theme.name);
}

/* In Setup a theme is chosen to stay. */
static void
keep_theme(struct app *a)
{
	if (strcmp(a->desk.views[a->desk.current].ops->id, "setup") == 0)
		lk_setup_keep(&a->desk.session, "theme", a->theme.name);
}

/* ---- what keys ask of the terminal ----------------------------------------- */

static void
export_snapshot(struct app *a)
{
	struct lk_session *s = &a->desk.session;
	struct lk_export_options options = {.format = "json"};
	char path[4096], words[256] = "";
	int rc;

	if (s->now == NULL) {
		lk_session_say(s, LK_ROLE_WARN, "nothing to export yet");
		return;
	}
	options.reference = lk_growth_resolve(s->now, s->reference);
	rc = lk_export_default_path(s->now, options.format, path, sizeof(path));
	if (rc == 0)
		rc = lk_export_write(s->now, &options, path, words, sizeof(words));
	if (rc == 0)
		lk_session_say(s, LK_ROLE_HIGH, "exported to %s", path);
	else
		lk_session_say(s, LK_ROLE_WARN, "not exported: %s",
		    words[0] != '\0' ? words : strerror(-rc));
	s->message_until_ms += 4 * LK_SESSION_MESSAGE_MS;	/* a path takes time to copy */
}

/* A name of its own in the current folder, else at home, else in /tmp; never over a file. */
static FILE *
create_screen(char *path, size_t path_bytes)
{
	char here[3000];
	const char *const folders[] = {getcwd(here, sizeof(here)), getenv("HOME"), "/tmp"};
	time_t now = time(NULL);
	struct tm tm;
	char stamp[32];

	localtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm);
	for (size_t i = 0; i < LK_COUNT_OF(folders); i++) {
		int fd;

		if (folders[i] == NULL)
			continue;
		snprintf(path, path_bytes, "%s/leaktop-screen-%d-%s.txt", folders[i],
		    (int)getpid(), stamp);
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd >= 0)
			return fdopen(fd, "w");
	}
	return NULL;
}

static void
write_screen(struct app *a)
{
	struct lk_session *s = &a->desk.session;
	char path[4096];
	FILE *to = create_screen(path, sizeof(path));
	int rc = to == NULL ? -errno : 0;

	s->to_file = true;
	lk_desk_draw(&a->desk, &a->canvas);
	s->to_file = false;
	a->dirty = true;
	if (to != NULL)
		rc = lk_canvas_dump(&a->canvas, to, false);

	if (to != NULL && fclose(to) != 0)
		rc = -EIO;
	if (rc < 0)
		lk_session_say(s, LK_ROLE_WARN, "screen not written: %s", strerror(-rc));
	else
		lk_session_say(s, LK_ROLE_HIGH, "screen written to %s", path);
}

static void
copy_row(struct app *a)
{
	char row[4096];

	lk_desk_row_text(&a->desk, row, sizeof(row));
	if (row[0] == '\0' || lk_tty_copy(a->tty, row) < 0)
		lk_session_say(&a->desk.session, LK_ROLE_WARN, "no row to copy");
	else
		lk_session_say(&a->desk.session, LK_ROLE_MAIN,
		    "row sent to the terminal's clipboard (OSC 52)");
}

static void
resize(struct app *a)
{
	int rows, cols;

	lk_tty_resize(a->tty);
	lk_tty_size(a->tty, &rows, &cols);
	if (rows != a->canvas.rows || cols != a->canvas.cols)
		lk_canvas_resize(&a->canvas, rows, cols);
	a->dirty = true;
}

static void
grant(struct app *a, enum lk_desk_wish wish)
{
	switch (wish) {
	case LK_DESK_QUIT:
		a->leave = true;
		break;
	case LK_DESK_SUSPEND:
		lk_tty_suspend(a->tty);
		resize(a);
		break;
	case LK_DESK_REDRAW:
		lk_tty_redraw(a->tty);
		break;
	case LK_DESK_THEME:
		next_theme(a);
		keep_theme(a);
		break;
	case LK_DESK_EXPORT:
		export_snapshot(a);
		break;
	case LK_DESK_SCREEN:
		write_screen(a);
		break;
	case LK_DESK_COPY:
		copy_row(a);
		break;
	case LK_DESK_NOTHING:
		break;
	}
}

/* ---- the loop -------------------------------------------------------------- */

static void
take_signal(struct app *a, int number)
{
	switch (number) {
	case SIGWINCH:
		resize(a);
		break;
	case SIGTSTP:
		grant(a, LK_DESK_SUSPEND);
		break;
	case SIGCONT:
		lk_tty_redraw(a->tty);
		a->dirty = true;
		break;
	case SIGHUP:
		a->leave = true;
		break;
	case SIGTERM:
	case SIGINT:
		a->leave = true;
		a->result = 128 + number;
		break;
	default:
		break;
	}
}

static void
take_keys(struct app *a, short events)
{
	int key, count = 0;

	while (!a->leave && (key = lk_tty_key(a->tty)) != LK_KEY_NONE) {
		grant(a, lk_desk_key(&a->desk, key));
		a->dirty = true;
		count++;
	}
	/* Readable, and nothing there: end of file.  It would be readable for ever. */
	if ((events & (POLLHUP | POLLERR | POLLNVAL)) != 0 || (count == 0 && lk_tty_gone(a->tty)))
		a->leave = true;
}

static int
sooner(int a, int b)
{
	return a < 0 ? b : b < 0 || a < b ? a : b;
}

static void
show_frame(struct app *a)
{
	if (!a->dirty || lk_tty_busy(a->tty))
		return;
	lk_desk_draw(&a->desk, &a->canvas);
	lk_tty_show(a->tty, &a->canvas, &a->theme);
	a->dirty = false;
}

static void
run_once(struct app *a, int in_fd)
{
	struct pollfd fds[POLL_MAX] = {{.fd = in_fd, .events = POLLIN},
	    {.fd = a->signals_fd, .events = POLLIN}};
	struct lk_source *source = a->desk.session.source;
	int timeout_ms = lk_desk_timeout(&a->desk, lk_clock_monotonic_ms()), number;
	size_t count = 2, of_source = 0;

	if (source != NULL) {
		timeout_ms = sooner(timeout_ms, TICK_MS);
		of_source = lk_source_poll(source, fds + count, POLL_MAX - count, &timeout_ms);
	}
	if (a->dirty)
		timeout_ms = sooner(timeout_ms, BUSY_MS);
	if (poll(fds, (nfds_t)(count + of_source), timeout_ms) < 0 && errno != EINTR)
		a->leave = true;
	a->desk.session.now_ms = lk_clock_monotonic_ms();
	while ((number = lk_signals_next()) != 0)
		take_signal(a, number);
	if (source != NULL && lk_source_dispatch(source, fds + count, of_source,
	    a->desk.session.now_ms))
		a->dirty = true;
	if (fds[0].revents != 0)
		take_keys(a, fds[0].revents);
	if (lk_desk_tick(&a->desk, lk_clock_monotonic_ms(), lk_clock_wall_s()))
		a->dirty = true;
	show_frame(a);
}

/* ---- start and end --------------------------------------------------------- */

static int
scan_host(void *ctx, int64_t now_ms, const struct lk_process **out)
{
	return lk_discovery_scan(ctx, now_ms, out);
}

static int
open_live(void *ctx, const struct lk_process *process, struct lk_source **out)
{
	const struct lk_session *s = ctx;

	return lk_source_open_live(process->socket_path, process->pid, s->period_ms, out);
}

/* Two files: the second is on the screen, the first is what it is compared with. */
static void
take_sources(struct app *a, const struct lk_app_options *options)
{
	const struct lk_snapshot *first;

	if (options->source_count == 0) {
		lk_desk_show(&a->desk, "processes", false);
		return;
	}
	lk_desk_watch(&a->desk, options->take_sources[options->source_count - 1]);
	if (options->source_count < 2)
		return;
	first = lk_source_snapshot(options->take_sources[0]);
	a->desk.session.before = first != NULL ? lk_snapshot_get(first) : NULL;
	for (size_t i = 0; i + 1 < options->source_count; i++)
		lk_source_close(options->take_sources[i]);
}

static int
set_up_desk(struct app *a, const struct lk_app_options *options)
{
	struct lk_session *s = &a->desk.session;

	if (lk_desk_init(&a->desk) < 0)
		return -ENOMEM;
	s->now_ms = lk_clock_monotonic_ms();
	s->readonly = options->readonly;
	s->period_ms = options->period_ms > 0 ? options->period_ms : 1000;
	s->scan = options->scan;
	s->scan_ctx = options->scan_ctx;
	s->attach = options->attach;
	s->attach_ctx = options->attach_ctx;
	if (s->scan == NULL && (options->source_count == 0 || (options->source_count == 1 &&
	    lk_source_state(options->take_sources[0]) != LK_SOURCE_OFFLINE))) {
		a->discovery = lk_discovery_new();
		if (a->discovery == NULL)
			return -ENOMEM;
		s->scan = scan_host;
		s->scan_ctx = a->discovery;
	}
	a->desk.open = options->open != NULL ? options->open : open_live;
	a->desk.open_ctx = options->open != NULL ? options->open_ctx : s;
	take_sources(a, options);
	return 0;
}

static int
set_up_terminal(struct app *a, const struct lk_app_options *options, char *words,
    size_t words_bytes)
{
	struct lk_tty_options tty = {.in_fd = options->in_fd, .out_fd = options->out_fd,
	    .no_colour = no_colour()};
	int rc;

	if (tty.in_fd == 0 && tty.out_fd == 0)
		tty.out_fd = STDOUT_FILENO;
	a->canvas.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	a->desk.session.ascii = options->ascii || !a->canvas.utf8;
	a->signals_fd = rc = lk_signals_open();
	if (rc < 0)
		return rc;
	rc = lk_tty_open(&tty, words, words_bytes, &a->tty);
	if (rc < 0)
		return rc;
	if (words[0] != '\0')
		lk_session_say(&a->desk.session, LK_ROLE_WARN, "%s", words);
	words[0] = '\0';
	first_theme(a, options->theme);
	resize(a);
	return a->canvas.cells != NULL ? 0 : -ENOMEM;
}

int
lk_app_run(const struct lk_app_options *options, char *words, size_t words_bytes)
{
	struct app *a = calloc(1, sizeof(*a));
	int rc = -ENOMEM;

	words[0] = '\0';
	if (a == NULL)
		return rc;
	setlocale(LC_ALL, "");
	setlocale(LC_NUMERIC, "C");
	rc = set_up_desk(a, options);
	if (rc == 0)
		rc = set_up_terminal(a, options, words, words_bytes);
	while (rc == 0 && !a->leave)
		run_once(a, options->in_fd);
	lk_tty_close(a->tty);
	lk_signals_close();
	if (rc == 0)
		rc = a->result;
	lk_desk_fini(&a->desk);
	lk_discovery_free(a->discovery);
	lk_canvas_fini(&a->canvas);
	free(a);
	return rc;
}
