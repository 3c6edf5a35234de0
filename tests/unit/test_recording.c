#include "config.h"

#include "files.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/growth.h"
#include "client/source.h"
#include "export/recording.h"
#include "export/slim.h"
#include "model/arena.h"
#include "model/snapshot.h"

#include "fixture.h"

static double
size_of(const char *of)
{
	struct stat st;

	ck_assert_int_eq(stat(of, &st), 0);
	return (double)st.st_size;
}

START_TEST(a_recording_is_gone_through_in_both_directions)
{
	const struct lk_snapshot *s;
	struct lk_source *file;
	size_t at;

	files_record(5, "a \"reason\"");
	file = files_open(path);
	ck_assert_uint_eq(lk_source_moments(file, &at), 5);
	ck_assert_uint_eq(at, 4);
	ck_assert_ptr_nonnull(strstr(lk_source_words(file), "5 of 5, the last: a \"reason\""));
	ck_assert_int_eq(lk_source_step(file, 1), -ERANGE);
	s = lk_snapshot_get(lk_source_snapshot(file));
	ck_assert_int_eq(lk_source_step(file, -1), 0);
	ck_assert_int_eq(lk_source_snapshot(file)->process.pid, 4);
	ck_assert_uint_gt(lk_source_snapshot(file)->seq, s->seq);
	ck_assert_str_eq(lk_source_snapshot(file)->origin, path);
	ck_assert_int_eq(s->process.pid, 5); /* who holds it keeps it */
	lk_snapshot_put(s);
	ck_assert_int_eq(lk_source_step(file, -100), 0);
	ck_assert_int_eq(lk_source_snapshot(file)->process.pid, 1);
	ck_assert_int_eq(strncmp(lk_source_words(file), "1 of 5: ", 8), 0);
	ck_assert_int_eq(lk_source_step(file, -1), -ERANGE);
	ck_assert_int_eq(lk_source_step(file, INT32_MIN), -ERANGE);
	ck_assert_int_eq(lk_source_step(file, INT32_MAX), 0);
	ck_assert_int_eq(lk_source_snapshot(file)->process.pid, 5);
	ck_assert(lk_source_state(file) == LK_SOURCE_OFFLINE);
	lk_source_close(file);
	files_export(files_now(), path);
	file = files_open(path);
	ck_assert_uint_eq(lk_source_moments(file, &at), 1);
	ck_assert_int_eq(lk_source_step(file, -1), -EOPNOTSUPP);
	ck_assert_str_eq(lk_source_words(file), path);
	lk_source_close(file);
}
END_TEST

START_TEST(a_recording_goes_on_where_it_ended)
{
	struct lk_recording *r, *second = NULL;
	struct lk_source *file;
	size_t at;

	files_record(2, "restart");
	r = files_record_to(path, LK_RECORDING_BYTES_MIN);
	ck_assert_int_eq(lk_recording_open(path, LK_RECORDING_BYTES_MIN, words, sizeof(words),
	    &second), -EBUSY);
	ck_assert_ptr_nonnull(strstr(words, "somebody records to it"));
	ck_assert_int_eq(files_add_bare(r, 2), 0);
	lk_recording_close(r);
	file = files_open(path);
	ck_assert_uint_eq(lk_source_moments(file, &at), 3);
	ck_assert_ptr_null(strstr(lk_source_words(file), "restart"));
	lk_source_close(file);
	files_spill(path, "a note of mine\n", 15);
	ck_assert_int_eq(lk_recording_open(path, 1 << 20, words, sizeof(words), &r), -EEXIST);
	ck_assert_int_eq(lk_recording_open(folder, 1 << 20, words, sizeof(words), &r), -EEXIST);
	ck_assert_int_eq(lk_recording_open("/dev/full", 1 << 20, words, sizeof(words), &r),
	    -EEXIST);
	ck_assert_int_eq(lk_recording_open("/nowhere/x", 1 << 20, words, sizeof(words), &r),
	    -ENOENT);
	ck_assert_double_eq(size_of(path), 15);
}
END_TEST

/* Looks at FILE a second later; whether there is something new to be shown. */
static bool
look(struct lk_source *file)
{
	static int64_t now_ms;

	now_ms += 1000;
	return lk_source_dispatch(file, NULL, 0, now_ms);
}

START_TEST(a_recording_that_grows_is_followed)
{
	struct lk_recording *r;
	struct lk_source *file;
	int timeout_ms = -1;

	files_record(1, NULL);
	file = files_open(path);
	ck_assert(!look(file));
	r = files_record_to(path, LK_RECORDING_BYTES_MIN);
	ck_assert_int_eq(files_add_bare(r, 1), 0);
	ck_assert_int_eq(files_add_bare(r, 2), 0);
	ck_assert(look(file));
	ck_assert(!look(file));
	ck_assert_uint_eq(lk_source_poll(file, NULL, 0, &timeout_ms), 0);
	ck_assert_int_eq(timeout_ms, 1000);
	ck_assert_int_eq(lk_source_snapshot(file)->process.pid, 3);
	ck_assert_int_eq(strncmp(lk_source_words(file), "3 of 3, still recorded, followed: ", 34),
	    0);
	/* who has gone back stays there */
	ck_assert_int_eq(lk_source_step(file, -1), 0);
	ck_assert_int_eq(files_add_bare(r, 3), 0);
	ck_assert(look(file));
	ck_assert_int_eq(lk_source_snapshot(file)->process.pid, 2);
	ck_assert_int_eq(strncmp(lk_source_words(file), "2 of 4, still recorded: ", 24), 0);
	ck_assert_int_eq(lk_source_step(file, 2), 0);
	ck_assert_int_eq(strncmp(lk_source_words(file), "4 of 4, still recorded, followed: ", 34),
	    0);
	lk_recording_close(r);
	lk_source_close(file);
}
END_TEST

/* It is made shorter by another file, more than once, and the end is still the end. */
START_TEST(a_recording_that_is_made_shorter_is_followed)
{
	static char command[50000];
	struct lk_recording *r;
	struct lk_source *file;
	int last = 0;
	size_t at, count;

	files_record(1, NULL);
	file = files_open(path);
	r = files_record_to(path, LK_RECORDING_BYTES_MIN);
	memset(command, 'x', sizeof(command) - 1);
	while (last < 50) {
		struct lk_snapshot *s = files_bare(++last);

		s->process.command = command;
		ck_assert_int_eq(lk_recording_add(r, s, 0, words, sizeof(words)), 0);
		lk_snapshot_put(s);
		if (last % 3 == 0)
			look(file);
	}
	look(file);
	count = lk_source_moments(file, &at);
	ck_assert_uint_eq(at, count - 1);
	ck_assert_uint_lt(count, (size_t)last);
	ck_assert_int_eq(lk_source_snapshot(file)->process.pid, last + 1);
	ck_assert_int_eq(lk_recording_end(r, 2000, "stopped"), 0);
	lk_recording_close(r);
	ck_assert(look(file));
	ck_assert_ptr_nonnull(strstr(lk_source_words(file), ", the last: stopped: "));
	lk_source_close(file);
}
END_TEST

/* Cut anywhere: what is whole is shown, and goes on being recorded to. */
START_TEST(a_recording_may_be_cut_anywhere)
{
	const bool all = !lk_suites_in_valgrind();
	size_t length, at, lines = 0;
	char *text;

	files_record(3, "the end");
	text = files_slurp(path, &length);
	for (size_t cut = 1; cut < length; cut++) {
		struct lk_source *source = NULL;
		struct lk_recording *r;
		int rc;

		lines += text[cut - 1] == '\n';
		if (!all && cut % 9 != 0)
			continue;
		rc = lk_source_open_file(files_in_memory(text, cut), words, sizeof(words),
		    &source);
		/* a first line without its newline is a snapshot, when it is all there */
		ck_assert_int_eq(rc == 0, lines > 0 || text[cut] == '\n');
		if (rc == 0 && lines > 0) {
			ck_assert_uint_eq(lk_source_moments(source, &at), lines < 3 ? lines : 3);
			ck_assert_int_eq(lk_source_snapshot(source)->process.pid,
			    (int)(lines < 3 ? lines : 3));
			ck_assert_int_eq(strstr(lk_source_words(source), "was cut") != NULL,
			    text[cut - 1] != '\n');
		}
		lk_source_close(source);
		if (cut % 7 != 0 || cut < 20)
			continue;
		files_spill(other, text, cut);
		r = files_record_to(other, LK_RECORDING_BYTES_MIN);
		ck_assert_int_eq(files_add_bare(r, 9), 0);
		lk_recording_close(r);
		source = files_open(other);
		ck_assert_uint_eq(lk_source_moments(source, &at), lines < 3 ? lines + 1 : 4);
		ck_assert_int_eq(lk_source_snapshot(source)->process.pid, 10);
		lk_source_close(source);
	}
	free(text);
}
END_TEST

START_TEST(what_is_damaged_in_a_recording_is_skipped)
{
	struct lk_source *file;
	size_t length, at;
	char *text;

	files_record(4, NULL);
	text = files_slurp(path, &length);
	*strstr(strchr(text, '\n') + 1, "\"pid\":2") = 'x';
	text[length - 3] = 'x';
	files_spill(path, text, length);
	free(text);
	file = files_open(path);
	ck_assert_uint_eq(lk_source_moments(file, &at), 4);
	ck_assert_uint_eq(at, 2);
	ck_assert_int_eq(lk_source_step(file, 1), -ERANGE);
	ck_assert_int_eq(lk_source_snapshot(file)->process.pid, 3);
	ck_assert_int_eq(lk_source_step(file, -1), 0);
	ck_assert_int_eq(lk_source_snapshot(file)->process.pid, 1);
	lk_source_close(file);
}
END_TEST

START_TEST(a_recording_stays_within_its_size)
{
	struct lk_recording *r = files_record_to(path, LK_RECORDING_BYTES_MIN);
	struct lk_snapshot *huge;
	struct lk_source *file;
	double before = 0, step = 0;
	int last = lk_suites_in_valgrind() ? 1300 : 3000;
	size_t at, count;

	for (int i = 0; i < last; i++) {
		ck_assert_msg(files_add_bare(r, i) == 0, "%s", words);
		ck_assert_double_le(size_of(path), LK_RECORDING_BYTES_MIN / 3 * 2);
	}
	huge = files_huge(200);
	ck_assert_int_eq(lk_recording_add(r, huge, 0, words, sizeof(words)), -EFBIG);
	ck_assert_ptr_nonnull(strstr(words, "too large for a recording of 1.0M"));
	lk_snapshot_put(huge);
	lk_recording_close(r);
	file = files_open(path);
	count = lk_source_moments(file, &at);
	ck_assert_uint_gt(count, 100);
	ck_assert_int_eq(lk_source_snapshot(file)->process.pid, last);
	ck_assert_int_eq(lk_source_step(file, INT32_MIN), 0);
	ck_assert_int_eq(lk_source_snapshot(file)->process.pid, 1);
	for (size_t i = 1; i < count; i++) {
		before = lk_source_snapshot(file)->at_s;
		ck_assert_int_eq(lk_source_step(file, 1), 0);
		/* the first one stays where it was, so that its distance means nothing */
		if (i > 2)
			ck_assert_double_le(lk_source_snapshot(file)->at_s - before, step);
		step = lk_source_snapshot(file)->at_s - before;
		ck_assert_double_gt(step, 0);
	}
	lk_source_close(file);
}
END_TEST

START_TEST(a_full_disk_leaves_whole_lines)
{
	struct lk_recording *r = files_record_to(path, LK_RECORDING_BYTES_MIN);
	struct rlimit limit;
	struct lk_source *file;
	size_t length, at;
	char *text;

	/* a large one, as Check writes files, too */
	ck_assert_int_eq(lk_recording_add(r, files_now(), 0, words, sizeof(words)), 0);
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	for (rlim_t more = 0; more < 40; more += 13) {
		limit.rlim_cur = (rlim_t)size_of(path) + more;
		ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
		ck_assert_int_eq(files_add_bare(r, 1), -EFBIG);
		ck_assert_ptr_nonnull(strstr(words, path));
		text = files_slurp(path, &length);
		ck_assert_int_eq(text[length - 1], '\n');
		free(text);
	}
	limit.rlim_cur = limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(files_add_bare(r, 2), 0);
	lk_recording_close(r);
	file = files_open(path);
	ck_assert_uint_eq(lk_source_moments(file, &at), 2);
	ck_assert_int_eq(lk_source_snapshot(file)->process.pid, 3);
	lk_source_close(file);
}
END_TEST

/* Four lines, of which stacks 1 to 3, 4 and 5, 6 to 8, and 9 are: the first one leaks in stack 2,
 * of the second one nothing is alive, of the third one what was at the baseline has died, and the
 * fourth one is new. */
static const struct fixture_cell cells_then[] = {
	{1, 0, 0}, {2, 0, 4}, {4, 0, 0}, {5, 0, 0}, {6, 0, 0}, {7, 0, 5}, {8, 0, 0}, {0, 0, 0},
};
static const struct fixture_cell cells_now[] = {
	{1, 0, 0}, {2, 0, 3}, {2, 1, 9}, {3, 0, 0}, {4, 0, 0}, {5, 0, 0}, {6, 0, 0}, {7, 0, 0},
	{8, 0, 0}, {9, 1, 2}, {0, 0, 0},
};

static struct lk_snapshot *
many_dead(void)
{
	static const uint32_t lines[] = {1, 1, 1, 2, 2, 3, 3, 3, 4};
	static const double at_s = 40;
	struct lk_snapshot *s = lk_fixture_new(100);
	const struct lk_stack *stacks[9];
	struct lk_baseline *b = lk_fixture_baselines(s, 1, &at_s);

	for (uint32_t i = 0; i < 9; i++) {
		struct lk_stack *stack = (struct lk_stack *)(uintptr_t)(stacks[i] =
		    lk_fixture_stack(s, i + 1, "f", "shop.py", lines[i]));
		struct lk_frame *frames = lk_arena_get(s->arena, 40, sizeof(*frames));

		for (uint32_t k = 0; k < 40; k++)
			frames[k] = stack->frames[k < 1 ? 0 : 1];
		stack->frames = frames;
		stack->frame_count = 40;
	}
	b->rows = lk_fixture_rows(s, stacks, cells_then, 1000, &b->row_count);
	b->has_rows = true;
	s->rows = lk_fixture_rows(s, stacks, cells_now, 3000, &s->row_count);
	return s;
}

START_TEST(what_is_dead_takes_no_room_and_still_counts)
{
	struct lk_snapshot *s = many_dead();
	struct lk_arena *arena = lk_arena_new();
	const struct lk_snapshot *slim = lk_slim_snapshot(s, arena);
	uint32_t reference = (uint32_t)_i, missing;
	struct lk_growth_set *all = lk_growth_new(s, reference, 0, LK_GROUP_LINE, &missing);
	struct lk_growth_set *left = lk_growth_new(slim, reference, 0, LK_GROUP_LINE, &missing);

	ck_assert_uint_eq(slim->row_count, 4); /* of each line one */
	ck_assert_uint_eq(slim->baselines[0].row_count, 3);
	ck_assert_uint_eq(all->count, 4);
	ck_assert_uint_eq(left->count, 4);
	for (uint32_t i = 0; i < 4; i++) {
		const struct lk_growth *a = &all->rows[i], *b = &left->rows[i];

		ck_assert_uint_eq(a->key, b->key);
		ck_assert_double_eq(a->delta_bytes, b->delta_bytes);
		ck_assert_double_eq(a->live.bytes, b->live.bytes);
		ck_assert_double_eq(a->est_allocated_bytes, b->est_allocated_bytes);
		ck_assert_double_eq(a->est_allocated_since_bytes, b->est_allocated_since_bytes);
		ck_assert_double_eq(a->est_freed_bytes, b->est_freed_bytes);
		ck_assert_uint_eq(b->stack->frame_count, b->frame->line == 2 ? 2 : 40);
		ck_assert_uint_eq(b->stack->flags, b->frame->line == 2 ? 1 : 0);
	}
	lk_growth_free(all);
	lk_growth_free(left);
	lk_arena_free(arena);
	lk_snapshot_put(s);
	s = lk_fixture_new(1);
	ck_assert_ptr_eq(lk_slim_snapshot(s, s->arena), s); /* no rows, nothing to leave out */
	lk_snapshot_put(s);
}
END_TEST

static Suite *
recording_suite(void)
{
	Suite *s = suite_create("recording");
	TCase *tc = tcase_create("record");

	tcase_add_checked_fixture(tc, files_set_up, files_tear_down);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, a_recording_is_gone_through_in_both_directions);
	tcase_add_test(tc, a_recording_goes_on_where_it_ended);
	tcase_add_test(tc, a_recording_that_grows_is_followed);
	tcase_add_test(tc, a_recording_that_is_made_shorter_is_followed);
	tcase_add_test(tc, a_recording_may_be_cut_anywhere);
	tcase_add_test(tc, what_is_damaged_in_a_recording_is_skipped);
	tcase_add_test(tc, a_recording_stays_within_its_size);
	tcase_add_test(tc, a_full_disk_leaves_whole_lines);
	tcase_add_loop_test(tc, what_is_dead_takes_no_room_and_still_counts, 0, 2);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {recording_suite, NULL};

	return lk_suites_run(suites);
}
