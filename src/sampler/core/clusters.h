/* clusters.h - samples that were taken in the same slot of time.  Room: sampler/core.
 *
 * At a duty below one, the hooks are in during slots of time chosen by lot: the samples of one slot
 * were all seen because the slot was.  For each sum of live samples that has an error, those of a
 * slot are one cluster, and the variance has a term factor * (sum of the cluster)^2 (its derivation
 * is with the rest of the maths, in analysis/estimate.c).  Here these sums are kept, so that the
 * variance is right whichever samples have died.
 *
 * "bytes" are the weights without the duty: size / p.  Threads: under the sampler's lock. */
#ifndef LK_SAMPLER_CORE_CLUSTERS_H
#define LK_SAMPLER_CORE_CLUSTERS_H

#include <stdint.h>

#include "sampler/core/live.h"

struct lk_pages;

#define LK_CLUSTERS_NONE	UINT32_MAX
#define LK_CLUSTERS_TOTAL	UINT32_MAX	/* owner: the sum over all stacks */

struct lk_cluster {
	double		bytes;		/* of its live samples */
	uint32_t	count;		/* 0: free */
	uint32_t	owner;		/* cell, or LK_CLUSTERS_TOTAL */
	uint32_t	slot;
	uint32_t	next;		/* in the free list */
};

struct lk_clusters {
	struct lk_cluster *at;		/* [capacity] */
	uint32_t	 capacity, used, free_head;
};

/* lk_clusters_init - without clusters (no room) each sample stands alone. */
int lk_clusters_init(struct lk_clusters *c, struct lk_pages *pages, uint32_t capacity);

/* lk_clusters_bytes - what SAMPLE stands for without the duty. */
static inline double
lk_clusters_bytes(const struct lk_sample *sample)
{
	return sample->est_bytes / (double)(1u << sample->duty_shift);
}

/* lk_clusters_factor - (1 - d) / d^2 for the duty d = 2^-SHIFT. */
double lk_clusters_factor(unsigned int shift);

/* lk_clusters_join - a sample enters the cluster of (OWNER, SLOT).  *CURRENT: the cluster that
 * OWNER last used, LK_CLUSTERS_NONE at first; afterwards the sample's.  Each returns by how much
 * the sum of squares of the owner's clusters changes. */
double lk_clusters_join(struct lk_clusters *c, uint32_t *current, uint32_t owner, uint32_t slot,
    double bytes);
/* leave - the sample with these bytes dies; change - it has another weight. */
double lk_clusters_leave(struct lk_clusters *c, uint32_t cluster, double bytes);
double lk_clusters_change(struct lk_clusters *c, uint32_t cluster, double from_bytes,
    double to_bytes);

#endif
