#include "config.h"

#include "client/discover.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/text.h"

#include "client/dial.h"
#include "client/proc.h"
#include "client/python_process.h"
#include "client/rendezvous.h"

#define GROWTH_WINDOW_MS 60000
#define GROWTH_MIN_MS	 500
#define ARGUMENTS_BYTES	 4096
/* Slower growth than this is noise and must not shuffle the list. */
static const double growth_noise_bytes_per_min = 64 << 10;

/* What is remembered of a process between scans, Python or not. */
struct seen {
	pid_t pid;
	uint64_t start_time;
	char exe[256];
	bool is_python;
	char python[16];
	char dialled_path[108]; /* the socket that was found alive */

	/* Growth is against the older mark, at most two windows ago. */
	int64_t mark_ms[2];
	uint64_t mark_bytes[2];
};

struct lk_discovery {
	struct seen *seen; /* [seen_count], by pid */
	size_t seen_count;
	struct lk_process *list;
	size_t count, capacity;
};

struct scan {
	struct seen *seen;
	size_t count, capacity;
	double uptime_s;
	int64_t now_ms;
};

struct lk_discovery *
lk_discovery_new(void)
{
	return calloc(1, sizeof(struct lk_discovery));
}

void
lk_discovery_free(struct lk_discovery *d)
{
	if (d == NULL)
		return;
	free(d->seen);
	free(d->list);
	free(d);
}

static int
by_pid(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

/* An exec keeps the start time but not the executable. */
static struct seen
recall(const struct lk_discovery *d, pid_t pid, const struct lk_proc_stat *stat)
{
	struct seen key = {.pid = pid}, fresh = {.pid = pid, .start_time = stat->start_time};
	const struct seen *old = NULL;
	char link[32];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/%d/exe", (int)pid);
	length = readlink(link, fresh.exe, sizeof(fresh.exe) - 1);
	fresh.exe[length > 0 ? length : 0] = '\0';
	if (d->seen_count > 0)
		old = bsearch(&key, d->seen, d->seen_count, sizeof(key), by_pid);
	if (old != NULL && old->start_time == fresh.start_time && strcmp(old->exe, fresh.exe) == 0)
		return *old;
	if (length > 0 || errno == EACCES || errno == EPERM) /* a kernel thread has none */
		fresh.is_python = lk_python_process_recognise(pid, fresh.exe, stat->name,
		    fresh.python, sizeof(fresh.python));
	return fresh;
}

static double
growth(struct seen *seen, uint64_t rss_bytes, int64_t now_ms)
{
	int64_t passed_ms = now_ms - seen->mark_ms[0];

	if (seen->mark_ms[0] == 0) {
		seen->mark_ms[0] = seen->mark_ms[1] = now_ms;
		seen->mark_bytes[0] = seen->mark_bytes[1] = rss_bytes;
		return NAN;
	}
	if (now_ms - seen->mark_ms[1] >= GROWTH_WINDOW_MS) {
		seen->mark_ms[0] = seen->mark_ms[1];
		seen->mark_bytes[0] = seen->mark_bytes[1];
		seen->mark_ms[1] = now_ms;
		seen->mark_bytes[1] = rss_bytes;
		passed_ms = now_ms - seen->mark_ms[0];
	}
	if (passed_ms < GROWTH_MIN_MS)
		return NAN;
	return ((double)rss_bytes - (double)seen->mark_bytes[0]) * 60000 / (double)passed_ms;
}

/* A socket may outlive its process and the pid may be used again, so the first time it is
 * dialled; every scan would take one of the sampler's few places. */
static bool
answers(struct seen *seen, const char *path)
{
	int fd;

	if (strcmp(seen->dialled_path, path) == 0)
		return true;
	fd = lk_dial_unix(path);
	if (fd < 0 && fd != -EAGAIN)
		return false;
	if (fd >= 0)
		close(fd);
	snprintf(seen->dialled_path, sizeof(seen->dialled_path), "%s", path);
	return true;
}

static void
find_sampler(struct lk_process *p, struct seen *seen)
{
	const char *why_not = "not started under leaktop run";
	int rc = lk_rendezvous_find(p->pid, p->uid, p->socket_path, sizeof(p->socket_path));

	if (rc == 0 && answers(seen, p->socket_path)) {
		p->has_sampler = true;
		return;
	}
	p->socket_path[0] = '\0';
	if (p->uid != geteuid() && geteuid() != 0)
		why_not = "other user";
	else if (rc == 0)
		why_not = "its sampler does not answer";
	snprintf(p->why_not, sizeof(p->why_not), "%s", why_not);
}

static void
describe(struct lk_process *p, const struct seen *seen, const struct lk_proc_stat *stat,
    double uptime_s)
{
	char arguments[ARGUMENTS_BYTES];
	long length = lk_proc_read(p->pid, "cmdline", arguments, sizeof(arguments));

	p->ppid = stat->ppid;
	p->start_time = stat->start_time;
	p->rss_bytes = stat->rss_bytes;
	p->up_s = uptime_s - (double)stat->start_time / (double)sysconf(_SC_CLK_TCK);
	if (p->up_s < 0)
		p->up_s = 0;
	snprintf(p->python, sizeof(p->python), "%s", seen->python);
	if (lk_proc_uid(p->pid, &p->uid) < 0)
		p->uid = (uid_t)-1;
	lk_proc_user(p->uid, p->user, sizeof(p->user));
	lk_python_process_name(arguments, length > 0 ? (size_t)length : 0, p->name,
	    sizeof(p->name));
	lk_proc_command(p->pid, arguments, sizeof(arguments));
	lk_text_clean(arguments, p->command, sizeof(p->command));
	lk_text_clean(p->name, p->name, sizeof(p->name));
}

static struct lk_process *
next_process(struct lk_discovery *d)
{
	if (d->count == d->capacity) {
		size_t capacity = d->capacity == 0 ? 32 : 2 * d->capacity;
		struct lk_process *list = realloc(d->list, capacity * sizeof(*list));

		if (list == NULL)
			return NULL;
		d->list = list;
		d->capacity = capacity;
	}
	memset(&d->list[d->count], 0, sizeof(d->list[0]));
	return &d->list[d->count++];
}

static struct seen *
remember(struct scan *scan, const struct seen *seen)
{
	if (scan->count == scan->capacity) {
		size_t capacity = scan->capacity == 0 ? 256 : 2 * scan->capacity;
		struct seen *list = realloc(scan->seen, capacity * sizeof(*list));

		if (list == NULL)
			return NULL;
		scan->seen = list;
		scan->capacity = capacity;
	}
	scan->seen[scan->count] = *seen;
	return &scan->seen[scan->count++];
}

static int
visit(struct lk_discovery *d, struct scan *scan, pid_t pid)
{
	struct lk_proc_stat stat;
	struct lk_process *p;
	struct seen *seen, recalled;

	if (lk_proc_read_stat(pid, &stat) < 0 || stat.state == 'Z' || stat.state == 'X')
		return 0; /* ended meanwhile */
	recalled = recall(d, pid, &stat);
	seen = remember(scan, &recalled);
	if (seen == NULL)
		return -ENOMEM;
	if (!seen->is_python || pid == getpid())
		return 0;
	p = next_process(d);
	if (p == NULL)
		return -ENOMEM;
	p->pid = pid;
	describe(p, seen, &stat, scan->uptime_s);
	p->rss_growth_bytes_per_min = growth(seen, stat.rss_bytes, scan->now_ms);
	find_sampler(p, seen);
	return 0;
}

static const struct lk_process *
by_number(const struct lk_discovery *d, pid_t pid)
{
	for (size_t i = 0; i < d->count; i++)
		if (d->list[i].pid == pid)
			return &d->list[i];
	return NULL;
}

/* A chain of parents is finite, but pids may be used again during the scan. */
static void
find_groups(struct lk_discovery *d)
{
	for (size_t i = 0; i < d->count; i++) {
		const struct lk_process *top = &d->list[i], *parent;
		size_t left = d->count;

		while (left-- > 0 && (parent = by_number(d, top->ppid)) != NULL)
			top = parent;
		d->list[i].group_pid = top->pid;
	}
}

static double
rank(const struct lk_process *p)
{
	double rate = p->rss_growth_bytes_per_min;

	return isnan(rate) || fabs(rate) < growth_noise_bytes_per_min ? 0 : rate;
}

static int
worst_first(const void *a, const void *b)
{
	const struct lk_process *x = a, *y = b;

	if (rank(x) != rank(y))
		return rank(x) < rank(y) ? 1 : -1;
	if (x->rss_bytes != y->rss_bytes)
		return x->rss_bytes < y->rss_bytes ? 1 : -1;
	return (x->pid > y->pid) - (x->pid < y->pid);
}

static double
uptime_s(void)
{
	double seconds = 0;
	FILE *file = fopen("/proc/uptime", "re");

	if (file == NULL)
		return 0;
	if (fscanf(file, "%lf", &seconds) != 1)
		seconds = 0;
	fclose(file);
	return seconds;
}

int
lk_discovery_scan(struct lk_discovery *d, int64_t now_ms, const struct lk_process **out)
{
	struct scan scan = {.uptime_s = uptime_s(), .now_ms = now_ms};
	struct dirent *entry;
	DIR *dir = opendir("/proc");
	int rc = 0;

	if (dir == NULL)
		return -errno;
	lk_rendezvous_sweep();
	d->count = 0;
	while (rc == 0 && (entry = readdir(dir)) != NULL)
		if (isdigit((unsigned char)entry->d_name[0]))
			rc = visit(d, &scan, (pid_t)atoi(entry->d_name));
	closedir(dir);
	qsort(scan.seen, scan.count, sizeof(*scan.seen), by_pid);
	free(d->seen);
	d->seen = scan.seen;
	d->seen_count = scan.count;
	if (rc < 0)
		return rc;
	find_groups(d);
	if (d->count > 0)
		qsort(d->list, d->count, sizeof(*d->list), worst_first);
	*out = d->list;
	return (int)d->count;
}

/* ---- by pid or name ------------------------------------------------------ */

static bool
has_pid(const struct lk_process *p, const char *text)
{
	char digits[16];

	snprintf(digits, sizeof(digits), "%d", (int)p->pid);
	return strcmp(digits, text) == 0;
}

static bool
has_name(const struct lk_process *p, const char *text)
{
	size_t length = strlen(p->name);

	return strncmp(p->name, text, length) == 0 &&
	    (text[length] == '\0' || strcmp(text + length, ".py") == 0);
}

static bool
has_text(const struct lk_process *p, const char *text)
{
	return strstr(p->command, text) != NULL;
}

int
lk_discovery_find(struct lk_discovery *d, const char *pid_or_name, const struct lk_process **out)
{
	static bool (*const tests[])(const struct lk_process *, const char *) = {has_pid, has_name,
	    has_text};
	bool is_pid = strspn(pid_or_name, "0123456789") == strlen(pid_or_name);
	size_t last = is_pid ? 1 : sizeof(tests) / sizeof(tests[0]);

	if (pid_or_name[0] == '\0')
		return 0;
	for (size_t t = 0; t < last; t++) {
		const struct lk_process *first = NULL;
		int count = 0;

		for (size_t i = 0; i < d->count; i++) {
			if (!tests[t](&d->list[i], pid_or_name))
				continue;
			count++;
			if (first == NULL || (!first->has_sampler && d->list[i].has_sampler))
				first = &d->list[i];
		}
		if (count > 0) {
			*out = first;
			return count;
		}
	}
	return 0;
}
