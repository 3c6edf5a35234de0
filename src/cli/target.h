/* target.h - from what was typed to a live source.  Room: cli. */
#ifndef LK_CLI_TARGET_H
#define LK_CLI_TARGET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define LK_TARGET_WAIT_MS 5000

struct lk_process;
struct lk_snapshot;
struct lk_source;

/* lk_target_find - the process that WORD (a pid or a name) means, with a sampler.
 * Says on stderr what is wrong, or which of several it took.
 * Returns: LK_EXIT_DONE, *out filled; else an exit status. */
int lk_target_find(const char *word, struct lk_process *out);

/* lk_target_pid - the process that WORD means, with a sampler or without: a pid is taken as it
 * is, whether there is such a process or not.
 * Returns: LK_EXIT_DONE, *out filled; else an exit status, said on stderr. */
int lk_target_pid(const char *word, pid_t *out);

/* lk_target_dial - find and connect; nothing was heard yet, the source says so itself.
 * Returns: as lk_target_open(). */
int lk_target_dial(const char *word, unsigned int period_ms, struct lk_source **out);

/* lk_target_group - the group that WORD means: a pid and what is below it, or by a name the master
 * of those that have it.  Nothing is said.
 * Returns: how many of it have a sampler, *out the pid of its master; 0: none. */
int lk_target_group(const char *word, pid_t *out);

/* lk_target_dial_group - the sum of the processes of PID's group; as lk_target_dial(). */
int lk_target_dial_group(pid_t pid, unsigned int period_ms, struct lk_source **out);

/* lk_target_open_group - the sum of WORD's group, with its first snapshot; where none of it has a
 * sampler, as lk_target_open(), which says so. */
int lk_target_open_group(const char *word, unsigned int period_ms, struct lk_source **out);

/* lk_target_first - wait for the first snapshot of SOURCE, which is called WORD.
 * Returns: LK_EXIT_DONE; else an exit status, said on stderr, and SOURCE is closed. */
int lk_target_first(const char *word, struct lk_source *source);

/* lk_target_open - find, connect and wait for the first snapshot.
 * Returns: LK_EXIT_DONE, *out to be closed; else an exit status, said on stderr. */
int lk_target_open(const char *word, unsigned int period_ms, struct lk_source **out);

/* lk_target_answers - whether somebody listens at the socket of PID. */
bool lk_target_answers(pid_t pid);

/* lk_target_await - the same for PID, whose sampler is coming up: it may wait for the interpreter.
 * Returns: as lk_target_open(). */
int lk_target_await(pid_t pid, struct lk_source **out);

/* lk_target_reference - the baseline that TEXT (a number, a name, "start", or NULL for the
 * newest) means in the present snapshot, with its rows fetched.
 * Returns: LK_EXIT_DONE, *out is 0 for the start; else an exit status, said on stderr. */
int lk_target_reference(struct lk_source *source, const char *text, uint32_t *out);

/* lk_target_fetch_rows - so that growth since BASELINE can be told.
 * Returns: an exit status, said on stderr. */
int lk_target_fetch_rows(struct lk_source *source, uint32_t baseline);

#endif
