#include "config.h"

#include "sampler/freeze/locals.h"

#include <stdbool.h>
#include <string.h>

#include "base/print.h"
#include "sampler/cpython/layout.h"
#include "sampler/cpython/names.h"
#include "sampler/cpython/symbols.h"
#include "sampler/cpython/walk.h"
#include "sampler/freeze/store.h"

#define THREADS_MAX	10000u	/* beyond: a list that is not one */
#define NAME_MAX	100u
#define SLOTS		(2 * LK_LOCALS_MAX)
#define MIX		0x9e3779b97f4a7c15u

/* The child's, and only there. */
static struct variable {
	struct lk_raw_frame	 frame;
	const void		*name;
} *variables;
static uint32_t count;
static uint32_t *slots;		/* numbers + 1, 0: free */
static void (*tell)(uint32_t number, const void *value);

static bool
is_same(const struct variable *v, const struct lk_local *local)
{
	return v->name == local->name && v->frame.code == local->frame->code &&
	    v->frame.offset == local->frame->offset;
}

/* Where the variable is, or may be put: half of the slots stay free. */
static uint32_t
slot_of(const struct lk_local *local)
{
	uint64_t mixed = (local->frame->key ^ (uint64_t)(uintptr_t)local->name) * MIX;
	uint32_t i = (uint32_t)(mixed >> 32) % SLOTS;

	while (slots[i] != 0 && !is_same(&variables[slots[i] - 1], local))
		i = (i + 1) % SLOTS;
	return i;
}

static void
take(void *ctx, const struct lk_local *local)
{
	uint32_t slot = slot_of(local);

	(void)ctx;
	if (slots[slot] == 0) {
		if (count == LK_LOCALS_MAX)
			return;
		variables[count++] = (struct variable){*local->frame, local->name};
		slots[slot] = count;
	}
	tell(slots[slot] - 1, local->value);
}

void
lk_locals_each(const struct lk_symbols *py, void (*call)(uint32_t number, const void *value))
{
	void *thread = py->thread_head(py->main_interpreter());
	uint32_t left = THREADS_MAX;

	if (variables == NULL)
		variables = lk_store_map(LK_LOCALS_MAX, sizeof(*variables));
	if (slots == NULL)
		slots = lk_store_map(SLOTS, sizeof(*slots));
	if (variables == NULL || slots == NULL)
		return;
	tell = call;
	for (; thread != NULL && left > 0; left--, thread = py->thread_next(thread))
		lk_walk_locals(thread, take, NULL);
}

static const char *
last_part(const char *file, size_t *length)
{
	const char *slash = memrchr(file, '/', *length);

	if (slash != NULL) {
		*length -= (size_t)(slash + 1 - file);
		file = slash + 1;
	}
	return file;
}

void
lk_locals_print(struct lk_print *p, const struct lk_layout *l, uint32_t number)
{
	const struct variable *v = &variables[number];
	struct lk_frame_words words;
	char name[NAME_MAX];
	const char *file;
	size_t length;

	lk_walk_resolve(&v->frame, &words);
	length = words.file_length;
	file = last_part(words.file, &length);
	lk_print_str(p, "(local in ");
	lk_print_put(p, words.function, words.function_length);
	lk_print_str(p, ", ");
	lk_print_put(p, file, length);
	lk_print_char(p, ':');
	lk_print_u64(p, words.line);
	lk_print_str(p, ") ");
	lk_print_put(p, name, lk_names_copy(l, v->name, name, sizeof(name)));
}
