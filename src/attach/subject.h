/* subject.h - the process that is to be attached to: what /proc says of it, and where what is to
 * be called there is.  Room: attach.  Reads only; stops nothing. */
#ifndef LK_ATTACH_SUBJECT_H
#define LK_ATTACH_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "attach/mapped.h"

/* What is called in the process, in the order in which the stub keeps it (stub.h). */
enum lk_call {
	LK_CALL_THREAD_SELF,
	LK_CALL_THREAD_DETACH,
	LK_CALL_DLOPEN,
	LK_CALL_DLSYM,
	LK_CALL_DLERROR,
	LK_CALL_USLEEP,
	LK_CALL_MUNMAP,
	LK_CALL_THREAD_CREATE,
	LK_CALL_SYSCALL,		/* its code has the instruction */
	LK_CALLS
};

/* Where a stopped thread may be (moment.h). */
enum lk_code {
	LK_CODE_OTHER,
	LK_CODE_INTERPRETER,
	LK_CODE_LIBC,
	LK_CODE_LOADER,
	LK_CODE_ALLOCATOR,		/* exports malloc, and is not libc; the interpreter may */
};

#define LK_OBJECTS_MAX 4096
#define LK_SUBJECT_SYMBOL "leaktop_sampler_attach"	/* is called there (leaktop/sampler.h) */

struct lk_object {			/* a file with code */
	const struct lk_mapping *base;
	enum lk_code	 code;
};

struct lk_subject {
	pid_t		 pid, pid_inside, tracer;
	uint64_t	 start_time;		/* clock ticks since boot */
	uid_t		 uid;
	gid_t		 gid;
	char		 state;
	char		 name[32];
	int		 seccomp;		/* 0 none, 1 strict, 2 a filter */
	bool		 allows_filtered;	/* also threads with a filter may be stopped */
	bool		 is_kernel_thread, has_shadow_stack;
	bool		 shares_mounts;		/* our mount namespace is its */

	int		 memory;		/* /proc/PID/mem, for reading and writing; -1 */
	struct lk_mapped mapped;
	struct lk_object objects[LK_OBJECTS_MAX];
	size_t		 object_count;

	size_t		 interpreter_count;	/* objects that export Py_IsInitialized */
	const struct lk_mapping *interpreter;
	unsigned int	 minor;			/* of Python 3; 0: not known before */
	bool		 is_pypy, is_musl, is_valgrind, has_libc;
	unsigned int	 glibc;			/* the N of 2.N; 0: not known */
	const struct lk_mapping *sampler;	/* it is there already */
	uint64_t	 sampler_function;	/* LK_SUBJECT_SYMBOL of it; 0: none */
	const char	*staging;		/* folder there for a copy of the library; NULL */
	const char	*missing;		/* a function that is to be called */
	uint64_t	 calls[LK_CALLS];
	uint64_t	 instruction;		/* an address of a "syscall" */
	uint64_t	 restorer;		/* where signal handlers return to; 0: unknown */
};

/* lk_subject_look - identity and state.  Returns: 0; -ESRCH; other negative errno. */
int lk_subject_look(pid_t pid, struct lk_subject *out);

/* lk_subject_open - its memory, and what is in it; after look.
 * Returns: 0; -EACCES or -EPERM: not permitted; -ESRCH: another process has the pid by now. */
int lk_subject_open(struct lk_subject *s);
void lk_subject_close(struct lk_subject *s);

/* lk_subject_is_same - the process is still there, and did not become another program.
 * lk_subject_has_memory - the same of a process with a thread that is stopped. */
bool lk_subject_is_same(const struct lk_subject *s);
bool lk_subject_has_memory(const struct lk_subject *s);

/* lk_subject_is_filtered - the thread TID has a filter of system calls of its own. */
bool lk_subject_is_filtered(const struct lk_subject *s, pid_t tid);

/* lk_subject_code - whose code ADDRESS is, by what was mapped when it was opened.
 * Returns: false when nobody's that is known. */
bool lk_subject_code(const struct lk_subject *s, uint64_t address, enum lk_code *out);

/* lk_subject_environment - NAME's value in the environment that it was started with, into OUT.
 * Returns: whether it is there, and fits. */
bool lk_subject_environment(const struct lk_subject *s, const char *name, char *out,
    size_t out_bytes);

#endif
