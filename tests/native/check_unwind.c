/* The trace of frames of every kind is what the compiler's own unwinder says; damaged tables and
 * wild registers give a shorter one, never a wild read. */
#include "config.h"

#include <execinfo.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <check.h>

#include "base/attr.h"
#include "sampler/core/countdown.h"
#include "sampler/core/live.h"
#include "sampler/core/pages.h"
#include "sampler/core/sink.h"
#include "sampler/core/thread.h"
#include "sampler/native/cfi.h"
#include "sampler/native/native.h"
#include "sampler/native/objects.h"
#include "sampler/native/unwind.h"

#include "suites.h"

#define ROOM	(4u << 20)
#define DEEPER	200	/* than a trace is long */

static struct lk_pages pages;
static struct lk_live live;
static const struct lk_sink sink = {.live = &live};
static volatile int sum;
static int compared;

static void
start(void)
{
	struct lk_native_options options = {.wanted = LK_NATIVE_STACKS, .sink = &sink};
	int i;

	lk_pages_init(&pages, lk_pages_map(ROOM), ROOM);
	ck_assert_int_eq(lk_live_init(&live, &pages, 256), 0);
	lk_thread.left_bytes = INT64_MAX / 2;
	options.interpreter = &options;
	lk_native_init(&options);
	for (i = 0; i < 5 && lk_native_is_due(); i++)
		lk_native_refresh();
	ck_assert(lk_unwind_works());
}

/* Inward of this function the two differ; a sanitizer has one of its own there. */
__attribute__((noinline)) static void
compare(void)
{
	void *theirs[LK_FRAMES_MAX * 2];
	void **same = theirs;
	struct lk_trace ours;
	uint32_t i, count;

	count = (uint32_t)backtrace(theirs, (int)LK_COUNT_OF(theirs));
	lk_unwind_trace(&ours);
	ck_assert_uint_ge(count, 5);
	ck_assert_uint_ge(ours.count, 4);
	if (ours.pc[1] == theirs[2]) {
		same++;
		count--;
	}
	ck_assert_uint_eq(ours.count, count < LK_FRAMES_MAX ? count : LK_FRAMES_MAX);
	for (i = 1; i < ours.count; i++)
		ck_assert_msg(ours.pc[i] == same[i], "frame %u of %u: %p, not %p", i,
		    ours.count, ours.pc[i], same[i]);
	compared++;
}

__attribute__((noinline)) static void
recurse(int n)
{
	if (n == 0)
		compare();
	else
		recurse(n - 1);
	sum += n;
}

/* Its frame is found by the frame pointer. */
__attribute__((noinline)) static void
with_room(size_t n)
{
	volatile char *room = __builtin_alloca(n);

	room[0] = room[n - 1] = 1;
	recurse(2);
	sum += room[0];
}

/* Its stack is realigned. */
__attribute__((noinline)) static void
aligned(int n)
{
	_Alignas(128) volatile char room[256];
	volatile char *more = __builtin_alloca((size_t)n * 16 + 16);

	room[0] = room[255] = more[0] = 1;
	with_room(1000);
	sum += room[0] + more[0];
}

static int
by_libc(const void *a, const void *b)
{
	(void)b;
	if (compared == 0)
		aligned(3);
	return *(const char *)a;
}

START_TEST(frames_of_every_kind)
{
	char two[2] = {1, 2};

	compare();
	compared = 0;
	recurse(10);
	with_room(5000);
	aligned(7);
	compared = 0;
	qsort(two, 2, 1, by_libc);
	ck_assert_int_eq(compared, 1);
	recurse(DEEPER);
}
END_TEST

static void *
in_thread(void *unused)
{
	(void)unused;
	aligned(2);
	recurse(50);
	return NULL;
}

START_TEST(threads_have_stacks_of_their_own)
{
	pthread_t thread;
	int i;

	for (i = 0; i < 20; i++) {
		ck_assert_int_eq(pthread_create(&thread, NULL, in_thread, NULL), 0);
		ck_assert_int_eq(pthread_join(thread, NULL), 0);
	}
}
END_TEST

struct table {
	uintptr_t	begin, end;	/* the end is the segment's */
};

static int
find_end(struct dl_phdr_info *info, size_t size, void *out)
{
	struct table *t = out;
	uintptr_t begin;
	int i;

	(void)size;
	for (i = 0; i < info->dlpi_phnum; i++) {
		begin = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
		if (info->dlpi_phdr[i].p_type == PT_LOAD &&
		    t->begin - begin < info->dlpi_phdr[i].p_filesz)
			t->end = begin + info->dlpi_phdr[i].p_filesz;
	}
	return t->end != 0;
}

/* The tables of this program, copied to where they can be damaged; *PC: an address they tell of. */
static struct lk_cfi_object
copy_of_ours(uintptr_t *pc, size_t *bytes)
{
	struct lk_object object;
	uintptr_t here = (uintptr_t)__builtin_return_address(0);
	struct table t = {0, 0};
	char *p;

	ck_assert(lk_objects_find(here, &object));
	t.begin = object.unwind;
	ck_assert_int_eq(dl_iterate_phdr(find_end, &t), 1);
	*bytes = t.end - t.begin;
	p = mmap(NULL, object.end - object.begin, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(p, MAP_FAILED);
	memcpy(p + (t.begin - object.begin), (const void *)t.begin, *bytes);
	*pc = (uintptr_t)p + (here - object.begin) - 1;
	return (struct lk_cfi_object){(uintptr_t)p, (uintptr_t)p + (object.end - object.begin),
	    (uintptr_t)p + (t.begin - object.begin), object.unwind_bytes};
}

START_TEST(damaged_tables_give_no_wild_read)
{
	struct lk_cfi_rule rule;
	uint64_t random = 5;
	uintptr_t pc;
	size_t bytes;
	struct lk_cfi_object copy = copy_of_ours(&pc, &bytes), cut;
	unsigned char *p, kept;
	int i;

	ck_assert(lk_cfi_find(&copy, pc, &rule));
	for (i = 0; i < 300000; i++) {
		p = (unsigned char *)copy.index + lk_countdown_random(&random) % bytes;
		kept = *p;
		*p = (unsigned char)lk_countdown_random(&random);
		lk_cfi_find(&copy, pc - lk_countdown_random(&random) % 5000, &rule);
		if (i % 20 != 0)
			*p = kept;	/* else the damage gathers */
	}
	for (cut = copy; cut.index_bytes > 0; cut.index_bytes /= 2)
		lk_cfi_find(&cut, pc, &rule);
	cut = copy;
	cut.end = cut.index + 40;
	ck_assert(!lk_cfi_find(&cut, pc, &rule));
	ck_assert_int_eq(munmap((void *)copy.begin, copy.end - copy.begin), 0);
	ck_assert(!lk_cfi_find(&copy, pc, &rule));	/* gone */
}
END_TEST

static Suite *
unwind_suite(void)
{
	Suite *s = suite_create("unwind");
	TCase *tc = tcase_create("unwind");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, start, NULL);
	tcase_add_test(tc, frames_of_every_kind);
	tcase_add_test(tc, threads_have_stacks_of_their_own);
	tcase_add_test(tc, damaged_tables_give_no_wild_read);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {unwind_suite, NULL};

	/* It takes it for a fault that the kernel is asked what can be read. */
	if (lk_suites_in_valgrind()) {
		puts("SKIP: needs to be outside of valgrind");
		return 77;
	}
	return lk_suites_run(suites);
}
