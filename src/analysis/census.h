/* census.h - the types of a frozen heap against those of an earlier one.  Pure.  Room: analysis. */
#ifndef LK_ANALYSIS_CENSUS_H
#define LK_ANALYSIS_CENSUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lk_arena;
struct lk_snapshot;
struct lk_type;
struct lk_types;

/* All types of one name: a class that was made twice is one row. */
struct lk_census_row {
	uint64_t	 key;		/* stable identity: of the name */
	const char	*name;		/* borrowed */
	double		 object_count, bytes;
	double		 garbage_count, garbage_bytes;	/* NAN: unknown */
	double		 cyclic_count;	/* likewise */
	const struct lk_type *type;	/* now, of several the first; NULL: there is none */
	double		 delta_count, delta_bytes;	/* NAN: unknown */
	bool		 gone, fresh;	/* there was some, there was none */
	bool		 suspect;	/* a good part of all growth */
};

struct lk_census {
	size_t			 count;
	struct lk_census_row	*rows;		/* [count], most bytes first */
	const struct lk_types	*now, *then;	/* borrowed; then NULL: growth is unknown */
	double			 seconds;	/* between the two */
	double			 growth_bytes;	/* of all that grew; NAN unknown */
	/* What to look at: of those that gained objects the program's own rather than Python's,
	 * unless it is few; NULL when none did.  In rows. */
	const struct lk_census_row *answer;
	struct lk_arena		*arena;
};

/* lk_census_then - what NOW, the newest types of S, is to be compared with: the first ones after
 * REFERENCE (a baseline's id, 0 the start) was marked: the sampler's own, when it froze the heap
 * for that baseline.
 * BEFORE: a snapshot of another time to compare with instead, or NULL.
 * Returns: NULL when there is nothing between. */
const struct lk_types *lk_census_then(const struct lk_snapshot *s, uint32_t reference,
    const struct lk_snapshot *before);

/* lk_census_new - THEN may be NULL.  It borrows from both.  Returns: NULL without memory. */
struct lk_census *lk_census_new(const struct lk_types *now, const struct lk_types *then);
void lk_census_free(struct lk_census *census); /* NULL is fine */

#endif
