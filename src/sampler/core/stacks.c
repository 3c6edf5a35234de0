#include "config.h"

#include "sampler/core/stacks.h"

#include <errno.h>
#include <string.h>

#include "base/print.h"
#include "leaktop/wire.h"
#include "sampler/core/live.h"
#include "sampler/core/pages.h"

#define DOMAINS_MAX	4u	/* each may need an overflow stack */

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
	if (s->frame_count == s->frame_capacity)
		return LK_STACKS_NONE;
	s->frames[s->frame_count] = *want;
	s->frame_index[i] = s->frame_count + 1;
	return s->frame_count++;
}

static uint32_t
resolve_frame(struct lk_stacks *s, const struct lk_raw_frame *raw, uint32_t slot)
{
	struct lk_frame_words words = {.native = false};
	struct lk_frame_entry entry;
	uint32_t id;

	s->resolve(raw, &words);
	entry.function = lk_strings_add(&s->strings, words.function, words.function_length);
	entry.file = lk_strings_add(&s->strings, words.file, words.file_length);
	entry.line = words.line;
	if (words.native)
		entry.function |= LK_FRAME_NATIVE;
	id = intern_frame(s, &entry);
	if (id == LK_STACKS_NONE)
		return id;
	if (s->memo_used >= s->memo_mask / 4 * 3) {
		memset(s->memo_key, 0, ((size_t)s->memo_mask + 1) * sizeof(*s->memo_key));
		s->memo_used = 0;
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
	if (s->node_count == s->node_capacity)
		return LK_STACKS_NONE;
	s->nodes[s->node_count] = (struct lk_node){parent, frame};
	s->node_index[i] = s->node_count + 1;
	return s->node_count++;
}

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

/* At most CAPACITY stacks are made. */
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
		return id;
	}
	if (s->stack_count >= capacity)
		return LK_STACKS_NONE;
	entry = &s->stacks[s->stack_count];
	entry->leaf = leaf;
	entry->domain = path->domain;
	entry->thread_number = path->thread;
	entry->thread = thread_name(s, path->thread);
	entry->cell = LK_STACKS_NONE;
	entry->flags = (uint8_t)((path->truncated ? LK_STACK_TRUNCATED : 0) |
	    (path->no_python ? LK_STACK_NO_PYTHON : 0));
	s->stack_index[i] = s->stack_count + 1;
	return s->stack_count++;
}

/* The frame of the stacks that collect what finds no room later. */
static void
make_overflow_leaf(struct lk_stacks *s)
{
	static const char words[] = "(no room for more stacks)";
	struct lk_frame_entry entry = {0, 0, 0};

	entry.function = lk_strings_add(&s->strings, words, sizeof(words) - 1);
	s->overflow_leaf = node_of(s, LK_STACKS_NONE, intern_frame(s, &entry));
}

static uint32_t
overflow_stack(struct lk_stacks *s, const struct lk_stack_path *path)
{
	struct lk_stack_path full = *path;

	s->overflow_count++;
	full.truncated = full.no_python = false;
	return stack_of(s, s->overflow_leaf, &full, s->stack_capacity);
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
	id = stack_of(s, node, path, s->stack_capacity - DOMAINS_MAX);
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
	s->overflow_count += entry->leaf == s->overflow_leaf;
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
	    !s->memo_frame || !s->recalled || !s->frame_index || !s->node_index || !s->stack_index)
		return -ENOMEM;
	rc = lk_clusters_init(&s->clusters, pages, s->cell_capacity);
	if (rc < 0)
		return rc;
	rc = lk_strings_init(&s->strings, pages, power_below(16384 * scale),
	    (uint32_t)(1572864 * scale));
	if (rc == 0)
		make_overflow_leaf(s);
	return rc;
}
