#include "config.h"

#include "sampler/native/objects.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "sampler/core/pages.h"

#define TEXT_BYTES	(768u << 10)	/* of all names */
#define ADDRESS_MAX	UINT32_MAX	/* larger ones are not kept: lk_frame_words */

struct table {
	uint32_t	 count;
	struct lk_object objects[LK_OBJECTS_MAX];	/* sorted by begin when published */
};

struct name {
	uint32_t	build_id, path;		/* into text */
	uint16_t	build_id_length, path_length;
};

static struct table *tables;			/* two */
static struct table *_Atomic in_use;
static _Atomic uint64_t version;
static struct table *making;
static struct name *names;
static _Atomic uint32_t name_count;
static char *text;
static uint32_t text_used;

/* Again where it was cut short: what is there is kept, the name that comes first comes first. */
int
lk_objects_init(void)
{
	if (atomic_load(&in_use) != NULL)
		return 0;
	if (names == NULL)
		names = lk_pages_map(LK_OBJECTS_NAMES_MAX * sizeof(*names));
	if (text == NULL)
		text = lk_pages_map(TEXT_BYTES);
	if (tables == NULL)
		tables = lk_pages_map(2 * sizeof(*tables));
	if (names == NULL || text == NULL || tables == NULL)
		return -ENOMEM;
	lk_objects_name("", 0, "", 0);	/* LK_OBJECTS_UNKNOWN */
	atomic_store(&in_use, &tables[0]);
	return 0;
}

void
lk_objects_begin(void)
{
	making = atomic_load(&in_use) == &tables[0] ? &tables[1] : &tables[0];
	making->count = 0;
}

/* By insertion: the loader's list is nearly sorted, downwards or upwards. */
void
lk_objects_add(const struct lk_object *object)
{
	struct lk_object *o = making->objects;
	uint32_t i = making->count;

	if (i == LK_OBJECTS_MAX)
		return;
	for (; i > 0 && o[i - 1].begin > object->begin; i--)
		continue;
	memmove(&o[i + 1], &o[i], (making->count - i) * sizeof(*o));
	o[i] = *object;
	making->count++;
}

void
lk_objects_publish(void)
{
	atomic_store_explicit(&in_use, making, memory_order_release);
	atomic_fetch_add(&version, 1);
}

static bool
is_text(const char *known, size_t known_length, const char *wanted, size_t length)
{
	return known_length == length && memcmp(known, wanted, length) == 0;
}

static uint32_t
keep_text(const char *s, size_t length)
{
	uint32_t at = text_used;

	memcpy(text + at, s, length);
	text_used += (uint32_t)length;
	return at;
}

uint32_t
lk_objects_name(const char *build_id, size_t build_id_length, const char *path,
    size_t path_length)
{
	uint32_t i, count = atomic_load_explicit(&name_count, memory_order_relaxed);
	struct name *n;

	for (i = 0; i < count; i++) {
		n = &names[i];
		if (is_text(text + n->build_id, n->build_id_length, build_id, build_id_length) &&
		    is_text(text + n->path, n->path_length, path, path_length))
			return i;
	}
	if (count == LK_OBJECTS_NAMES_MAX || path_length > LK_STRINGS_LENGTH_MAX ||
	    build_id_length + path_length > TEXT_BYTES - text_used)
		return LK_OBJECTS_UNKNOWN;
	n = &names[count];
	n->build_id = keep_text(build_id, build_id_length);
	n->build_id_length = (uint16_t)build_id_length;
	n->path = keep_text(path, path_length);
	n->path_length = (uint16_t)path_length;
	atomic_store_explicit(&name_count, count + 1, memory_order_release);
	return count;
}

bool
lk_objects_find(uintptr_t address, struct lk_object *out)
{
	const struct table *t = atomic_load_explicit(&in_use, memory_order_acquire);
	uint32_t low = 0, high, middle;

	if (t == NULL)
		return false;
	for (high = t->count; low < high; ) {
		middle = (low + high) / 2;
		if (t->objects[middle].begin <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || address >= t->objects[low - 1].end)
		return false;
	*out = t->objects[low - 1];
	return true;
}

uint64_t
lk_objects_version(void)
{
	return atomic_load_explicit(&version, memory_order_relaxed);
}

void
lk_objects_frame(uintptr_t pc, const struct lk_object *object, struct lk_raw_frame *out)
{
	uintptr_t address = object == NULL || object->name == LK_OBJECTS_UNKNOWN ? 0 :
	    pc - object->bias;
	uint32_t name = object == NULL ? LK_OBJECTS_UNKNOWN : object->name;

	*out = (struct lk_raw_frame){.code = (const void *)address, .offset = (int32_t)name,
	    .native = true};
	/* not a pointer to code of Python's, whatever its hash */
	out->key = lk_stacks_mix(lk_stacks_mix(0x6e6174697665u, address), name) | 1;
}

void
lk_objects_resolve(const struct lk_raw_frame *raw, struct lk_frame_words *out)
{
	uint32_t i = (uint32_t)raw->offset;
	uintptr_t address = (uintptr_t)raw->code;

	if (i >= atomic_load_explicit(&name_count, memory_order_acquire))
		i = LK_OBJECTS_UNKNOWN;
	out->native = true;
	out->function = text + names[i].build_id;
	out->function_length = names[i].build_id_length;
	out->file = text + names[i].path;
	out->file_length = names[i].path_length;
	out->line = address > ADDRESS_MAX ? 0 : (uint32_t)address;
}
