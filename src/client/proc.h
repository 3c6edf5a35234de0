/* proc.h - what /proc says about one process.  Room: client. */
#ifndef LK_CLIENT_PROC_H
#define LK_CLIENT_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct lk_proc_stat {
	char state; /* R S D Z T ... */
	pid_t ppid;
	uint64_t start_time; /* clock ticks since boot */
	uint64_t rss_bytes;
	char name[32]; /* of its main thread: 15 bytes are significant */
};

/* lk_proc_read_stat - Returns: 0; -ESRCH when there is no such process; -EBADMSG. */
int lk_proc_read_stat(pid_t pid, struct lk_proc_stat *out);

/* lk_proc_parse_stat - the same from the TEXT of a stat file; 0 or -EBADMSG. */
int lk_proc_parse_stat(const char *text, struct lk_proc_stat *out);

/* lk_proc_read - the start of /proc/PID/FILE into OUT, NUL behind it.
 * Returns: bytes, or negative errno. */
long lk_proc_read(pid_t pid, const char *file, char *out, size_t out_bytes);

/* lk_proc_command - arguments with spaces between, as they are (not cleaned);
 * "[name]" when it has none.  Cannot fail: "" when the process is gone. */
void lk_proc_command(pid_t pid, char *out, size_t out_bytes);

/* lk_proc_uid - its effective uid.  Returns: 0 or negative errno. */
int lk_proc_uid(pid_t pid, uid_t *out);

/* lk_proc_pid_inside - the pid that it has in its own namespace of pids; PID itself if unknown. */
pid_t lk_proc_pid_inside(pid_t pid);

/* lk_proc_has_our_mounts - false: what it calls /tmp may be another folder than ours. */
bool lk_proc_has_our_mounts(pid_t pid);

/* lk_proc_has_our_time - false: when it says when something began it counts from elsewhere. */
bool lk_proc_has_our_time(pid_t pid);

/* lk_proc_user - login name of UID, else its digits. */
void lk_proc_user(uid_t uid, char *out, size_t out_bytes);

/* lk_proc_cgroup - path of its cgroup (v2, else the memory controller's), "" unknown. */
void lk_proc_cgroup(pid_t pid, char *out, size_t out_bytes);

/* lk_proc_is_same - PID is there, not a zombie, and started at START_TIME (0: whenever). */
bool lk_proc_is_same(pid_t pid, uint64_t start_time);

#endif
