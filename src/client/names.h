/* names.h - the words, frames and stacks that one connection has defined so far.
 * Room: client. */
#ifndef LK_CLIENT_NAMES_H
#define LK_CLIENT_NAMES_H

#include <stdint.h>

struct lk_message_names;
struct lk_native_names;
struct lk_shared;
struct lk_stack;

#define LK_NAMES_MAX (1u << 20) /* definitions of one kind on one connection */

struct lk_names;

struct lk_names *lk_names_new(void); /* NULL without memory */
void lk_names_free(struct lk_names *names);

/* lk_names_look_up - from now on native frames get their symbols from NATIVE (may be NULL), which
 * must outlive NAMES; those without have the name of their file and their address. */
void lk_names_look_up(struct lk_names *names, struct lk_native_names *native);

/* lk_names_add - what the line defines; an id defined before means the new thing from now on.
 * Returns: 0; -EBADMSG when it refers to an id that is not defined, or to a domain that
 * does not exist; -ENOSPC beyond LK_NAMES_MAX; -ENOMEM.  What came before the fault stays. */
int lk_names_add(struct lk_names *names, const struct lk_message_names *message);

/* lk_names_forget - all that was defined; stacks of before live as long as the pool they are of.
 * Returns: 0; -ENOMEM, nothing changed then. */
int lk_names_forget(struct lk_names *names);

/* lk_names_stack - NULL when ID was never defined.
 * Lifetime: of lk_names_pool() as it is now, not of NAMES. */
const struct lk_stack *lk_names_stack(const struct lk_names *names, uint32_t id);

/* lk_names_pool - what owns the stacks; borrowed: lk_shared_keep() it to keep stacks. */
struct lk_shared *lk_names_pool(const struct lk_names *names);

#endif
