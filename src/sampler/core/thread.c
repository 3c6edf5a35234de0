#include "config.h"

#include "sampler/core/thread.h"

LK_TLS_INITIAL_EXEC struct lk_thread lk_thread;

_Static_assert(sizeof(struct lk_thread) <= 64, "static TLS is scarce");
