/* requests.h - what clients ask for, op by op.  Room: sampler (top). */
#ifndef LK_SAMPLER_REQUESTS_H
#define LK_SAMPLER_REQUESTS_H

#include <stdbool.h>
#include <stddef.h>

struct lk_connection;

/* lk_requests_handle - one line of LENGTH bytes without its '\n': answered, or its answer
 * begun.  Threads: the server's only. */
void lk_requests_handle(struct lk_connection *c, const char *line, size_t length);

/* lk_requests_gives_up - whether that line is a cancel. */
bool lk_requests_gives_up(const char *line, size_t length);

#endif
