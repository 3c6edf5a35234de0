#include "config.h"

#include "export/frames.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "leaktop/snapshot.h"
#include "model/snapshot.h"
#include "util/text.h"

#define SLOTS_MIN 1024u

static const struct lk_frame lost = {.function = "(outermost frames lost)", .file = ""};
static const struct lk_frame none = {.function = "(no Python stack)", .file = ""};

static uint64_t
hash_of(const struct lk_frame *f)
{
	uint64_t hash = lk_hash_text(LK_HASH_BEGIN, f->function);

	hash = lk_hash_text(lk_hash_more(hash, 0x100), f->file);
	hash = lk_hash_more(lk_hash_more(hash, f->line), f->address);
	return hash ^ hash >> 29;
}

static bool
is_same(const struct lk_frame *a, const struct lk_frame *b)
{
	if (a == b)
		return true;
	return a->line == b->line && a->native == b->native && a->address == b->address &&
	    strcmp(a->function, b->function) == 0 && strcmp(a->file, b->file) == 0;
}

static bool
grow_list(struct lk_frames *t)
{
	uint32_t room = t->room > 0 ? t->room * 2 : SLOTS_MIN / 2;
	const struct lk_frame **list = realloc(t->list, room * sizeof(*list));

	if (list == NULL)
		return false;
	t->list = list;
	t->room = room;
	return true;
}

static bool
grow_slots(struct lk_frames *t)
{
	uint32_t count = t->slot_count > 0 ? t->slot_count * 2 : SLOTS_MIN;
	uint32_t *slots = calloc(count, sizeof(*slots));

	if (slots == NULL)
		return false;
	for (uint32_t i = 0; i < t->count; i++) {
		uint32_t at = (uint32_t)hash_of(t->list[i]) & (count - 1);

		while (slots[at] != 0)
			at = (at + 1) & (count - 1);
		slots[at] = i + 1;
	}
	free(t->slots);
	t->slots = slots;
	t->slot_count = count;
	return true;
}

uint32_t
lk_frames_number(struct lk_frames *t, const struct lk_frame *frame)
{
	uint32_t at;

	if (t->count >= t->slot_count / 2 && !grow_slots(t))
		return LK_FRAMES_NONE;
	at = (uint32_t)hash_of(frame) & (t->slot_count - 1);
	for (; t->slots[at] != 0; at = (at + 1) & (t->slot_count - 1))
		if (is_same(t->list[t->slots[at] - 1], frame))
			return t->slots[at] - 1;
	if (t->count == t->room && !grow_list(t))
		return LK_FRAMES_NONE;
	t->list[t->count] = frame;
	t->slots[at] = ++t->count;
	return t->count - 1;
}

void
lk_frames_free(struct lk_frames *t)
{
	free(t->list);
	free(t->slots);
	memset(t, 0, sizeof(*t));
}

static bool
is_cut(const struct lk_stack *stack)
{
	return (stack->flags & LK_SNAPSHOT_TRUNCATED) != 0 && stack->frame_count > 0;
}

uint32_t
lk_frames_depth(const struct lk_stack *stack)
{
	return stack->frame_count == 0 ? 1 : stack->frame_count + (is_cut(stack) ? 1 : 0);
}

const struct lk_frame *
lk_frames_at(const struct lk_stack *stack, uint32_t depth)
{
	if (stack->frame_count == 0)
		return &none;
	if (is_cut(stack) && depth-- == 0)
		return &lost;
	return &stack->frames[stack->frame_count - 1 - depth];
}

void
lk_frames_label(const struct lk_frame *f, char *out, size_t out_bytes)
{
	char function[LK_FRAMES_LABEL_BYTES / 2], file[LK_FRAMES_LABEL_BYTES / 2 - 32];

	lk_text_clean(f->function, function, sizeof(function));
	lk_text_clean(f->file, file, sizeof(file));
	if (file[0] == '\0')
		snprintf(out, out_bytes, "%s", function);
	else if (f->line == 0)
		snprintf(out, out_bytes, "%s (%s)", function, file);
	else
		snprintf(out, out_bytes, "%s (%s:%u)", function, file, f->line);
}
