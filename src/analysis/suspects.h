/* suspects.h - what is likely to leak, with the evidence for it.  Pure.  Room: analysis.
 *
 * A line is suspected when what it allocated grows steadily (its trend) or stays alive from every
 * baseline interval, and nothing speaks against it: a rise that has ended was warm-up, a fall
 * after the rise is a saw tooth, and as much dying as is born is a full cache.  The score says how
 * much of the evidence there is; suspects.c has the points. */
#ifndef LK_ANALYSIS_SUSPECTS_H
#define LK_ANALYSIS_SUSPECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lk_arena;
struct lk_census;
struct lk_census_row;
struct lk_container;
struct lk_growth;
struct lk_growth_set;
struct lk_holders;
struct lk_snapshot;
struct lk_verdict;

enum lk_suspect_kind {
	LK_SUSPECT_LINE,	/* grows: growth */
	LK_SUSPECT_CONTAINER,	/* becomes longer, by no line above: container */
	LK_SUSPECT_TYPE,	/* becomes more, of no line above: type */
	LK_SUSPECT_REST,	/* RSS grows by more than all lines */
};

/* Every quantity is NAN where it is unknown. */
struct lk_suspect {
	enum lk_suspect_kind	 kind;
	uint64_t		 key;		/* stable identity */
	double			 score;		/* 0..100 */
	double			 rate_bytes_per_min;
	double			 low_bytes_per_min, high_bytes_per_min;	/* 95 % of its trend */
	double			 trend_s;	/* the time that the trend looks back on */
	bool			 rises;		/* the trend does, beyond chance */
	double			 share;		/* of what all growing lines grew */
	double			 freed_share;	/* of all that it ever allocated */
	double			 died_share;	/* died since the reference, of what was born */
	uint32_t		 alive_count;	/* baseline intervals with survivors, */
	uint32_t		 settled_count;	/* of those that are old enough to say */
	const struct lk_growth	*growth;	/* borrowed from the set */
	const struct lk_container *container;	/* of a line: allocated there; may be NULL */
	double			 container_growth, container_per_min;	/* of its length */
	const struct lk_census_row *type;	/* borrowed from the census; may be NULL */
	const struct lk_holders	*holders;	/* who holds it, where that was asked; else NULL */
};

struct lk_suspects {
	size_t			 count;
	struct lk_suspect	*list;		/* [count], highest score first */
	struct lk_arena		*arena;
};

struct lk_suspects_of {
	const struct lk_snapshot *now;
	const struct lk_growth_set *lines;	/* growth by LK_GROUP_LINE */
	const struct lk_census	*census;	/* NULL: types were not read twice */
	const struct lk_verdict	*verdict;	/* of NOW; NULL: it is worked out */
	bool			 two_files;	/* lines are a diff: no trends, no baselines */
};

/* lk_suspects_new - it borrows from all of OF.  Returns: NULL without memory. */
struct lk_suspects *lk_suspects_new(const struct lk_suspects_of *of);
void lk_suspects_free(struct lk_suspects *suspects); /* NULL is fine */

#endif
