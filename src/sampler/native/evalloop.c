#include "config.h"

#include "sampler/native/evalloop.h"

#include <string.h>

#include "sampler/native/frames.h"
#include "sampler/native/image.h"

#define VOTES_MIN	8u	/* jumps: bytes that look like one by chance hit each place once */
#define ENTRIES_SEEN	4096u

/* .eh_frame_hdr: version, three encodings, then for the usual encodings a pointer, the number of
 * entries, and pairs (function, its description) sorted by function, relative to the table. */
struct index {
	const uint8_t	*base;
	const uint8_t	*pairs;
	uint32_t	 count;
};

#define ENCODING_PCREL_SDATA4	0x1b
#define ENCODING_UDATA4		0x03
#define ENCODING_DATAREL_SDATA4	0x3b

static bool
open_index(const struct lk_image *image, struct index *out)
{
	size_t bytes;
	const uint8_t *p = lk_image_eh_frame_hdr(image, &bytes);

	if (p == NULL || bytes < 12 || p[0] != 1 || p[1] != ENCODING_PCREL_SDATA4 ||
	    p[2] != ENCODING_UDATA4 || p[3] != ENCODING_DATAREL_SDATA4)
		return false;
	out->base = p;
	out->pairs = p + 12;
	memcpy(&out->count, p + 8, sizeof(out->count));
	return out->count != 0 && out->count <= (bytes - 12) / 8;
}

static uintptr_t
entry_begin(const struct index *x, uint32_t i)
{
	int32_t offset;

	memcpy(&offset, x->pairs + (size_t)i * 8, sizeof(offset));
	return (uintptr_t)(x->base + offset);
}

/* The entry that ADDRESS is in; x->count: none. */
static uint32_t
entry_of(const struct index *x, uintptr_t address)
{
	uint32_t low = 0, high = x->count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (entry_begin(x, middle) <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low == 0 ? x->count : low - 1;
}

/* Where the jump at P goes; 0: there is none.  jmp rel32, and jcc rel32. */
static uintptr_t
jump_target(const uint8_t *p, size_t left)
{
	size_t length = p[0] == 0xe9 ? 5 : 6;
	int32_t distance;

	if (left < length || (length == 6 && (p[0] != 0x0f || (p[1] & 0xf0) != 0x80)))
		return 0;
	memcpy(&distance, p + length - 4, sizeof(distance));
	return (uintptr_t)(p + length + distance);
}

/* Every byte is taken for the begin of an instruction: what is not one votes at random. */
static uint32_t
most_jumped_into(const struct index *x, uintptr_t begin, uintptr_t end)
{
	static uint16_t votes[ENTRIES_SEEN];	/* start-up only */
	const uint8_t *p = (const uint8_t *)begin;
	uint32_t entry, best = x->count;
	uintptr_t to;

	memset(votes, 0, sizeof(votes));
	for (; (uintptr_t)p < end; p++) {
		to = jump_target(p, end - (uintptr_t)p);
		if (to == 0 || (to >= begin && to < end))
			continue;
		entry = entry_of(x, to);
		if (entry == x->count || entry_begin(x, entry) == to)
			continue;	/* a call in tail position */
		if (votes[entry % ENTRIES_SEEN] < UINT16_MAX)
			votes[entry % ENTRIES_SEEN]++;
		if (best == x->count ||
		    votes[entry % ENTRIES_SEEN] > votes[best % ENTRIES_SEEN])
			best = entry;
	}
	return best != x->count && votes[best % ENTRIES_SEEN] >= VOTES_MIN ? best : x->count;
}

void
lk_evalloop_init(const struct lk_image *image, uintptr_t function, size_t size)
{
	struct index x;
	uint32_t cold;

	if (!lk_image_holds(image, function, size, PF_R | PF_X))
		return;
	lk_frames_eval_loop(function, function + size);
	if (!open_index(image, &x))
		return;
	cold = most_jumped_into(&x, function, function + size);
	if (cold + 1 < x.count)
		lk_frames_eval_loop(entry_begin(&x, cold), entry_begin(&x, cold + 1));
}
