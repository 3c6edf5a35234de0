/* Threads: the hooks in many of them, the real server with clients, baselines, thinning, changes of
 * the interval, pauses, forks, all at once.  make check-tsan runs it under ThreadSanitizer. */
#include "config.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>

#include "base/attr.h"
#include "leaktop/sampler.h"
#include "sampler/core/countdown.h"
#include "sampler/core/thread.h"
#include "sampler/cpython/hooks.h"
#include "sampler/cpython/symbols.h"
#include "sampler/process/address.h"
#include "sampler/record.h"
#include "sampler/serve.h"
#include "sampler/status.h"
#include "sampler/tend.h"

#include "fake_python.h"
#include "suites.h"

#define HOSTS		4
#define STEPS		60000u
#define BLOCKS		256u
#define SHARED		64u
#define ROUNDS		40u	/* of requests, or the hosts' end, whichever is later */
#define FORKS		15

struct block {
	unsigned char	*p;
	size_t		 bytes;
	enum fake_domain domain;
};

static struct lk_symbols symbols;
static char folder[64], path[108];
static struct block shared[SHARED];	/* blocks that another thread frees */
static pthread_mutex_t shared_lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_int hosts_running;
static atomic_int wrong_count;	/* threads count; only the main one may use Check's assertions */

static void
put(const struct lk_symbols *py, int domain)
{
	struct lk_allocator hooks = *lk_hooks_ours(domain);

	py->set_allocator(domain, &hooks);
}

static void
start(enum lk_hook_mode mode)
{
	snprintf(folder, sizeof(folder), "/tmp/leaktop-threads-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	setenv("LEAKTOP_DIR", folder, 1);
	snprintf(path, sizeof(path), "%s/leaktop-%d.sock", folder, (int)getpid());
	lk_address_tell(getenv(LK_ENV_DIR), getenv("XDG_RUNTIME_DIR"));
	ck_assert_int_eq(lk_record_init(4u << 20, 1024, getpid(), true), 0);
	ck_assert_int_eq(lk_serve_init(), 0);
	lk_record.thread_state = fake_python_thread_state;
	fake_python_start(&symbols);
	ck_assert_int_eq(lk_hooks_install(&symbols, &lk_record.sink, mode == LK_HOOKS_SLOTS,
	    put), mode);
	lk_status.mode = mode == LK_HOOKS_SLOTS ? "slots" : "hash";
	atomic_store(&lk_record.active, true);
}

/* ---- the host's threads --------------------------------------------------------------- */

static uint32_t
below(uint64_t *random, uint32_t n)
{
	return (uint32_t)(lk_countdown_random(random) % n);
}

static void
go_somewhere(uint64_t *random)
{
	uint64_t keys[FAKE_DEPTH_MAX];
	uint32_t count = 1 + below(random, FAKE_DEPTH_MAX), i;

	for (i = 0; i < count; i++)
		keys[i] = (uint64_t)(1 + below(random, 20)) << 24 | below(random, 40);
	fake_python_at(keys, count);
}

/* The first and the last byte say what the block is. */
static void
mark(const struct block *b)
{
	b->p[0] = b->p[b->bytes - 1] = (unsigned char)(b->bytes % 251);
}

static void
expect(bool right)
{
	if (!right)
		atomic_fetch_add(&wrong_count, 1);
}

static void
expect_marked(const struct block *b)
{
	expect(b->p[0] == b->bytes % 251 && b->p[b->bytes - 1] == b->bytes % 251);
}

static size_t
some_size(uint64_t *random)
{
	static const size_t most[] = {16, 64, 512, 513, 600, 5000, 70000};

	return 1 + below(random, (uint32_t)most[below(random, 7)]);
}

static void
make(struct block *b, uint64_t *random)
{
	b->domain = (enum fake_domain)below(random, FAKE_DOMAINS);
	b->bytes = some_size(random);
	b->p = below(random, 4) == 0 ? fake_python_calloc(b->domain, b->bytes) :
	    fake_python_malloc(b->domain, b->bytes);
	mark(b);
}

static void
resize(struct block *b, uint64_t *random)
{
	size_t bytes = some_size(random);

	expect_marked(b);
	b->p = fake_python_realloc(b->domain, b->p, bytes);
	expect(b->p[0] == b->bytes % 251);
	b->bytes = bytes;
	mark(b);
}

static void
drop(struct block *b)
{
	if (b->p != NULL) {
		expect_marked(b);
		fake_python_free(b->domain, b->p);
	}
	b->p = NULL;
}

/* B goes to another thread, and another thread's comes here. */
static void
swap(struct block *b, uint64_t *random)
{
	struct block *other = &shared[below(random, SHARED)], kept;

	pthread_mutex_lock(&shared_lock);
	kept = *other;
	*other = *b;
	*b = kept;
	pthread_mutex_unlock(&shared_lock);
}

static void *
host_body(void *seed)
{
	uint64_t random = (uint64_t)(uintptr_t)seed;
	struct block blocks[BLOCKS] = {{NULL, 0, FAKE_RAW}}, *b;
	uint32_t i;

	for (i = 0; i < STEPS; i++) {
		b = &blocks[below(&random, BLOCKS)];
		go_somewhere(&random);
		if (b->p == NULL)
			make(b, &random);
		else if (below(&random, 3) == 0)
			resize(b, &random);
		else if (below(&random, 3) == 0)
			swap(b, &random);
		else
			drop(b);
	}
	for (i = 0; i < BLOCKS; i++)
		drop(&blocks[i]);
	atomic_fetch_sub(&hosts_running, 1);
	return NULL;
}

/* ---- the sampler's thread, and who talks to it -------------------------------------------- */

static void *
server_body(void *unused)
{
	(void)unused;
	lk_thread.inside = true;
	while (atomic_load(&hosts_running) > 0)
		lk_serve_run(0);	/* until it is told to stop */
	return NULL;
}

static int
dial(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	while (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		usleep(1000);	/* poll: until the server listens */
	return fd;
}

/* Reads until the reply with id 9 has come. */
static void
await_reply(int fd)
{
	static const char wanted[] = "\"t\":\"reply\",\"id\":9,";
	char bytes[65536 + sizeof(wanted)];
	size_t kept = 0;
	ssize_t n;

	while ((n = recv(fd, bytes + kept, 65536, 0)) > 0) {
		kept += (size_t)n;
		if (memmem(bytes, kept, wanted, sizeof(wanted) - 1) != NULL)
			return;
		n = kept < sizeof(wanted) ? (ssize_t)kept : (ssize_t)sizeof(wanted);
		memmove(bytes, bytes + kept - (size_t)n, (size_t)n);
		kept = (size_t)n;
	}
	expect(false);	/* the server closed the connection */
}

static void *
client_body(void *unused)
{
	static const char *const requests[] = {"\"subscribe\",\"period_ms\":100",
	    "\"interval\",\"bytes\":2048", "\"baseline\"", "\"pause\"", "\"resume\"",
	    "\"trends\"", "\"events\"", "\"interval\",\"bytes\":1024",
	    "\"baseline.rows\",\"baseline\":1", "\"history\"", "\"memory\"",
	    "\"baseline.drop\",\"baseline\":1", "\"interval\",\"bytes\":65536",
	    "\"unsubscribe\"", "\"interval\",\"bytes\":1024"};
	char line[128];
	int fd = dial();
	uint32_t i;

	(void)unused;
	for (i = 0; i < ROUNDS || atomic_load(&hosts_running) > 0; i++) {
		snprintf(line, sizeof(line), "{\"id\":9,\"op\":%s}\n",
		    requests[i % LK_COUNT_OF(requests)]);
		expect(send(fd, line, strlen(line), MSG_NOSIGNAL) > 0);
		await_reply(fd);
	}
	close(fd);
	return NULL;
}

static void
in_parent(void)
{
	lk_tend_after_fork(false);
}

static void
in_child(void)
{
	lk_tend_after_fork(true);
}

/* In the child the forking thread goes on with all that it inherited; the lock that stands for the
 * GIL may be held by a thread that is not there, so it keeps to RAW. */
static void
go_on_in_child(void)
{
	struct block b = {NULL, 0, FAKE_RAW};
	uint64_t random = 5;
	uint32_t i;

	alarm(30);
	for (i = 0; i < 2000; i++) {
		go_somewhere(&random);
		b.bytes = some_size(&random);
		b.p = fake_python_malloc(FAKE_RAW, b.bytes);
		mark(&b);
		drop(&b);
	}
	if (atomic_load(&wrong_count) == 0)	/* valgrind would miss what others' stacks held */
		kill(getpid(), SIGKILL);
	_exit(1);
}

static void *
forker_body(void *unused)
{
	int i, status;
	pid_t pid;

	(void)unused;
	for (i = 0; i < FORKS; i++) {
		pid = fork();
		if (pid == 0)
			go_on_in_child();
		expect(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
		    WTERMSIG(status) == SIGKILL);
	}
	return NULL;
}

static void
run_all(void)
{
	pthread_t hosts[HOSTS], server, clients[2];
	int i;

	atomic_store(&hosts_running, HOSTS);
	for (i = 0; i < HOSTS; i++)
		pthread_create(&hosts[i], NULL, host_body, (void *)(uintptr_t)(i + 1));
	pthread_create(&server, NULL, server_body, NULL);
	for (i = 0; i < 2; i++)
		pthread_create(&clients[i], NULL, client_body, NULL);
	for (i = 0; i < HOSTS; i++)
		pthread_join(hosts[i], NULL);
	for (i = 0; i < 2; i++)
		pthread_join(clients[i], NULL);
	lk_serve_stop();
	pthread_join(server, NULL);
	lk_serve_close("exit");
	rmdir(folder);
}

/* Slots handed out and not released. */
static uint64_t
bytes_in_slots(void)
{
	uint64_t bytes = lk_record.slots.taken_bytes;
	void *p = lk_record.slots.released;

	for (; p != NULL; memcpy(&p, p, sizeof(p)))
		bytes -= lk_slots_capacity(&lk_record.slots, p);
	return bytes;
}

/* Whatever happened: what was made and freed leaves nothing. */
static void
ck_nothing_is_left(void)
{
	uint32_t i;

	for (i = 0; i < SHARED; i++)
		drop(&shared[i]);
	lk_tend_settle();
	ck_assert_int_eq(atomic_load(&wrong_count), 0);
	ck_assert_uint_gt(lk_record.stats.samples, 5000);
	ck_assert_uint_gt(lk_record.stats.thinned, 0);
	ck_assert_uint_eq(lk_record.live.live_count, 0);
	ck_assert_double_eq(lk_record.live_bytes, 0);
	ck_assert_uint_eq(bytes_in_slots(), 0);
	for (i = 0; i < lk_record.stacks.stack_count; i++)
		ck_assert_uint_eq(lk_record.stacks.stacks[i].cell, LK_STACKS_NONE);
}

/* The sanitizers' allocators keep the locks that other threads had when one of them forked. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MAY_FORK 0
#else
#define MAY_FORK 1
#endif

START_TEST(everything_at_once)
{
	start(_i == 0 ? LK_HOOKS_SLOTS : LK_HOOKS_HASH);
	run_all();
	ck_nothing_is_left();
}
END_TEST

START_TEST(forks_meanwhile)
{
	pthread_t forker, hosts[HOSTS];
	int i;

	start(LK_HOOKS_SLOTS);
	pthread_atfork(lk_tend_before_fork, in_parent, in_child);
	atomic_store(&hosts_running, HOSTS);
	for (i = 0; i < HOSTS; i++)
		pthread_create(&hosts[i], NULL, host_body, (void *)(uintptr_t)(i + 1));
	pthread_create(&forker, NULL, forker_body, NULL);
	for (i = 0; i < HOSTS; i++)
		pthread_join(hosts[i], NULL);
	pthread_join(forker, NULL);
	for (i = 0; i < (int)SHARED; i++)
		drop(&shared[i]);
	lk_tend_settle();
	ck_assert_int_eq(atomic_load(&wrong_count), 0);
	ck_assert_uint_eq(lk_record.live.live_count, 0);
	rmdir(folder);
}
END_TEST

/* ---- the end ----------------------------------------------------------------------------- */

static atomic_bool walks, let_go;

static const void *
held_thread_state(void)
{
	atomic_store(&walks, true);
	while (!atomic_load(&let_go))
		continue;
	return fake_python_thread_state();
}

static void *
allocate_once(void *unused)
{
	(void)unused;
	fake_python_free(FAKE_RAW, fake_python_malloc(FAKE_RAW, 1u << 20));
	return NULL;
}

/* The interpreter takes its memory back after this: nobody reads it any more. */
START_TEST(the_end_waits_for_who_walks)
{
	pthread_t thread;
	uint64_t before;

	start(LK_HOOKS_HASH);
	lk_record.thread_state = held_thread_state;
	ck_assert_int_eq(pthread_create(&thread, NULL, allocate_once, NULL), 0);
	while (!atomic_load(&walks))
		continue;
	ck_assert(!lk_tend_close());	/* not for ever */
	atomic_store(&let_go, true);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert(lk_tend_close());
	before = atomic_load(&lk_record.stats.samples);
	atomic_store(&walks, false);
	allocate_once(NULL);
	ck_assert_uint_eq(atomic_load(&lk_record.stats.samples), before);
	ck_assert(!atomic_load(&walks));
	rmdir(folder);
}
END_TEST

static Suite *
threads_suite(void)
{
	Suite *s = suite_create("threads");
	TCase *tc = tcase_create("threads");

	tcase_set_timeout(tc, 90);
	tcase_add_loop_test(tc, everything_at_once, 0, 2);
	if (MAY_FORK)
		tcase_add_test(tc, forks_meanwhile);
	tcase_add_test(tc, the_end_waits_for_who_walks);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {threads_suite, NULL};

	return lk_suites_run(suites);
}
