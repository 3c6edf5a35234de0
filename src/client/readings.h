/* readings.h - what a live source was told of frozen heaps, kept for its snapshots: how much there
 * is of which type at the first and the last freeze after each baseline, and who holds what was
 * asked for.  Room: client.  One thread.
 * The first one after a baseline may be the sampler's own, whom it was for: it is kept there. */
#ifndef LK_CLIENT_READINGS_H
#define LK_CLIENT_READINGS_H

#include <stdint.h>

#include "model/frozen.h"

struct lk_message;
struct lk_snapshot;

struct lk_readings;

struct lk_readings *lk_readings_new(void); /* NULL without memory */
void lk_readings_free(struct lk_readings *r); /* NULL is fine */

/* lk_readings_forget - all of it: another sampler. */
void lk_readings_forget(struct lk_readings *r);

/* lk_readings_begin - an answer comes: about HELD, or about types when NULL, now or, when BASELINE
 * is not 0, at the first freeze after that one.
 * Returns: 0 or -ENOMEM. */
int lk_readings_begin(struct lk_readings *r, const struct lk_held *held, uint32_t baseline);

/* lk_readings_wants - the oldest baseline of S, above AFTER, whose first freeze is not known; 0:
 * there is none. */
uint32_t lk_readings_wants(const struct lk_readings *r, const struct lk_snapshot *s,
    uint32_t after);

/* lk_readings_take - one message of it; others are let pass.
 * Returns: 0; -EBADMSG when it has no place there; -ENOMEM. */
int lk_readings_take(struct lk_readings *r, const struct lk_message *m);

/* lk_readings_keep - the answer is whole.  S: the newest snapshot, for its baselines, or NULL.
 * Returns: 0; -EBADMSG: it is not whole. */
int lk_readings_keep(struct lk_readings *r, const struct lk_snapshot *s,
    const struct lk_descriptors *descriptors);

/* lk_readings_abandon - the answer will not come. */
void lk_readings_abandon(struct lk_readings *r);

/* lk_readings_attach - all that is kept, to a snapshot that is being built.
 * Returns: 0 or -ENOMEM. */
int lk_readings_attach(const struct lk_readings *r, struct lk_snapshot *s);

#endif
