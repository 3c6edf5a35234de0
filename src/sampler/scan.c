#include "config.h"

#include "sampler/scan.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "sampler/core/pages.h"
#include "sampler/core/thread.h"
#include "sampler/heap/containers.h"
#include "sampler/heap/longest.h"
#include "sampler/threads.h"

static struct lk_containers_scan *scan;
static void (*ring_server)(void);
static pthread_t walker;
static bool running;		/* the server's: a thread to join */
static atomic_bool ended, stop;
static bool usable;		/* the last walk was not stopped */
static bool interrupted;	/* a walk was stopped, which nobody was told yet */
static uint32_t number;
static const struct lk_layout *layout;
static const struct lk_symbols *symbols;

void
lk_scan_init(const struct lk_layout *l, const struct lk_symbols *s, void (*ring)(void))
{
	layout = l;
	symbols = s;
	ring_server = ring;
}

static void *
walk(void *unused)
{
	(void)unused;
	lk_thread.inside = true;
	usable = lk_containers_walk_callspy(scan);
	lk_threads_ending();
	atomic_store(&ended, true);
	ring_server();
	return NULL;
}

int
lk_scan_start(uint64_t min_length)
{
	int rc;

	if (running)
		return -EBUSY;
	if (layout == NULL)
		return -ENOTSUP;
	if (scan == NULL)
		scan = lk_pages_map(sizeof(*scan));
	if (scan == NULL)
		return -ENOMEM;
	scan->layout = layout;
	scan->symbols = symbols;
	scan->min_length = min_length;
	scan->stop = &stop;
	atomic_store(&stop, false);
	atomic_store(&ended, false);
	rc = lk_threads_start(&walker, walk);
	running = rc == 0;
	return rc;
}

uint32_t
lk_scan_poll(void)
{
	if (interrupted) {	/* whoever waits for it would wait for ever */
		interrupted = false;
		return ++number;
	}
	if (!running || !atomic_load(&ended))
		return 0;
	pthread_join(walker, NULL);
	running = false;
	if (usable)
		lk_longest_sort(scan);
	return ++number;
}

bool
lk_scan_is_running(void)
{
	return running;
}

struct lk_containers_scan *
lk_scan_result(void)
{
	return running || number == 0 || !usable ? NULL : scan;
}

void
lk_scan_stop(void)
{
	if (!running)
		return;
	atomic_store(&stop, true);
	pthread_join(walker, NULL);
	running = false;
	usable = false;
	interrupted = true;
}

void
lk_scan_after_fork(void)
{
	interrupted |= running;
	running = false;
	usable = false;
}
