#include "config.h"

#include "sampler/patch.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stddef.h>
#include <time.h>

#include "base/clock.h"
#include "sampler/core/events.h"
#include "sampler/core/thread.h"
#include "sampler/native/gate.h"
#include "sampler/native/native.h"
#include "sampler/threads.h"

#define STOP_WAIT_NS	100000000L

static pthread_t thread;
static bool usable, running;	/* running: a thread to join */
static bool refused;		/* the last time there was no thread to be had */
static atomic_bool looks, stopping, ended;
static sem_t wanted;

void
lk_patch_init(void)
{
	usable = true;
}

static void
look(uint64_t *counted_ns)
{
	uint64_t now_ns;

	if (lk_native_is_due())
		lk_native_refresh();
	now_ns = lk_clock_thread_cpu_ns();
	lk_threads_spent(now_ns - *counted_ns);
	*counted_ns = now_ns;
	atomic_store(&looks, false);
}

static void *
patch(void *unused)
{
	uint64_t counted_ns = 0;

	(void)unused;
	lk_thread.inside = true;
	while (!atomic_load(&stopping))
		if (sem_wait(&wanted) == 0 && !atomic_load(&stopping))
			look(&counted_ns);
	atomic_store(&ended, true);
	return NULL;
}

static void
start(void)
{
	atomic_store(&stopping, false);
	atomic_store(&ended, false);
	atomic_store(&looks, false);
	sem_init(&wanted, 0, 0);
	running = lk_threads_start(&thread, patch) == 0;
	if (!running && !refused)
		lk_events_add("no-thread", 0);
	refused = !running;
}

/* One that was stopped, and not waited for to the end. */
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
	if (!usable || !lk_native_is_wanted())
		return;
	if (!running)
		start();
	if (running && !atomic_exchange(&looks, true))
		sem_post(&wanted);
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
	lk_gate_close();	/* it gives up what it is about */
	atomic_store(&stopping, true);
	sem_post(&wanted);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += STOP_WAIT_NS;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	if (pthread_timedjoin_np(thread, NULL, &until) == 0)
		running = false;
	lk_gate_open();
}

void
lk_patch_before_fork(void)
{
	lk_gate_close();
}

void
lk_patch_after_fork(bool child)
{
	if (!child) {
		lk_gate_open();
		return;
	}
	running = false;
	lk_native_after_fork();
}
