/* stub.h - what is put into the process: a page of code, and one piece of memory beside it.
 * Room: attach.
 *
 *	page 0   code, read and execute
 *	page 1   struct lk_stub_context
 *	then     the stack that the stopped thread borrows for one call
 *
 * The stopped thread runs `call`: pthread_create(body, context), then rt_sigreturn on a frame in
 * which all of its registers are.  We stop it at that system call and put the registers back
 * ourselves, which restarts what it waited in exactly; when we are killed before, the kernel puts
 * them back from the frame, and the process goes on unharmed.
 *
 * The new thread runs `body`: it loads the library, starts the sampler, says what became of it, and
 * when we have heard that (ack) gives the memory back as its last act. */
#ifndef LK_ATTACH_STUB_H
#define LK_ATTACH_STUB_H

#include <stddef.h>
#include <stdint.h>
#include <sys/user.h>

#include "attach/subject.h"

#define LK_STUB_PAGE_BYTES	4096u
#define LK_STUB_BYTES		(32u * LK_STUB_PAGE_BYTES)	/* all of it */
#define LK_STUB_XSTATE_MAX	16384u	/* AVX-512 and AMX tiles have 11 kB */

enum lk_stub_status {
	LK_STUB_NEW,			/* the thread does not run yet */
	LK_STUB_BEGUN,
	LK_STUB_STARTED,		/* result: of the sampler's start, 0 or negative errno */
	LK_STUB_NOT_LOADED,		/* words: the loader's */
	LK_STUB_CANCELLED,		/* by us, before it began */
};

struct lk_stub_context {
	uint32_t	 status;	/* enum lk_stub_status */
	int32_t		 created;	/* of pthread_create, an errno */
	uint32_t	 returned;	/* pthread_create has */
	uint32_t	 ack;
	int32_t		 result;
	uint32_t	 unused;
	uint64_t	 thread;	/* pthread_t */
	uint64_t	 base, bytes;
	uint64_t	 calls[LK_CALLS];
	uint64_t	 function;	/* of a library that is there already; 0: symbol of path */
	char		 symbol[32];
	char		 words[512];
	char		 path[1024];	/* of the library, there; "" is the program itself */
	char		 settings[2048];
};

/* The two pieces of code, each up to its end.  lk_stub_return: behind the system call in `call`. */
extern const unsigned char lk_stub_call[], lk_stub_return[], lk_stub_call_end[];
extern const unsigned char lk_stub_body[], lk_stub_body_end[];
#define LK_STUB_BODY_AT	64u	/* in the page; call is at its beginning */

/* lk_stub_frame - a frame for rt_sigreturn with the registers of a thread that was stopped,
 * SIGNAL_MASK and XSTATE (XSTATE_BYTES, as ptrace gives it), into IMAGE, which is to be at
 * ADDRESS there.  Returns: bytes of it, as lk_stub_frame_bytes() says beforehand. */
#define LK_STUB_FRAME_BYTES	(1024u + LK_STUB_XSTATE_MAX + 128u)
size_t lk_stub_frame_bytes(size_t xstate_bytes);
size_t lk_stub_frame(const struct user_regs_struct *stopped, uint64_t signal_mask,
    const void *xstate, size_t xstate_bytes, uint64_t address, unsigned char *image);

#endif
