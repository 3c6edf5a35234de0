/* quote.h - texts of a foreign process inside a JSON document.  Room: export, private to it. */
#ifndef LK_EXPORT_QUOTE_H
#define LK_EXPORT_QUOTE_H

#include <stddef.h>
#include <stdio.h>

#define LK_QUOTE_BYTES 2048	/* no text is longer, a long one is cut */

/* lk_quote_put - TEXT as a JSON string: cleaned (util/text.h), and without any character that means
 * something in HTML, so that the document may be inside of a page.
 * Returns: how many bytes it took. */
size_t lk_quote_put(FILE *out, const char *text);

/* lk_quote_number - VALUE, whole when it is; null when it is none. */
void lk_quote_number(FILE *out, double value);

#endif
