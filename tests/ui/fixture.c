#include "config.h"

#include "fixture.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/attr.h"
#include "client/discover.h"
#include "client/source.h"
#include "util/text.h"

#define SEED 7

#define KIB(n) ((uint64_t)(n) << 10)
#define MIB(n) ((uint64_t)(n) << 20)

static const struct lk_process processes[] = {
	{.pid = 41200, .group_pid = 41200, .uid = 33, .start_time = 1, .up_s = 190830,
	    .rss_bytes = MIB(58), .rss_growth_bytes_per_min = 0, .user = "www-data",
	    .python = "3.11", .command = "/usr/bin/python3 /usr/bin/gunicorn shop.wsgi -w 3",
	    .name = "gunicorn", .has_sampler = true, .socket_path = "/nowhere"},
	{.pid = 41207, .ppid = 41200, .group_pid = 41200, .uid = 33, .start_time = 2,
	    .up_s = 190829, .rss_bytes = MIB(1863), .rss_growth_bytes_per_min = 15.0 * 1048576,
	    .user = "www-data", .python = "3.11",
	    .command = "/usr/bin/python3 /usr/bin/gunicorn shop.wsgi -w 3", .name = "gunicorn",
	    .has_sampler = true, .socket_path = "/nowhere"},
	{.pid = 41208, .ppid = 41200, .group_pid = 41200, .uid = 33, .start_time = 3,
	    .up_s = 190829, .rss_bytes = MIB(1790), .rss_growth_bytes_per_min = 14.1 * 1048576,
	    .user = "www-data", .python = "3.11",
	    .command = "/usr/bin/python3 /usr/bin/gunicorn shop.wsgi -w 3", .name = "gunicorn",
	    .has_sampler = true, .socket_path = "/nowhere"},
	{.pid = 977, .group_pid = 977, .uid = 0, .start_time = 4, .up_s = 1900000,
	    .rss_bytes = KIB(21500), .rss_growth_bytes_per_min = 0, .user = "root",
	    .python = "3.11", .command = "/usr/bin/python3 /usr/sbin/unattended-upgrade",
	    .name = "unattended-upgrade", .why_not = "not started under leaktop run"},
	{.pid = 52011, .group_pid = 52011, .uid = 1000, .start_time = 5, .up_s = 312,
	    .rss_bytes = MIB(214), .rss_growth_bytes_per_min = -2.5 * 1048576, .user = "eve",
	    .python = "", .command = "python3 \033[2Jevil\xe2\x80\xae.py %s%n", .name = "evil",
	    .why_not = "other user"},
};

int
fixture_scan(void *ctx, int64_t now_ms, const struct lk_process **out)
{
	(void)ctx;
	(void)now_ms;
	*out = processes;
	return (int)LK_COUNT_OF(processes);
}

int
fixture_open_process(void *ctx, const struct lk_process *process, struct lk_source **out)
{
	(void)ctx;
	(void)process;
	return lk_source_open_dummy(SEED, out);
}

static const struct lk_group_finder finder = {fixture_scan, NULL, fixture_open_process, NULL};

static void
pass(struct fixture *f, int seconds)
{
	for (int i = 0; i < seconds; i++) {
		f->now_ms += 1000;
		if (f->desk.session.source != NULL)
			lk_source_dispatch(f->desk.session.source, NULL, 0, f->now_ms);
		lk_desk_tick(&f->desk, f->now_ms, 1700000000 + (double)f->now_ms / 1000);
	}
}

/* Replies come with the next dispatch, without time passing. */
static void
settle(struct fixture *f)
{
	for (int i = 0; i < 3; i++) {
		if (f->desk.session.source != NULL)
			lk_source_dispatch(f->desk.session.source, NULL, 0, f->now_ms);
		lk_desk_tick(&f->desk, f->now_ms, 1700000000 + (double)f->now_ms / 1000);
	}
}

void
fixture_open(struct fixture *f, int rows, int cols, bool utf8, bool list)
{
	struct lk_source *source;

	memset(f, 0, sizeof(*f));
	lk_text_use_unit(LK_TEXT_BINARY);	/* what the one before chose */
	setenv("TZ", "UTC", 1);
	tzset();
	setlocale(LC_ALL, utf8 ? "C.UTF-8" : "C");
	f->canvas.utf8 = utf8;
	f->now_ms = 100000;
	if (lk_canvas_resize(&f->canvas, rows, cols) < 0 || lk_desk_init(&f->desk) < 0)
		abort();
	f->desk.session.ascii = !utf8;
	f->desk.session.now_ms = f->now_ms;
	if (list) {
		f->desk.session.scan = fixture_scan;
		f->desk.open = fixture_open_process;
		f->desk.finder = &finder;
		lk_desk_show(&f->desk, "processes", false);
	} else {
		if (lk_source_open_dummy(SEED, &source) < 0)
			abort();
		lk_desk_watch(&f->desk, source);
	}
	settle(f);
}

void
fixture_close(struct fixture *f)
{
	lk_desk_fini(&f->desk);
	lk_canvas_fini(&f->canvas);
}

static void
press(struct fixture *f, int key)
{
	f->wish = lk_desk_key(&f->desk, key);
	settle(f);
}

static int
key_named(const char *name)
{
	char text[16];

	if (strncmp(name, "C-", 2) == 0)
		return LK_KEY_CTRL(name[2]);
	for (int key = 1; key <= LK_KEY_F12; key++) {
		if (key == 128)
			key = LK_KEY_UP;
		if (strcmp(lk_keys_name(key, text, sizeof(text)), name) == 0)
			return key;
	}
	fprintf(stderr, "fixture: no key is called %s\n", name);
	abort();
}

static void
play_word(struct fixture *f, const char *word)
{
	char name[16];

	if (word[0] == '+' && word[1] != '\0') {
		pass(f, atoi(word + 1));
		return;
	}
	while (*word != '\0') {
		const char *end = strchr(word, '>');

		if (*word == '<' && end != NULL && end - word > 1 && end - word < 16) {
			snprintf(name, sizeof(name), "%.*s", (int)(end - word - 1), word + 1);
			press(f, key_named(name));
			word = end + 1;
			continue;
		}
		press(f, *word == '_' ? ' ' : (unsigned char)*word);
		word++;
	}
}

void
fixture_play(struct fixture *f, const char *script)
{
	char *copy = strdup(script), *rest = NULL;

	for (char *word = strtok_r(copy, " ", &rest); word != NULL;
	    word = strtok_r(NULL, " ", &rest))
		play_word(f, word);
	free(copy);
	lk_desk_draw(&f->desk, &f->canvas);
}
