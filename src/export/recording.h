/* recording.h - a file that gets one snapshot after the other.  Room: export.
 *
 * One line each, as leaktop/snapshot.h says.  The file never grows beyond a bound: when it would,
 * every other line is given up, so that what is old is further apart than what is new. */
#ifndef LK_EXPORT_RECORDING_H
#define LK_EXPORT_RECORDING_H

#include <stddef.h>
#include <stdint.h>

struct lk_recording;
struct lk_snapshot;

#define LK_RECORDING_BYTES_MIN (1u << 20)

/* lk_recording_open - PATH is made with mode 0600, or goes on when it is a recording; a last line
 * that was cut is taken away.  MAX_BYTES is for the file and the copy that it is made shorter by.
 * Returns: 0; -EEXIST something else is there; -EBUSY somebody records to it; other negative
 *	errno.  words [words_bytes] say what is wrong, for people. */
int lk_recording_open(const char *path, uint64_t max_bytes, char *words, size_t words_bytes,
    struct lk_recording **out);

/* lk_recording_add - S, made slim (slim.h), as one more line, with growth since baseline REFERENCE.
 * Returns: 0; negative errno: nothing was added, the file is as it was, and it may be tried again
 *	(-ENOSPC: when there is room).  words as above. */
int lk_recording_add(struct lk_recording *r, const struct lk_snapshot *s, uint32_t reference,
    char *words, size_t words_bytes);

/* lk_recording_end - a last line that says why it ends here.  Returns: 0 or negative errno. */
int lk_recording_end(struct lk_recording *r, double at_s, const char *why);

/* lk_recording_close - without an end: it may go on.  NULL is fine. */
void lk_recording_close(struct lk_recording *r);

#endif
