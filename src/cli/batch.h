/* batch.h - frames on standard output instead of screens.  Room: cli. */
#ifndef LK_CLI_BATCH_H
#define LK_CLI_BATCH_H

struct lk_look;
struct lk_source;

/* For --help of the commands that can do it. */
#define LK_BATCH_DETAILS                                                                           \
	"Batch frames (-b) have no escapes. With --json each is one line:\n"                       \
	"  {frame, at, pid, host, command, python, state, reason, rss_bytes,\n"                    \
	"   live_bytes, live_objects, native, native_live_bytes,\n"                                \
	"   cgroup_limit_bytes, interval_bytes, cost_percent,\n"                                   \
	"   budget_percent, duty, hooks, drops,\n"                                                 \
	"   processes [{pid, state, in_sum, rss_bytes, live_bytes,\n"                              \
	"   missed_reference, reference_late_s}], ended (of a group alone),\n"                     \
	"   gc_pauses {exact, watched_s, looks, collections, seen, total_us,\n"                    \
	"   longest_us, longest_error_us, longest_generation, unseen_us},\n"                       \
	"   verdict {kind, sentence, rss_growth_bytes_per_min,\n"                                  \
	"   live_growth_bytes_per_min, native_growth_bytes_per_min,\n"                             \
	"   seconds_to_limit, function, file, line},\n"                                            \
	"   reference {baseline, name, window_s},\n"                                               \
	"   rows [{function, file, line, native, delta_bytes,\n"                                   \
	"   delta_error_bytes, significant, delta_objects,\n"                                      \
	"   rate_bytes_per_min, live_bytes, live_error_bytes, live_objects,\n"                     \
	"   native_live_bytes, survived_intervals, intervals, stacks}]};\n"                        \
	"  quantities that are unknown are null.\n"

/* lk_batch_run - LOOK's frames of SOURCE, which has a snapshot.
 * Returns: an exit status, said on stderr. */
int lk_batch_run(struct lk_source *source, const struct lk_look *look);

#endif
