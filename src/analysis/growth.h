/* growth.h - the rows of Stacks: what grew since a reference.  Pure.  Room: analysis. */
#ifndef LK_ANALYSIS_GROWTH_H
#define LK_ANALYSIS_GROWTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/estimate.h"

struct lk_snapshot;
struct lk_stack;
struct lk_frame;

enum lk_group { LK_GROUP_STACK, LK_GROUP_LINE, LK_GROUP_FUNCTION, LK_GROUP_OWN,
	LK_GROUP_FILE,
	LK_GROUP_DOMAIN, LK_GROUP_THREAD,
	LK_GROUP_TYPE,		/* not of a stack: analysis/typed.h makes these */
	LK_GROUP_COUNT };

#define LK_REFERENCE_START	0u		/* since the sampler began counting */
#define LK_REFERENCE_NEWEST	UINT32_MAX	/* the newest baseline, else the start */

/* One row.  Signed: a group that shrank or vanished has a negative delta. */
struct lk_growth {
	uint64_t		 key;		/* stable identity: selection sticks to it */
	const struct lk_stack	*stack;		/* the heaviest of the group; borrowed */
	const struct lk_frame	*frame;		/* what names the group; NULL: no frames */
	const char		*type;		/* of LK_GROUP_TYPE; NULL: not known */
	struct lk_estimate	 live;
	double			 native_bytes;	/* of live.bytes: domain native */
	struct lk_estimate	 born;		/* since the reference, still alive */
	struct lk_estimate	 died;		/* alive at the reference, gone now */
	double			 live_error_bytes;	/* half width, 95 % */
	double			 delta_bytes, delta_objects;
	double			 delta_error_bytes;
	double			 rate_bytes_per_min;	/* NAN when the reference is < 1 s old */
	double			 est_allocated_bytes;	/* since the start */
	double			 est_allocated_since_bytes;	/* since the reference */
	double			 est_freed_bytes;
	uint32_t		 survived_count;	/* baseline intervals with survivors, of */
	uint32_t		 interval_count;	/* the intervals since the first baseline */
	uint32_t		 stack_count;		/* stacks in the group */
	bool			 significant;		/* |delta| beyond its error and
							   beyond chance: estimate.h */
	bool			 gone;			/* was live at the reference, is not now */
	bool			 fresh;			/* live, and nothing was at the reference;
							   never since the start */
	uint32_t		 trend_count;
	const float		*trend_bytes;		/* of the group; may be NULL */
};

struct lk_growth_set {
	uint32_t		 reference;	/* resolved: 0 or a baseline's id */
	uint32_t		 until;		/* 0: now, else a baseline's id */
	double			 window_s;
	size_t			 count;
	struct lk_growth	*rows;		/* [count], by delta, falling */
	const uint32_t		*row_of;	/* [row_count of the snapshot] which of them its
						   rows are in; NULL: until a baseline, or not
						   of one snapshot */
	unsigned int		 shared;	/* how often beside the first */
	struct lk_arena		*arena;
};

/* lk_growth_new - growth between REFERENCE and UNTIL (0: now; else a baseline's id); swapped when
 * UNTIL is the older one.  The set borrows from S: keep S as long.
 * Both need the baseline's rows (has_rows), else *missing is its id and NULL returned.
 * Returns: NULL without memory (*missing = 0). */
struct lk_growth_set *lk_growth_new(const struct lk_snapshot *s, uint32_t reference,
    uint32_t until, enum lk_group group, uint32_t *missing);

/* lk_growth_with - the same, with the rows of baselines that S does not have from KNOWS, another
 * snapshot of the same process, which lives as long as the set then. */
struct lk_growth_set *lk_growth_with(const struct lk_snapshot *s, const struct lk_snapshot *knows,
    uint32_t reference, uint32_t until, enum lk_group group, uint32_t *missing);

/* get and free - share and release; free(NULL) is fine.  One thread only. */
struct lk_growth_set *lk_growth_get(struct lk_growth_set *set);
void lk_growth_free(struct lk_growth_set *set);

/* What of it a tree of calls needs. */
struct lk_growth_stacks {
	size_t			 count;
	struct lk_growth_stack {
		const struct lk_stack *stack;
		double		 delta_bytes, live_bytes;
	}			 list[];	/* [count], by stack id, but not of two files */
};

/* lk_growth_stacks_new - of each stack, as lk_growth_new() by LK_GROUP_STACK, for a tenth of its
 * time.  Caller frees with free(). */
struct lk_growth_stacks *lk_growth_stacks_new(const struct lk_snapshot *s, uint32_t reference,
    uint32_t until, uint32_t *missing);

/* lk_growth_stacks_of - the same of a set by LK_GROUP_STACK. */
struct lk_growth_stacks *lk_growth_stacks_of(const struct lk_growth_set *set);

/* lk_growth_resolve - NEWEST to an id, an id that is gone to START. */
uint32_t lk_growth_resolve(const struct lk_snapshot *s, uint32_t reference);

/* Survivors matrix: est. bytes of GROWTH's stacks born in each interval, alive now.
 * One estimate per interval: [0] before the first baseline, [i] after baseline i
 * (index in s->baselines).  out: [s->baseline_count + 1].  GROUP as the row was made. */
void lk_growth_survivors(const struct lk_snapshot *s, const struct lk_growth *row,
    enum lk_group group, struct lk_estimate *out);

/* lk_growth_survivors_all - the same of the first COUNT rows of SET, by one look at all stacks.
 * out: [count][s->baseline_count + 1]. */
void lk_growth_survivors_all(const struct lk_snapshot *s, const struct lk_growth_set *set,
    enum lk_group group, size_t count, struct lk_estimate *out);

/* lk_growth_site - the frame that names a stack: the innermost one of Python, also where native
 * code allocated (an array belongs to the line that made it); without any of Python the innermost
 * native one outside of allocators, which libc and the C++ runtime are here.  NULL without frames.
 *
 * So what Python and what a library took for one line make one row of that line: the question is
 * which line grows.  How much of a row is native is in native_bytes, and LK_GROUP_DOMAIN sets the
 * domains apart.  A native site stands for its whole function: it has no line. */
const struct lk_frame *lk_growth_site(const struct lk_stack *stack);

/* lk_growth_own_site - the innermost frame of the program's own code, not of Python's library, of
 * packages that are installed, nor of a program of theirs: it names rows of LK_GROUP_OWN.  Without
 * any: lk_growth_site(). */
const struct lk_frame *lk_growth_own_site(const struct lk_stack *stack);

#endif
