/* duty.h - when the allocation hooks are in.  Room: sampler (top).  Threads: the server's only.
 *
 * At a duty d = 2^-shift below one, time is cut into slots of equal length, and in one of each
 * group of 2^shift, drawn by lot, the hooks of OBJ and MEM are in: no period of the program can
 * keep step with that, every burst has its chance, and any second has nearly its share.  The error
 * is that of slots drawn one by one, core/clusters; that each group has its even share besides only
 * makes the estimate better than its bar says.  What RAW makes is always seen, and frees are.
 *
 * To go in or out costs the program, too.  By turns within one process (tests/bench/turns.py), at
 * half the duty and slots of 10 ms, a mix of habits paid four fifths of full duty; at 40 ms, half.
 *
 * Paused, no hook is left but those that must see the end of a sampled block, for as long as one
 * is alive. */
#ifndef LK_SAMPLER_DUTY_H
#define LK_SAMPLER_DUTY_H

#include <stdbool.h>
#include <stdint.h>

#define LK_DUTY_SHIFT_MAX	4u		/* 1/16 */
#define LK_DUTY_SLOT_NS		40000000u

/* lk_duty_init - FORCED_SHIFT: as from the environment, not to be changed; 0: none. */
void lk_duty_init(unsigned int forced_shift);

/* lk_duty_turn - what is due at NOW.  Returns: when it is to be called again, UINT64_MAX: never. */
uint64_t lk_duty_turn(uint64_t now_ns);

/* lk_duty_settle - once a second: hooks that are not needed any more go, and what somebody else's
 * function kept us from doing is tried again. */
void lk_duty_settle(void);

/* lk_duty_choose - from the next slot on; ignored where the hooks cannot be switched. */
void lk_duty_choose(unsigned int shift);
bool lk_duty_is_free(void);		/* whether choosing does anything */
unsigned int lk_duty_shift(void);
uint64_t lk_duty_in_ns(uint64_t now_ns);	/* since the start, that the hooks were in */

/* lk_duty_pause - the hooks go, those that see samples end as soon as there are none (settle);
 * resume: they come back, and the duty is what it was. */
void lk_duty_pause(void);
void lk_duty_resume(void);

#endif
