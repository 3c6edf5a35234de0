/* verdict.h - the one sentence of the top line: is it a leak, of what, how fast.
 * Pure.  Room: analysis. */
#ifndef LK_ANALYSIS_VERDICT_H
#define LK_ANALYSIS_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

struct lk_snapshot;

struct lk_verdict {
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

void lk_verdict_of(const struct lk_snapshot *s, struct lk_verdict *out);

#endif
