/* A snapshot file from anywhere, read, counted, written again and looked at. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/attr.h"
#include "client/source.h"
#include "ui/desk.h"

#include "fuzz.h"

const char *const fuzz_seeds[] = {"tests/fuzz/seeds/snapshot*.json", NULL};

/* Down, a trend zoomed and further back, closed; grouped otherwise, in another order, turned
 * upside down. */
static const char *const keys[] = {"j", "z", "---", "\033", "t", ">", "i"};

static void
press(struct lk_desk *desk, struct lk_canvas *canvas)
{
	for (size_t i = 0; i < LK_COUNT_OF(keys); i++) {
		for (const char *key = keys[i]; *key != '\0'; key++)
			lk_desk_key(desk, *key);
		lk_desk_draw(desk, canvas);
	}
}

static void
look(struct lk_source *take_source)
{
	struct lk_canvas canvas = {.utf8 = true};
	struct lk_desk desk;

	if (lk_desk_init(&desk) < 0 || lk_canvas_resize(&canvas, 24, 80) < 0)
		abort();
	lk_desk_watch(&desk, take_source);
	for (const struct lk_view_ops *const *view = lk_views_all; *view != NULL; view++) {
		lk_desk_show(&desk, (*view)->id, false);
		lk_desk_tick(&desk, 1000, 1700000000);
		press(&desk, &canvas);
	}
	lk_desk_fini(&desk);
	lk_canvas_fini(&canvas);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	char path[64], words[256];
	struct lk_source *source;
	int fd = memfd_create("snapshot", MFD_CLOEXEC);

	if (fd < 0 || write(fd, bytes, count) != (ssize_t)count)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (lk_source_open_file(path, words, sizeof(words), &source) == 0)
		look(source);
	close(fd);
	return 0;
}
