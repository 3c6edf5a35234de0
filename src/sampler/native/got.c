#include "config.h"

#include "sampler/native/got.h"

#include <string.h>
#include <sys/mman.h>

#include "sampler/native/image.h"

struct pass {
	const struct lk_image	 *image;
	const struct lk_got_call *calls;
	size_t			  count;
	uintptr_t		  relro_begin, relro_end;
	lk_got_find_fn		  find;
	void			 *find_ctx;
	bool			  writes;	/* false: only looks */
	bool			  ours, foreign, elsewhere;	/* see judge() */
	uint32_t		  changes, takes, protected_changes;
};

static const struct lk_got_call *
call_named(const struct pass *pass, const char *name)
{
	size_t i;

	for (i = 0; i < pass->count; i++)
		if (strcmp(pass->calls[i].name, name) == 0)
			return pass->calls[i].real == 0 ? NULL : &pass->calls[i];
	return NULL;
}

/* A jump slot that nobody has called yet points back into its own object. */
static bool
is_unresolved(const struct pass *pass, const struct lk_image_slot *slot, uintptr_t value)
{
	return slot->lazy && value >= pass->image->begin && value < pass->image->end;
}

/* What a slot of malloc or free says of the object's allocator: it is the process's; it is
 * another; it is not bound yet and may be another. */
static void
judge(struct pass *pass, const struct lk_got_call *call, const struct lk_image_slot *slot,
    uintptr_t value)
{
	uintptr_t found;

	if (is_unresolved(pass, slot, value)) {
		found = pass->find(pass->find_ctx, slot->name);
		pass->elsewhere |= found != 0 && found != call->real && found != call->alias;
	} else if (value == call->real || value == call->alias || value == call->hook) {
		pass->ours = true;
	} else if (!slot->is_data) {
		pass->foreign = true;
	}
}

static bool
is_left_alone(const struct pass *pass)
{
	return pass->foreign || (pass->elsewhere && !pass->ours);
}

static void
look(struct pass *pass, const struct lk_image_slot *slot)
{
	const struct lk_got_call *call = call_named(pass, slot->name);
	uintptr_t value, to;
	bool original;

	if (call == NULL)
		return;
	value = __atomic_load_n(slot->at, __ATOMIC_RELAXED);
	original = value == call->real || value == call->alias ||
	    is_unresolved(pass, slot, value);
	if (call->decides)
		judge(pass, call, slot, value);
	if (call->stays || (call->wanted ? !original : value != call->hook))
		return;
	if (call->wanted && pass->writes && is_left_alone(pass))
		return;
	to = call->wanted ? call->hook : slot->lazy ? call->real : call->alias;
	if (pass->writes && !__atomic_compare_exchange_n(slot->at, &value, to, false,
	    __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		return;
	pass->changes++;
	pass->takes += !call->wanted;
	if ((uintptr_t)slot->at - pass->relro_begin < pass->relro_end - pass->relro_begin)
		pass->protected_changes++;
}

static void
visit(void *ctx, const struct lk_image_slot *slot)
{
	look(ctx, slot);
}

static bool
protect(const struct pass *pass, int protection)
{
	return mprotect((void *)pass->relro_begin, pass->relro_end - pass->relro_begin,
	    protection) == 0;
}

enum lk_got_result
lk_got_set(const struct lk_image *image, const struct lk_got_call *calls, size_t count,
    lk_got_find_fn find, void *find_ctx)
{
	struct pass pass = {.image = image, .calls = calls, .count = count, .find = find,
	    .find_ctx = find_ctx};
	enum lk_got_result left;
	bool opened;

	lk_image_relro(image, &pass.relro_begin, &pass.relro_end);
	lk_image_slots(image, visit, &pass);
	if (pass.changes == 0)
		return LK_GOT_SAME;
	left = pass.foreign ? LK_GOT_FOREIGN : LK_GOT_UNDECIDED;
	if (is_left_alone(&pass) && pass.takes == 0)
		return left;
	opened = pass.protected_changes != 0;
	if (opened && !protect(&pass, PROT_READ | PROT_WRITE))
		return LK_GOT_REFUSED;
	pass.writes = true;
	lk_image_slots(image, visit, &pass);
	if (opened && !protect(&pass, PROT_READ))
		return LK_GOT_REFUSED;
	return is_left_alone(&pass) ? left : LK_GOT_CHANGED;
}
