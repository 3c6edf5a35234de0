/* native.h - native memory: the hooks in and out of the objects of this process.
 * Room: sampler/native.  Threads: one at a time, the patching thread (../patch.c), except where
 * it says otherwise; never in a hook.
 *
 * The calls of malloc and mmap are turned by the words through which an object calls other
 * objects (its GOT): no LD_PRELOAD is needed, and only libraries pay, not the interpreter, whose
 * allocations are counted in its own domains.  An object that another thread is loading is in the
 * loader's list before it is relocated: each is first opened again, without loading
 * (RTLD_NOLOAD), which waits until that dlopen() has ended, and pins the object for as long as it
 * is looked at, one object at a time.  If the host closes it in that moment, its destructors run on
 * the patching thread.  The loader resolves lazily bound calls without telling: a call resolved
 * while we patch loses its hook, so objects are looked at again a second later.
 *
 * A fork cuts a refresh short (gate.h); whoever is due next, in the parent or in the child, does
 * all of it again.
 *
 * Left alone: the interpreter's object, libc, the loader, the vdso, this library, and the object
 * that provides malloc.  Static programs and other processors than x86-64 and aarch64
 * have no native memory. */
#ifndef LK_SAMPLER_NATIVE_NATIVE_H
#define LK_SAMPLER_NATIVE_NATIVE_H

#include <stdbool.h>
#include <stdint.h>

struct lk_sink;

enum lk_native_state { LK_NATIVE_OFF, LK_NATIVE_PYTHON, LK_NATIVE_STACKS };

struct lk_native_options {
	enum lk_native_state	 wanted;
	const struct lk_sink	*sink;		/* lives for ever */
	const void		*interpreter;	/* any address in its object */
	const void		*eval_loop;	/* _PyEval_EvalFrameDefault; NULL: not known */
};

/* lk_native_init - once, before the first refresh.  Any of our threads. */
void lk_native_init(const struct lk_native_options *options);

/* lk_native_is_wanted - whether there is anything to do at all.  Any of our threads. */
bool lk_native_is_wanted(void);

/* lk_native_is_due - objects came or went, or the hooks are to be in or out.  Once a second. */
bool lk_native_is_due(void);

/* lk_native_refresh - make the table of objects, and their calls what they are to be. */
void lk_native_refresh(void);

/* lk_native_after_fork - in the child.  Where the fork did not wait long enough and the list of
 * objects may be locked for ever, hooks stay as they are. */
void lk_native_after_fork(void);

/* lk_native_pause - true: from the next refresh on allocations are not hooked, and frees only as
 * long as samples live.  lk_native_remove: no hook at all.  Any of our threads. */
void lk_native_pause(bool pause);
void lk_native_remove(void);

/* lk_native_is_out - no hook is in.  Any thread. */
bool lk_native_is_out(void);

/* lk_native_state - what is counted now.  Any thread. */
enum lk_native_state lk_native_state(void);

#endif
