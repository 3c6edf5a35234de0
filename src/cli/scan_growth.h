/* scan_growth.h - the types of a process against those when a baseline was marked, for
 * `leaktop scan PID types --baseline N`.  Room: cli. */
#ifndef LK_CLI_SCAN_GROWTH_H
#define LK_CLI_SCAN_GROWTH_H

struct lk_jsonl;
struct lk_scan_shown;

/* lk_scan_growth - of the process that WORD means, since BASELINE (its number or name, or "start");
 * JSON NULL: as text.  What grew most comes first.  The JSON opens what the caller closes, as
 * lk_scan_types_hear() does.  Returns: an exit status, said on stderr. */
int lk_scan_growth(const char *word, const char *baseline, struct lk_jsonl *json,
    struct lk_scan_shown *shown);

#endif
