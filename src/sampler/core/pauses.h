/* pauses.h - how long the cyclic collector collects.  Room: sampler/core.
 * Pure: times and counters in, numbers out.  Two ways in, one for each kind of interpreter:
 *
 * Looks: "is it collecting, and how many collections were there so far", every few milliseconds.
 * Between two looks that differ the change is put in the middle.  When looks come at times that the
 * program knows nothing of, the sum is unbiased for collections of any length: a short one is seen
 * with the probability that makes up for what it counts then.  Beginning and end of one that
 * was seen lie within half of a gap of where they were put, so its length has a hard bound.
 *
 * Records: beginning and end of each collection, as 3.15 keeps them: exact. */
#ifndef LK_SAMPLER_CORE_PAUSES_H
#define LK_SAMPLER_CORE_PAUSES_H

#include <stdbool.h>
#include <stdint.h>

#define LK_PAUSES_GENERATIONS 3

struct lk_pauses_look {
	uint64_t	at_ns;
	bool		collecting;
	uint64_t	collections[LK_PAUSES_GENERATIONS];	/* that have ended */
};

struct lk_pauses_record {
	uint64_t	collections;		/* this one is the last of them */
	uint64_t	began_ns, ended_ns;
	uint64_t	total_ns;		/* of all of them */
};

struct lk_pauses {
	uint64_t	watched_ns;
	uint64_t	looks;			/* 0: records */
	uint64_t	collections;		/* that ended, as the interpreter counts */
	uint64_t	seen;			/* of these, from beginning to end */
	uint64_t	total_ns;		/* in collections, those that were not seen too */
	uint64_t	longest_ns;		/* of the seen ones */
	uint64_t	longest_error_ns;	/* it is at most so much longer or shorter */
	int		longest_generation;	/* -1: not known, or none was seen */
	uint64_t	unseen_ns;		/* what was not seen was shorter; 0: all was seen */
	/* how it is worked out */
	bool		has_last, has_begun;
	struct lk_pauses_look last;
	uint64_t	began_ns, began_error_ns;	/* of the one under way */
	bool		is_counted;	/* the one under way may be one that was counted at ... */
	uint64_t	counted_ns, counted_error_ns;
	int		counted_generation;
	uint64_t	began_watching_ns;
	uint64_t	records_known;			/* a bit for each generation */
	struct lk_pauses_record newest[LK_PAUSES_GENERATIONS];
};

/* lk_pauses_begin - nothing is known yet. */
void lk_pauses_begin(struct lk_pauses *p);

/* lk_pauses_interrupt - nobody looks until the next look: of that time nothing is known. */
void lk_pauses_interrupt(struct lk_pauses *p);

/* lk_pauses_look - what was seen just now: what happened since the last look is within bounds. */
void lk_pauses_look(struct lk_pauses *p, const struct lk_pauses_look *look);

/* lk_pauses_records - the newest COUNT collections of GENERATION, oldest first; 0: there was none
 * yet.  Those of the first call are where the counting begins. */
void lk_pauses_records(struct lk_pauses *p, uint64_t now_ns, int generation,
    const struct lk_pauses_record *records, int count);

#endif
