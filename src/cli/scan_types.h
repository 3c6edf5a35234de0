/* scan_types.h - how the heap was frozen, and types as rows of text or JSON, for `leaktop scan`.
 * Room: cli. */
#ifndef LK_CLI_SCAN_TYPES_H
#define LK_CLI_SCAN_TYPES_H

#include <stdbool.h>
#include <stdint.h>

struct lk_jsonl;
struct lk_message;

/* Which rows are to be shown, and how many were. */
struct lk_scan_shown {
	const char *filter; /* NULL: all */
	uint64_t top, rows;
	bool is_begun; /* types have their heading */
};

/* lk_scan_types_is_shown - whether the row with this NAME is one of those to show; counts it. */
bool lk_scan_types_is_shown(struct lk_scan_shown *shown, const char *name);

/* lk_scan_types_hear - frozen, cycles and types; JSON NULL: as text.  The JSON opens what the
 * caller closes: an object, and the list "types" in it.  Other messages are let pass. */
void lk_scan_types_hear(struct lk_jsonl *json, struct lk_scan_shown *shown,
			const struct lk_message *message);

#endif
