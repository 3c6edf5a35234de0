#include "config.h"

#include "cli/gather.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "client/source.h"
#include "model/snapshot.h"

#include "cli/fault.h"
#include "cli/options.h"
#include "cli/target.h"

#define SCAN_WAIT_MS 30000 /* a walk over all containers, in slices */
#define IDS_MAX	     64

static int
ask_parts(struct lk_source *source, bool all)
{
	static const struct {
		enum lk_request_op op;
		const char *what;
		int wait_ms;
		bool cheap;
	} parts[] = {
	    {LK_REQUEST_HISTORY, "history", LK_TARGET_WAIT_MS, true},
	    {LK_REQUEST_TRENDS, "trends", LK_TARGET_WAIT_MS, false},
	    {LK_REQUEST_MEMORY, "memory", LK_TARGET_WAIT_MS, true},
	    {LK_REQUEST_EVENTS, "events", LK_TARGET_WAIT_MS, true},
	    {LK_REQUEST_CONTAINERS, "containers", SCAN_WAIT_MS, false},
	};
	bool is_group = lk_source_snapshot(source)->member_count > 0;

	for (size_t i = 0; i < LK_COUNT_OF(parts); i++) {
		const struct lk_request request = {.op = parts[i].op};
		int rc = (all || parts[i].cheap) &&
			!(is_group && parts[i].op == LK_REQUEST_CONTAINERS)
		    ? lk_source_ask(source, &request, NULL, parts[i].wait_ms) : 0;

		if (rc == -ENOTCONN)
			return lk_fault("the process went away: %s", lk_source_words(source));
		if (rc < 0)
			lk_fault("without %s: %s", parts[i].what,
			    rc == -ETIMEDOUT ? "no answer in time" : lk_source_words(source));
	}
	return LK_EXIT_DONE;
}

int
lk_gather_all(struct lk_source *source)
{
	const struct lk_snapshot *s;
	uint32_t ids[IDS_MAX];
	size_t count = 0;
	int status = ask_parts(source, true);

	if (status != LK_EXIT_DONE)
		return status;
	s = lk_source_snapshot(source);
	for (uint32_t i = 0; i < s->baseline_count && count < LK_COUNT_OF(ids); i++)
		ids[count++] = s->baselines[i].id;
	for (size_t i = 0; i < count; i++) {
		status = lk_target_fetch_rows(source, ids[i]);
		if (status != LK_EXIT_DONE)
			return status;
	}
	s = lk_source_snapshot(source);
	/* trends are shown with the tick after them */
	return lk_source_wait(source, s->seq, LK_TARGET_WAIT_MS) < 0
	    ? lk_fault("the process went away: %s", lk_source_words(source))
	    : LK_EXIT_DONE;
}

int
lk_gather_cheap(struct lk_source *source)
{
	int status = ask_parts(source, false);
	const struct lk_snapshot *s = lk_source_snapshot(source);

	if (status != LK_EXIT_DONE || s->baseline_count == 0)
		return status;
	return lk_target_fetch_rows(source, s->baselines[s->baseline_count - 1].id);
}
