/* batch.h - frames on standard output instead of screens.  Room: cli. */
#ifndef LK_CLI_BATCH_H
#define LK_CLI_BATCH_H

struct lk_look;
struct lk_source;

/* For --help of the commands that can do it. */
#define LK_BATCH_DETAILS                                                                           \
	"Batch frames (-b) have no escapes. With --json each is one line:\n"                       \
	"  {frame, at, pid, host, command, python, state, reason, rss_bytes,\n"                    \
	"   live_bytes, live_objects, cgroup_limit_bytes, interval_bytes,\n"                       \
	"   cost_percent, drops, reference {baseline, name, window_s},\n"                          \
	"   rows [{function, file, line, delta_bytes, delta_error_bytes,\n"                        \
	"   significant, delta_objects, rate_bytes_per_min, live_bytes,\n"                         \
	"   live_error_bytes, live_objects, survived_intervals, intervals,\n"                      \
	"   stacks}]}; quantities that are unknown are null.\n"

/* lk_batch_run - LOOK's frames of SOURCE, which has a snapshot.
 * Returns: an exit status, said on stderr. */
int lk_batch_run(struct lk_source *source, const struct lk_look *look);

#endif
