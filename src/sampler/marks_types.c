/* The types of baselines: how much there was of which, in the first freeze after each. */
#include "config.h"

#include "sampler/marks.h"

#include <string.h>
#include <sys/mman.h>

static size_t total_bytes;

static size_t
bytes_of(uint32_t count, struct lk_emit_type (*type_at)(uint32_t i))
{
	size_t bytes = sizeof(struct lk_mark_types) + count * sizeof(struct lk_emit_type);
	uint32_t i;

	for (i = 0; i < count; i++)
		bytes += strlen(type_at(i).name) + 1;
	return bytes;
}

void
lk_marks_types(struct lk_mark *mark, const struct lk_emit_frozen *how, uint32_t count,
    struct lk_emit_type (*type_at)(uint32_t i))
{
	size_t bytes = bytes_of(count, type_at), length;
	struct lk_mark_types *kept;
	struct lk_emit_type *list;
	char *names;
	uint32_t i;

	if (mark->types != NULL || total_bytes + bytes > LK_MARKS_TYPES_BYTES_MAX)
		return;
	kept = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (kept == MAP_FAILED)
		return;
	list = (struct lk_emit_type *)(kept + 1);
	names = (char *)(list + count);
	for (i = 0; i < count; i++) {
		list[i] = type_at(i);
		list[i].samples = LK_EMIT_UNKNOWN;	/* stacks are not kept */
		length = strlen(list[i].name) + 1;
		list[i].name = memcpy(names, list[i].name, length);
		names += length;
	}
	*kept = (struct lk_mark_types){.how = *how, .count = count, .list = list, .bytes = bytes};
	mark->types = kept;
	total_bytes += bytes;
}

void
lk_marks_forget_types(struct lk_mark *mark)
{
	if (mark->types == NULL)
		return;
	total_bytes -= mark->types->bytes;
	munmap(mark->types, mark->types->bytes);
	mark->types = NULL;
}
