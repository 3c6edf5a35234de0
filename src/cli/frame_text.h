/* frame_text.h - one frame of batch output, as text and as JSON.  Room: cli.
 * Text: two lines about the process, one with the titles, then one per row, columns in fixed
 * places; names are cleaned, so that nothing of the target reaches the terminal raw. */
#ifndef LK_CLI_FRAME_TEXT_H
#define LK_CLI_FRAME_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct lk_growth;
struct lk_growth_set;
struct lk_snapshot;

struct lk_frame_text {
	uint64_t number; /* of the frame, from 1 */
	const struct lk_snapshot *snapshot;
	const struct lk_growth_set *set;
	const struct lk_growth **rows; /* [count], as they are shown */
	size_t count;
};

/* Both return 0 or -EIO. */
int lk_frame_text_print(const struct lk_frame_text *frame);
int lk_frame_text_json(const struct lk_frame_text *frame);

#endif
