/* log.h - messages for whoever runs the client; never the screen.  Room: util. */
#ifndef LK_UTIL_LOG_H
#define LK_UTIL_LOG_H

#include "base/attr.h"

enum lk_log_level { LK_LOG_ERROR, LK_LOG_WARNING, LK_LOG_INFO, LK_LOG_DEBUG };

/* TEXT is one line without its end, borrowed for the call. */
typedef void (*lk_log_fn)(void *ctx, enum lk_log_level level, const char *text);

/* lk_log_handler - who gets the messages; NULL: nobody, which is how it starts. */
void lk_log_handler(lk_log_fn fn, void *ctx);

/* lk_log - one message; control characters in it become '?', what is beyond 511 bytes is lost.
 * errno stays. */
void lk_log(enum lk_log_level level, const char *format, ...) LK_PRINTF(2, 3);

const char *lk_log_level_name(enum lk_log_level level);

#endif
