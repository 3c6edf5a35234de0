/* live.h - a live source that listens to a fake sampler in the same process, with a fake clock:
 * nothing here waits.  What the fake has said is in the socket when dispatch looks. */
#ifndef LK_TESTS_WIRE_LIVE_H
#define LK_TESTS_WIRE_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "fake.h"
#include "suites.h"

#define LIVE_STARTED "1763640000.125"

extern struct fake fake;
extern struct lk_source *source;
extern int64_t now_ms;

/* The last reply that came. */
extern int reply_count;
extern bool reply_ok;
extern uint64_t reply_number;
extern char reply_words[256];

/* A checked fixture: the source is open for this process, and has not dialled yet. */
void live_set_up(void);
void live_tear_down(void);

/* live_open_for - another source in the place of the one that was closed. */
void live_open_for(int pid);

/* live_step - PASS_MS later the source looks; whether something changed. */
bool live_step(int64_t pass_ms);

/* live_say_state - what makes a picture. */
void live_say_state(void);

/* live_bring_up - from the dial to the first picture; the requests that every connection starts
 * with have the ids FIRST_ID .. FIRST_ID + 3. */
void live_bring_up(int first_id);

/* live_on_reply - an lk_reply_fn that notes the reply; its ctx is &fake. */
void live_on_reply(void *ctx, bool ok, uint64_t number, const char *words);

#endif
