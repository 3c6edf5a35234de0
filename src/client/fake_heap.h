/* fake_heap.h - the frozen heap of the program that is not there.  Room: client, private. */
#ifndef LK_CLIENT_FAKE_HEAP_H
#define LK_CLIENT_FAKE_HEAP_H

#include <stdbool.h>
#include <stdint.h>

#include "client/source.h"

#define LK_FAKE_HEAP_READINGS	16
#define LK_FAKE_HEAP_TICKS	3	/* a freeze takes so long */
#define LK_FAKE_HEAP_NAME_BYTES	72

struct lk_fake;
struct lk_snapshot;

struct lk_fake_reading {
	uint32_t	     second, baseline;
	enum lk_request_op   op;
	uint64_t	     number;
	char		     text[LK_FAKE_HEAP_NAME_BYTES];
};

struct lk_fake_heap {
	bool			 is_coming;
	uint32_t		 ticks;		/* of it so far */
	struct lk_fake_reading	 coming;
	struct lk_source_reading progress;
	uint32_t		 count;
	struct lk_fake_reading	 list[LK_FAKE_HEAP_READINGS];	/* oldest first */
};

/* lk_fake_heap_ask - Returns: 0; -EBUSY; -ENOENT: nothing to give up; -EOPNOTSUPP: another op. */
int lk_fake_heap_ask(struct lk_fake_heap *h, const struct lk_fake *f,
    const struct lk_request *request);

/* lk_fake_heap_step - a second later.
 * Returns: true when it is answered; *words is NULL, or why there is no answer. */
bool lk_fake_heap_step(struct lk_fake_heap *h, const struct lk_fake *f, const char **words);

/* lk_fake_heap_paint - what was read so far, into S.  Returns: 0, -1 without memory. */
int lk_fake_heap_paint(const struct lk_fake_heap *h, struct lk_snapshot *s);

#endif
