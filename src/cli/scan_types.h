/* scan_types.h - how the heap was frozen, and types as rows of text or JSON, for `leaktop scan`.
 * Room: cli. */
#ifndef LK_CLI_SCAN_TYPES_H
#define LK_CLI_SCAN_TYPES_H

#include <stdbool.h>
#include <stdint.h>

struct lk_jsonl;
struct lk_message;
struct lk_message_frozen;
struct lk_message_object_type;

/* Which rows are to be shown, and how many were. */
struct lk_scan_shown {
	const char *filter; /* NULL: all */
	uint64_t top, rows;
	bool is_begun; /* types have their heading */
};

/* lk_scan_types_is_shown - whether the row with this NAME is one of those to show; counts it. */
bool lk_scan_types_is_shown(struct lk_scan_shown *shown, const char *name);

/* What a type gained; NAN unknown. */
struct lk_scan_delta {
	double objects, bytes;
};

/* The parts of it; JSON NULL: as text.
 * lk_scan_types_frozen - how it was frozen; opens the object.
 * lk_scan_types_begin - the heading, WITH_DELTA: of rows that have one; opens the list.
 * lk_scan_types_row - DELTA NULL: there is none. */
void lk_scan_types_frozen(struct lk_jsonl *json, const struct lk_message_frozen *f);
void lk_scan_types_begin(struct lk_jsonl *json, bool with_delta);
void lk_scan_types_row(struct lk_jsonl *json, const struct lk_message_object_type *t,
    const struct lk_scan_delta *delta);

/* lk_scan_types_hear - frozen, cycles and types; JSON NULL: as text.  The JSON opens what the
 * caller closes: an object, and the list "types" in it.  Other messages are let pass. */
void lk_scan_types_hear(struct lk_jsonl *json, struct lk_scan_shown *shown,
    const struct lk_message *message);

#endif
