/* The hooks in and out of a library that is loaded here. */
#include "config.h"

#include <dlfcn.h>
#include <string.h>

#include <check.h>

#include "sampler/core/live.h"
#include "sampler/core/pages.h"
#include "sampler/core/sink.h"
#include "sampler/core/thread.h"
#include "sampler/native/gate.h"
#include "sampler/native/image.h"
#include "sampler/native/native.h"

#include "suites.h"

#define ROOM	(4u << 20)
#define LIBRARY	"libresolv.so.2"	/* of libc; it calls malloc and free */

static struct lk_pages pages;
static struct lk_live live;
static const struct lk_sink sink = {.live = &live};
static void *library;
static struct lk_image image;

/* The words of malloc and free in the library. */
struct words {
	uintptr_t	value[8];
	uint32_t	count;
};

static int
take_image(struct dl_phdr_info *info, size_t size, void *bias)
{
	(void)size;
	return info->dlpi_addr == *(ElfW(Addr) *)bias &&
	    lk_image_init(&image, info->dlpi_addr, info->dlpi_phdr, info->dlpi_phnum);
}

static void
take_word(void *ctx, const struct lk_image_slot *slot)
{
	struct words *w = ctx;

	if (strcmp(slot->name, "malloc") == 0 || strcmp(slot->name, "free") == 0) {
		ck_assert_uint_lt(w->count, 8);
		w->value[w->count++] = *slot->at;
	}
}

static struct words
look(void)
{
	struct words w = {{0}, 0};

	lk_image_slots(&image, take_word, &w);
	return w;
}

static uint32_t
changed(const struct words *before)
{
	struct words now = look();
	uint32_t i, n = 0;

	ck_assert_uint_eq(now.count, before->count);
	for (i = 0; i < now.count; i++)
		n += now.value[i] != before->value[i];
	return n;
}

static void
start(void)
{
	struct lk_native_options options = {.wanted = LK_NATIVE_PYTHON, .sink = &sink};
	struct link_map *map;

	lk_pages_init(&pages, lk_pages_map(ROOM), ROOM);
	ck_assert_int_eq(lk_live_init(&live, &pages, 256), 0);
	lk_thread.left_bytes = INT64_MAX / 2;	/* the hooks are not this test's matter */
	library = dlopen(LIBRARY, RTLD_NOW);
	ck_assert_ptr_nonnull(library);
	ck_assert_int_eq(dlinfo(library, RTLD_DI_LINKMAP, &map), 0);
	ck_assert_int_eq(dl_iterate_phdr(take_image, &map->l_addr), 1);
	options.interpreter = &options;		/* in no object */
	lk_native_init(&options);
}

/* As often as something is due. */
static void
settle(void)
{
	int i;

	for (i = 0; i < 5 && lk_native_is_due(); i++)
		lk_native_refresh();
	ck_assert_int_lt(i, 5);
}

START_TEST(hooks_are_put_in_and_removed)
{
	struct words before;

	before = look();
	ck_assert_uint_ge(before.count, 2);
	ck_assert_int_eq(lk_native_state(), LK_NATIVE_OFF);
	settle();
	ck_assert_uint_eq(changed(&before), before.count);
	ck_assert_int_eq(lk_native_state(), LK_NATIVE_PYTHON);
	lk_native_remove();
	ck_assert(lk_native_is_due());
	settle();
	ck_assert_uint_eq(changed(&before), 0);
	ck_assert_int_eq(lk_native_state(), LK_NATIVE_OFF);
	ck_assert_int_eq(dlclose(library), 0);
}
END_TEST

START_TEST(what_a_fork_cut_short_is_due_again)
{
	struct words before;

	before = look();
	ck_assert(lk_gate_close());
	lk_native_refresh();
	ck_assert_uint_eq(changed(&before), 0);
	lk_gate_open();
	settle();
	ck_assert_uint_eq(changed(&before), before.count);
	ck_assert(lk_gate_close());
	lk_native_refresh();
	ck_assert(lk_native_is_due());
	lk_native_after_fork();
	settle();
	ck_assert_uint_eq(changed(&before), before.count);
}
END_TEST

/* The list of objects may be locked for ever there. */
START_TEST(a_child_cut_off_in_the_loader_leaves_it_alone)
{
	ck_assert(lk_native_is_wanted());
	ck_assert(lk_gate_enter(LK_GATE_LIST));
	lk_native_after_fork();
	ck_assert(!lk_native_is_wanted());
	ck_assert(!lk_native_is_due());
}
END_TEST

/* The library's destructors and the host's dlclose() count: nothing of it stays pinned. */
START_TEST(a_library_can_go)
{
	struct link_map *map;

	settle();
	ck_assert_int_eq(dlinfo(library, RTLD_DI_LINKMAP, &map), 0);
	ck_assert_int_eq(dlclose(library), 0);
	ck_assert_ptr_null(dlopen(LIBRARY, RTLD_NOW | RTLD_NOLOAD));
}
END_TEST

static Suite *
native_suite(void)
{
	Suite *s = suite_create("native");
	TCase *tc = tcase_create("native");

	tcase_add_checked_fixture(tc, start, NULL);
	tcase_add_test(tc, hooks_are_put_in_and_removed);
	tcase_add_test(tc, what_a_fork_cut_short_is_due_again);
	tcase_add_test(tc, a_child_cut_off_in_the_loader_leaves_it_alone);
	tcase_add_test(tc, a_library_can_go);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {native_suite, NULL};

	return lk_suites_run(suites);
}
