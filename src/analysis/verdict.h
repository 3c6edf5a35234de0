/* verdict.h - the one sentence of the top line: is it a leak, of what, how fast.
 * Pure.  Room: analysis. */
#ifndef LK_ANALYSIS_VERDICT_H
#define LK_ANALYSIS_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

struct lk_growth;
struct lk_growth_set;
struct lk_snapshot;

enum lk_verdict_kind {
	LK_VERDICT_WARMING_UP,
	LK_VERDICT_DORMANT,	/* the sampler is: only RSS is known */
	LK_VERDICT_PYTHON_LEAK,
	LK_VERDICT_NATIVE_LEAK,
	LK_VERDICT_GROWTH,	/* of RSS, by neither of the two alone */
	LK_VERDICT_INSIDE,	/* Python grows, RSS does not */
	LK_VERDICT_SLOWING,	/* grows, by less and less */
	LK_VERDICT_ENDED,	/* RSS grew, and does not any more */
	LK_VERDICT_SAW_TOOTH,	/* rises and falls back */
	LK_VERDICT_STEADY,
	LK_VERDICT_KINDS
};

struct lk_verdict {
	enum lk_verdict_kind kind;
	double	rss_growth_bytes_per_min;	/* Theil-Sen over history; NAN unknown */
	double	live_growth_bytes_per_min;	/* of the Python estimate, likewise */
	double	native_growth_bytes_per_min;	/* of domain native, likewise, from the trends of
						   its stacks; NAN: none has one */
	double	seconds_to_limit;		/* NAN: no limit, or not growing */
	/* shares of RSS; NAN unknown */
	double	python_bytes, fragmented_bytes, native_bytes, other_bytes;
	double	warm_up_s;			/* until there is a verdict; 0: this is one */
	char	sentence[160];
	size_t	kind_bytes;	/* of the sentence: "Python leak" or "Native leak" in front; 0:
				   it is neither */
	bool	is_native;	/* of the two the latter */
	bool	rss_grows;	/* steadily, and by enough to matter */
};

/* lk_verdict_of - of one snapshot, by its history and its ledger; what is not known is NAN. */
void lk_verdict_of(const struct lk_snapshot *s, struct lk_verdict *out);

/* lk_verdict_kind_name - "python leak": an interface for scripts, which the sentence is not. */
const char *lk_verdict_kind_name(enum lk_verdict_kind kind);

/* lk_verdict_line - the row of LINES, growth by line, that most of the growth is from: of what the
 * newer half of the last ten minutes added, where the rows have trends, as what was taken at the
 * start of a program does not grow.  NULL: none alone explains it. */
const struct lk_growth *lk_verdict_line(const struct lk_growth_set *lines, double trend_step_s);

/* lk_verdict_recent_per_min - what that newer half added to ROW, in bytes per minute.  NAN: it has
 * no such trend. */
double lk_verdict_recent_per_min(const struct lk_growth *row, double trend_step_s);

#endif
