/* sampler.h - the life of the sampler in its host.  Room: sampler (top).
 *
 *	loaded --(no Py_IsInitialized in the process)--> dormant for ever, silent
 *	  |    --(the interpreter is up already)--> nothing, until leaktop_sampler_attach
 *	  |  thread
 *	  v
 *	waiting for the interpreter
 *	  |  with the GIL: layout, hooks, fork and exit callbacks
 *	  v
 *	serving (sampling, or dormant with a reason) <--- after fork, parent and child
 *	  |                     |
 *	  |  atexit             |  before fork: our threads end, so that the child is a fork
 *	  v                     v  of a process without them
 *	closed               suspended
 *
 * Detached: a client said so; hooks, threads and the socket are gone, until leaktop_sampler_attach.
 *
 * Hooks that see frees stay while a sampled block or a slot is in use (duty.h). */
#ifndef LK_SAMPLER_SAMPLER_H
#define LK_SAMPLER_SAMPLER_H

/* leaktop_sampler_start - exported; begins once, in this process.  Returns: 0 or negative
 * errno.  The library's constructor calls it, unless LEAKTOP_DISABLE is set, or the interpreter was
 * up before. */
int leaktop_sampler_start(void);

/* leaktop_sampler_attach - exported; the same in a process that runs, with SETTINGS in place of the
 * environment, see settings.h.  Context: a thread that is not Python's, without the GIL.
 * Returns: 0; -EALREADY; -ENOTSUP: no interpreter is to be seen from here; negative errno. */
int leaktop_sampler_attach(const char *settings);

/* leaktop_sampler_version - exported: "0.1.0". */
const char *leaktop_sampler_version(void);

#endif
