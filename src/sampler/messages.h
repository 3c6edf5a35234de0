/* messages.h - what is said on a connection: requests to answers, ticks to lines.
 * Room: sampler (top).  Threads: the server's only.
 *
 * An answer is a short program of stages.  A stage writes lines while there is room and is
 * called again when the client has read them; the next stage begins when it says it is done:
 *
 *	tick            baselines -> names -> live -> tick
 *	baseline.rows   names -> rows -> reply
 *	containers      wait for a freeze, or the walk -> names -> containers -> reply
 *	history ...     the message -> reply */
#ifndef LK_SAMPLER_MESSAGES_H
#define LK_SAMPLER_MESSAGES_H

#include <stdbool.h>
#include <stdint.h>

struct lk_connection;

/* lk_messages_hello - the first line of a connection. */
void lk_messages_hello(struct lk_connection *c);

/* lk_messages_bye - the last one; the connection closes when it was read. */
void lk_messages_bye(struct lk_connection *c, const char *reason);

/* lk_messages_advance - do what can be done for C now: go on with the answer under way, take
 * the next request, begin a tick that is due.  Never waits. */
void lk_messages_advance(struct lk_connection *c, uint64_t now_ns);

#endif
