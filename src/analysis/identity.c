#include "config.h"

#include "analysis/identity.h"

#include <errno.h>
#include <string.h>

#include "model/arena.h"
#include "model/snapshot.h"
#include "util/index.h"

static const struct lk_frame no_frame = {.function = "", .file = ""};

static const struct lk_frame *
site_of(const struct lk_stack *stack)
{
	return stack->frame_count > 0 ? lk_growth_site(stack) : &no_frame;
}

static uint64_t
hash_number(uint64_t h, uint32_t number)
{
	return lk_index_more(h, number);
}

/* Spreads the effect of all of them at the end. */
static uint64_t
mix(uint64_t h)
{
	h = (h ^ h >> 31) * 0x7fb5d329728ea185u;
	return h ^ h >> 29;
}

static uint64_t
hash_stack(uint64_t h, const struct lk_stack *s)
{
	return hash_number(h, s->id);
}

static uint64_t
hash_line(uint64_t h, const struct lk_stack *s)
{
	const struct lk_frame *site = site_of(s);

	h = hash_number(lk_index_text(h, site->file), site->line);
	if (site->native)
		h = lk_index_text(h, site->function);
	return s->frame_count == 0 ? hash_number(h, s->domain) : h;
}

static const struct lk_frame *
own_site_of(const struct lk_stack *stack)
{
	return stack->frame_count > 0 ? lk_growth_own_site(stack) : &no_frame;
}

static uint64_t
hash_own(uint64_t h, const struct lk_stack *s)
{
	const struct lk_frame *site = own_site_of(s);

	h = hash_number(lk_index_text(h, site->file), site->line);
	if (site->native)
		h = lk_index_text(h, site->function);
	return s->frame_count == 0 ? hash_number(h, s->domain) : h;
}

static uint64_t
hash_function(uint64_t h, const struct lk_stack *s)
{
	h = lk_index_text(lk_index_text(h, site_of(s)->file), site_of(s)->function);
	return s->frame_count == 0 ? hash_number(h, s->domain) : h;
}

static uint64_t
hash_file(uint64_t h, const struct lk_stack *s)
{
	h = lk_index_text(h, site_of(s)->file);
	return s->frame_count == 0 ? hash_number(h, s->domain) : h;
}

static uint64_t
hash_domain(uint64_t h, const struct lk_stack *s)
{
	return hash_number(h, s->domain);
}

static uint64_t
hash_thread(uint64_t h, const struct lk_stack *s)
{
	return lk_index_text(h, s->thread);
}

static uint64_t
hash_frames(uint64_t h, const struct lk_stack *s)
{
	h = hash_number(h, s->domain);
	for (uint32_t i = 0; i < s->frame_count; i++)
		h = hash_number(lk_index_text(lk_index_text(h, s->frames[i].function),
		    s->frames[i].file), s->frames[i].line);
	return h;
}

/* Texts of one connection are mostly the same memory. */
static bool
same_text(const char *a, const char *b)
{
	return a == b || strcmp(a, b) == 0;
}

/* Stacks without frames make one group per domain. */
static bool
same_site(const struct lk_stack *a, const struct lk_stack *b)
{
	if ((a->frame_count == 0) != (b->frame_count == 0))
		return false;
	return a->frame_count > 0 || a->domain == b->domain;
}

static bool
same_stack(const struct lk_stack *a, const struct lk_stack *b)
{
	return a->id == b->id;
}

static bool
same_file(const struct lk_stack *a, const struct lk_stack *b)
{
	return same_site(a, b) && same_text(site_of(a)->file, site_of(b)->file);
}

static bool
same_function(const struct lk_stack *a, const struct lk_stack *b)
{
	return same_file(a, b) && same_text(site_of(a)->function, site_of(b)->function);
}

/* Native code has no lines: there a function is the finest that can be named. */
static bool
same_line(const struct lk_stack *a, const struct lk_stack *b)
{
	const struct lk_frame *x = site_of(a), *y = site_of(b);

	if (x->native || y->native)
		return x->native && y->native && same_function(a, b);
	return x->line == y->line && same_file(a, b);
}

static bool
same_own(const struct lk_stack *a, const struct lk_stack *b)
{
	const struct lk_frame *x = own_site_of(a), *y = own_site_of(b);

	if ((a->frame_count == 0) != (b->frame_count == 0) || x->native != y->native)
		return false;
	if (a->frame_count == 0)
		return a->domain == b->domain;
	return x->line == y->line && same_text(x->file, y->file) &&
	    (!x->native || same_text(x->function, y->function));
}

static bool
same_domain(const struct lk_stack *a, const struct lk_stack *b)
{
	return a->domain == b->domain;
}

static bool
same_thread(const struct lk_stack *a, const struct lk_stack *b)
{
	return same_text(a->thread, b->thread);
}

static bool
same_frames(const struct lk_stack *a, const struct lk_stack *b)
{
	if (a->domain != b->domain || a->frame_count != b->frame_count)
		return false;
	for (uint32_t i = 0; i < a->frame_count; i++)
		if (a->frames[i].line != b->frames[i].line ||
		    !same_text(a->frames[i].function, b->frames[i].function) ||
		    !same_text(a->frames[i].file, b->frames[i].file))
			return false;
	return true;
}

static const struct {
	uint64_t (*hash)(uint64_t h, const struct lk_stack *s);
	bool (*same)(const struct lk_stack *a, const struct lk_stack *b);
} kinds[] = {
	[LK_GROUP_STACK] = {hash_stack, same_stack},
	[LK_GROUP_LINE] = {hash_line, same_line},
	[LK_GROUP_FUNCTION] = {hash_function, same_function},
	[LK_GROUP_OWN] = {hash_own, same_own},
	[LK_GROUP_FILE] = {hash_file, same_file},
	[LK_GROUP_DOMAIN] = {hash_domain, same_domain},
	[LK_GROUP_THREAD] = {hash_thread, same_thread},
	[LK_GROUP_TYPE] = {hash_stack, same_stack},
	[LK_IDENTITY_FRAMES] = {hash_frames, same_frames},
};

uint64_t
lk_identity_key(const struct lk_stack *stack, enum lk_group group)
{
	return mix(kinds[group].hash(0xcbf29ce484222325u ^ (uint64_t)group << 56, stack));
}

bool
lk_identity_same(const struct lk_stack *a, const struct lk_stack *b, enum lk_group group)
{
	return kinds[group].same(a, b);
}

int
lk_identity_init(struct lk_identities *ids, enum lk_group group, size_t max,
    struct lk_arena *arena)
{
	size_t slots = 16;

	if (max > UINT32_MAX / 4)
		return -ENOMEM;
	while (slots < 2 * max)
		slots *= 2;
	ids->group = group;
	ids->count = 0;
	ids->slot_count = (uint32_t)slots;
	ids->slots = lk_arena_get(arena, slots, sizeof(*ids->slots));
	ids->stacks = lk_arena_get(arena, max, sizeof(*ids->stacks));
	ids->keys = lk_arena_get(arena, max, sizeof(*ids->keys));
	return ids->slots != NULL && ids->stacks != NULL && ids->keys != NULL ? 0 : -ENOMEM;
}

uint32_t
lk_identity_number(struct lk_identities *ids, const struct lk_stack *stack)
{
	uint64_t key = lk_identity_key(stack, ids->group);
	uint32_t mask = ids->slot_count - 1, at = (uint32_t)key & mask, number;

	for (; ids->slots[at] != 0; at = (at + 1) & mask) {
		number = ids->slots[at] - 1;
		if (ids->keys[number] == key &&
		    lk_identity_same(ids->stacks[number], stack, ids->group))
			return number;
	}
	number = ids->count++;
	ids->slots[at] = number + 1;
	ids->stacks[number] = stack;
	ids->keys[number] = key;
	return number;
}
