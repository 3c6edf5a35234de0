#include "config.h"

#include "sampler/cpython/probe.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sampler/cpython/layout.h"

#define SET_BYTES	8	/* of the kernel's signal set */
#define NO_SUCH_HOW	(~0)

/* The kernel copies the set before it refuses to do the unknown with it: EFAULT, else EINVAL. */
static bool
is_readable(const void *p)
{
	return syscall(SYS_rt_sigprocmask, NO_SUCH_HOW, p, NULL, SET_BYTES) != -1 ||
	    errno != EFAULT;
}

bool
lk_probe_readable(const void *p, size_t bytes)
{
	int saved_errno = errno;
	bool readable;

	readable = p != NULL && is_readable(p) &&
	    is_readable((const char *)p + bytes - SET_BYTES);
	errno = saved_errno;
	return readable;
}

const void *
lk_probe_ptr(const void *p, int offset, size_t bytes)
{
	const void *to;

	if (p == NULL || !lk_probe_readable(lk_at(p, offset), sizeof(to)))
		return NULL;
	to = lk_read_ptr(p, offset);
	return lk_probe_readable(to, bytes) ? to : NULL;
}
