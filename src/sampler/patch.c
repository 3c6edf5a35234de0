#include "config.h"

#include "sampler/patch.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <time.h>

#include "sampler/core/events.h"
#include "sampler/core/thread.h"
#include "sampler/native/native.h"
#include "sampler/threads.h"

#define STOP_WAIT_NS	100000000L

static pthread_t thread;
static bool usable, running;	/* running: a thread to join */
static atomic_bool ended;

void
lk_patch_init(void)
{
	usable = true;
}

static void *
patch(void *unused)
{
	(void)unused;
	lk_thread.inside = true;
	lk_native_refresh();
	lk_threads_ending();
	atomic_store(&ended, true);
	return NULL;
}

static void
join_if_ended(void)
{
	if (!running || !atomic_load(&ended))
		return;
	pthread_join(thread, NULL);
	running = false;
}

void
lk_patch_tend(void)
{
	join_if_ended();
	if (!usable || running || !lk_native_is_due())
		return;
	atomic_store(&ended, false);
	running = lk_threads_start(&thread, patch) == 0;
	if (!running)
		lk_events_add("no-thread", 0);
}

bool
lk_patch_is_running(void)
{
	return running;
}

void
lk_patch_stop(void)
{
	struct timespec until;

	if (!running)
		return;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += STOP_WAIT_NS;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	if (pthread_timedjoin_np(thread, NULL, &until) == 0)
		running = false;
}

void
lk_patch_after_fork(void)
{
	running = false;
}
