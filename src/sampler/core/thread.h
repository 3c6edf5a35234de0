/* thread.h - what the sampler keeps for each thread of the host.  Room: sampler/core.
 * In the static TLS block (initial-exec): one instruction to reach, no allocation at first
 * touch, no constructor, no destructor.  Under 64 bytes: glibc's surplus for libraries that
 * are loaded late is scarce. */
#ifndef LK_SAMPLER_CORE_THREAD_H
#define LK_SAMPLER_CORE_THREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

struct lk_thread {
	uint64_t	left_bytes;	/* countdown of RAW and of domains whose free is hooked */
	uint64_t	kept_left_bytes; /* left_bytes while a slot is wanted */
	uint64_t	object_left_bytes; /* countdown of OBJ and MEM with slots */
	uint64_t	random;
	uint64_t	stack_known;	/* pages that could be read, see native/unwind.c */
	float		interval_bytes;	/* at which left_bytes was drawn */
	float		object_interval_bytes; /* at which object_left_bytes was drawn */
	float		want_interval_bytes; /* at which the block a slot is wanted for was due */
	uint32_t	number;		/* kernel's thread id, 0 for the main thread */
	uint16_t	want_bytes;	/* size of the small block a slot is wanted for */
	uint8_t		want_domain;
	bool		want;		/* the next RAW request is to be served from a slot */
	bool		ready;		/* the first countdowns were drawn */
	bool		forking;	/* holds the lock for a fork */
	bool		inside;		/* in the sampler's own work: nothing is sampled */
	bool		unsure;		/* a signal handler may have interrupted anything */
};

extern LK_HIDDEN LK_TLS_INITIAL_EXEC struct lk_thread lk_thread;

#endif
