/* discover.h - the Python processes of this host, with and without a sampler.
 * Room: client. */
#ifndef LK_CLIENT_DISCOVER_H
#define LK_CLIENT_DISCOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct lk_process {
	pid_t		 pid, ppid;
	uid_t		 uid;
	uint64_t	 start_time;		/* clock ticks since boot */
	double		 up_s;
	uint64_t	 rss_bytes;
	double		 rss_growth_bytes_per_min;	/* NAN until seen twice */
	char		 user[32];
	char		 python[16];		/* "3.11", "" unknown */
	char		 command[256];		/* spaces between arguments */
	char		 name[64];		/* what `leaktop NAME` matches: script or module */
	pid_t		 group_pid;		/* top Python ancestor: the worker group's master */
	bool		 has_sampler;		/* a socket that answers the path rule */
	char		 socket_path[108];	/* "" without one */
	/* without one: "not started under leaktop run", "other user" */
	char		 why_not[64];
};

struct lk_discovery;	/* remembers RSS between scans, for growth */

struct lk_discovery *lk_discovery_new(void);	/* NULL without memory */
void lk_discovery_free(struct lk_discovery *d);

/* lk_discovery_scan - look again.  *out is owned by D until the next scan; ordered by
 * growth, then RSS, both falling.  Returns: count, or negative errno. */
int lk_discovery_scan(struct lk_discovery *d, int64_t now_ms, const struct lk_process **out);

/* lk_discovery_find - PID in digits, or a NAME: exact name first, then a substring of the
 * command.  Returns: how many match; the first of them in *out (those with a sampler first). */
int lk_discovery_find(struct lk_discovery *d, const char *pid_or_name,
    const struct lk_process **out);

#endif
