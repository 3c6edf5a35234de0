#include "config.h"

#include "sampler/core/stacks.h"

#include <errno.h>
#include <string.h>

#include "base/print.h"
#include "leaktop/wire.h"
#include "sampler/core/live.h"
#include "sampler/core/pages.h"
#include "sampler/core/probing.h"

#define DOMAINS_MAX	4u	/* each may need an overflow stack, and one for those that ended */
#define HOLDERS_MAX	UINT16_MAX	/* sticks */

static uint32_t
power_below(double n)
{
	uint32_t p = 256;

	while (p * 2.0 <= n)
		p *= 2;
	return p;
}

static void *
take_u32(struct lk_pages *pages, uint32_t count)
{
	return lk_pages_take(pages, count, sizeof(uint32_t));
}

static uint32_t
mix(uint64_t a, uint64_t b)
{
	uint64_t h = (a ^ b * 0x9e3779b97f4a7c15ULL) * 0xc2b2ae3d27d4eb4fULL;

	return (uint32_t)(h >> 32);
}

static void
hold(uint16_t *holders)
{
	if (*holders != HOLDERS_MAX)
		(*holders)++;
}

/* Returns: whether nothing holds it any more. */
static bool
drop(uint16_t *holders)
{
	if (*holders != HOLDERS_MAX)
		(*holders)--;
	return *holders == 0;
}

/* An entry that is complete gets its serial last: the server takes no lock to read what has one. */
static void
publish(_Atomic uint32_t *serial, uint32_t *last)
{
	atomic_store_explicit(serial, ++*last, memory_order_release);
}

static bool
is_used(const _Atomic uint32_t *serial)
{
	return atomic_load_explicit(serial, memory_order_relaxed) != 0;
}

/* ---- frames ---------------------------------------------------------------------------- */

static uint32_t
frame_home(const void *table, uint32_t id)
{
	const struct lk_frame_entry *frame = &((const struct lk_stacks *)table)->frames[id];

	return mix((uint64_t)frame->function << 32 | frame->file, frame->line);
}

/* Free frames are linked by their function. */
static uint32_t
new_frame(struct lk_stacks *s, const struct lk_frame_entry *frame)
{
	uint32_t id = s->frame_free;

	if (s->frame_serials == UINT32_MAX)
		return LK_STACKS_NONE;
	if (id != LK_STACKS_NONE)
		s->frame_free = s->frames[id].function;
	else if (s->frame_count < s->frame_capacity)
		id = s->frame_count++;
	else
		return LK_STACKS_NONE;
	s->frames[id] = *frame;
	s->frame_holders[id] = 0;
	lk_strings_hold(&s->strings, frame->function & ~LK_FRAME_NATIVE);
	lk_strings_hold(&s->strings, frame->file);
	s->frame_used++;
	publish(&s->frame_serial[id], &s->frame_serials);
	return id;
}

/* One (function, file, line), whatever instruction or reloaded code object it came from. */
static uint32_t
intern_frame(struct lk_stacks *s, const struct lk_frame_entry *want)
{
	uint32_t i, id;

	for (i = mix((uint64_t)want->function << 32 | want->file, want->line) & s->frame_mask;
	    s->frame_index[i] != 0; i = (i + 1) & s->frame_mask) {
		id = s->frame_index[i] - 1;
		if (memcmp(&s->frames[id], want, sizeof(*want)) == 0)
			return id;
	}
	id = new_frame(s, want);
	if (id != LK_STACKS_NONE)
		s->frame_index[i] = id + 1;
	return id;
}

static void
memo_clear(struct lk_stacks *s)
{
	memset(s->memo_key, 0, ((size_t)s->memo_mask + 1) * sizeof(*s->memo_key));
	s->memo_used = 0;
}

static uint32_t
resolve_frame(struct lk_stacks *s, const struct lk_raw_frame *raw, uint32_t slot)
{
	struct lk_frame_words words = {.native = false};
	struct lk_frame_entry entry;
	uint32_t id, rejected = s->strings.rejected_count;

	s->resolve(raw, &words);
	entry.function = lk_strings_add(&s->strings, words.function, words.function_length);
	entry.file = lk_strings_add(&s->strings, words.file, words.file_length);
	entry.line = words.line;
	if (words.native)
		entry.function |= LK_FRAME_NATIVE;
	if (rejected != s->strings.rejected_count)	/* no name is no frame */
		return LK_STACKS_NONE;
	id = intern_frame(s, &entry);
	if (id == LK_STACKS_NONE || s->memo_closed)
		return id;
	if (s->memo_used >= s->memo_mask / 4 * 3) {
		memo_clear(s);
		slot = (uint32_t)(raw->key >> 20) & s->memo_mask;
	}
	s->memo_key[slot] = raw->key;
	s->memo_frame[slot] = id;
	s->memo_used++;
	return id;
}

static uint32_t
frame_of(struct lk_stacks *s, const struct lk_raw_frame *raw)
{
	uint32_t i;

	for (i = (uint32_t)(raw->key >> 20) & s->memo_mask; s->memo_key[i] != 0;
	    i = (i + 1) & s->memo_mask)
		if (s->memo_key[i] == raw->key)
			return s->memo_frame[i];
	return resolve_frame(s, raw, i);
}

/* ---- nodes ----------------------------------------------------------------------------- */

static uint32_t
node_home(const void *table, uint32_t id)
{
	const struct lk_node *node = &((const struct lk_stacks *)table)->nodes[id];

	return mix(node->parent, node->frame);
}

/* Free nodes have no frame and are linked by their parent. */
static uint32_t
new_node(struct lk_stacks *s, uint32_t parent, uint32_t frame)
{
	uint32_t id = s->node_free;

	if (id != LK_STACKS_NONE)
		s->node_free = s->nodes[id].parent;
	else if (s->node_count < s->node_capacity)
		id = s->node_count++;
	else
		return LK_STACKS_NONE;
	s->nodes[id] = (struct lk_node){parent, frame};
	s->node_holders[id] = 0;
	hold(&s->frame_holders[frame]);
	if (parent != LK_STACKS_NONE)
		hold(&s->node_holders[parent]);
	s->node_used++;
	return id;
}

static uint32_t
node_of(struct lk_stacks *s, uint32_t parent, uint32_t frame)
{
	uint32_t i, id;

	for (i = mix(parent, frame) & s->node_mask; s->node_index[i] != 0;
	    i = (i + 1) & s->node_mask) {
		id = s->node_index[i] - 1;
		if (s->nodes[id].parent == parent && s->nodes[id].frame == frame)
			return id;
	}
	id = new_node(s, parent, frame);
	if (id != LK_STACKS_NONE)
		s->node_index[i] = id + 1;
	return id;
}

/* Nobody holds NODE, and perhaps nobody its ancestors then. */
static void
let_go_of_nodes(struct lk_stacks *s, uint32_t node)
{
	uint32_t parent;

	for (; node != LK_STACKS_NONE; node = parent) {
		parent = s->nodes[node].parent;
		lk_probing_remove(s->node_index, s->node_mask, node, node_home, s);
		drop(&s->frame_holders[s->nodes[node].frame]);
		s->nodes[node] = (struct lk_node){s->node_free, LK_STACKS_NONE};
		s->node_free = node;
		s->node_used--;
		if (parent == LK_STACKS_NONE || !drop(&s->node_holders[parent]))
			break;
	}
}

/* ---- stacks ---------------------------------------------------------------------------- */

/* A name for a kernel thread; words for people are the client's business. */
static uint32_t
thread_name(struct lk_stacks *s, uint32_t thread)
{
	char bytes[24];
	struct lk_print text;

	if (thread == s->main_thread)
		return lk_strings_add(&s->strings, "MainThread", 10);
	lk_print_init(&text, bytes, sizeof(bytes));
	lk_print_str(&text, "thread-");
	lk_print_u64(&text, thread);
	return lk_strings_add(&s->strings, bytes, text.length);
}

/* The lock is held: nobody else writes, so a load and a store will do. */
static void
mark_several_threads(struct lk_stack_entry *entry)
{
	uint8_t flags = atomic_load_explicit(&entry->flags, memory_order_relaxed);

	if (!(flags & LK_STACK_SEVERAL_THREADS))
		atomic_store_explicit(&entry->flags,
		    (uint8_t)(flags | LK_STACK_SEVERAL_THREADS), memory_order_relaxed);
}

static uint32_t
stack_home(const void *table, uint32_t id)
{
	const struct lk_stack_entry *entry = &((const struct lk_stacks *)table)->stacks[id];

	return mix(entry->leaf, entry->domain + 1u);
}

/* At most CAPACITY stacks are made.  Free ones are linked by their leaf.  Serials end before the
 * last ones, which are for collectors like the last places. */
static uint32_t
new_stack(struct lk_stacks *s, uint32_t capacity)
{
	uint32_t id = s->stack_free;

	if (s->stack_used >= capacity ||
	    (capacity < s->stack_capacity && s->stack_serials >= UINT32_MAX - 16))
		return LK_STACKS_NONE;
	if (id != LK_STACKS_NONE)
		s->stack_free = s->stacks[id].leaf;
	else
		id = s->stack_count++;
	s->stack_used++;
	return id;
}

static void
fill_stack(struct lk_stacks *s, uint32_t id, uint32_t leaf, const struct lk_stack_path *path)
{
	struct lk_stack_entry *entry = &s->stacks[id];

	entry->leaf = leaf;
	entry->domain = path->domain;
	entry->thread_number = path->thread;
	entry->thread = thread_name(s, path->thread);
	entry->cell = LK_STACKS_NONE;
	entry->leaving = LK_STACKS_STAYS;
	entry->live_count = 0;
	entry->allocated_count = 0;
	entry->allocated_bytes = entry->allocated_objects = entry->live_bytes = 0;
	atomic_store_explicit(&entry->flags, (uint8_t)((path->truncated ? LK_STACK_TRUNCATED : 0) |
	    (path->no_python ? LK_STACK_NO_PYTHON : 0)), memory_order_relaxed);
	atomic_store_explicit(&entry->version, 0, memory_order_relaxed);
	lk_strings_hold(&s->strings, entry->thread);
	if (leaf != LK_STACKS_NONE)
		hold(&s->node_holders[leaf]);
	publish(&s->stack_serial[id], &s->stack_serials);
}

static uint32_t
stack_of(struct lk_stacks *s, uint32_t leaf, const struct lk_stack_path *path, uint32_t capacity)
{
	struct lk_stack_entry *entry;
	uint32_t i, id;

	for (i = mix(leaf, path->domain + 1u) & s->stack_mask; s->stack_index[i] != 0;
	    i = (i + 1) & s->stack_mask) {
		id = s->stack_index[i] - 1;
		entry = &s->stacks[id];
		if (entry->leaf != leaf || entry->domain != path->domain)
			continue;
		if (entry->thread_number != path->thread)
			mark_several_threads(entry);
		entry->leaving = LK_STACKS_STAYS;	/* recall will know it again */
		return id;
	}
	id = new_stack(s, capacity);
	if (id != LK_STACKS_NONE) {
		fill_stack(s, id, leaf, path);
		s->stack_index[i] = id + 1;
	}
	return id;
}

/* A node of words in the place of a function's name, for ever. */
static uint32_t
make_leaf(struct lk_stacks *s, const char *words)
{
	struct lk_frame_entry entry = {0, 0, 0};
	uint32_t node;

	entry.function = lk_strings_add(&s->strings, words, strlen(words));
	node = node_of(s, LK_STACKS_NONE, intern_frame(s, &entry));
	s->node_holders[node] = HOLDERS_MAX;
	return node;
}

uint32_t
lk_stacks_collector(struct lk_stacks *s, enum lk_stacks_collector which, uint8_t domain)
{
	struct lk_stack_path path = {.domain = domain, .thread = s->main_thread};

	return stack_of(s, s->collector_leaf[which], &path, s->stack_capacity);
}

bool
lk_stacks_is_collector(const struct lk_stacks *s, uint32_t stack)
{
	uint32_t leaf = s->stacks[stack].leaf;

	return leaf == s->collector_leaf[LK_STACKS_NO_ROOM] ||
	    leaf == s->collector_leaf[LK_STACKS_ENDED];
}

static uint32_t
overflow_stack(struct lk_stacks *s, const struct lk_stack_path *path)
{
	struct lk_stack_path full = *path;

	s->overflow_count++;
	full.truncated = full.no_python = false;
	return stack_of(s, s->collector_leaf[LK_STACKS_NO_ROOM], &full, s->stack_capacity);
}

static uint32_t
stack_by_frames(struct lk_stacks *s, const struct lk_stack_path *path)
{
	uint32_t node = LK_STACKS_NONE, frame, id;
	uint32_t i = path->count;

	while (i-- > 0) {
		frame = frame_of(s, &path->raw[i]);
		if (frame == LK_STACKS_NONE)
			return overflow_stack(s, path);
		node = node_of(s, node, frame);
		if (node == LK_STACKS_NONE)
			return overflow_stack(s, path);
	}
	id = stack_of(s, node, path, s->stack_capacity - LK_STACKS_COLLECTORS * DOMAINS_MAX);
	return id == LK_STACKS_NONE ? overflow_stack(s, path) : id;
}

/* ---- recall -------------------------------------------------------------------------- */

static uint64_t
hash_of_keys(const struct lk_stack_path *path)
{
	uint64_t hash = path->truncated;
	uint32_t i;

	for (i = 0; i < path->count; i++)
		hash = lk_stacks_mix(hash, path->raw[i].key);
	return hash;
}

static uint64_t
hash_with_domain(uint64_t hash, const struct lk_stack_path *path)
{
	return lk_stacks_mix(hash, path->domain + 1u) | 1;
}

static struct lk_recalled *
set_of(struct lk_stacks *s, uint64_t hash)
{
	return &s->recalled[hash >> 32 & s->recall_mask & ~1u];
}

static void
remember(struct lk_stacks *s, uint64_t hash, uint32_t stack)
{
	struct lk_recalled *set = set_of(s, hash);

	set[1] = set[0];
	set[0] = (struct lk_recalled){hash, stack};
}

static uint32_t
recall(struct lk_stacks *s, uint64_t hash, uint32_t thread)
{
	struct lk_recalled *set = set_of(s, hash);
	struct lk_stack_entry *entry;

	if (set[0].hash != hash) {
		if (set[1].hash != hash)
			return LK_STACKS_NONE;
		remember(s, hash, set[1].stack);
	}
	entry = &s->stacks[set[0].stack];
	if (entry->thread_number != thread)
		mark_several_threads(entry);
	s->overflow_count += entry->leaf == s->collector_leaf[LK_STACKS_NO_ROOM];
	return set[0].stack;
}

uint32_t
lk_stacks_recall(struct lk_stacks *s, const struct lk_stack_path *path)
{
	if (path->hash == 0)
		return LK_STACKS_NONE;
	return recall(s, hash_with_domain(path->hash, path), path->thread);
}

uint32_t
lk_stacks_intern(struct lk_stacks *s, const struct lk_stack_path *path)
{
	uint64_t hash = hash_with_domain(path->hash != 0 ? path->hash : hash_of_keys(path), path);
	uint32_t id = recall(s, hash, path->thread);

	if (id == LK_STACKS_NONE) {
		id = stack_by_frames(s, path);
		remember(s, hash, id);
	}
	return id;
}

/* ---- letting go -------------------------------------------------------------------------- */

void
lk_stacks_unrecall(struct lk_stacks *s, uint32_t from, uint32_t max)
{
	struct lk_recalled *known;

	for (; from <= s->recall_mask && max > 0; from++, max--) {
		known = &s->recalled[from];
		if (known->hash != 0 && (s->stacks[known->stack].leaving != LK_STACKS_STAYS ||
		    s->stacks[known->stack].leaf == s->collector_leaf[LK_STACKS_NO_ROOM]))
			*known = (struct lk_recalled){0, 0};
	}
}

void
lk_stacks_remove(struct lk_stacks *s, uint32_t stack)
{
	struct lk_stack_entry *entry = &s->stacks[stack];
	uint32_t leaf = entry->leaf;

	lk_probing_remove(s->stack_index, s->stack_mask, stack, stack_home, s);
	lk_strings_drop(&s->strings, entry->thread);
	atomic_store_explicit(&s->stack_serial[stack], 0, memory_order_relaxed);
	entry->leaving = LK_STACKS_STAYS;
	entry->leaf = s->stack_free;
	s->stack_free = stack;
	s->stack_used--;
	if (leaf != LK_STACKS_NONE && drop(&s->node_holders[leaf]))
		let_go_of_nodes(s, leaf);
}

uint32_t
lk_stacks_sweep_nodes(struct lk_stacks *s, uint32_t from, uint32_t max)
{
	for (; from < s->node_count && max > 0; from++, max--)
		if (s->node_holders[from] == 0 && s->nodes[from].frame != LK_STACKS_NONE)
			let_go_of_nodes(s, from);
	return from;
}

/* Half empty it finds less, but nothing wrong. */
uint32_t
lk_stacks_clear_memo(struct lk_stacks *s, uint32_t from, uint32_t max)
{
	s->memo_closed = true;
	for (; from <= s->memo_mask && max > 0; from++, max--) {
		if (s->memo_key[from] == 0)
			continue;
		s->memo_key[from] = 0;
		s->memo_used--;
	}
	return from;
}

void
lk_stacks_open_memo(struct lk_stacks *s)
{
	s->memo_closed = false;
}

uint32_t
lk_stacks_sweep_frames(struct lk_stacks *s, uint32_t from, uint32_t max)
{
	struct lk_frame_entry *frame;

	for (; from < s->frame_count && max > 0; from++, max--) {
		if (s->frame_holders[from] != 0 || !is_used(&s->frame_serial[from]))
			continue;
		frame = &s->frames[from];
		lk_probing_remove(s->frame_index, s->frame_mask, from, frame_home, s);
		lk_strings_drop(&s->strings, frame->function & ~LK_FRAME_NATIVE);
		lk_strings_drop(&s->strings, frame->file);
		atomic_store_explicit(&s->frame_serial[from], 0, memory_order_relaxed);
		frame->function = s->frame_free;
		s->frame_free = from;
		s->frame_used--;
	}
	return from;
}

/* ---- the tables -------------------------------------------------------------------------- */

/* Beside each table: who holds an entry, and what the wire calls it. */
static int
take_sides(struct lk_stacks *s, struct lk_pages *pages)
{
	s->node_holders = lk_pages_take(pages, s->node_capacity, sizeof(*s->node_holders));
	s->frame_holders = lk_pages_take(pages, s->frame_capacity, sizeof(*s->frame_holders));
	s->frame_serial = lk_pages_take(pages, s->frame_capacity, sizeof(*s->frame_serial));
	s->stack_serial = lk_pages_take(pages, s->stack_capacity, sizeof(*s->stack_serial));
	s->node_free = s->frame_free = s->stack_free = LK_STACKS_NONE;
	return s->node_holders && s->frame_holders && s->frame_serial && s->stack_serial ? 0 :
	    -ENOMEM;
}

int
lk_stacks_init(struct lk_stacks *s, struct lk_pages *pages, double scale, lk_resolve_fn resolve,
    uint32_t main_thread)
{
	int rc;

	memset(s, 0, sizeof(*s));
	s->resolve = resolve;
	s->main_thread = main_thread;
	s->cell_free = LK_STACKS_NONE;
	s->frame_capacity = power_below(32768 * scale);
	s->node_capacity = power_below(131072 * scale);
	s->stack_capacity = power_below(16384 * scale);
	s->cell_capacity = power_below(32768 * scale);
	s->frame_mask = s->frame_capacity * 2 - 1;
	s->node_mask = s->node_capacity * 2 - 1;
	s->stack_mask = s->stack_capacity * 2 - 1;
	s->memo_mask = s->frame_capacity * 2 - 1;
	s->recall_mask = s->stack_capacity - 1;
	s->frames = lk_pages_take(pages, s->frame_capacity, sizeof(*s->frames));
	s->nodes = lk_pages_take(pages, s->node_capacity, sizeof(*s->nodes));
	s->stacks = lk_pages_take(pages, s->stack_capacity, sizeof(*s->stacks));
	s->cells = lk_pages_take(pages, s->cell_capacity, sizeof(*s->cells));
	s->memo_key = lk_pages_take(pages, (size_t)s->memo_mask + 1, sizeof(*s->memo_key));
	s->memo_frame = take_u32(pages, s->memo_mask + 1);
	s->recalled = lk_pages_take(pages, (size_t)s->recall_mask + 1, sizeof(*s->recalled));
	s->frame_index = take_u32(pages, s->frame_mask + 1);
	s->node_index = take_u32(pages, s->node_mask + 1);
	s->stack_index = take_u32(pages, s->stack_mask + 1);
	if (!s->frames || !s->nodes || !s->stacks || !s->cells || !s->memo_key ||
	    !s->memo_frame || !s->recalled || !s->frame_index || !s->node_index ||
	    !s->stack_index || take_sides(s, pages) < 0)
		return -ENOMEM;
	rc = lk_clusters_init(&s->clusters, pages, s->cell_capacity);
	if (rc < 0)
		return rc;
	rc = lk_strings_init(&s->strings, pages, power_below(16384 * scale),
	    (uint32_t)(1048576 * scale));
	if (rc < 0)
		return rc;
	s->collector_leaf[LK_STACKS_NO_ROOM] = make_leaf(s, "(no room for more stacks)");
	s->collector_leaf[LK_STACKS_ENDED] = make_leaf(s, "(stacks no longer alive)");
	return 0;
}
