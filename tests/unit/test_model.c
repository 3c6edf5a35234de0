#include "config.h"

#include "suites.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/attr.h"
#include "model/arena.h"
#include "model/event.h"
#include "model/snapshot.h"

START_TEST(an_arena_gives_zeroed_aligned_room)
{
	struct lk_arena *arena = lk_arena_new();
	size_t total = 0;

	for (size_t size = 1; size < 200000; size += size / 3 + 1) {
		unsigned char *p = lk_arena_get(arena, 1, size);

		ck_assert_ptr_nonnull(p);
		ck_assert_uint_eq((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			ck_assert_uint_eq(p[i], 0);
		memset(p, 0xff, size);
		total += size;
	}
	ck_assert_uint_ge(lk_arena_bytes(arena), total);
	lk_arena_free(arena);
	lk_arena_free(NULL);
}
END_TEST

START_TEST(an_arena_refuses_what_overflows)
{
	struct lk_arena *arena = lk_arena_new();

	ck_assert_ptr_null(lk_arena_get(arena, SIZE_MAX, 2));
	ck_assert_ptr_null(lk_arena_get(arena, SIZE_MAX / 2, 2));
	ck_assert_ptr_null(lk_arena_get(arena, SIZE_MAX, 1));
	ck_assert_ptr_null(lk_arena_text(arena, "x", SIZE_MAX));
	ck_assert_ptr_nonnull(lk_arena_get(arena, 0, 8));
	ck_assert_str_eq(lk_arena_text(arena, "abcdef", 3), "abc");
	lk_arena_free(arena);
}
END_TEST

START_TEST(a_new_snapshot_knows_nothing)
{
	struct lk_snapshot *s = lk_snapshot_new();

	ck_assert(isnan(s->rss_bytes) && isnan(s->est_live_bytes) && isnan(s->at_s));
	ck_assert(isnan(s->memory.at_s) && isnan(s->memory.gc[2].count));
	ck_assert(isnan(s->memory.gc_pauses.watched_s) && isnan(s->memory.gc_pauses.unseen_us));
	ck_assert(isnan(s->containers.at_s) && isnan(s->sampler.cost_percent));
	ck_assert_str_eq(s->process.command, "");
	ck_assert_ptr_eq(lk_snapshot_get(s), s);
	lk_snapshot_put(s);
	ck_assert(isnan(s->rss_bytes)); /* one reference is left */
	lk_snapshot_put(s);
	lk_snapshot_put(NULL);
}
END_TEST

START_TEST(rows_are_found_by_stack)
{
	static const struct lk_stack stacks[] = {{.id = 2}, {.id = 5}, {.id = 9}};
	static const struct lk_row rows[] = {
		{.stack = &stacks[0]}, {.stack = &stacks[1]}, {.stack = &stacks[2]}};

	for (uint32_t id = 0; id < 12; id++) {
		const struct lk_row *row = lk_snapshot_row(rows, 3, id);

		ck_assert_int_eq(row != NULL, id == 2 || id == 5 || id == 9);
		if (row != NULL)
			ck_assert_uint_eq(row->stack->id, id);
	}
	ck_assert_ptr_null(lk_snapshot_row(NULL, 0, 1));
}
END_TEST

START_TEST(words_are_those_of_the_wire)
{
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(lk_domain_parse(lk_domain_name((enum lk_domain)i)), i);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(lk_state_parse(lk_state_name((enum lk_state)i)), i);
	ck_assert_int_eq(lk_domain_parse("heap"), -1);
	ck_assert_int_eq(lk_state_parse(""), -1);
	ck_assert_str_eq(lk_domain_name((enum lk_domain)77), "unknown");
	ck_assert_str_eq(lk_state_name((enum lk_state)77), "unknown");
}
END_TEST

START_TEST(events_have_words)
{
	static const struct {
		struct lk_sampler_event event;
		bool fault;
		const char *words;
	} rows[] = {
		{{.code = "started"}, false, "sampling began"},
		{{.code = "baseline", .value = 3}, false, "baseline marked: 3"},
		{{.code = "interval", .value = 524288}, false, "interval set by a client: 512.0K"},
		{{.code = "listen-failed", .value = 13}, true, "no socket: Permission denied"},
		{{.code = "native-refused", .value = 0x7f10}, true,
		    "an object could not be hooked, at 0x7f10"},
		{{.code = "mallinfo-slow", .value = 2500000}, true,
		    "malloc's figures take too long: asked no more (2.5 ms)"},
		{{.code = "of-a-later\nversion", .value = 9}, false, "of-a-later version 9"},
	};
	char out[96], tiny[8];

	for (size_t i = 0; i < LK_COUNT_OF(rows); i++) {
		lk_event_words(&rows[i].event, out, sizeof(out));
		ck_assert_str_eq(out, rows[i].words);
		ck_assert_int_eq(lk_event_is_fault(&rows[i].event), rows[i].fault);
	}
	lk_event_words(&rows[0].event, tiny, sizeof(tiny));
	ck_assert_str_eq(tiny, "samplin");
}
END_TEST

static Suite *
model_suite(void)
{
	Suite *s = suite_create("model");
	TCase *tc = tcase_create("model");

	tcase_add_test(tc, an_arena_gives_zeroed_aligned_room);
	tcase_add_test(tc, an_arena_refuses_what_overflows);
	tcase_add_test(tc, a_new_snapshot_knows_nothing);
	tcase_add_test(tc, rows_are_found_by_stack);
	tcase_add_test(tc, words_are_those_of_the_wire);
	tcase_add_test(tc, events_have_words);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {model_suite, NULL};

	return lk_suites_run(suites);
}
