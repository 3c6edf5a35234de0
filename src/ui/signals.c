#include "config.h"

#include "ui/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/attr.h"

#define RESTORE_BYTES	512
#define STACK_BYTES	32768

/* One terminal per process: what handlers need cannot be reached otherwise. */
static int pipe_fds[2] = {-1, -1};
static struct {
	volatile sig_atomic_t	fd;
	struct termios		modes;
	char			restore[RESTORE_BYTES];
	size_t			restore_bytes;
	int			stderr_fd;
} guard = {.fd = -1, .stderr_fd = -1};

static char crash_stack[STACK_BYTES];

static const int caught[] = {SIGWINCH, SIGTSTP, SIGCONT, SIGHUP, SIGTERM, SIGINT};
static const int fatal[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};

static void
note(int number)
{
	int saved_errno = errno;
	unsigned char byte = (unsigned char)number;
	ssize_t rc;

	rc = write(pipe_fds[1], &byte, 1);	/* full: enough of them are waiting */
	(void)rc;
	errno = saved_errno;
}

/* Only what POSIX allows in a handler. */
static void
crash(int number)
{
	ssize_t rc;

	if (guard.fd >= 0) {
		rc = write(guard.fd, guard.restore, guard.restore_bytes);
		(void)rc;
		tcsetattr(guard.fd, TCSANOW, &guard.modes);
		if (guard.stderr_fd >= 0)
			dup2(guard.stderr_fd, STDERR_FILENO);
	}
	raise(number);		/* SA_RESETHAND: the default comes now */
}

static void
catch_fatal(void)
{
	const stack_t stack = {.ss_sp = crash_stack, .ss_size = sizeof(crash_stack)};
	struct sigaction action = {.sa_handler = crash,
	    .sa_flags = (int)(SA_RESETHAND | SA_NODEFER | SA_ONSTACK)};

	sigemptyset(&action.sa_mask);
	sigaltstack(&stack, NULL);
	for (size_t i = 0; i < LK_COUNT_OF(fatal); i++)
		sigaction(fatal[i], &action, NULL);
}

static void
catch_noted(void)
{
	struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART};

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < LK_COUNT_OF(caught); i++)
		sigaction(caught[i], &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
	/* A terminal that stops writers in the background must not stop the last restore. */
	sigaction(SIGTTOU, &action, NULL);
}

int
lk_signals_open(void)
{
	if (pipe_fds[0] < 0 && pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	catch_noted();
	return pipe_fds[0];
}

void
lk_signals_close(void)
{
	for (size_t i = 0; i < LK_COUNT_OF(caught); i++)
		signal(caught[i], SIG_DFL);
	signal(SIGTTOU, SIG_DFL);
	for (int i = 0; i < 2; i++) {
		if (pipe_fds[i] >= 0)
			close(pipe_fds[i]);
		pipe_fds[i] = -1;
	}
}

int
lk_signals_next(void)
{
	unsigned char byte;

	if (pipe_fds[0] < 0 || read(pipe_fds[0], &byte, 1) != 1)
		return 0;
	return byte;
}

void
lk_signals_guard(int fd, const struct termios *modes, const char *restore, size_t restore_bytes,
    int stderr_fd)
{
	guard.fd = -1;
	if (fd < 0) {
		for (size_t i = 0; i < LK_COUNT_OF(fatal); i++)
			signal(fatal[i], SIG_DFL);
		return;
	}
	guard.modes = *modes;
	guard.restore_bytes = restore_bytes < RESTORE_BYTES ? restore_bytes : RESTORE_BYTES;
	memcpy(guard.restore, restore, guard.restore_bytes);
	guard.stderr_fd = stderr_fd;
	guard.fd = fd;		/* last: from here on the handler uses the rest */
	catch_fatal();
}

void
lk_signals_stop(void)
{
	signal(SIGTSTP, SIG_DFL);
	kill(0, SIGTSTP);
	catch_noted();
}
