/* gate.h - keeps our thread out of the loader at the instant of a fork.  Room: sampler/native.
 *
 * In the child of a fork the C library frees the lock under which objects are loaded, but not
 * the one of its list of objects (dl_iterate_phdr): if a thread of ours had it at that instant, the
 * host could never again load a library or throw a C++ exception there.  So whatever of ours
 * calls the loader is inside this gate.  A fork closes it and waits until nobody is inside.  What
 * finds it closed does not wait: it gives up what it was about and tries again later.
 *
 * The wait has an end, as the thread inside may itself wait for a lock that the forking thread
 * has.  Then it has none of the loader's, nearly always; what the child does about the rest is told
 * by lk_gate_after_fork(). */
#ifndef LK_SAMPLER_NATIVE_GATE_H
#define LK_SAMPLER_NATIVE_GATE_H

#include <stdbool.h>

/* What is done inside. */
enum lk_gate_work {
	LK_GATE_NONE,
	LK_GATE_OBJECT,		/* an object is kept and looked at: the lock of loading */
	LK_GATE_LIST,		/* the list of objects is read, or may change */
};

/* lk_gate_enter - false: a fork is under way, nothing is to be done.  The patching thread. */
bool lk_gate_enter(enum lk_gate_work work);
void lk_gate_leave(void);

/* lk_gate_change - who is inside goes on with other work. */
void lk_gate_change(enum lk_gate_work work);

/* lk_gate_close - any number of threads may: nobody enters before as many have opened it.  Waits
 * for who is inside: 20 ms for an object, 100 for the list.
 * Returns: false when that was not enough. */
bool lk_gate_close(void);
void lk_gate_open(void);

/* lk_gate_after_fork - in the child: open, nobody inside.  Returns: what was cut short. */
enum lk_gate_work lk_gate_after_fork(void);

#endif
