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
#include "sampler/core/sink.h"
#include "sampler/native/evalloop.h"
#include "sampler/native/family.h"
#include "sampler/native/got.h"
#include "sampler/native/image.h"
#include "sampler/native/loaded.h"
#include "sampler/native/mappings.h"
#include "sampler/native/maps.h"
#include "sampler/native/objects.h"
#include "sampler/native/unwind.h"

#define CALLS_MAX	24u
#define RECHECKS	1	/* after a change: for what was bound while we patched */

/* Which hooks are in. */
enum hooks { HOOKS_NONE, HOOKS_ENDS, HOOKS_ALL };

/* An object of one refresh. */
struct item {
	struct lk_loaded	*loaded;
	struct lk_image		 image;
	struct lk_object	 object;
};

static struct lk_native_options options;
static bool started;			/* the first refresh is done */
static _Atomic int applied = HOOKS_NONE;
static atomic_bool paused, removed, unusable;
static struct lk_loaded_counters seen;
static int rechecks;

static struct lk_got_call calls[CALLS_MAX];
static bool call_ends[CALLS_MAX];
static size_t call_count;

static struct item items[LK_LOADED_MAX];
static uint32_t item_count;
static uintptr_t provider, unwinder;	/* addresses in objects that are left alone */

void
lk_native_init(const struct lk_native_options *o)
{
	options = *o;
}

static bool
holds(const struct lk_image *image, uintptr_t address)
{
	return address >= image->begin && address < image->end;
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
lk_native_is_due(void)
{
	struct lk_loaded_counters now;

	if (options.wanted == LK_NATIVE_OFF || atomic_load(&unusable))
		return false;
	if (!started || rechecks > 0 || target() != (enum hooks)atomic_load(&applied))
		return true;
	lk_loaded_count(&now);
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

enum lk_native_state
lk_native_state(void)
{
	if (atomic_load(&applied) == HOOKS_NONE && !atomic_load(&paused))
		return LK_NATIVE_OFF;
	return lk_unwind_works() ? LK_NATIVE_STACKS : LK_NATIVE_PYTHON;
}

/* ---- the first refresh --------------------------------------------------------------- */

/* A program that is linked to fixed addresses and takes the address of a function has a stub
 * for it, whose address is the function's everywhere in the process.  Calls go past it.  The
 * function is in the first object, in the order of loading, that has one. */
static void *
behind_stub(const char *name, void *found)
{
	const ElfW(Sym) *symbol = NULL;
	Dl_info info;
	uint32_t i;
	void *p;

	if (found == NULL || dladdr1(found, &info, (void **)&symbol, RTLD_DL_SYMENT) == 0 ||
	    symbol == NULL || symbol->st_shndx != SHN_UNDEF)
		return found;
	for (i = 0; i < item_count; i++) {
		if (items[i].loaded->handle == NULL)
			continue;
		p = dlsym(items[i].loaded->handle, name);
		if (holds(&items[i].image, (uintptr_t)p))
			return p;
	}
	return NULL;
}

static void
add_call(const struct lk_family_call *call)
{
	void *found = dlsym(RTLD_DEFAULT, call->name);
	void *real = behind_stub(call->name, found);

	memcpy(call->real, &real, sizeof(real));
	call_ends[call_count] = call->ends;
	calls[call_count++] = (struct lk_got_call){.name = call->name,
	    .hook = (uintptr_t)call->hook, .real = (uintptr_t)real,
	    .alias = (uintptr_t)found, .decides = call->decides};
	if (strcmp(call->name, "malloc") == 0)
		provider = (uintptr_t)real;
}

static void
add_calls(void)
{
	const struct lk_family_call iterate = {"dl_iterate_phdr",
	    (void (*)(void))lk_unwind_iterate, &lk_unwind_iterate_real, true, false};
	const struct lk_family_call *list;
	size_t i, n;

	call_count = 0;		/* a forked child begins again where its parent was cut short */
	list = lk_family_init(options.sink, &n);
	for (i = 0; i < n; i++)
		add_call(&list[i]);
	list = lk_mappings_init(options.sink, (size_t)sysconf(_SC_PAGESIZE), &n);
	for (i = 0; i < n; i++)
		add_call(&list[i]);
	add_call(&iterate);
}

/* Kept for ever.  Its first work is done here, where nobody waits for us. */
static void
load_unwinder(void)
{
	void *handle, *symbol, *pc[8];
	int (*backtrace)(void **, int);

	if (options.wanted != LK_NATIVE_STACKS)
		return;
	handle = dlopen(options.unwinder, RTLD_NOW | RTLD_LOCAL);
	symbol = handle == NULL ? NULL : dlsym(handle, "unw_backtrace");
	if (symbol == NULL) {
		lk_events_add("no-unwinder", 0);
		return;
	}
	memcpy(&backtrace, &symbol, sizeof(backtrace));
	unwinder = (uintptr_t)symbol;
	if (backtrace(pc, (int)LK_COUNT_OF(pc)) > 0)
		lk_unwind_use(backtrace);
}

static void
find_eval_loop(void)
{
	const ElfW(Sym) *symbol = NULL;
	Dl_info info;
	uint32_t i;

	if (options.eval_loop == NULL ||
	    dladdr1(options.eval_loop, &info, (void **)&symbol, RTLD_DL_SYMENT) == 0 ||
	    symbol == NULL || info.dli_saddr != options.eval_loop)
		return;
	for (i = 0; i < item_count; i++)
		if (items[i].object.kind == LK_OBJECT_INTERPRETER)
			lk_evalloop_init(&items[i].image, (uintptr_t)options.eval_loop,
			    symbol->st_size);
}

static bool
start(void)
{
	if (lk_objects_init() < 0) {
		atomic_store(&unusable, true);
		lk_events_add("native-no-memory", 0);
		return false;
	}
	add_calls();
	load_unwinder();
	find_eval_loop();
	return true;
}

/* ---- objects ------------------------------------------------------------------------- */

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
	    holds(&item->image, unwinder) || holds(&item->image, getauxval(AT_BASE)) ||
	    holds(&item->image, getauxval(AT_SYSINFO_EHDR));
}

/* The vdso cannot be opened, nor does it go. */
static bool
is_vdso(const struct lk_loaded *loaded)
{
	uintptr_t headers = (uintptr_t)loaded->phdr, vdso = getauxval(AT_SYSINFO_EHDR);

	return vdso != 0 && headers > vdso && headers - vdso < 4096;
}

static void
name_item(void *ctx, uintptr_t begin, const char *path, size_t length)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	char build_id[LK_BUILD_ID_HEX_MAX];
	uint32_t i;

	(void)ctx;
	for (i = 0; i < item_count; i++)
		if (begin == (items[i].image.begin & ~(page - 1)))
			items[i].object.name = lk_objects_name(build_id,
			    lk_image_build_id(&items[i].image, build_id), path, length);
}

/* What is not pinned may be gone: it is not looked at. */
static void
take_item(struct lk_loaded *loaded)
{
	struct item *item = &items[item_count];

	if (!lk_loaded_pin(loaded) && !is_vdso(loaded))
		return;
	if (!lk_image_init(&item->image, loaded->bias, loaded->phdr, loaded->phnum)) {
		lk_loaded_unpin(loaded);
		return;
	}
	item->loaded = loaded;
	item->object = (struct lk_object){item->image.begin, item->image.end, loaded->bias,
	    LK_OBJECTS_UNKNOWN, (uint8_t)kind_of(&item->image)};
	item_count++;
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

/* ---- refresh ----------------------------------------------------------------------------- */

static void
want_calls(enum hooks hooks)
{
	size_t i;

	for (i = 0; i < call_count; i++)
		calls[i].wanted = hooks == HOOKS_ALL || (hooks == HOOKS_ENDS && call_ends[i]);
}

/* Returns: true when something was changed. */
static bool
patch_items(void)
{
	enum lk_got_result result;
	bool changed = false;
	uint32_t i;

	for (i = 0; i < item_count; i++) {
		if (is_left_alone(&items[i]))
			continue;
		result = lk_got_set(&items[i].image, calls, call_count);
		changed |= result == LK_GOT_CHANGED;
		if (result == LK_GOT_REFUSED)
			lk_events_add("native-refused", items[i].image.begin);
	}
	return changed;
}

void
lk_native_refresh(void)
{
	enum hooks hooks = target();
	struct lk_loaded *loaded;
	uint32_t i, n;

	n = lk_loaded_list(&loaded, &seen);
	for (item_count = 0, i = 0; i < n; i++)
		take_item(&loaded[i]);
	if (started || start()) {
		publish_objects();
		if (hooks == HOOKS_ALL && atomic_load(&applied) != HOOKS_ALL) {
			want_calls(HOOKS_ENDS);	/* in all objects before any object's samples */
			patch_items();
		}
		want_calls(hooks);
		rechecks = patch_items() ? RECHECKS : rechecks - 1;
		atomic_store(&applied, (int)hooks);
		started = true;
	}
	for (i = 0; i < item_count; i++)
		lk_loaded_unpin(items[i].loaded);
}
