#include "config.h"

#include "sampler/native/native.h"

#include <dlfcn.h>
#include <gnu/libc-version.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "base/attr.h"
#include "sampler/core/events.h"
#include "sampler/core/live.h"
#include "sampler/core/pages.h"
#include "sampler/core/sink.h"
#include "sampler/native/evalloop.h"
#include "sampler/native/family.h"
#include "sampler/native/gate.h"
#include "sampler/native/got.h"
#include "sampler/native/image.h"
#include "sampler/native/loaded.h"
#include "sampler/native/mappings.h"
#include "sampler/native/maps.h"
#include "sampler/native/objects.h"
#include "sampler/native/unwind.h"

#define CALLS_MAX	24u
#define RECHECKS	1	/* after a change: for what was bound while we patched */
#define UNDECIDED_WAIT_MAX 64u	/* looks */

/* Which hooks are in. */
enum hooks { HOOKS_NONE, HOOKS_ENDS, HOOKS_ALL };

/* An object of one refresh. */
struct item {
	struct lk_loaded	*loaded;
	struct lk_image		 image;
	struct lk_object	 object;
	char			 build_id[LK_BUILD_ID_HEX_MAX];
	uint8_t			 build_id_length;
};

/* What a refresh found that it can do nothing about. */
struct refusals {
	uint32_t	foreign, undecided, left_out;
};

static struct lk_native_options options;
static bool started;			/* the first refresh is done */
static _Atomic int applied = HOOKS_NONE;
static atomic_bool paused, removed, unusable;
static atomic_bool under_way;		/* a refresh was begun and not finished */
static struct lk_loaded_counters seen;
static int rechecks;
static struct refusals refused, told;
static unsigned int undecided_rests, undecided_wait;	/* looks until the next refresh for them */

static struct lk_got_call calls[CALLS_MAX];
static bool call_ends[CALLS_MAX];
static size_t call_count;

static struct item *items;		/* [LK_LOADED_MAX] */
static uint32_t item_count;
static uintptr_t provider;		/* the process's malloc */

void
lk_native_init(const struct lk_native_options *o)
{
	options = *o;
}

/* ---- what is to be in ------------------------------------------------------------------ */

static enum hooks
target(void)
{
	if (atomic_load(&removed) || options.wanted == LK_NATIVE_OFF)
		return HOOKS_NONE;
	if (atomic_load(&paused))
		return options.sink->live->live_count != 0 ? HOOKS_ENDS : HOOKS_NONE;
	return HOOKS_ALL;
}

bool
lk_native_is_wanted(void)
{
	return options.wanted != LK_NATIVE_OFF && !atomic_load(&unusable);
}

/* Nobody tells when the loader binds a call: what waits for that is looked at after one second,
 * two, four, at last every minute. */
static bool
is_time_for_undecided(void)
{
	if (refused.undecided == 0)
		undecided_wait = undecided_rests = 0;
	else if (undecided_rests == 0)
		undecided_rests = undecided_wait = undecided_wait == 0 ? 1 :
		    undecided_wait < UNDECIDED_WAIT_MAX ? undecided_wait * 2 : undecided_wait;
	else if (--undecided_rests == 0)
		return true;
	return false;
}

bool
lk_native_is_due(void)
{
	struct lk_loaded_counters now;

	if (!lk_native_is_wanted())
		return false;
	if (!started || atomic_load(&under_way) || rechecks > 0 ||
	    target() != (enum hooks)atomic_load(&applied) || is_time_for_undecided())
		return true;
	if (!lk_gate_enter(LK_GATE_LIST))
		return false;
	lk_loaded_count(&now);
	lk_gate_leave();
	return now.adds != seen.adds || now.subs != seen.subs;
}

void
lk_native_pause(bool pause)
{
	atomic_store(&paused, pause);
}

void
lk_native_remove(void)
{
	atomic_store(&removed, true);
}

bool
lk_native_is_out(void)
{
	return atomic_load(&applied) == HOOKS_NONE;
}

enum lk_native_state
lk_native_state(void)
{
	if (atomic_load(&applied) == HOOKS_NONE && !atomic_load(&paused))
		return LK_NATIVE_OFF;
	return lk_unwind_works() ? LK_NATIVE_STACKS : LK_NATIVE_PYTHON;
}

/* ---- objects ------------------------------------------------------------------------- */

static bool
holds(const struct lk_image *image, uintptr_t address)
{
	return address >= image->begin && address < image->end;
}

static enum lk_object_kind
kind_of(const struct lk_image *image)
{
	if (holds(image, (uintptr_t)options.interpreter))
		return LK_OBJECT_INTERPRETER;
	if (holds(image, (uintptr_t)lk_native_init))
		return LK_OBJECT_OURS;
	return holds(image, (uintptr_t)gnu_get_libc_version) ? LK_OBJECT_LIBC : LK_OBJECT_OTHER;
}

static bool
is_left_alone(const struct item *item)
{
	return item->object.kind != LK_OBJECT_OTHER || holds(&item->image, provider) ||
	    holds(&item->image, getauxval(AT_BASE)) ||
	    holds(&item->image, getauxval(AT_SYSINFO_EHDR));
}

/* The vdso cannot be opened, nor does it go. */
static bool
is_vdso(const struct lk_loaded *loaded)
{
	uintptr_t headers = (uintptr_t)loaded->phdr, vdso = getauxval(AT_SYSINFO_EHDR);

	return vdso != 0 && headers > vdso && headers - vdso < 4096;
}

/* Inside the gate until unpin; one that is gone has an empty image, and nothing of it is looked
 * at.  Returns: false when cut short. */
static bool
pin_item(struct item *item)
{
	struct lk_loaded *loaded = item->loaded;

	if (!lk_gate_enter(LK_GATE_OBJECT))
		return false;
	if ((!lk_loaded_pin(loaded) && !is_vdso(loaded)) ||
	    !lk_image_init(&item->image, loaded->bias, loaded->phdr, loaded->phnum))
		item->image.begin = item->image.end = 0;
	return true;
}

static void
unpin_item(struct item *item)
{
	lk_loaded_unpin(item->loaded);
	lk_gate_leave();
}

static bool
is_gone(const struct item *item)
{
	return item->image.end == 0;
}

static void
describe(struct item *item)
{
	const struct lk_image *image = &item->image;
	size_t bytes;
	const uint8_t *unwind = lk_image_eh_frame_hdr(image, &bytes);

	item->object = (struct lk_object){.begin = image->begin, .end = image->end,
	    .bias = image->bias, .name = LK_OBJECTS_UNKNOWN, .kind = (uint8_t)kind_of(image)};
	if (unwind == NULL || bytes > UINT32_MAX)
		return;
	item->object.unwind = (uintptr_t)unwind;
	item->object.unwind_bytes = (uint32_t)bytes;
}

static bool
take_item(struct lk_loaded *loaded)
{
	struct item *item = &items[item_count];

	item->loaded = loaded;
	if (!pin_item(item))
		return false;
	if (!is_gone(item)) {
		describe(item);
		item->build_id_length = (uint8_t)lk_image_build_id(&item->image,
		    item->build_id);
		item_count++;
	}
	unpin_item(item);
	return true;
}

static bool
list_items(void)
{
	struct lk_loaded *loaded;
	uint32_t i, n;

	if (!lk_gate_enter(LK_GATE_LIST))
		return false;
	n = lk_loaded_list(&loaded, &seen, &refused.left_out);
	lk_gate_leave();
	for (item_count = 0, i = 0; i < n; i++)
		if (!take_item(&loaded[i]))
			return false;
	return true;
}

static void
name_item(void *ctx, uintptr_t begin, const char *path, size_t length)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uint32_t i;

	(void)ctx;
	for (i = 0; i < item_count; i++)
		if (begin == (items[i].object.begin & ~(page - 1)))
			items[i].object.name = lk_objects_name(items[i].build_id,
			    items[i].build_id_length, path, length);
}

static void
publish_objects(void)
{
	uint32_t i;

	lk_maps_read(name_item, NULL);
	lk_objects_begin();
	for (i = 0; i < item_count; i++)
		lk_objects_add(&items[i].object);
	lk_objects_publish();
}

/* ---- the first refresh --------------------------------------------------------------- */

/* A program that is linked to fixed addresses and takes the address of a function has a stub
 * for it, whose address is the function's everywhere in the process. */
static bool
is_stub(void *function)
{
	const ElfW(Sym) *symbol = NULL;
	Dl_info info;

	return function != NULL &&
	    dladdr1(function, &info, (void **)&symbol, RTLD_DL_SYMENT) != 0 && symbol != NULL &&
	    symbol->st_shndx == SHN_UNDEF;
}

/* Calls go past the stub.  The function is in the first object, in the order of loading, that
 * has one.  Returns: false when cut short. */
static bool
find_behind_stub(const char *name, void **function)
{
	uint32_t i;
	void *p;

	for (*function = NULL, i = 0; i < item_count && *function == NULL; i++) {
		if (!pin_item(&items[i]))
			return false;
		p = items[i].loaded->handle == NULL ? NULL :
		    dlsym(items[i].loaded->handle, name);
		if (!is_gone(&items[i]) && holds(&items[i].image, (uintptr_t)p))
			*function = p;
		unpin_item(&items[i]);
	}
	return true;
}

static bool
add_call(const struct lk_family_call *call)
{
	void *found, *real;
	bool stub;

	if (!lk_gate_enter(LK_GATE_OBJECT))
		return false;
	real = found = dlsym(RTLD_DEFAULT, call->name);
	stub = is_stub(found);
	lk_gate_leave();
	if (stub && !find_behind_stub(call->name, &real))
		return false;
	memcpy(call->real, &real, sizeof(real));
	call_ends[call_count] = call->ends;
	calls[call_count++] = (struct lk_got_call){.name = call->name,
	    .hook = (uintptr_t)call->hook, .real = (uintptr_t)real,
	    .alias = (uintptr_t)found, .decides = call->decides};
	if (strcmp(call->name, "malloc") == 0)
		provider = (uintptr_t)real;
	return true;
}

static bool
add_list(const struct lk_family_call *list, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!add_call(&list[i]))
			return false;
	return true;
}

static bool
add_calls(void)
{
	const struct lk_family_call *family, *mappings;
	size_t family_count, mapping_count;

	call_count = 0;		/* begun again where it was cut short */
	family = lk_family_init(options.sink, &family_count);
	mappings = lk_mappings_init(options.sink, (size_t)sysconf(_SC_PAGESIZE), &mapping_count);
	return add_list(family, family_count) && add_list(mappings, mapping_count);
}

static bool
find_eval_loop_in(struct item *item)
{
	const ElfW(Sym) *symbol = NULL;
	Dl_info info;

	if (!pin_item(item))
		return false;
	if (dladdr1(options.eval_loop, &info, (void **)&symbol, RTLD_DL_SYMENT) != 0 &&
	    symbol != NULL && info.dli_saddr == options.eval_loop)
		lk_evalloop_init(&item->image, (uintptr_t)options.eval_loop, symbol->st_size);
	unpin_item(item);
	return true;
}

static bool
find_eval_loop(void)
{
	uint32_t i;

	for (i = 0; i < item_count && options.eval_loop != NULL; i++)
		if (items[i].object.kind == LK_OBJECT_INTERPRETER)
			return find_eval_loop_in(&items[i]);
	return true;
}

/* Returns: false when cut short, as all that calls it. */
static bool
start(void)
{
	return add_calls() && find_eval_loop();
}

/* ---- refresh ----------------------------------------------------------------------------- */

/* ENDS_ONLY: the other calls stay as they are. */
static void
want_calls(enum hooks hooks, bool ends_only)
{
	size_t i;

	for (i = 0; i < call_count; i++) {
		calls[i].wanted = hooks == HOOKS_ALL || (hooks == HOOKS_ENDS && call_ends[i]);
		calls[i].stays = ends_only && !call_ends[i];
	}
}

static uintptr_t
find_from(void *ctx, const char *name)
{
	const struct lk_loaded *loaded = ctx;

	return (uintptr_t)dlsym(loaded->handle == NULL ? RTLD_DEFAULT : loaded->handle, name);
}

static void
patch_item(struct item *item, bool *changed)
{
	switch (lk_got_set(&item->image, calls, call_count, find_from, item->loaded)) {
	case LK_GOT_SAME: break;
	case LK_GOT_CHANGED: *changed = true; break;
	case LK_GOT_FOREIGN: refused.foreign++; break;
	case LK_GOT_UNDECIDED: refused.undecided++; break;
	case LK_GOT_REFUSED: lk_events_add("native-refused", item->image.begin); break;
	}
}

static bool
patch_items(bool *changed)
{
	uint32_t i;

	refused.foreign = refused.undecided = 0;
	for (i = 0; i < item_count; i++) {
		if (is_left_alone(&items[i]))
			continue;
		if (!pin_item(&items[i]))
			return false;
		if (!is_gone(&items[i]))
			patch_item(&items[i], changed);
		unpin_item(&items[i]);
	}
	return true;
}

static void
tell(const char *code, uint32_t count, uint32_t *told_count)
{
	if (count != *told_count)
		lk_events_add(code, count);
	*told_count = count;
}

static bool
has_memory(void)
{
	if (items == NULL)
		items = lk_pages_map(LK_LOADED_MAX * sizeof(*items));
	if (items != NULL && lk_objects_init() == 0)
		return true;
	atomic_store(&unusable, true);
	lk_events_add("native-no-memory", 0);
	return false;
}

static bool
refresh(enum hooks hooks)
{
	bool changed = false;

	if (!list_items() || (!started && !start()))
		return false;
	publish_objects();
	if (options.wanted == LK_NATIVE_STACKS && lk_unwind_init() < 0)
		lk_events_add("native-no-memory", 0);
	/* in all objects before any object's samples */
	want_calls(hooks, true);
	if (hooks == HOOKS_ALL && !patch_items(&changed))
		return false;
	want_calls(hooks, false);
	if (!patch_items(&changed))
		return false;
	rechecks = changed ? RECHECKS : 0;
	atomic_store(&applied, (int)hooks);
	started = true;
	return true;
}

void
lk_native_refresh(void)
{
	if (!has_memory())
		return;
	atomic_store(&under_way, true);
	if (!refresh(target()))
		return;
	atomic_store(&under_way, false);
	tell("native-foreign", refused.foreign, &told.foreign);
	tell("native-undecided", refused.undecided, &told.undecided);
	tell("native-objects-full", refused.left_out, &told.left_out);
}

void
lk_native_after_fork(void)
{
	if (lk_gate_after_fork() != LK_GATE_LIST)
		return;
	atomic_store(&unusable, true);
	lk_events_add("forked-in-the-loader", 0);
}
