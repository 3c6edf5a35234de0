#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "attach/attach.h"
#include "attach/preflight.h"
#include "base/attr.h"
#include "client/dial.h"
#include "client/proc.h"
#include "client/rendezvous.h"
#include "util/text.h"

#include "cli/commands.h"
#include "cli/fault.h"
#include "cli/library.h"
#include "cli/options.h"
#include "cli/target.h"

#define CAP_SYS_PTRACE_BIT 19

static void
line(const char *mark, const char *what, const char *words)
{
	char clean[512];

	lk_text_clean(words, clean, sizeof(clean));
	printf("%-5s %-12s %s\n", mark, what, clean);
}

static bool
may_trace_all(void)
{
	char status[8192];
	unsigned long long effective = 0;
	const char *at;

	if (lk_proc_read(getpid(), "status", status, sizeof(status)) > 0 &&
	    (at = strstr(status, "\nCapEff:")) != NULL)
		sscanf(at + 8, "%llx", &effective);
	return (effective >> CAP_SYS_PTRACE_BIT & 1) != 0;
}

static void
tell_permission(void)
{
	FILE *file = fopen("/proc/sys/kernel/yama/ptrace_scope", "re");
	bool all = may_trace_all();
	int scope = 0;

	if (file != NULL && fscanf(file, "%d", &scope) != 1)
		scope = 0;
	if (file != NULL)
		fclose(file);
	if (scope == 3)
		line("no", "attach", "kernel.yama.ptrace_scope is 3: nobody may trace a process");
	else if (all)
		line("ok", "attach", "to processes of every user (CAP_SYS_PTRACE)");
	else if (scope != 0)
		line("no", "attach", "kernel.yama.ptrace_scope is not 0: only with CAP_SYS_PTRACE, "
		    "as root has it; or start programs with leaktop run");
	else
		line("ok", "attach", "to processes of your own; as root to those of every user");
}

static void
tell_machine(const char *library)
{
	struct utsname name;
	char words[512];

	if (uname(&name) == 0) {
		snprintf(words, sizeof(words), "%s %s %s", name.sysname, name.release,
		    name.machine);
		line(strcmp(name.machine, "x86_64") == 0 ? "ok" : "note", "machine", words);
	}
	line("ok", "library", library);
	tell_permission();
}

static void
tell_sampler(pid_t pid)
{
	char path[108];
	uid_t uid;
	int fd;

	if (lk_proc_uid(pid, &uid) < 0 ||
	    lk_rendezvous_find(pid, uid, path, sizeof(path)) < 0) {
		line("note", "socket", "none: it has no sampler that listens");
		return;
	}
	fd = lk_dial_unix(path);
	line(fd >= 0 || fd == -EAGAIN ? "ok" : "no", "socket", path);
	if (fd >= 0)
		close(fd);
}

static int
tell_process(const char *word, const char *library)
{
	static const char *const marks[] = {
	    [LK_FINDING_GOOD] = "ok", [LK_FINDING_NOTE] = "note", [LK_FINDING_REFUSED] = "no"};
	const struct lk_preflight *preflight;
	struct lk_attach *a;
	pid_t pid = 0;
	int status = lk_target_pid(word, &pid), rc;

	if (status != LK_EXIT_DONE)
		return status;
	rc = lk_attach_look(pid, library, false, &a);
	if (rc < 0)
		return lk_fault("process %d: %s", (int)pid,
		    rc == -ESRCH ? "there is none" : strerror(-rc));
	printf("\nProcess %d:\n", (int)pid);
	preflight = lk_attach_preflight(a);
	for (size_t i = 0; i < preflight->count; i++)
		line(marks[preflight->checks[i].finding], preflight->checks[i].what,
		    preflight->checks[i].words);
	tell_sampler(pid);
	status = preflight->refusal == NULL ? LK_EXIT_DONE : LK_EXIT_FAILED;
	lk_attach_free(a);
	return status;
}

static int
doctor(const struct lk_arguments *arguments)
{
	char library[LK_LIBRARY_PATH_BYTES];
	int status = lk_library_find(library, sizeof(library));

	if (status != LK_EXIT_DONE)
		return status;
	tell_machine(library);
	return arguments->word_count == 0 ? LK_EXIT_DONE :
	    tell_process(arguments->words[0], library);
}

const struct lk_command lk_doctor_command = {
    .name = "doctor",
    .words = "[PID|NAME]",
    .summary = "Tell what works on this machine, and whether a process could be attached to.",
    .details = "Exit status 2: attach would refuse that process. Touches nothing.\n",
    .words_min = 0,
    .words_max = 1,
    .run = doctor,
};
