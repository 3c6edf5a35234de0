#include "config.h"

#include "sampler/process/proc.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/print.h"
#include "sampler/core/events.h"

#define KIB 1024u

/* mallinfo2 walks the free lists of each malloc arena with its lock held: after one answer
 * that took longer than this the service is left alone. */
#define MALLINFO_SLOW_NS 2000000u

size_t
lk_proc_read(const char *path, char *buffer, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	ssize_t n = 0;

	buffer[0] = '\0';
	if (fd < 0)
		return 0;
	while (used < size - 1 && (n = read(fd, buffer + used, size - 1 - used)) > 0)
		used += (size_t)n;
	close(fd);
	buffer[used] = '\0';
	return used;
}

/* The number at or after S; unknown when there is none ("max"). */
static uint64_t
number_at(const char *s)
{
	uint64_t value = 0;

	while (*s == ' ' || *s == '\t')
		s++;
	if (*s < '0' || *s > '9')
		return LK_PROC_UNKNOWN;
	for (; *s >= '0' && *s <= '9'; s++)
		value = value * 10 + (uint64_t)(*s - '0');
	return value;
}

static const char *
skip_words(const char *s, int words)
{
	while (words-- > 0 && s != NULL) {
		s = strchr(s, ' ');
		if (s != NULL)
			s++;
	}
	return s;
}

/* Of /proc/self/statm, in bytes. */
static uint64_t
statm_field(int number)
{
	char buffer[128];
	const char *s;

	lk_proc_read("/proc/self/statm", buffer, sizeof(buffer));
	s = skip_words(buffer, number);
	return s == NULL ? 0 : number_at(s) * (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t
lk_proc_rss_bytes(void)
{
	return statm_field(1);
}

uint64_t
lk_proc_address_bytes(void)
{
	return statm_field(0);
}

uint64_t
lk_proc_start_time(void)
{
	char buffer[1024];
	const char *s;

	lk_proc_read("/proc/self/stat", buffer, sizeof(buffer));
	s = strrchr(buffer, ')');	/* the name may hold anything */
	s = s == NULL ? NULL : skip_words(s, 20);
	return s == NULL ? 0 : number_at(s);
}

/* Threads of this process; *first_state is the letter of the first one. */
static uint64_t
count_threads(char *first_state)
{
	char buffer[1024];
	const char *s, *threads;

	lk_proc_read("/proc/self/stat", buffer, sizeof(buffer));
	s = strrchr(buffer, ')');
	threads = s == NULL ? NULL : skip_words(s, 18);
	*first_state = threads == NULL ? '?' : s[2];
	return threads == NULL ? LK_PROC_UNKNOWN : number_at(threads);
}

bool
lk_proc_host_ended(uint64_t own_thread_count)
{
	char first_state;
	uint64_t count = count_threads(&first_state);

	/* an ended first thread stays and counts until the process ends */
	return first_state == 'Z' && count == own_thread_count + 1;
}

bool
lk_proc_is_single_threaded(void)
{
	char first_state;

	return count_threads(&first_state) == 1;
}

static uint64_t
rollup_field(const char *text, const char *name)
{
	const char *s = strstr(text, name);
	uint64_t kib = s == NULL ? LK_PROC_UNKNOWN : number_at(s + strlen(name));

	return kib == LK_PROC_UNKNOWN ? kib : kib * KIB;
}

uint64_t
lk_proc_available_bytes(void)
{
	char text[512];

	lk_proc_read("/proc/meminfo", text, sizeof(text));
	return rollup_field(text, "\nMemAvailable:");
}

static uint64_t
private_bytes(const char *rollup)
{
	uint64_t clean = rollup_field(rollup, "\nPrivate_Clean:");
	uint64_t dirty = rollup_field(rollup, "\nPrivate_Dirty:");

	return clean == LK_PROC_UNKNOWN || dirty == LK_PROC_UNKNOWN ? LK_PROC_UNKNOWN :
	    clean + dirty;
}

uint64_t
lk_proc_private_bytes(int pid)
{
	char path[64], text[2048];
	struct lk_print p;

	lk_print_init(&p, path, sizeof(path));
	lk_print_str(&p, "/proc/");
	lk_print_i64(&p, pid);
	lk_print_str(&p, "/smaps_rollup");
	lk_print_end(&p);
	lk_proc_read(path, text, sizeof(text));
	return private_bytes(text);
}

static void
read_malloc(struct lk_proc_memory *out)
{
	static struct mallinfo2 (*mallinfo)(void);
	static bool tried, slow;
	struct mallinfo2 info;
	uint64_t began;
	void *p;

	if (!tried) {
		tried = true;
		p = dlsym(RTLD_DEFAULT, "mallinfo2");	/* glibc 2.33 */
		memcpy(&mallinfo, &p, sizeof(p));
	}
	out->malloc_live_bytes = out->malloc_free_bytes = LK_PROC_UNKNOWN;
	out->malloc_mmap_bytes = LK_PROC_UNKNOWN;
	if (mallinfo == NULL || slow)
		return;
	began = lk_clock_monotonic_ns();
	info = mallinfo();
	if (lk_clock_monotonic_ns() - began > MALLINFO_SLOW_NS) {
		slow = true;
		lk_events_add("mallinfo-slow", lk_clock_monotonic_ns() - began);
	}
	if (info.arena == 0 && info.hblkhd == 0)
		return;		/* another allocator serves this process */
	out->malloc_live_bytes = info.uordblks;
	out->malloc_free_bytes = info.fordblks;
	out->malloc_mmap_bytes = info.hblkhd;
}

/* The kernel looks at each page for this: 20 ms for a gigabyte, which a process of many would feel
 * every ten seconds.  So what was read stays as long as reading it costs little. */
static void
read_rollup(struct lk_proc_memory *out)
{
	static uint64_t next_ns, pss_bytes, uss_bytes;
	static pid_t of;	/* a forked child is another process */
	uint64_t began = lk_clock_monotonic_ns(), now;
	char text[2048];

	if (began >= next_ns || of != getpid()) {
		of = getpid();
		lk_proc_read("/proc/self/smaps_rollup", text, sizeof(text));
		pss_bytes = rollup_field(text, "\nPss:");
		uss_bytes = private_bytes(text);
		now = lk_clock_monotonic_ns();
		next_ns = now + LK_PROC_ROLLUP_REST * (now - began);
	}
	out->pss_bytes = pss_bytes;
	out->uss_bytes = uss_bytes;
}

void
lk_proc_memory(struct lk_proc_memory *out)
{
	char text[2048];

	out->rss_bytes = lk_proc_rss_bytes();
	read_rollup(out);
	lk_proc_read("/proc/self/status", text, sizeof(text));
	out->anonymous_bytes = rollup_field(text, "\nRssAnon:");
	out->swap_bytes = rollup_field(text, "\nVmSwap:");
	out->file_bytes = rollup_field(text, "\nRssFile:");
	out->shared_bytes = rollup_field(text, "\nRssShmem:");
	read_malloc(out);
}

static bool
read_cgroup_files(const char *folder, const char *limit, const char *used, uint64_t *limit_bytes,
    uint64_t *used_bytes)
{
	char path[512], text[64];
	struct lk_print p;

	lk_print_init(&p, path, sizeof(path));
	lk_print_str(&p, folder);
	lk_print_str(&p, limit);
	lk_print_end(&p);
	if (p.full || lk_proc_read(path, text, sizeof(text)) == 0)
		return false;
	*limit_bytes = number_at(text);
	if (*limit_bytes >= UINT64_C(1) << 60)	/* version 1 spells "none" as a huge number */
		*limit_bytes = LK_PROC_UNKNOWN;
	lk_print_init(&p, path, sizeof(path));
	lk_print_str(&p, folder);
	lk_print_str(&p, used);
	lk_print_end(&p);
	*used_bytes = lk_proc_read(path, text, sizeof(text)) == 0 ? LK_PROC_UNKNOWN :
	    number_at(text);
	return true;
}

/* In a container the own group is usually mounted at the root of the hierarchy. */
void
lk_proc_cgroup(uint64_t *limit_bytes, uint64_t *used_bytes)
{
	char text[2048], folder[512];
	const char *s, *end;
	struct lk_print p;

	*limit_bytes = *used_bytes = LK_PROC_UNKNOWN;
	lk_proc_read("/proc/self/cgroup", text, sizeof(text));
	s = strstr(text, "0::");
	end = s == NULL ? NULL : strchr(s, '\n');
	if (end != NULL) {
		lk_print_init(&p, folder, sizeof(folder));
		lk_print_str(&p, "/sys/fs/cgroup");
		lk_print_put(&p, s + 3, (size_t)(end - s - 3));
		lk_print_end(&p);
		if (!p.full && read_cgroup_files(folder, "/memory.max", "/memory.current",
		    limit_bytes, used_bytes))
			return;
	}
	if (read_cgroup_files("/sys/fs/cgroup", "/memory.max", "/memory.current", limit_bytes,
	    used_bytes))
		return;
	read_cgroup_files("/sys/fs/cgroup/memory", "/memory.limit_in_bytes",
	    "/memory.usage_in_bytes", limit_bytes, used_bytes);
}

bool
lk_proc_locks_all(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool is_there = p != MAP_FAILED && lk_proc_resident(p, page) != 0;

	if (p != MAP_FAILED)
		munmap(p, page);
	return is_there;
}

uint64_t
lk_proc_resident(const void *base, size_t bytes)
{
	unsigned char pages[1024];
	size_t page = (size_t)sysconf(_SC_PAGESIZE), step = page * sizeof(pages), at, i;
	uint64_t resident = 0;

	for (at = 0; at < bytes; at += step) {
		size_t part = bytes - at < step ? bytes - at : step;

		if (mincore((char *)base + at, part, pages) != 0)
			return bytes;
		for (i = 0; i < (part + page - 1) / page; i++)
			resident += pages[i] & 1 ? page : 0;
	}
	return resident;
}
