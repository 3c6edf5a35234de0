#include "config.h"

#include "files.h"

#include <errno.h>
#include <unistd.h>

#include "analysis/diff.h"
#include "analysis/growth.h"
#include "base/attr.h"
#include "client/source.h"
#include "export/recording.h"
#include "model/snapshot.h"

#include "faults.h"

#define FAULTS_MAX 200000

/* Small enough to be tried a few thousand times. */
static struct lk_source *
small_file(void)
{
	static const char text[] = FILES_HEAD "\"stacks\":[{\"id\":1,\"domain\":\"obj\","
	    "\"frames\":[{\"function\":\"f\",\"file\":\"a.py\",\"line\":3}],\"trend_bytes\":[1,2],"
	    "\"born\":[{\"baseline\":1,\"samples\":2,\"bytes\":9,\"objects\":1,\"variance\":4}]}],"
	    "\"baselines\":[{\"id\":1,\"name\":\"b\",\"at\":3,"
	    "\"rows\":[{\"stack\":1,\"born\":[]}]}],"
	    "\"containers\":[{\"address\":\"0x7f\",\"length\":3,\"stack\":1,"
	    "\"then\":[{\"baseline\":1,\"length\":2}]}],\"scan\":{\"at\":4},"
	    "\"history\":{\"series\":[{\"step_s\":1,\"end\":5,\"rss_bytes\":[1],"
	    "\"live_bytes\":[null]}]},\"types\":[{\"frozen\":{\"at\":4},\"rows\":"
	    "[{\"type\":\"dict\",\"objects\":2,\"bytes\":464}]}],\"referrers\":[{\"name\":\"dict\","
	    "\"frozen\":{\"at\":4},\"rows\":[{\"path\":\"a.b[]\",\"objects\":2}]}],"
	    "\"memory\":{\"at\":1}}";

	files_spill(path, text, sizeof(text) - 1);
	return files_open(path);
}

/* Nothing here may call Check, which allocates too. */
#define HALF_DONE 1

static int
open_once(void)
{
	struct lk_source *source = NULL;
	int rc = lk_source_open_file(path, words, sizeof(words), &source);

	if ((rc == 0) != (source != NULL))
		return HALF_DONE;
	lk_source_close(source);
	return rc;
}

static const struct lk_snapshot *fault_snapshot;

static int
format_once(const char *format)
{
	const struct lk_export_options options = {format, UINT32_MAX, true};
	int rc = lk_export_write(fault_snapshot, &options, other, words, sizeof(words));

	if ((rc == 0) != (access(other, F_OK) == 0))
		return HALF_DONE;
	unlink(other);
	return rc;
}

static int
json_once(void)
{
	return format_once("json");
}

static int
folded_once(void)
{
	return format_once("folded");
}

static int
speedscope_once(void)
{
	return format_once("speedscope");
}

static int
pprof_once(void)
{
	return format_once("pprof");
}

static int
html_once(void)
{
	return format_once("html");
}

static int
record_once(void)
{
	struct lk_recording *r = NULL;
	int rc = lk_recording_open(other, LK_RECORDING_BYTES_MIN, words, sizeof(words), &r);

	if ((rc == 0) != (r != NULL))
		return HALF_DONE;
	if (rc == 0)
		rc = lk_recording_add(r, fault_snapshot, 0, words, sizeof(words));
	if (rc == 0)
		rc = lk_recording_add(r, fault_snapshot, 0, words, sizeof(words));
	if (rc == 0)
		rc = lk_recording_end(r, 1, "done");
	lk_recording_close(r);
	unlink(other);
	return rc;
}

/* path is the recording then. */
static int
play_once(void)
{
	struct lk_source *source = NULL;
	int rc = lk_source_open_file(path, words, sizeof(words), &source);

	if ((rc == 0) != (source != NULL))
		return HALF_DONE;
	if (rc == 0)
		rc = lk_source_step(source, -1) == 0 ? 0 : -ENOMEM;
	lk_source_close(source);
	return rc;
}

static int
growth_once(void)
{
	uint32_t missing = 9;
	struct lk_growth_set *set =
	    lk_growth_new(fault_snapshot, 1, 0, LK_GROUP_LINE, &missing);

	lk_growth_free(set);
	return missing != 0 ? HALF_DONE : set != NULL ? 0 : -ENOMEM;
}

static int
diff_once(void)
{
	struct lk_diff *diff = lk_diff_new(fault_snapshot, fault_snapshot);

	lk_diff_free(diff);
	return diff != NULL ? 0 : -ENOMEM;
}

static int
dummy_once(void)
{
	struct lk_source *source = NULL;
	int rc = lk_source_open_dummy(1, &source);

	if ((rc == 0) != (source != NULL))
		return HALF_DONE;
	lk_source_close(source);
	return rc;
}

static int (*const victims[])(void) = {open_once, json_once, folded_once, speedscope_once,
	pprof_once, html_once, record_once, growth_once, diff_once, dummy_once, play_once};

START_TEST(every_failed_allocation_is_survived)
{
	const unsigned int step = lk_suites_in_valgrind() ? 5 : 1;
	struct lk_source *file = small_file();
	unsigned int nth = 0;
	bool hit;
	int rc;

	fault_snapshot = lk_source_snapshot(file);
	if (victims[_i] == play_once) {
		unlink(path);
		files_record(3, "end");
	}
	lk_faults_install();
	do {
		nth += step;
		lk_faults_arm(nth);
		rc = victims[_i]();
		hit = lk_faults_hit();
		/* a fake sample or a sparkline may be given up, a result may not be half */
		ck_assert_msg(rc == 0 || (hit && (rc == -ENOMEM || rc == -EBADMSG)), "%u: %d", nth,
		    rc);
		ck_assert_uint_eq(files_strangers(), 0);
	} while (hit && nth < FAULTS_MAX);
	ck_assert_uint_gt(nth, 2);
	ck_assert_uint_lt(nth, FAULTS_MAX);
	lk_source_close(file);
}
END_TEST

static Suite *
starved_suite(void)
{
	Suite *s = suite_create("files without memory");
	TCase *tc = tcase_create("no memory");

	tcase_add_checked_fixture(tc, files_set_up, files_tear_down);
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, every_failed_allocation_is_survived, 0, LK_COUNT_OF(victims));
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {starved_suite, NULL};

	return lk_suites_run(suites);
}
