/* source_file_group.h - of which processes a snapshot file is the sum.
 * Room: client, private to source_file*.c. */
#ifndef LK_CLIENT_SOURCE_FILE_GROUP_H
#define LK_CLIENT_SOURCE_FILE_GROUP_H

#include <stdbool.h>

#include "client/source_file_values.h"

struct lk_snapshot;

/* lk_source_file_group_read - processes of ROOT into S, whose baselines are read; false after a
 * refusal. */
bool lk_source_file_group_read(struct lk_source_file_reader *r, const json_t *root,
    struct lk_snapshot *s);

#endif
