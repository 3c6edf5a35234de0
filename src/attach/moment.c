#include "config.h"

#include "attach/moment.h"

#if defined(__x86_64__)

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attach/subject.h"
#include "base/attr.h"

#define FUTEX_WAIT_BITSET_OP	9	/* semaphores and conditions; locks of libc use others */
#define FUTEX_OP_MASK		0x7f
#define FUTEX_WAIT_SHARED	0	/* locks between processes, the end of a thread */
#define INTERRUPTED_FIRST	-516	/* the kernel's ERESTART words */
#define INTERRUPTED_LAST	-512
#define STACK_BYTES		(1u << 20)
#define CHUNK_WORDS		4096

static const struct {
	long		 number;
	enum lk_moment	 moment;
} waits[] = {
	{SYS_clock_nanosleep, LK_MOMENT_WAITS},
	{SYS_nanosleep, LK_MOMENT_WAITS},
	{SYS_futex, LK_MOMENT_WAITS},
	{SYS_select, LK_MOMENT_WAITS},
	{SYS_pselect6, LK_MOMENT_WAITS},
	{SYS_poll, LK_MOMENT_WAITS},
	{SYS_ppoll, LK_MOMENT_WAITS},
	{SYS_read, LK_MOMENT_WAITS},
	{SYS_readv, LK_MOMENT_WAITS},
	{SYS_write, LK_MOMENT_WAITS},
	{SYS_recvfrom, LK_MOMENT_WAITS},
	{SYS_recvmsg, LK_MOMENT_WAITS},
	{SYS_sendto, LK_MOMENT_WAITS},
	{SYS_sendmsg, LK_MOMENT_WAITS},
	{SYS_accept, LK_MOMENT_WAITS},
	{SYS_accept4, LK_MOMENT_WAITS},
	{SYS_connect, LK_MOMENT_WAITS},
	{SYS_wait4, LK_MOMENT_WAITS},
	{SYS_waitid, LK_MOMENT_WAITS},
	{SYS_pause, LK_MOMENT_WAITS},
	{SYS_flock, LK_MOMENT_WAITS},
	{SYS_fcntl, LK_MOMENT_WAITS},
	{SYS_writev, LK_MOMENT_WAITS},
	{SYS_recvmmsg, LK_MOMENT_WAITS},
	{SYS_sendmmsg, LK_MOMENT_WAITS},
	{SYS_msgrcv, LK_MOMENT_WAITS},
	{SYS_rt_sigsuspend, LK_MOMENT_WAITS},
	/* a wait with a timeout that was interrupted before: no lock of malloc has one */
	{SYS_restart_syscall, LK_MOMENT_WAITS},
	{SYS_epoll_wait, LK_MOMENT_WAITS_ONCE},
	{SYS_epoll_pwait, LK_MOMENT_WAITS_ONCE},
	{SYS_epoll_pwait2, LK_MOMENT_WAITS_ONCE},
	{SYS_rt_sigtimedwait, LK_MOMENT_WAITS_ONCE},
	{SYS_semop, LK_MOMENT_WAITS_ONCE},
	{SYS_semtimedop, LK_MOMENT_WAITS_ONCE},
	{SYS_io_getevents, LK_MOMENT_WAITS_ONCE},
	{SYS_io_uring_enter, LK_MOMENT_WAITS_ONCE},
};

static enum lk_moment
moment_of(long number, uint64_t second_argument)
{
	if (number == SYS_futex && (second_argument & FUTEX_OP_MASK) != FUTEX_WAIT_BITSET_OP &&
	    (uint32_t)second_argument != FUTEX_WAIT_SHARED)
		return LK_MOMENT_NEVER;
	for (size_t i = 0; i < LK_COUNT_OF(waits); i++)
		if (waits[i].number == number)
			return waits[i].moment;
	return LK_MOMENT_NEVER;
}

enum lk_moment
lk_moment_guess(pid_t pid, pid_t tid)
{
	char path[64], line[256] = "";
	uint64_t first, second;
	FILE *file;
	long number;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/syscall", (int)pid, (int)tid);
	file = fopen(path, "re");
	if (file == NULL)
		return errno == ENOENT ? LK_MOMENT_NEVER : LK_MOMENT_RUNS;
	if (fgets(line, sizeof(line), file) == NULL)
		line[0] = '\0';
	fclose(file);
	if (sscanf(line, "%ld 0x%" SCNx64 " 0x%" SCNx64, &number, &first, &second) != 3)
		return line[0] == '\0' ? LK_MOMENT_NEVER : LK_MOMENT_RUNS;
	return number < 0 ? LK_MOMENT_RUNS : moment_of(number, second);
}

/* What is on the stack where handlers of signals are called: the address that they return to. */
static bool
is_in_handler(const struct lk_subject *s, uint64_t sp)
{
	const struct lk_mapping *stack = lk_mapped_at(&s->mapped, sp);
	uint64_t end = sp + STACK_BYTES, words[CHUNK_WORDS];
	ssize_t got;

	if (s->restorer == 0)
		return false;
	/* a stack may have grown since; what is above it ends the reading */
	if (stack != NULL && end > stack->end)
		end = stack->end;
	for (uint64_t at = sp & ~UINT64_C(7); at < end; at += sizeof(words)) {
		size_t bytes = end - at < sizeof(words) ? (size_t)(end - at) : sizeof(words);

		got = pread(s->memory, words, bytes, (off_t)at);
		for (ssize_t i = 0; i < got / (ssize_t)sizeof(words[0]); i++)
			if (words[i] == s->restorer)
				return true;
		if (got < (ssize_t)bytes)
			break;
	}
	return false;
}

/* The kernel ends more waits with EINTR than can be told before: of a socket with SO_RCVTIMEO each.
 * That has happened by now, and another stop would do it again. */
static bool
is_waiting(const struct user_regs_struct *stopped)
{
	int64_t left = (int64_t)stopped->rax;
	enum lk_moment moment;

	if ((int64_t)stopped->orig_rax < 0)
		return false;
	moment = moment_of((long)stopped->orig_rax, stopped->rsi);
	return (moment == LK_MOMENT_WAITS || moment == LK_MOMENT_WAITS_ONCE) &&
	    (left == -EINTR || (left >= INTERRUPTED_FIRST && left <= INTERRUPTED_LAST));
}

bool
lk_moment_is_safe(const struct lk_subject *s, const struct user_regs_struct *stopped,
    bool any_library)
{
	enum lk_code code;

	if (!lk_subject_code(s, stopped->rip, &code))
		return false;
	if (is_waiting(stopped)) {
		if (code == LK_CODE_LOADER || code == LK_CODE_ALLOCATOR)
			return false;
	} else if (code != LK_CODE_INTERPRETER && !(code == LK_CODE_OTHER && any_library)) {
		return false;
	}
	return !is_in_handler(s, stopped->rsp);
}

#endif
