#include "config.h"

#include "attach/subject.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attach/exports.h"
#include "attach/versions.h"
#include "base/attr.h"

#define STATUS_BYTES	8192
#define ENVIRONMENT_BYTES (256u << 10)
#define CODE_BYTES	128	/* of syscall(), where its instruction is looked for */
#define TEXT_CHUNK	65536u

static const char *const call_names[LK_CALLS] = {
	[LK_CALL_THREAD_SELF] = "pthread_self",
	[LK_CALL_THREAD_DETACH] = "pthread_detach",
	[LK_CALL_DLOPEN] = "dlopen",
	[LK_CALL_DLSYM] = "dlsym",
	[LK_CALL_DLERROR] = "dlerror",
	[LK_CALL_USLEEP] = "usleep",
	[LK_CALL_MUNMAP] = "munmap",
	[LK_CALL_THREAD_CREATE] = "pthread_create",
	[LK_CALL_SYSCALL] = "syscall",
};

/* The start of /proc/PID/FILE, NUL behind it; bytes or negative errno. */
static long
read_file(pid_t pid, const char *file, char *out, size_t out_bytes)
{
	char path[64];
	size_t length = 0;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while ((n = read(fd, out + length, out_bytes - 1 - length)) > 0)
		length += (size_t)n;
	close(fd);
	out[length] = '\0';
	return n < 0 && length == 0 ? -errno : (long)length;
}

/* Field 22 of stat: the name before it may contain anything. */
static uint64_t
start_time_of(pid_t pid)
{
	char text[1024], *at;
	int field = 2;

	if (read_file(pid, "stat", text, sizeof(text)) <= 0 || (at = strrchr(text, ')')) == NULL)
		return 0;
	for (; *at != '\0'; at++)
		if (*at == ' ' && ++field == 22)
			return strtoull(at + 1, NULL, 10);
	return 0;
}

static const char *
line_of(const char *status, const char *key)
{
	size_t length = strlen(key);
	const char *at = status;

	while (at != NULL && (strncmp(at, key, length) != 0 || at[length] != ':')) {
		at = strchr(at, '\n');
		at = at == NULL ? NULL : at + 1;
	}
	return at == NULL ? "" : at + length + 1 + strspn(at + length + 1, "\t ");
}

static bool
is_same_link(pid_t pid, const char *file)
{
	char path[64], ours[64];
	struct stat theirs_stat, ours_stat;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	snprintf(ours, sizeof(ours), "/proc/self/%s", file);
	return stat(path, &theirs_stat) == 0 && stat(ours, &ours_stat) == 0 &&
	    theirs_stat.st_ino == ours_stat.st_ino && theirs_stat.st_dev == ours_stat.st_dev;
}

/* "1234\t7": from the outermost namespace to its own. */
static pid_t
innermost_pid(const char *line, pid_t pid)
{
	char *end;
	long value = pid;

	while (*line >= '0' && *line <= '9') {
		value = strtol(line, &end, 10);
		line = end + strspn(end, "\t ");
	}
	return (pid_t)value;
}

int
lk_subject_look(pid_t pid, struct lk_subject *out)
{
	char status[STATUS_BYTES];
	unsigned int real, effective;
	long rc = read_file(pid, "status", status, sizeof(status));

	*out = (struct lk_subject){.pid = pid, .memory = -1};
	if (rc <= 0)
		return rc == 0 || rc == -ENOENT ? -ESRCH : (int)rc;
	if (strtol(line_of(status, "Tgid"), NULL, 10) != pid)
		return -ESRCH;	/* a thread of another process */
	snprintf(out->name, sizeof(out->name), "%.*s",
	    (int)strcspn(line_of(status, "Name"), "\n"), line_of(status, "Name"));
	out->state = line_of(status, "State")[0];
	out->tracer = (pid_t)strtol(line_of(status, "TracerPid"), NULL, 10);
	out->seccomp = (int)strtol(line_of(status, "Seccomp"), NULL, 10);
	out->pid_inside = innermost_pid(line_of(status, "NSpid"), pid);
	out->is_kernel_thread = out->state != 'Z' && line_of(status, "VmSize")[0] == '\0';
	out->has_shadow_stack = strncmp(line_of(status, "x86_Thread_features"), "shstk", 5) == 0;
	if (sscanf(line_of(status, "Uid"), "%u %u", &real, &effective) == 2)
		out->uid = effective;
	if (sscanf(line_of(status, "Gid"), "%u %u", &real, &effective) == 2)
		out->gid = effective;
	out->start_time = start_time_of(pid);
	out->shares_mounts = is_same_link(pid, "ns/mnt");
	return out->start_time == 0 ? -ESRCH : 0;
}

/* After an exec the memory that we have open is nobody's, and after the end, too. */
bool
lk_subject_has_memory(const struct lk_subject *s)
{
	char byte;

	return pread(s->memory, &byte, 1, (off_t)s->instruction) == 1;
}

bool
lk_subject_is_same(const struct lk_subject *s)
{
	return start_time_of(s->pid) == s->start_time && lk_subject_has_memory(s);
}

bool
lk_subject_is_filtered(const struct lk_subject *s, pid_t tid)
{
	char file[32], status[STATUS_BYTES];

	snprintf(file, sizeof(file), "task/%d/status", (int)tid);
	return read_file(s->pid, file, status, sizeof(status)) > 0 &&
	    strtol(line_of(status, "Seccomp"), NULL, 10) != 0;
}

/* ---- what is in its memory --------------------------------------------------------------- */

static bool
begins(const char *name, const char *with)
{
	return strncmp(name, with, strlen(with)) == 0;
}

static bool
is_libc(const char *name)
{
	return begins(name, "libc.so.") || begins(name, "libc-2.") ||
	    begins(name, "libpthread.so.") || begins(name, "libpthread-2.") ||
	    begins(name, "libdl.so.") || begins(name, "libdl-2.");
}

static void
find_calls(struct lk_subject *s, const struct lk_exports *e)
{
	for (size_t i = 0; i < LK_CALLS; i++)
		if (s->calls[i] == 0)
			s->calls[i] = lk_exports_find(e, call_names[i]);
}

/* From 3.11 on the interpreter exports its version; before, its file is named by it. */
static unsigned int
minor_of(const struct lk_subject *s, const struct lk_exports *e, const char *name)
{
	uint64_t address = lk_exports_find(e, "Py_Version");
	unsigned long version;
	unsigned int minor;
	const char *at;

	if (address != 0 && pread(s->memory, &version, sizeof(version), (off_t)address) ==
	    (ssize_t)sizeof(version) && version >> 24 == 3)
		return (unsigned int)(version >> 16 & 0xff);
	at = strstr(name, "python3.");
	return at != NULL && sscanf(at + strlen("python3."), "%2u", &minor) == 1 ? minor : 0;
}

static void
note_interpreter(struct lk_subject *s, struct lk_object *o, const struct lk_exports *e,
    const char *name)
{
	o->code = LK_CODE_INTERPRETER;
	s->interpreter_count++;
	s->interpreter = o->base;
	s->minor = minor_of(s, e, name);
}

static void
classify(struct lk_subject *s, struct lk_object *o)
{
	const char *name = lk_mapped_name(o->base);
	struct lk_exports e;

	s->is_pypy = s->is_pypy || begins(name, "libpypy") || begins(name, "pypy");
	s->is_valgrind = s->is_valgrind || begins(name, "vgpreload_");
	s->is_musl = s->is_musl || begins(name, "ld-musl") || begins(name, "libc.musl") ||
	    (strcmp(name, "libc.so") == 0 && strstr(o->base->path, "musl") != NULL);
	if (begins(name, "ld-linux") || begins(name, "ld-2.") || begins(name, "ld.so")) {
		o->code = LK_CODE_LOADER;
		return;
	}
	if (lk_exports_open(s->memory, o->base->start, &e) < 0)
		return;
	if (begins(name, "libleaktop-sampler.")) {
		s->sampler = o->base;
		s->sampler_function = lk_exports_find(&e, LK_SUBJECT_SYMBOL);
	}
	if (is_libc(name)) {
		o->code = LK_CODE_LIBC;
		s->has_libc = true;
		find_calls(s, &e);
		if (begins(name, "libc"))
			s->glibc = lk_versions_had(&e);
		return;
	}
	if (lk_exports_find(&e, "Py_IsInitialized") != 0)
		note_interpreter(s, o, &e, name);
	/* also when it is linked into the interpreter */
	if (lk_exports_find(&e, "malloc") != 0 || lk_exports_find(&e, "calloc") != 0)
		o->code = LK_CODE_ALLOCATOR;
}

static struct lk_object *
object_of(struct lk_subject *s, const struct lk_mapping *base)
{
	for (size_t i = s->object_count; i-- > 0;)
		if (s->objects[i].base == base)
			return &s->objects[i];
	return NULL;
}

static void
find_objects(struct lk_subject *s)
{
	for (size_t i = 0; i < s->mapped.count; i++) {
		const struct lk_mapping *m = &s->mapped.list[i], *base;

		if (!m->executable || m->path[0] != '/')
			continue;
		base = lk_mapped_base(&s->mapped, m);
		if (base == NULL || object_of(s, base) != NULL ||
		    s->object_count == LK_OBJECTS_MAX)
			continue;
		s->objects[s->object_count] = (struct lk_object){.base = base};
		classify(s, &s->objects[s->object_count++]);
	}
}

static uint64_t
find_code(const struct lk_subject *s, uint64_t from, size_t bytes, const char *code, size_t length)
{
	char chunk[TEXT_CHUNK];
	ssize_t n;
	const char *at;

	if (bytes > sizeof(chunk))
		bytes = sizeof(chunk);
	n = pread(s->memory, chunk, bytes, (off_t)from);
	at = n <= 0 ? NULL : memmem(chunk, (size_t)n, code, length);
	return at == NULL ? 0 : from + (uint64_t)(at - chunk);
}

/* Where libc's restorer is nobody exports: it is mov $15,%rax; syscall. */
static void
find_instructions(struct lk_subject *s)
{
	static const char instruction[] = "\x0f\x05", restorer[] = "\x48\xc7\xc0\x0f\0\0\0\x0f\x05";
	const size_t length = sizeof(restorer) - 1;
	const struct lk_mapping *text;

	if (s->calls[LK_CALL_SYSCALL] == 0)
		return;
	s->instruction = find_code(s, s->calls[LK_CALL_SYSCALL], CODE_BYTES, instruction, 2);
	text = lk_mapped_at(&s->mapped, s->calls[LK_CALL_SYSCALL]);
	for (uint64_t at = text == NULL ? 0 : text->start; text != NULL && at < text->end &&
	    s->restorer == 0; at += TEXT_CHUNK - length)
		s->restorer = find_code(s, at, text->end - at, restorer, length);
}

int
lk_subject_open(struct lk_subject *s)
{
	char path[32];
	int rc;

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)s->pid);
	s->memory = open(path, O_RDWR | O_CLOEXEC);
	if (s->memory < 0)
		return -errno;
	rc = lk_mapped_read(s->pid, &s->mapped);
	if (rc < 0)
		return rc;
	find_objects(s);
	find_instructions(s);
	for (size_t i = 0; i < LK_CALLS && s->missing == NULL; i++)
		if (s->calls[i] == 0)
			s->missing = call_names[i];
	return start_time_of(s->pid) == s->start_time ? 0 : -ESRCH;
}

void
lk_subject_close(struct lk_subject *s)
{
	if (s->memory >= 0)
		close(s->memory);
	s->memory = -1;
	lk_mapped_free(&s->mapped);
}

bool
lk_subject_code(const struct lk_subject *s, uint64_t address, enum lk_code *out)
{
	const struct lk_mapping *at = lk_mapped_at(&s->mapped, address), *base;

	base = at == NULL || !at->executable ? NULL : lk_mapped_base(&s->mapped, at);
	for (size_t i = 0; base != NULL && i < s->object_count; i++)
		if (s->objects[i].base == base) {
			*out = s->objects[i].code;
			return true;
		}
	return false;
}

bool
lk_subject_environment(const struct lk_subject *s, const char *name, char *out, size_t out_bytes)
{
	char *text = malloc(ENVIRONMENT_BYTES);
	long got = text == NULL ? -1 : read_file(s->pid, "environ", text, ENVIRONMENT_BYTES);
	size_t length = strlen(name);
	bool found = false;

	for (long at = 0; at < got && !found; at += (long)strlen(text + at) + 1) {
		if (strncmp(text + at, name, length) != 0 || text[at + (long)length] != '=')
			continue;
		found = (size_t)snprintf(out, out_bytes, "%s", text + at + length + 1) < out_bytes;
	}
	free(text);
	return found;
}
