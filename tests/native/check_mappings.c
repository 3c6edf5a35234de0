/* The hooks of mmap and malloc by themselves: what ends a sample and what does not, and sizes that
 * nobody can have. */
#include "config.h"

#include <string.h>
#include <sys/mman.h>

#include <check.h>

#include "sampler/core/live.h"
#include "sampler/core/pages.h"
#include "sampler/core/sink.h"
#include "sampler/core/thread.h"
#include "sampler/native/family.h"
#include "sampler/native/mappings.h"

#include "suites.h"

#define PAGE	4096u
#define ROOM	(4u << 20)

static struct lk_pages pages;
static struct lk_live live;
static uint32_t remained;

static uint32_t
track(void *p, size_t bytes)
{
	uint32_t i = lk_live_new(&live);
	bool ok;

	ck_assert_uint_ne(i, LK_LIVE_NONE);
	live.samples[i].address = (uintptr_t)p;
	live.samples[i].size_bytes = bytes;
	ck_assert_uint_eq(lk_live_track(&live, i, &ok), LK_LIVE_NONE);
	ck_assert(ok);
	return i;
}

static void
sampled(uint8_t domain, void *p, size_t bytes, double interval)
{
	(void)interval;
	ck_assert_uint_eq(domain, LK_DOMAIN_NATIVE);
	track(p, bytes);
}

static void
ended(uint32_t sample)
{
	lk_live_recycle(&live, sample);
}

static void
remains(uint32_t sample, const struct lk_piece pieces[2])
{
	(void)pieces;
	remained++;
	ended(sample);
}

static double
interval(void)
{
	return 1;
}

static void
nothing(void)
{
}

static const struct lk_sink sink = {.live = &live, .sampled = sampled, .ended = ended,
	.remains = remains, .interval_bytes = interval, .thread_init = nothing};

static void *(*hook_mmap)(void *, size_t, int, int, int, long);
static int (*hook_munmap)(void *, size_t);
static void *(*hook_malloc)(size_t);

static void *
no_memory(size_t n)
{
	(void)n;
	return NULL;
}

/* HOOK is set when it is found. */
static const struct lk_family_call *
find(const struct lk_family_call *list, size_t count, const char *name, void *hook)
{
	size_t i;

	for (i = 0; i < count && strcmp(list[i].name, name) != 0; i++)
		continue;
	ck_assert_uint_lt(i, count);
	memcpy(hook, &list[i].hook, sizeof(list[i].hook));
	return &list[i];
}

static void
start(void)
{
	void *(*map)(void *, size_t, int, int, int, long) = mmap;
	int (*unmap)(void *, size_t) = munmap;
	void *(*allocate)(size_t) = no_memory;
	const struct lk_family_call *list, *call;
	size_t count;

	lk_pages_init(&pages, lk_pages_map(ROOM), ROOM);
	ck_assert_int_eq(lk_live_init(&live, &pages, 256), 0);
	list = lk_mappings_init(&sink, PAGE, &count);
	call = find(list, count, "munmap", &hook_munmap);
	memcpy(call->real, &unmap, sizeof(unmap));
	call = find(list, count, "mmap", &hook_mmap);
	ck_assert(call->ends);		/* what it is put over */
	memcpy(call->real, &map, sizeof(map));
	list = lk_family_init(&sink, &count);
	call = find(list, count, "malloc", &hook_malloc);
	memcpy(call->real, &allocate, sizeof(allocate));
	lk_thread.left_bytes = 0;
}

static char *
map_at(void *p, size_t bytes, int flags)
{
	char *q = hook_mmap(p, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags,
	    -1, 0);

	ck_assert_ptr_ne(q, MAP_FAILED);
	return q;
}

START_TEST(a_mapping_put_over_another_ends_it)
{
	char *p = map_at(NULL, 8 * PAGE, 0);
	uint32_t sample = lk_live_find(&live, p);

	ck_assert_uint_ne(sample, LK_LIVE_NONE);
	lk_thread.inside = true;	/* paused, say: what is put there is not sampled */
	map_at(p, 8 * PAGE, MAP_FIXED);
	lk_thread.inside = false;
	ck_assert_uint_eq(lk_live_find(&live, p), LK_LIVE_NONE);
	ck_assert_uint_eq(remained, 0);
}
END_TEST

/* It was unmapped while no hook was in; then a smaller block came to its place. */
START_TEST(what_is_known_of_a_mapping_that_went_says_nothing_of_what_came)
{
	char *p = map_at(NULL, 8 * PAGE, 0);

	ended(lk_live_claim(&live, p));
	track(p, PAGE);
	ck_assert_int_eq(hook_munmap(p + 4 * PAGE, PAGE), 0);
	ck_assert_uint_ne(lk_live_find(&live, p), LK_LIVE_NONE);
	ck_assert_uint_eq(remained, 0);
	ck_assert_int_eq(hook_munmap(p, PAGE), 0);
	ck_assert_uint_eq(lk_live_find(&live, p), LK_LIVE_NONE);
}
END_TEST

START_TEST(a_part_that_goes_leaves_the_rest)
{
	char *p = map_at(NULL, 8 * PAGE, 0);

	ck_assert_int_eq(hook_munmap(p + 4 * PAGE, PAGE), 0);
	ck_assert_uint_eq(remained, 1);
}
END_TEST

START_TEST(sizes_that_nobody_has_do_not_count)
{
	const size_t sizes[] = {SIZE_MAX, (size_t)PTRDIFF_MAX + 1, SIZE_MAX - PAGE};
	int64_t left;
	int i;

	ck_assert_ptr_null(hook_malloc(1));	/* draws the countdown */
	for (i = 0; i < 3; i++) {
		left = lk_thread.left_bytes;
		ck_assert_ptr_null(hook_malloc(sizes[i]));
		ck_assert_int_eq(lk_thread.left_bytes, left);
		ck_assert_ptr_eq(hook_mmap(NULL, sizes[i], PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), MAP_FAILED);
		ck_assert_int_eq(lk_thread.left_bytes, left);
	}
}
END_TEST

static Suite *
mappings_suite(void)
{
	Suite *s = suite_create("mappings");
	TCase *tc = tcase_create("mappings");

	tcase_add_checked_fixture(tc, start, NULL);
	tcase_add_test(tc, a_mapping_put_over_another_ends_it);
	tcase_add_test(tc, what_is_known_of_a_mapping_that_went_says_nothing_of_what_came);
	tcase_add_test(tc, a_part_that_goes_leaves_the_rest);
	tcase_add_test(tc, sizes_that_nobody_has_do_not_count);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {mappings_suite, NULL};

	return lk_suites_run(suites);
}
