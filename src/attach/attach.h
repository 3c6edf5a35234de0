/* attach.h - the sampler into a Python process that runs.  Room: attach; its door.
 *
 *	look        what the process is, and whether it may be done: nothing is touched
 *	  |
 *	stop        one thread, at a moment when it holds no lock of libc (moment.h)
 *	  |         two system calls there make memory; a stub is put into it (stub.h)
 *	  |         the thread starts another one, and goes on where it was
 *	let go      nothing of ours holds the process any more
 *	  |
 *	wait        the new thread loads the library and starts the sampler in it
 *
 * Signals of this program wait until it was let go, but for SIGKILL and SIGSTOP. */
#ifndef LK_ATTACH_ATTACH_H
#define LK_ATTACH_ATTACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct lk_attach;
struct lk_preflight;

struct lk_attach_report {
	char		 words[640];	/* what went wrong */
	pid_t		 thread;	/* that was stopped last */
	unsigned int	 stops;		/* of any thread, this one included */
	int64_t		 longest_us;	/* of them */
	int64_t		 window_us;	/* when the end of this program would have harmed it */
	int64_t		 loading_us;	/* from then on, in its own thread */
};

/* lk_attach_look - PID and LIBRARY, an absolute path, are looked at; ALLOW_SECCOMP as in
 * preflight.h.  Returns: 0, *out to be freed, with lk_attach_preflight() in it; -ESRCH: there is no
 * such process; -ENOMEM. */
int lk_attach_look(pid_t pid, const char *library, bool allow_seccomp, struct lk_attach **out);
void lk_attach_free(struct lk_attach *a);	/* NULL is fine */

const struct lk_preflight *lk_attach_preflight(const struct lk_attach *a);

/* lk_attach_perform - SETTINGS, "NAME=VALUE" [COUNT], stand in place of the environment; variables
 * of leaktop/sampler.h that are not among them are taken from what the process was started with.
 * Returns: 0: the sampler has started; negative errno with report->words.  Either way the process
 * goes on. */
int lk_attach_perform(struct lk_attach *a, const char *const *settings, size_t count,
    struct lk_attach_report *report);

#endif
