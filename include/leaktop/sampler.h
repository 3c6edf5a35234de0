/* sampler.h - what the outside of a process must know about libleaktop-sampler.so.
 * Rooms: every room may read it; it holds names and limits, no code. */
#ifndef LK_LEAKTOP_SAMPLER_H
#define LK_LEAKTOP_SAMPLER_H

/* ---- environment ---------------------------------------------------------
 * Read once, when the library is loaded.  A value that does not parse is
 * ignored, counted as an event, and the default is used.
 *
 * LEAKTOP_INTERVAL   mean sampling interval in bytes; K, M, G suffixes (1024).  The budget makes it
 *                    longer; shorter, down to 64K, only one that is not set.
 * LEAKTOP_MEMORY     cap of the sampler's own tables in bytes; K, M, G.
 * LEAKTOP_NATIVE     what libraries allocate by themselves: stacks (with native frames, the
 *                    default), python (Python frames alone), off.
 * LEAKTOP_FREEZE     "off": no copy of the process is ever made: no types and referrers, and
 *                    containers by a walk in slices.
 * LEAKTOP_REVEAL     "off": nobody is shown what a container holds.
 * LEAKTOP_BUDGET     what the sampler may cost, in percent of the host's processor time; it then
 *                    samples less rather than cost more.  0: whatever it costs.
 * LEAKTOP_DUTY       for tests: the share of time with hooks, 1 to 1/16, not to be changed.
 * LEAKTOP_DIR        folder of the socket, absolute; overrides the rule below.
 * LEAKTOP_DISABLE    set and not "0": the library stays dormant. */
#define LK_ENV_INTERVAL		"LEAKTOP_INTERVAL"
#define LK_ENV_MEMORY		"LEAKTOP_MEMORY"
#define LK_ENV_NATIVE		"LEAKTOP_NATIVE"
#define LK_ENV_FREEZE		"LEAKTOP_FREEZE"
#define LK_ENV_REVEAL		"LEAKTOP_REVEAL"
#define LK_ENV_BUDGET		"LEAKTOP_BUDGET"
#define LK_ENV_DUTY		"LEAKTOP_DUTY"
#define LK_ENV_DIR		"LEAKTOP_DIR"
#define LK_ENV_DISABLE		"LEAKTOP_DISABLE"

#define LK_INTERVAL_DEFAULT_BYTES	(512ULL << 10)
#define LK_INTERVAL_FINEST_BYTES	(64ULL << 10)	/* the governor's own shortest */
#define LK_INTERVAL_MIN_BYTES		(1ULL << 10)
#define LK_INTERVAL_MAX_BYTES		(1ULL << 30)
#define LK_BUDGET_DEFAULT_PERCENT	1.0
#define LK_MEMORY_DEFAULT_BYTES		(16ULL << 20)
#define LK_MEMORY_MIN_BYTES		(4ULL << 20)
#define LK_MEMORY_MAX_BYTES		(32ULL << 20)

#define LK_FRAMES_MAX		128	/* innermost frames kept of one stack */

/* ---- socket path rule ----------------------------------------------------
 * The folder is the first of these that applies:
 *   $LEAKTOP_DIR
 *   $XDG_RUNTIME_DIR/leaktop       when XDG_RUNTIME_DIR is set and not empty
 *   /run/leaktop                   when the effective uid is 0
 *   /tmp/leaktop-UID
 *   /dev/shm/leaktop-UID
 * LEAKTOP_DIR is not deviated from; of the others the first that can be made is taken.
 * It is created with mode 0700; a folder that is a symbolic link, belongs to
 * somebody else, or can be written by group or others is refused.
 * The socket is named leaktop-PID.sock.  A client that runs as root looks in
 * the folders of every uid that owns a process. */
#define LK_SOCKET_PREFIX	"leaktop-"
#define LK_SOCKET_SUFFIX	".sock"

#endif
