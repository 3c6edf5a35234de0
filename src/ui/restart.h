/* restart.h - what was watched has ended, and another process runs the same command.  Room: ui. */
#ifndef LK_UI_RESTART_H
#define LK_UI_RESTART_H

#include <stdbool.h>

#include "ui/keys.h"

struct lk_desk;

#define LK_RESTART_SEEK_MS 2000

/* lk_restart_awaits - the watched process has ended: a successor is looked for. */
bool lk_restart_awaits(const struct lk_desk *d);

/* lk_restart_seek - look for it, when it is time; D's successor is it.
 * Returns: true when that is another one than before. */
bool lk_restart_seek(struct lk_desk *d);

/* lk_restart_take - ^R, which can read nothing else again then, goes on with the successor, in the
 * same view, with what it is filtered and grouped by.  Returns: true when ACTION did that. */
bool lk_restart_take(struct lk_desk *d, enum lk_action action);

#endif
