/* bare_copy.c - a copy-on-write copy of the process that does nothing: the floor of any.  In C, as
 * the child must not come back to an interpreter whose other threads it does not have. */
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Returns: the child's pid, or -1. */
long
bare_copy(void)
{
	long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		syscall(SYS_exit_group, 0);
	return pid;
}
