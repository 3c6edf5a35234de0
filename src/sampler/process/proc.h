/* proc.h - what the kernel and the C library say of this process.  Room: sampler/process.
 * Context: the sampler's own thread: it opens files, it never allocates. */
#ifndef LK_SAMPLER_PROCESS_PROC_H
#define LK_SAMPLER_PROCESS_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LK_PROC_UNKNOWN	UINT64_MAX

struct lk_proc_memory {
	uint64_t	rss_bytes, pss_bytes, uss_bytes, anonymous_bytes, file_bytes;
	uint64_t	shared_bytes, swap_bytes;
	uint64_t	malloc_live_bytes, malloc_free_bytes, malloc_mmap_bytes;
};

/* lk_proc_read - a small file into BUFFER, NUL-terminated.  Returns: bytes, 0 on failure. */
size_t lk_proc_read(const char *path, char *buffer, size_t size);

uint64_t lk_proc_rss_bytes(void);
uint64_t lk_proc_address_bytes(void);	/* mapped, as RLIMIT_AS counts */
uint64_t lk_proc_available_bytes(void);	/* of the machine, as the kernel estimates it */

/* lk_proc_private_bytes - what only the process PID has in memory; unknown when it is not ours to
 * know.  The kernel walks that process's pages for it: milliseconds for a large one. */
uint64_t lk_proc_private_bytes(int pid);

uint64_t lk_proc_start_time(void);	/* field 22 of /proc/self/stat, 0 unknown */

/* lk_proc_host_ended - the first thread has ended and of the others there are only OWN. */
bool lk_proc_host_ended(uint64_t own_thread_count);

bool lk_proc_is_single_threaded(void);

/* lk_proc_memory - asks the C library, which holds its own locks meanwhile: not more often than
 * needed.  What is shared and private (PSS, USS) is read anew when LK_PROC_ROLLUP_REST times as
 * long has passed as it took the last time. */
#define LK_PROC_ROLLUP_REST	3000
void lk_proc_memory(struct lk_proc_memory *out);

/* lk_proc_cgroup - memory limit and use of this process's cgroup, version 2 or 1; unknown
 * without a limit. */
void lk_proc_cgroup(uint64_t *limit_bytes, uint64_t *used_bytes);

/* lk_proc_locks_all - what is mapped is resident at once, by mlockall(MCL_FUTURE). */
bool lk_proc_locks_all(void);

/* lk_proc_resident - how much of a mapping of ours is in memory. */
uint64_t lk_proc_resident(const void *base, size_t bytes);

#endif
