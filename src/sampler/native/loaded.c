#include "config.h"

#include "sampler/native/loaded.h"

#include <dlfcn.h>
#include <string.h>

#include "sampler/core/pages.h"
#include "sampler/native/gate.h"

#define TEXT_BYTES	(512u << 10)

struct list {
	uint32_t		 count, text_used, left_out;
	struct lk_loaded_counters counters;
	struct lk_loaded	 objects[LK_LOADED_MAX];
	char			 text[TEXT_BYTES];
};

static struct list *list;

static int
count_only(struct dl_phdr_info *info, size_t size, void *out)
{
	struct lk_loaded_counters *counters = out;

	(void)size;
	*counters = (struct lk_loaded_counters){info->dlpi_adds, info->dlpi_subs};
	return 1;	/* one is enough */
}

void
lk_loaded_count(struct lk_loaded_counters *out)
{
	*out = (struct lk_loaded_counters){0, 0};
	dl_iterate_phdr(count_only, out);
}

/* Runs with the loader's list lock: copies, calls nobody. */
static int
copy_one(struct dl_phdr_info *info, size_t size, void *out)
{
	struct list *l = out;
	const char *name = info->dlpi_name == NULL ? "" : info->dlpi_name;
	size_t bytes = strlen(name) + 1;

	(void)size;
	l->counters = (struct lk_loaded_counters){info->dlpi_adds, info->dlpi_subs};
	if (l->count == LK_LOADED_MAX || bytes > TEXT_BYTES - l->text_used) {
		l->left_out++;
		return 0;
	}
	memcpy(l->text + l->text_used, name, bytes);
	l->objects[l->count] = (struct lk_loaded){.bias = info->dlpi_addr,
	    .phdr = info->dlpi_phdr, .phnum = info->dlpi_phnum, .is_main = l->count == 0,
	    .name = l->text + l->text_used};
	l->text_used += (uint32_t)bytes;
	l->count++;
	return 0;
}

uint32_t
lk_loaded_list(struct lk_loaded **out, struct lk_loaded_counters *counters, uint32_t *left_out)
{
	uint32_t i;

	if (list == NULL)
		list = lk_pages_map(sizeof(*list));
	if (list == NULL)
		return 0;
	for (i = 0; i < list->count; i++)
		lk_loaded_unpin(&list->objects[i]);	/* left by a fork */
	list->count = list->text_used = list->left_out = 0;
	dl_iterate_phdr(copy_one, list);
	*out = list->objects;
	*counters = list->counters;
	*left_out = list->left_out;
	return list->count;
}

/* The headers of the object at a bias: another one may be there since the list was made. */
static int
take_headers(struct dl_phdr_info *info, size_t size, void *out)
{
	struct lk_loaded *object = out;

	(void)size;
	if (info->dlpi_addr != object->bias || info->dlpi_name == NULL ||
	    strcmp(info->dlpi_name, object->name) != 0)
		return 0;
	object->phdr = info->dlpi_phdr;
	object->phnum = info->dlpi_phnum;
	return 1;
}

/* Whether the object that was opened is the one that was listed. */
static bool
is_listed(struct lk_loaded *object)
{
	struct link_map *map = NULL;
	bool listed;

	if (dlinfo(object->handle, RTLD_DI_LINKMAP, &map) != 0 || map->l_addr != object->bias)
		return false;
	lk_gate_change(LK_GATE_LIST);
	listed = dl_iterate_phdr(take_headers, object) == 1;
	lk_gate_change(LK_GATE_OBJECT);
	return listed;
}

bool
lk_loaded_pin(struct lk_loaded *object)
{
	if (object->is_main)
		return true;
	object->handle = object->name[0] == '\0' ? NULL :
	    dlopen(object->name, RTLD_LAZY | RTLD_NOLOAD);
	if (object->handle == NULL)
		return false;
	if (is_listed(object))
		return true;
	lk_loaded_unpin(object);
	return false;
}

void
lk_loaded_unpin(struct lk_loaded *object)
{
	if (object->handle == NULL)
		return;
	lk_gate_change(LK_GATE_LIST);
	dlclose(object->handle);
	lk_gate_change(LK_GATE_OBJECT);
	object->handle = NULL;
}
