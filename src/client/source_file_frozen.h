/* source_file_frozen.h - what frozen heaps said, in a snapshot file.
 * Room: client, private to source_file*.c. */
#ifndef LK_CLIENT_SOURCE_FILE_FROZEN_H
#define LK_CLIENT_SOURCE_FILE_FROZEN_H

#include <stdbool.h>

#include "client/source_file_values.h"

struct lk_snapshot;

/* lk_source_file_frozen_read - types and referrers of ROOT into S; false after a refusal. */
bool lk_source_file_frozen_read(struct lk_source_file_reader *r, const json_t *root,
    struct lk_snapshot *s);

#endif
