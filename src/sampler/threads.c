#include "config.h"

#include "sampler/threads.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

#include "base/clock.h"

#define STACK_BYTES	(512u << 10)	/* the walker runs Python-level code of the host's types */

int
lk_threads_start(pthread_t *out, void *(*body)(void *))
{
	sigset_t all, old;
	pthread_attr_t attr;
	int rc;

	sigfillset(&all);
	if (pthread_attr_init(&attr) != 0)
		return -1;
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(out, &attr, body, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	if (rc == 0)
		pthread_setname_np(*out, "leaktop");
	return -rc;
}

static _Atomic uint64_t spent_ns;

void
lk_threads_spent(uint64_t ns)
{
	atomic_fetch_add(&spent_ns, ns);
}

void
lk_threads_ending(void)
{
	lk_threads_spent(lk_clock_thread_cpu_ns());
}

uint64_t
lk_threads_spent_ns(void)
{
	return atomic_load(&spent_ns);
}
