#include "config.h"

#include "sampler/heap/owners.h"

#include <string.h>

#include "base/print.h"
#include "sampler/cpython/layout.h"
#include "sampler/cpython/names.h"
#include "sampler/cpython/symbols.h"
#include "sampler/heap/containers.h"
#include "sampler/heap/longest.h"
#include "sampler/heap/measure.h"
#include "sampler/heap/slices.h"

#define FLAG_TYPE	(1UL << 31)	/* Py_TPFLAGS_TYPE_SUBCLASS: instances are types */

static struct lk_container_found *
known(struct lk_containers_scan *scan, const void *object)
{
	uint32_t i;

	for (i = 0; i < scan->count; i++)
		if (scan->found[i].address == (uint64_t)(uintptr_t)object)
			return &scan->found[i];
	return NULL;
}

/* PREFIX.NAME, for a container that has no owner yet. */
static void
own(struct lk_containers_scan *scan, const void *value, const char *prefix, const void *name)
{
	struct lk_container_found measured, *found;
	char text[LK_CONTAINER_OWNER_MAX];
	struct lk_print p;
	size_t n;

	if (!lk_measure_container(scan, value, &measured))
		return;
	lk_longest_keep(scan, &measured);
	found = known(scan, value);
	if (found == NULL || found->owner[0] != '\0')
		return;
	lk_print_init(&p, found->owner, sizeof(found->owner));
	lk_print_str(&p, prefix);
	lk_print_char(&p, '.');
	n = lk_names_copy(scan->layout, name, text, sizeof(text) / 2);
	lk_print_put(&p, text, n);
	lk_print_end(&p);
}

static bool
is_str(const struct lk_containers_scan *scan, const void *object)
{
	return lk_read_ptr(object, LK_OBJECT_TYPE) == scan->symbols->unicode_type;
}

static void
own_class(struct lk_containers_scan *scan, const void *class, const char *module,
    const void *name)
{
	void *dict = (void *)(uintptr_t)lk_read_ptr(class, scan->layout->type_dict);
	char prefix[LK_CONTAINER_OWNER_MAX], text[64];
	void *key, *value;
	intptr_t at = 0;
	struct lk_print p;

	if (dict == NULL)
		return;
	lk_print_init(&p, prefix, sizeof(prefix));
	lk_print_str(&p, module);
	lk_print_char(&p, '.');
	lk_print_put(&p, text, lk_names_copy(scan->layout, name, text, sizeof(text)));
	lk_print_end(&p);
	while (scan->symbols->dict_next(dict, &at, &key, &value))
		if (is_str(scan, key))
			own(scan, value, prefix, key);
}

static void
own_module(struct lk_containers_scan *scan, const void *module_name, void *module)
{
	void *dict = scan->symbols->module_dict(module), *key, *value;
	char name[96];
	intptr_t at = 0;
	const void *type;

	if (dict == NULL)
		return;
	name[lk_names_copy(scan->layout, module_name, name, sizeof(name) - 1)] = '\0';
	while (scan->symbols->dict_next(dict, &at, &key, &value)) {
		if (!is_str(scan, key))
			continue;
		own(scan, value, name, key);
		type = lk_read_ptr(value, LK_OBJECT_TYPE);
		if ((uint64_t)lk_read_i64(type, scan->layout->type_flags) & FLAG_TYPE)
			own_class(scan, value, name, key);
	}
}

static bool
is_module(const struct lk_containers_scan *scan, const void *object)
{
	return lk_read_ptr(object, LK_OBJECT_TYPE) == scan->symbols->module_type;
}

/* sys.modules may change while the GIL is away, so the position is only trusted within a
 * slice: after a pause the modules that were done are skipped by count. */
bool
lk_owners_find_callspy(struct lk_slices *w)
{
	void *modules = w->scan->symbols->import_modules(), *key, *value;
	uint32_t done = 0, n;
	intptr_t at;
	bool paused = true;

	while (paused && modules != NULL) {
		paused = false;
		for (at = 0, n = 0; !paused &&
		    w->scan->symbols->dict_next(modules, &at, &key, &value); n++) {
			if (n < done)
				continue;
			done = n + 1;
			if (is_str(w->scan, key) && is_module(w->scan, value))
				own_module(w->scan, key, value);
			paused = lk_slices_over(w);
		}
		if (paused && !lk_slices_pause(w))
			return false;
	}
	return true;
}
