/* source_file_read.h - the text of a snapshot file becomes a snapshot.
 * Room: client, private to source_file.c. */
#ifndef LK_CLIENT_SOURCE_FILE_READ_H
#define LK_CLIENT_SOURCE_FILE_READ_H

#include <stddef.h>

struct lk_snapshot;

/* lk_source_file_read - TEXT [length] is input from anywhere.
 * Returns: 0 with one reference in *out, its origin still "";
 *	-EBADMSG no snapshot, or one with a wrong value; -EPROTONOSUPPORT another major version;
 *	-EMSGSIZE more of something than anyone needs; -ENOMEM.  words [words_bytes] say more. */
int lk_source_file_read(const char *text, size_t length, char *words, size_t words_bytes,
    struct lk_snapshot **out);

#endif
