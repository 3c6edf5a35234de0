/* json.h - a snapshot as the file of leaktop/snapshot.h.  Room: export, private to it. */
#ifndef LK_EXPORT_JSON_H
#define LK_EXPORT_JSON_H

#include <stdint.h>
#include <stdio.h>

struct lk_snapshot;

/* lk_json_write - one object and a newline.  *missing is set to the baseline whose rows are needed
 * for REFERENCE and not there, else untouched.
 * Returns: 0; -ENODATA with *missing set; -ENOMEM; -EFBIG beyond what a reader takes; -EIO and
 * others when OUT took not all. */
int lk_json_write(const struct lk_snapshot *s, uint32_t reference, FILE *out, uint32_t *missing);

#endif
