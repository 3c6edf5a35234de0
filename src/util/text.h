/* text.h - numbers, times and foreign names as text for people.  Room: util.
 *
 * The formatters write at most OUT_BYTES with the NUL (LK_TEXT_BYTES is always enough), never
 * fail, and give "-" for NAN and infinities.  They do not depend on the locale. */
#ifndef LK_UTIL_TEXT_H
#define LK_UTIL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LK_TEXT_BYTES 32

/* What sizes are told in: "105.4M" of 1024, "110.5M" of 1000 (and k for K), or "110520934". */
enum lk_text_unit {
	LK_TEXT_BINARY, LK_TEXT_DECIMAL, LK_TEXT_WHOLE, LK_TEXT_UNIT_COUNT
};

/* lk_text_use_unit - for all sizes from now on: one program tells them in one unit.  Binary at
 * first.  For programs, at their start or where the operator chooses: not from several threads. */
void lk_text_use_unit(enum lk_text_unit unit);
enum lk_text_unit lk_text_used_unit(void);

/* "binary", "decimal", "bytes"; parse: -1 is another word. */
const char *lk_text_unit_name(enum lk_text_unit unit);
int lk_text_unit_parse(const char *name);

/* lk_text_bytes - "0", "512B", "9.8K", "105.4M", "1.82G": at most 6 cells below 1024 T,
 * with a '-' in front of what is negative; 1024 is K, unless another unit is used. */
char *lk_text_bytes(double bytes, char *out, size_t out_bytes);

/* lk_text_bytes_signed - the same with a sign always ("+105.4M"), except for what shows as 0. */
char *lk_text_bytes_signed(double bytes, char *out, size_t out_bytes);

/* lk_text_rate_per_min - "+15.0M/min". */
char *lk_text_rate_per_min(double bytes_per_min, char *out, size_t out_bytes);

/* lk_text_count - "0", "999", "1.2k", "231k", "1.24M"; 1000 is k; at most 5 cells below 1000 G. */
char *lk_text_count(double count, char *out, size_t out_bytes);
char *lk_text_count_signed(double count, char *out, size_t out_bytes);

/* lk_text_duration - "850ms", "59s", "14m02s", "2h05m", "2d03h". */
char *lk_text_duration(double seconds, char *out, size_t out_bytes);

/* lk_text_clock - local "14:02:10" of seconds since the epoch. */
char *lk_text_clock(double at_s, char *out, size_t out_bytes);

/* lk_text_percent - "0.6%", "12%"; PART of WHOLE, "-" when WHOLE is 0. */
char *lk_text_percent(double part, double whole, char *out, size_t out_bytes);

/* lk_text_clean - a foreign name made safe for a terminal: invalid UTF-8, C0 and C1 controls,
 * DEL, bidirectional and other invisible format characters become '?', tabs and newlines a space.
 * Cut between characters to OUT_BYTES with the NUL.  OUT may be IN.
 * Returns: bytes written without the NUL. */
size_t lk_text_clean(const char *in, char *out, size_t out_bytes);

/* lk_text_tail - the end of TEXT in at most CELLS characters, with "..." (or ".." and "." where
 * there is less room) in front of what was cut: file names keep their end.  Borrows nothing. */
char *lk_text_tail(const char *text, size_t cells, char *out, size_t out_bytes);

/* lk_text_head - the beginning of TEXT likewise, with the dots behind it: names of functions keep
 * what they begin with. */
char *lk_text_head(const char *text, size_t cells, char *out, size_t out_bytes);

/* lk_text_parse_bytes - "10M", "1.5G", "512", "64KiB", "2MB"; units of 1024, case ignored.
 * Returns: 0, -EINVAL when it is no size, -ERANGE beyond 2^63; *out untouched then. */
int lk_text_parse_bytes(const char *text, uint64_t *out);

/* lk_text_parse_duration - "2", "1.5", "500ms", "10s", "5m", "1h"; a bare number is seconds.
 * Returns: 0, -EINVAL, -ERANGE beyond 2^31 ms; *out_ms untouched then. */
int lk_text_parse_duration(const char *text, uint64_t *out_ms);

#endif
