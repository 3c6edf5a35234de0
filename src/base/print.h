/* print.h - bounded text without stdio: what the sampler writes is built with it.
 * Room: base.  Context: any; never allocates, leaves errno alone.
 *
 * A text that would not fit is cut and marked full; nothing is ever written past
 * capacity, and the bytes before the first call that failed stay intact. */
#ifndef LK_BASE_PRINT_H
#define LK_BASE_PRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lk_print {
	char	*bytes;		/* [capacity], not NUL-terminated; the caller's */
	size_t	 length;
	size_t	 capacity;
	bool	 full;		/* something did not fit */
};

void lk_print_init(struct lk_print *t, char *bytes, size_t capacity);
void lk_print_char(struct lk_print *t, char c);
void lk_print_put(struct lk_print *t, const char *s, size_t length);
void lk_print_str(struct lk_print *t, const char *s);	/* NUL-terminated */
void lk_print_u64(struct lk_print *t, uint64_t value);
void lk_print_i64(struct lk_print *t, int64_t value);
void lk_print_hex(struct lk_print *t, uint64_t value);	/* 0x... */

/* lk_print_real - with DECIMALS (0..6) digits after the point, never an exponent; "null" for
 * NAN and what is beyond +-1e33; 15 digits are right. */
void lk_print_real(struct lk_print *t, double value, unsigned int decimals);

/* lk_print_json - a JSON string with quotes; '"', '\\' and bytes below 0x20 are escaped.
 * What is not UTF-8 and NUL become U+FFFD: the line is valid JSON whatever names hold. */
void lk_print_json(struct lk_print *t, const char *s, size_t length);

/* lk_print_end - terminates with NUL inside capacity, cutting one byte if it must. */
void lk_print_end(struct lk_print *t);

#endif
