/* source_file_moments.h - where the snapshots of a recording are in its file.
 * Room: client, private to source_file.c. */
#ifndef LK_CLIENT_SOURCE_FILE_MOMENTS_H
#define LK_CLIENT_SOURCE_FILE_MOMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed at first. */
struct lk_source_file_moments {
	size_t count, room;
	struct lk_source_file_moment {
		uint64_t offset;
		uint32_t bytes;		/* without the newline */
	} *list;			/* [count], as they are in the file */
	uint64_t searched;		/* bytes, to the end of the last whole line */
	bool is_cut;			/* the last line has no end */
	bool is_more;			/* than LK_RECORDING_MOMENTS_MAX: the first ones are here */
	char end[256];		/* the last line, when it says why it is the last; else "" */
};

/* lk_source_file_moments_find - all of FD, a regular file; later what came since, where FD was
 * only added to.
 * Returns: 0; or negative errno. */
int lk_source_file_moments_find(int fd, struct lk_source_file_moments *m);

/* lk_source_file_moments_is_recording - else FD may be a snapshot, whose lines mean nothing. */
bool lk_source_file_moments_is_recording(const struct lk_source_file_moments *m);

void lk_source_file_moments_free(struct lk_source_file_moments *m);

#endif
