/* status.h - the sampler's own state and cost, once a second.  Room: sampler (top).
 * Threads: the server's; state and reason are set before it starts. */
#ifndef LK_SAMPLER_STATUS_H
#define LK_SAMPLER_STATUS_H

#include <stdint.h>

#include "proto/emit.h"

struct lk_layout;

struct lk_status {
	double		 started_at_s;
	uint64_t	 start_time;		/* of the process, clock ticks */
	uint64_t	 memory_cap_bytes;
	char		 python[16];
	const char	*dormant_reason;	/* NULL: not dormant */
	const char	*mode;
	const struct lk_layout *layout;		/* NULL: unknown interpreter */
	const void	*runtime;
	/* of the last second */
	uint64_t	 rss_bytes, sampler_bytes;
	uint64_t	 cgroup_limit_bytes, cgroup_used_bytes;
	double		 cost_percent, samples_per_s;
	uint64_t	 clients;
	uint64_t	 seconds;		/* looked at so far */
};

extern struct lk_status lk_status;

/* lk_status_update - measure; SERVER_CPU_NS: used by the sampler's threads so far. */
void lk_status_update(uint64_t now_ns, uint64_t server_cpu_ns);

void lk_status_hello(struct lk_emit_hello *out);
void lk_status_tick(struct lk_emit_tick *out);	/* all but seq */
void lk_status_memory(struct lk_emit_memory *out);

#endif
