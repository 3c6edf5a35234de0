#include "config.h"

#include "sampler/core/readable.h"

#include <errno.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#define WORD	8u	/* the kernel's set of signals */

/* The kernel copies the set before it looks at the first argument, which says nothing it knows:
 * it changes nothing, and tells the two errors apart.  Every program makes this call, so that no
 * sandbox minds. */
static bool
can_read(uintptr_t address)
{
	return syscall(SYS_rt_sigprocmask, -1, (const void *)(address & ~(uintptr_t)(WORD - 1)),
	    NULL, WORD) == -1 && errno == EINVAL;
}

bool
lk_readable_bytes(const void *p, size_t bytes)
{
	uintptr_t address = (uintptr_t)p;

	return address != 0 && can_read(address) && can_read(address + bytes - 1);
}
