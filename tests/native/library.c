/* library.c - a library that takes memory by itself, built and loaded by the tests beside it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* Whether calls of malloc in this library go elsewhere than they were bound. */
int
is_hooked(void)
{
	void *(*volatile ours)(size_t) = malloc;

	return (void *)ours != dlsym(RTLD_DEFAULT, "malloc");
}

void *
take_malloc(size_t n)
{
	return malloc(n);
}

void *
take_calloc(size_t n)
{
	char *p = calloc(n / 8, 8);
	size_t i;

	for (i = 0; p != NULL && i < n / 8 * 8; i++)
		if (p[i] != 0)
			return NULL;
	return p;
}

void *
take_realloc(size_t n)
{
	void *p = realloc(NULL, n / 3);

	p = realloc(p, n / 2);
	return realloc(p, n);
}

void *
take_reallocarray(size_t n)
{
	return reallocarray(NULL, n / 4, 4);
}

void *
take_posix_memalign(size_t n)
{
	void *p = NULL;

	return posix_memalign(&p, 64, n) == 0 && (size_t)p % 64 == 0 ? p : NULL;
}

void *
take_aligned_alloc(size_t n)
{
	return aligned_alloc(4096, n);
}

void *
take_memalign(size_t n)
{
	return memalign(32, n);
}

void *
take_valloc(size_t n)
{
	return valloc(n);
}

void
give(void *p)
{
	free(p);
}

/* A realloc that cannot succeed leaves the block, and says why. */
int
grow_too_far(void *p)
{
	errno = 0;
	return realloc(p, (size_t)1 << 60) == NULL ? errno : 0;
}

void *
grow(void *p, size_t n)
{
	return realloc(p, n);
}

void *
map(size_t n)
{
	return mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

void *
map_over(void *p, size_t n, int protection)
{
	return mmap(p, n, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

void *
reserve(size_t n)
{
	return mmap(NULL, n, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

int
unmap(void *p, size_t n)
{
	return munmap(p, n) == 0 ? 0 : errno;
}

void *
remap(void *p, size_t old, size_t n)
{
	return mremap(p, old, n, MREMAP_MAYMOVE);
}

/* ---- threads that Python does not know ---------------------------------------------- */

struct job {
	void	*kept[64];
	size_t	 n;
};

static pthread_key_t at_end;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Runs when the thread ends, after it has lost most of what it had. */
static void
leave(void *p)
{
	free(p);
	free(malloc(50000));
}

static void
make_key(void)
{
	pthread_key_create(&at_end, leave);
}

static void *
work(void *arg)
{
	struct job *job = arg;
	size_t i;

	pthread_once(&once, make_key);
	pthread_setspecific(at_end, malloc(30000));
	for (i = 0; i < 64; i++)
		job->kept[i] = malloc(job->n);
	return NULL;
}

/* 64 blocks of N bytes by a thread of its own; give_all() frees them. */
void *
take_in_thread(size_t n)
{
	struct job *job = malloc(sizeof(*job));
	pthread_t thread;

	job->n = n;
	if (pthread_create(&thread, NULL, work, job) != 0)
		return NULL;
	pthread_join(thread, NULL);
	return job;
}

void
give_all(void *p)
{
	struct job *job = p;
	size_t i;

	for (i = 0; i < 64; i++)
		free(job->kept[i]);
	free(job);
}

/* ---- signals ----------------------------------------------------------------------------- */

static volatile sig_atomic_t signals, errors;

static void
handle(int number)
{
	int saved_errno = errno;
	void *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)number;
	if (p == MAP_FAILED || munmap(p, 1 << 20) != 0)
		errors++;
	signals++;
	errno = saved_errno;
}

/* Allocates while a timer's handler maps and unmaps, until it ran COUNT times.  Returns: errors. */
int
storm(int count)
{
	struct itimerval timer = {{0, 200}, {0, 200}}, none = {{0, 0}, {0, 0}};
	struct sigaction action = {.sa_handler = handle}, old;
	void *p;

	sigaction(SIGPROF, &action, &old);
	setitimer(ITIMER_PROF, &timer, NULL);
	while (signals < count) {
		errno = 77;
		p = malloc(20000);
		free(p);
		if (errno != 77)
			errors++;
	}
	setitimer(ITIMER_PROF, &none, NULL);
	sigaction(SIGPROF, &old, NULL);
	return errors;
}

/* ---- libraries that come and go --------------------------------------------------------- */

static void
take_and_give(void)
{
	void *volatile p = malloc(20000);	/* or the compiler leaves both out */

	free(p);
}

/* COUNT times the library A, then B, is opened, called through and closed.  Returns: how often
 * that failed. */
int
come_and_go(const char *a, const char *b, int count)
{
	void (*through)(void (*)(void));
	void *handle, *symbol;
	int i, wrong = 0;

	for (i = 0; i < count; i++) {
		handle = dlopen(i % 2 == 0 ? a : b, RTLD_NOW | RTLD_LOCAL);
		symbol = handle == NULL ? NULL : dlsym(handle, "through");
		memcpy(&through, &symbol, sizeof(through));
		if (symbol != NULL)
			through(take_and_give);
		wrong += symbol == NULL || dlclose(handle) != 0;
	}
	return wrong;
}

/* ---- fork ---------------------------------------------------------------------------------- */

static volatile int storming;

static void *
allocate_on(void *unused)
{
	(void)unused;
	while (storming)
		free(malloc(20000));
	return NULL;
}

/* A child made the moment the sampler has turned this library's calls, and maybe not yet those of
 * others. */
int
fork_when_hooked(void)
{
	while (!is_hooked())
		continue;
	return fork();
}

/* COUNT children made by fork() while two threads allocate; each allocates, too, and exits with
 * its number.  Returns: how many ended otherwise. */
int
fork_on(int count)
{
	pthread_t threads[2];
	int i, j, status, wrong = 0;
	pid_t child;

	storming = 1;
	for (i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, allocate_on, NULL);
	for (i = 0; i < count; i++) {
		child = fork();
		if (child == 0) {
			for (j = 0; j < 300; j++)
				free(malloc(20000));
			_exit(i % 100 + 1);
		}
		if (waitpid(child, &status, 0) != child || !WIFEXITED(status) ||
		    WEXITSTATUS(status) != i % 100 + 1)
			wrong++;
	}
	storming = 0;
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	return wrong;
}
