/* Messages about stacks: names, live, baseline. */
#include "config.h"

#include "proto/message.h"

#include <errno.h>

#include "base/attr.h"
#include "leaktop/sampler.h"
#include "leaktop/wire.h"

#include "proto/fields.h"
#include "proto/message_private.h"

/* A line has at most this many elements of two bytes each: no list can be longer. */
#define LIST_MAX (LK_WIRE_LINE_MAX / 2)

static int
u32_at(const json_t *array, size_t index, enum lk_field_kind kind, uint32_t *out)
{
	return lk_fields_value(json_array_get(array, index), kind, out);
}

static int
read_texts(const json_t *list, struct lk_message *out)
{
	struct lk_message_text *texts;
	const json_t *item;
	size_t i;

	texts = lk_message_list(out, json_array_size(list), sizeof(*texts));
	if (texts == NULL)
		return -ENOMEM;
	json_array_foreach(list, i, item)
	{
		if (u32_at(item, 0, LK_FIELD_ID, &texts[i].id) < 0 ||
		    lk_fields_value(json_array_get(item, 1), LK_FIELD_TEXT, &texts[i].text) < 0)
			return -EBADMSG;
	}
	out->names.texts = texts;
	out->names.text_count = (uint32_t)json_array_size(list);
	return 0;
}

static int
read_frame(const json_t *item, struct lk_message_frame *frame)
{
	const json_t *kind = json_array_get(item, 4);

	if (u32_at(item, 0, LK_FIELD_ID, &frame->id) < 0 ||
	    u32_at(item, 1, LK_FIELD_ID, &frame->function) < 0 ||
	    u32_at(item, 2, LK_FIELD_ID, &frame->file) < 0)
		return -EBADMSG;
	if (kind == NULL)
		return u32_at(item, 3, LK_FIELD_U32, &frame->line);
	if (!json_is_integer(kind) || json_integer_value(kind) != 1)
		return -EBADMSG;
	frame->native = true;
	return lk_fields_value(json_array_get(item, 3), LK_FIELD_U64, &frame->address);
}

static int
read_frames(const json_t *list, struct lk_message *out)
{
	struct lk_message_frame *frames;
	const json_t *item;
	size_t i;

	frames = lk_message_list(out, json_array_size(list), sizeof(*frames));
	if (frames == NULL)
		return -ENOMEM;
	json_array_foreach(list, i, item)
	{
		if (read_frame(item, &frames[i]) < 0)
			return -EBADMSG;
	}
	out->names.frames = frames;
	out->names.frame_count = (uint32_t)json_array_size(list);
	return 0;
}

static int
read_stack(const json_t *item, struct lk_message_stack *stack, uint32_t **ids)
{
	const json_t *frames = json_array_get(item, 4);
	const json_t *frame;
	size_t i;

	if (u32_at(item, 0, LK_FIELD_ID, &stack->id) < 0 ||
	    lk_fields_value(json_array_get(item, 1), LK_FIELD_TEXT, &stack->domain) < 0 ||
	    u32_at(item, 2, LK_FIELD_ID, &stack->thread) < 0 ||
	    u32_at(item, 3, LK_FIELD_U32, &stack->flags) < 0)
		return -EBADMSG;
	stack->frames = *ids;
	stack->frame_count = (uint32_t)json_array_size(frames);
	json_array_foreach(frames, i, frame)
	{
		if (lk_fields_value(frame, LK_FIELD_ID, (*ids)++) < 0)
			return -EBADMSG;
	}
	return 0;
}

static int
read_stacks(const json_t *list, struct lk_message *out)
{
	long id_count = lk_message_count_nested(list, NULL, 4, LK_FRAMES_MAX);
	struct lk_message_stack *stacks;
	uint32_t *ids;
	const json_t *item;
	size_t i;

	if (id_count < 0)
		return (int)id_count;
	stacks = lk_message_list(out, json_array_size(list), sizeof(*stacks));
	ids = lk_message_list(out, (size_t)id_count, sizeof(*ids));
	if (stacks == NULL || ids == NULL)
		return -ENOMEM;
	json_array_foreach(list, i, item)
	{
		if (read_stack(item, &stacks[i], &ids) < 0)
			return -EBADMSG;
	}
	out->names.stacks = stacks;
	out->names.stack_count = (uint32_t)json_array_size(list);
	return 0;
}

int
lk_message_read_names(const json_t *object, struct lk_message *out)
{
	static const struct {
		const char *key;
		int (*read)(const json_t *list, struct lk_message *out);
	} parts[] = {
	    {"strings", read_texts},
	    {"frames", read_frames},
	    {"stacks", read_stacks},
	};

	for (size_t i = 0; i < LK_COUNT_OF(parts); i++) {
		const json_t *list;
		int rc = lk_fields_array(object, parts[i].key, LIST_MAX, &list);

		if (rc == 0)
			rc = parts[i].read(list, out);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int
read_cell(const json_t *item, struct lk_message_cell *cell)
{
	if (u32_at(item, 0, LK_FIELD_U32, &cell->epoch) < 0 ||
	    u32_at(item, 1, LK_FIELD_U32, &cell->count) < 0 ||
	    lk_fields_value(json_array_get(item, 2), LK_FIELD_REAL, &cell->bytes) < 0 ||
	    lk_fields_value(json_array_get(item, 3), LK_FIELD_REAL, &cell->objects) < 0 ||
	    lk_fields_value(json_array_get(item, 4), LK_FIELD_REAL, &cell->variance) < 0)
		return -EBADMSG;
	return 0;
}

static int
read_row(const json_t *item, struct lk_message_row *row, struct lk_message_cell **cells)
{
	const json_t *list = json_array_get(item, 4);
	const json_t *cell;
	size_t i;

	if (u32_at(item, 0, LK_FIELD_ID, &row->stack) < 0 ||
	    lk_fields_value(json_array_get(item, 1), LK_FIELD_REAL, &row->allocated_bytes) < 0 ||
	    lk_fields_value(json_array_get(item, 2), LK_FIELD_REAL, &row->allocated_objects) < 0 ||
	    lk_fields_value(json_array_get(item, 3), LK_FIELD_U64, &row->allocated_count) < 0)
		return -EBADMSG;
	row->cells = *cells;
	row->cell_count = (uint32_t)json_array_size(list);
	json_array_foreach(list, i, cell)
	{
		if (read_cell(cell, *cells) < 0)
			return -EBADMSG;
		if (i > 0 && (*cells)->epoch <= (*cells)[-1].epoch)
			return -EBADMSG;
		(*cells)++;
	}
	return 0;
}

static int
read_rows(const json_t *object, struct lk_message *out)
{
	struct lk_message_cell *cells;
	struct lk_message_row *rows;
	const json_t *list, *item;
	long cell_count;
	size_t i;
	int rc = lk_fields_array(object, "rows", LIST_MAX, &list);

	if (rc < 0)
		return rc;
	cell_count = lk_message_count_nested(list, NULL, 4, LK_MESSAGE_CELLS_MAX);
	if (cell_count < 0)
		return (int)cell_count;
	rows = lk_message_list(out, json_array_size(list), sizeof(*rows));
	cells = lk_message_list(out, (size_t)cell_count, sizeof(*cells));
	if (rows == NULL || cells == NULL)
		return -ENOMEM;
	json_array_foreach(list, i, item)
	{
		if (read_row(item, &rows[i], &cells) < 0)
			return -EBADMSG;
	}
	out->rows.list = rows;
	out->rows.count = (uint32_t)json_array_size(list);
	return 0;
}

int
lk_message_read_live(const json_t *object, struct lk_message *out)
{
	static const struct lk_field fields[] = {
	    {"seq", LK_FIELD_U64, offsetof(struct lk_message_rows, seq)},
	    {"at", LK_FIELD_REAL, offsetof(struct lk_message_rows, at_s)},
	    {"more", LK_FIELD_BOOL, offsetof(struct lk_message_rows, more)},
	};
	int rc = lk_fields_read(object, fields, LK_COUNT_OF(fields), &out->rows);

	return rc < 0 ? rc : read_rows(object, out);
}

int
lk_message_read_baseline(const json_t *object, struct lk_message *out)
{
	static const struct lk_field fields[] = {
	    {"id", LK_FIELD_U64, offsetof(struct lk_message_rows, id)},
	    {"more", LK_FIELD_BOOL, offsetof(struct lk_message_rows, more)},
	};
	int rc = lk_fields_read(object, fields, LK_COUNT_OF(fields), &out->rows);

	return rc < 0 ? rc : read_rows(object, out);
}
