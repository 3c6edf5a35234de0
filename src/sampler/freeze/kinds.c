#include "config.h"

#include "sampler/freeze/kinds.h"

#include <errno.h>
#include <string.h>

#include "base/print.h"
#include "sampler/cpython/layout.h"
#include "sampler/cpython/names.h"
#include "sampler/cpython/symbols.h"
#include "sampler/freeze/answer.h"
#include "sampler/freeze/store.h"

#define FLAG_HEAP_TYPE	(1UL << 9)
#define FLAG_HAVE_GC	(1UL << 14)
#define MODULE_KEY	"__module__"

int
lk_kinds_init(struct lk_kinds *k, const struct lk_layout *layout, const struct lk_symbols *symbols)
{
	int rc = lk_nodes_init(&k->types, LK_KINDS_MAX);

	k->layout = layout;
	k->symbols = symbols;
	if (rc < 0)
		return rc;
	k->list = lk_store_map(LK_KINDS_MAX, sizeof(*k->list));
	return k->list == NULL ? -ENOMEM : 0;
}

static unsigned long
flags_of(const struct lk_kinds *k, const void *type)
{
	return (unsigned long)lk_read_i64(type, k->layout->type_flags);
}

static void
describe(const struct lk_kinds *k, const void *type, struct lk_kind *out)
{
	const void *traverse = lk_read_ptr(type, LK_TYPE_TRAVERSE);

	out->type = type;
	out->measure = lk_measure_kind(k->layout, k->symbols, type);
	if (flags_of(k, type) & FLAG_HAVE_GC)
		memcpy(&out->traverse, &traverse, sizeof(out->traverse));
}

uint32_t
lk_kinds_of(struct lk_kinds *k, const void *type)
{
	uint32_t before = k->types.count;
	uint32_t i = lk_nodes_add(&k->types, (uint64_t)(uintptr_t)type);

	if (k->types.count != before)
		describe(k, type, &k->list[i]);
	return i;
}

/* ---- names ------------------------------------------------------------------------ */

static bool
is_str(const struct lk_kinds *k, const void *object)
{
	return lk_read_ptr(object, LK_OBJECT_TYPE) == k->symbols->unicode_type;
}

/* The text of what the namespace of TYPE has under __module__; "" when there is none. */
static void
module_of(const struct lk_kinds *k, const void *type, char *out, size_t out_bytes)
{
	void *dict = (void *)(uintptr_t)lk_read_ptr(type, k->layout->type_dict), *key, *value;
	char name[sizeof(MODULE_KEY)];
	intptr_t at = 0;
	size_t n;

	out[0] = '\0';
	while (dict != NULL && k->symbols->dict_next(dict, &at, &key, &value)) {
		if (!is_str(k, key) || !is_str(k, value))
			continue;
		n = lk_names_copy(k->layout, key, name, sizeof(name));
		if (n != sizeof(name) - 1 || memcmp(name, MODULE_KEY, n) != 0)
			continue;
		out[lk_names_copy(k->layout, value, out, out_bytes - 1)] = '\0';
		return;
	}
}

/* What C defines has its module in tp_name; a class of Python has it in its namespace. */
void
lk_kinds_name(const struct lk_kinds *k, const void *type, char *out, size_t out_bytes)
{
	const char *name = lk_read_ptr(type, k->layout->type_name);
	char module[LK_ANSWER_NAME_MAX];
	struct lk_print p;

	lk_print_init(&p, out, out_bytes);
	if (flags_of(k, type) & FLAG_HEAP_TYPE && strchr(name, '.') == NULL) {
		module_of(k, type, module, sizeof(module));
		if (module[0] != '\0' && strcmp(module, "builtins") != 0) {
			lk_print_str(&p, module);
			lk_print_char(&p, '.');
		}
	}
	lk_print_put(&p, name, strnlen(name, out_bytes - 1));
	lk_print_end(&p);
}

/* ---- the largest -------------------------------------------------------------------- */

static void
sift_down(const struct lk_kind *list, uint32_t *heap, uint32_t i, uint32_t count)
{
	uint32_t least, child, swap;

	for (;; i = least) {
		least = i;
		for (child = 2 * i + 1; child <= 2 * i + 2 && child < count; child++)
			if (list[heap[child]].bytes < list[heap[least]].bytes)
				least = child;
		if (least == i)
			return;
		swap = heap[i];
		heap[i] = heap[least];
		heap[least] = swap;
	}
}

/* The numbers of the types with most bytes, the largest first.  Returns: how many. */
static uint32_t
largest(const struct lk_kinds *k, uint32_t *out)
{
	uint32_t count = 0, i, n, swap;

	for (i = 0; i < k->types.count; i++) {
		if (k->list[i].objects == 0)
			continue;
		if (count < LK_ANSWER_TYPES_MAX) {
			out[count++] = i;
			for (n = count / 2; count == LK_ANSWER_TYPES_MAX && n-- > 0;)
				sift_down(k->list, out, n, count);
		} else if (k->list[i].bytes > k->list[out[0]].bytes) {
			out[0] = i;
			sift_down(k->list, out, 0, count);
		}
	}
	for (n = count / 2; n-- > 0;)
		sift_down(k->list, out, n, count);
	for (n = count; n > 1; n--) {
		swap = out[0];
		out[0] = out[n - 1];
		out[n - 1] = swap;
		sift_down(k->list, out, 0, n - 1);
	}
	return count;
}

void
lk_kinds_tell(const struct lk_kinds *k, struct lk_answer *out, uint32_t *row_of)
{
	static uint32_t numbers[LK_ANSWER_TYPES_MAX];	/* the child's own */
	const struct lk_kind *kind;
	uint32_t i;

	for (i = 0; i < k->types.count; i++) {
		out->objects += k->list[i].objects;
		out->bytes += k->list[i].bytes;
		out->type_count += k->list[i].objects != 0;
		out->garbage_objects += k->list[i].garbage_objects;
		out->garbage_bytes += k->list[i].garbage_bytes;
	}
	out->types_kept = largest(k, numbers);
	for (i = 0; i < out->types_kept; i++) {
		kind = &k->list[numbers[i]];
		out->types[i] = (struct lk_answer_type){.objects = kind->objects,
		    .bytes = kind->bytes, .garbage_objects = kind->garbage_objects,
		    .garbage_bytes = kind->garbage_bytes,
		    .cyclic_objects = kind->cyclic_objects};
		lk_kinds_name(k, kind->type, out->types[i].name, LK_ANSWER_NAME_MAX);
		if (row_of != NULL)
			row_of[numbers[i]] = i + 1;
	}
}
