/* Where from: strings, frames, stacks, and the cells that count what lives of them. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "leaktop/sampler.h"
#include "leaktop/wire.h"
#include "sampler/core/cells.h"
#include "sampler/core/countdown.h"
#include "sampler/core/live.h"
#include "sampler/core/pages.h"
#include "sampler/core/stacks.h"

#include "suites.h"

static struct lk_stacks stacks;
static uint32_t resolved_count;
static uint64_t random_state = 23;

#define NATIVE_KEY	((uint64_t)1 << 47)

/* A key says it all: its low bits are the line, its high bits name the function, bit 47 is set
 * for native ones; those between are instructions of the same line. */
static void
resolve(const struct lk_raw_frame *raw, struct lk_frame_words *out)
{
	static char function[32];

	resolved_count++;
	snprintf(function, sizeof(function), "f%u", (unsigned int)(raw->key >> 48));
	*out = (struct lk_frame_words){function, "file.py", strlen(function), 7,
	    (uint32_t)(raw->key & 0xffffff), (raw->key & NATIVE_KEY) != 0};
}

static struct lk_pages
fresh_pages(void)
{
	struct lk_pages pages;
	size_t bytes = 32u << 20;

	lk_pages_init(&pages, lk_pages_map(bytes), bytes);
	ck_assert_ptr_nonnull(pages.base);
	return pages;
}

/* The smallest tables there are: 256 of everything. */
static void
start(void)
{
	struct lk_pages pages = fresh_pages();

	resolved_count = 0;
	ck_assert_int_eq(lk_stacks_init(&stacks, &pages, 0.015625, resolve, 0), 0);
	ck_assert_uint_eq(stacks.stack_capacity, 256);
}

static uint32_t
intern(const uint64_t *keys, uint32_t count, uint8_t domain, uint32_t thread)
{
	struct lk_raw_frame raw[LK_FRAMES_MAX];
	struct lk_stack_path path = {0, raw, count, false, count == 0, domain, thread};
	uint32_t i;

	for (i = 0; i < count; i++)
		raw[i] = (struct lk_raw_frame){.key = keys[i]};
	return lk_stacks_intern(&stacks, &path);
}

/* ---- strings ------------------------------------------------------------------- */

START_TEST(a_string_is_kept_once)
{
	struct lk_strings *s = &stacks.strings;
	uint32_t a = lk_strings_add(s, "alpha", 5), b = lk_strings_add(s, "alpha\0x", 7);
	size_t length;

	ck_assert_uint_ne(a, b);
	ck_assert_uint_eq(lk_strings_add(s, "alphabet", 5), a);
	ck_assert_uint_eq(lk_strings_add(s, "", 0), LK_STRINGS_NONE);
	ck_assert_int_eq(memcmp(lk_strings_get(s, b, &length), "alpha\0x", 7), 0);
	ck_assert_uint_eq(length, 7);
	lk_strings_get(s, LK_STRINGS_NONE, &length);
	ck_assert_uint_eq(length, 0);
	ck_assert_uint_eq(s->rejected_count, 0);
}
END_TEST

START_TEST(a_long_string_is_cut)
{
	char text[LK_STRINGS_LENGTH_MAX + 50];
	size_t length;
	uint32_t id;

	memset(text, 'x', sizeof(text));
	id = lk_strings_add(&stacks.strings, text, sizeof(text));
	lk_strings_get(&stacks.strings, id, &length);
	ck_assert_uint_eq(length, LK_STRINGS_LENGTH_MAX);
	ck_assert_uint_eq(lk_strings_add(&stacks.strings, text, LK_STRINGS_LENGTH_MAX), id);
}
END_TEST

START_TEST(strings_without_room_are_counted)
{
	struct lk_strings s;
	struct lk_pages pages = fresh_pages();
	char text[16];
	uint32_t i, id, known;

	ck_assert_int_eq(lk_strings_init(&s, &pages, 256, 100), 0);
	known = lk_strings_add(&s, "known", 5);
	for (i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "name-%u", i);
		id = lk_strings_add(&s, text, strlen(text));
		ck_assert(id == s.count - 1 || id == LK_STRINGS_NONE);
	}
	ck_assert_uint_gt(s.rejected_count, 80);
	ck_assert_uint_le(s.bytes_used, 100);
	ck_assert_uint_eq(lk_strings_add(&s, "known", 5), known);
}
END_TEST

/* ---- stacks -------------------------------------------------------------------- */

START_TEST(the_same_frames_are_the_same_stack)
{
	const uint64_t keys[] = {1, 2, 3}, other[] = {1, 2}, turned[] = {3, 2, 1};
	uint32_t id = intern(keys, 3, 2, 0), i;

	for (i = 0; i < 50; i++)
		ck_assert_uint_eq(intern(keys, 3, 2, 0), id);
	ck_assert_uint_eq(resolved_count, 3);
	ck_assert_uint_ne(intern(keys, 3, 1, 0), id);	/* another domain */
	ck_assert_uint_ne(intern(other, 2, 2, 0), id);
	ck_assert_uint_ne(intern(turned, 3, 2, 0), id);
	ck_assert_uint_ne(intern(keys, 0, 2, 0), id);
	ck_assert_uint_eq(intern(keys, 3, 2, 0), id);
	ck_assert_uint_eq(stacks.overflow_count, 0);
}
END_TEST

START_TEST(a_native_frame_is_none_of_python)
{
	const uint64_t python[] = {1}, native[] = {1 | NATIVE_KEY};
	uint32_t a = intern(python, 1, 3, 0), b = intern(native, 1, 3, 0);
	const struct lk_frame_entry *frame;

	ck_assert_uint_ne(a, b);
	ck_assert_uint_eq(intern(native, 1, 3, 0), b);
	frame = &stacks.frames[stacks.nodes[stacks.stacks[b].leaf].frame];
	ck_assert_uint_eq(frame->function & LK_FRAME_NATIVE, LK_FRAME_NATIVE);
	ck_assert_uint_eq(frame->line, 1);
	ck_assert_uint_eq(frame->function & ~LK_FRAME_NATIVE,
	    stacks.frames[stacks.nodes[stacks.stacks[a].leaf].frame].function);
}
END_TEST

START_TEST(frames_are_innermost_first_up_the_tree)
{
	const uint64_t keys[] = {11, 22, 33};
	uint32_t id = intern(keys, 3, 2, 0), node, i = 0;

	for (node = stacks.stacks[id].leaf; node != LK_STACKS_NONE;
	    node = stacks.nodes[node].parent)
		ck_assert_uint_eq(stacks.frames[stacks.nodes[node].frame].line, keys[i++]);
	ck_assert_uint_eq(i, 3);
}
END_TEST

START_TEST(threads_and_flags_are_kept)
{
	const uint64_t keys[] = {5};
	uint32_t id = intern(keys, 1, 2, 0), other = intern(keys, 1, 1, 4711);
	size_t length;
	const char *name;

	ck_assert_uint_eq(stacks.stacks[id].flags, 0);
	name = lk_strings_get(&stacks.strings, stacks.stacks[id].thread, &length);
	ck_assert_int_eq(strncmp(name, "MainThread", length), 0);
	name = lk_strings_get(&stacks.strings, stacks.stacks[other].thread, &length);
	ck_assert_int_eq(strncmp(name, "thread-4711", length), 0);
	intern(keys, 1, 2, 12);
	ck_assert_uint_eq(stacks.stacks[id].flags, LK_STACK_SEVERAL_THREADS);
	id = intern(keys, 0, 0, 0);
	ck_assert_uint_eq(stacks.stacks[id].flags, LK_STACK_NO_PYTHON);
}
END_TEST

static void
ck_says_no_room(uint32_t id, uint8_t domain)
{
	const struct lk_stack_entry *e = &stacks.stacks[id];
	const char *words;
	size_t length;

	ck_assert_uint_eq(e->domain, domain);
	ck_assert_uint_ne(e->leaf, LK_STACKS_NONE);
	ck_assert_uint_eq(stacks.nodes[e->leaf].parent, LK_STACKS_NONE);
	words = lk_strings_get(&stacks.strings,
	    stacks.frames[stacks.nodes[e->leaf].frame].function, &length);
	ck_assert_msg(memmem(words, length, "no room", 7) != NULL, "%.*s", (int)length, words);
}

/* Too many frames (0), too deep (1), too many stacks (2). */
START_TEST(a_full_table_is_counted_apart)
{
	uint64_t keys[8], i, n;
	uint32_t id = 0, known, k, depth = _i == 1 ? 8 : 1, first;

	keys[0] = 1;
	known = intern(keys, 1, 2, 0);
	for (i = 0; i < 3000; i++) {
		for (k = 0; k < depth; k++)
			keys[k] = _i == 0 ? i * 10 + k + 2 : lk_countdown_random(&random_state) %
			    200 + 2;
		n = _i == 2 ? 3 : depth;
		keys[1] = _i == 2 ? i % 50 + 300 : keys[1];
		keys[2] = _i == 2 ? i % 3 + 400 : keys[2];
		id = intern(keys, (uint32_t)n, 2, 0);
		if (stacks.overflow_count != 0)
			break;
	}
	ck_assert_uint_eq(stacks.overflow_count, 1);
	ck_assert_uint_ne(id, known);
	ck_says_no_room(id, 2);
	first = id;
	keys[0] = 999999;
	ck_assert_uint_eq(intern(keys, 1, 2, 0), first);	/* one for all */
	for (k = 0; k < 4; k++)
		ck_says_no_room(intern(keys, 1, (uint8_t)k, 0), (uint8_t)k);
	keys[0] = 1;
	ck_assert_uint_eq(intern(keys, 1, 2, 0), known);	/* what is known stays known */
}
END_TEST

static uint32_t
at_most(uint32_t n, uint32_t most)
{
	return n < most ? n : most;
}

START_TEST(the_last_string_fits)
{
	struct lk_strings s;
	struct lk_pages pages = fresh_pages();
	char text[64];
	uint32_t i, rest;

	ck_assert_int_eq(lk_strings_init(&s, &pages, 256, 8192), 0);
	for (i = 1; i < 256; i++) {
		snprintf(text, sizeof(text), "name-%u", i);
		ck_assert_uint_eq(lk_strings_add(&s, text, strlen(text)), i);
	}
	ck_assert_uint_eq(lk_strings_add(&s, "another", 7), LK_STRINGS_NONE);
	ck_assert_uint_eq(s.rejected_count, 1);
	ck_assert_int_eq(lk_strings_init(&s, &pages, 256, 100), 0);
	memset(text, 'x', sizeof(text));
	rest = s.bytes_capacity - s.bytes_used - 40;
	ck_assert_uint_ne(lk_strings_add(&s, text, 40 - LK_STRINGS_HEAD), LK_STRINGS_NONE);
	ck_assert_uint_eq(lk_strings_add(&s, text + 1, rest - LK_STRINGS_HEAD + 1),
	    LK_STRINGS_NONE);
	ck_assert_uint_eq(s.rejected_count, 1);
	ck_assert_uint_ne(lk_strings_add(&s, text + 1, rest - LK_STRINGS_HEAD), LK_STRINGS_NONE);
	ck_assert_uint_eq(s.bytes_used, s.bytes_capacity);
}
END_TEST

START_TEST(the_last_frame_fits)
{
	uint64_t keys[8], line = 1;
	uint32_t n, i;

	while ((n = at_most(8, stacks.frame_capacity - stacks.frame_count)) > 0) {
		for (i = 0; i < n; i++)
			keys[i] = line++;
		intern(keys, n, 2, 0);
	}
	ck_assert_uint_eq(stacks.frame_count, stacks.frame_capacity);
	ck_assert_uint_eq(stacks.overflow_count, 0);
	keys[0] = line;
	ck_says_no_room(intern(keys, 1, 2, 0), 2);
	ck_assert_uint_eq(stacks.overflow_count, 1);
	ck_assert_uint_lt(stacks.node_count, stacks.node_capacity);
}
END_TEST

/* Chains that differ in their outermost frame alone. */
START_TEST(the_last_node_fits)
{
	uint64_t keys[LK_FRAMES_MAX];
	uint32_t n, i, chain = 0;

	for (i = 0; i < LK_FRAMES_MAX; i++)
		keys[i] = 1;
	while ((n = at_most(LK_FRAMES_MAX, stacks.node_capacity - stacks.node_count)) > 0) {
		keys[n - 1] = 2 + chain++;
		intern(keys, n, 2, 0);
		keys[n - 1] = 1;
	}
	ck_assert_uint_eq(stacks.node_count, stacks.node_capacity);
	ck_assert_uint_eq(stacks.overflow_count, 0);
	keys[0] = 2 + chain;
	ck_says_no_room(intern(keys, 1, 2, 0), 2);
	ck_assert_uint_eq(stacks.overflow_count, 1);
	ck_assert_uint_lt(stacks.frame_count, stacks.frame_capacity);
}
END_TEST

/* All but those that are kept for what finds no room and for what ended: one of each domain. */
START_TEST(the_last_stack_fits)
{
	uint64_t key = 1;
	uint32_t domain;

	for (; stacks.stack_count < stacks.stack_capacity - 8; key++)
		intern(&key, 1, 2, 0);
	ck_assert_uint_eq(stacks.overflow_count, 0);
	for (domain = 0; domain < 4; domain++)
		ck_says_no_room(intern(&key, 1, (uint8_t)domain, 0), (uint8_t)domain);
	ck_assert_uint_eq(stacks.overflow_count, 4);
	ck_assert_uint_eq(stacks.stack_count, stacks.stack_capacity - 4);
	ck_says_no_room(intern(&key, 1, 2, 0), 2);
	ck_assert_uint_eq(stacks.stack_count, stacks.stack_capacity - 4);
	for (domain = 0; domain < 4; domain++)
		ck_assert(lk_stacks_is_collector(&stacks,
		    lk_stacks_collector(&stacks, LK_STACKS_ENDED, (uint8_t)domain)));
	ck_assert_uint_eq(stacks.stack_count, stacks.stack_capacity);
}
END_TEST

/* Each slot of time is a cluster of its own; what finds none stands alone, and is counted by its
 * own square. */
START_TEST(the_last_cluster_fits)
{
	struct lk_clusters *c = &stacks.clusters;
	uint32_t current, slot, last = LK_CLUSTERS_NONE;

	ck_assert_uint_gt(c->capacity, 0);
	for (slot = 0; slot < c->capacity; slot++) {
		current = LK_CLUSTERS_NONE;
		ck_assert_double_eq(lk_clusters_join(c, &current, 7, slot, 3), 9);
		ck_assert_uint_ne(current, LK_CLUSTERS_NONE);
		last = current;
	}
	current = LK_CLUSTERS_NONE;
	ck_assert_double_eq(lk_clusters_join(c, &current, 7, slot, 3), 9);
	ck_assert_uint_eq(current, LK_CLUSTERS_NONE);
	ck_assert_double_eq(lk_clusters_leave(c, LK_CLUSTERS_NONE, 3), -9);
	ck_assert_double_eq(lk_clusters_leave(c, last, 3), -9);
	ck_assert_double_eq(lk_clusters_join(c, &current, 7, slot, 3), 9);
	ck_assert_uint_eq(current, last);
}
END_TEST

START_TEST(a_full_memo_is_emptied)
{
	uint64_t key = 7, n;
	uint32_t known = intern(&key, 1, 2, 0), emptied = 0, before;

	for (n = 1; n < 5000; n++) {
		before = stacks.memo_used;
		key = n << 24 | 7;
		ck_assert_uint_eq(intern(&key, 1, 2, 0), known);
		ck_assert_uint_eq(intern(&key, 1, 2, 0), known);	/* from the memo */
		ck_assert_uint_eq(resolved_count, n + 1);
		ck_assert_uint_le(stacks.memo_used, stacks.memo_mask / 4 * 3);
		emptied += stacks.memo_used < before;
	}
	ck_assert_uint_ge(emptied, 5);
	ck_assert_uint_eq(stacks.overflow_count, 0);
}
END_TEST

/* A path that is known by its hash has no frames to look at. */
static uint32_t
recall(uint64_t hash, uint8_t domain, uint32_t thread)
{
	struct lk_stack_path path = {hash, NULL, 0, false, false, domain, thread};

	return lk_stacks_recall(&stacks, &path);
}

static uint32_t
intern_as(uint64_t hash, uint64_t key, uint8_t domain)
{
	struct lk_raw_frame raw = {.key = key};
	struct lk_stack_path path = {hash, &raw, 1, false, false, domain, 0};

	return lk_stacks_intern(&stacks, &path);
}

START_TEST(a_hash_recalls_the_stack_of_its_domain)
{
	uint32_t id = intern_as(77, 5, 2), other = intern_as(78, 6, 2);

	ck_assert_uint_ne(id, other);
	ck_assert_uint_eq(recall(77, 2, 0), id);
	ck_assert_uint_eq(recall(78, 2, 0), other);
	ck_assert_uint_eq(recall(77, 1, 0), LK_STACKS_NONE);
	ck_assert_uint_eq(recall(79, 2, 0), LK_STACKS_NONE);
	ck_assert_uint_eq(recall(0, 2, 0), LK_STACKS_NONE);	/* 0 is no hash */
	ck_assert_uint_eq(stacks.stacks[id].flags, 0);
	ck_assert_uint_eq(recall(77, 2, 4711), id);
	ck_assert_uint_eq(stacks.stacks[id].flags, LK_STACK_SEVERAL_THREADS);
}
END_TEST

/* Far more hashes than places: what is recalled is right, what is forgotten is interned again. */
START_TEST(recall_forgets_but_is_never_wrong)
{
	enum { PATHS = 200, ROUNDS = 40 };
	uint32_t id[PATHS], i, round, found = 0, forgotten = 0, got;

	for (i = 0; i < PATHS; i++)
		id[i] = intern_as(i + 1, i + 1, 2);
	for (round = 0; round < ROUNDS; round++)
		for (i = 0; i < PATHS; i++) {
			uint64_t hash = (uint64_t)round << 32 | (i + 1);

			got = recall(hash, 2, 0);
			found += got != LK_STACKS_NONE;
			forgotten += got == LK_STACKS_NONE;
			ck_assert(got == LK_STACKS_NONE || got == id[i]);
			ck_assert_uint_eq(intern_as(hash, i + 1, 2), id[i]);
			ck_assert_uint_eq(recall(hash, 2, 0), id[i]);	/* the latest is there */
		}
	ck_assert_uint_ge(found, PATHS / 4);	/* of the first round */
	ck_assert_uint_ge(forgotten, PATHS * (ROUNDS - 1));
	ck_assert_uint_eq(stacks.overflow_count, 0);
}
END_TEST

START_TEST(what_finds_no_room_is_counted_when_recalled)
{
	uint64_t key = 1;
	uint32_t full;

	for (; stacks.overflow_count == 0; key++)
		intern_as(key, key, 2);
	full = recall(key - 1, 2, 0);
	ck_says_no_room(full, 2);
	ck_assert_uint_eq(stacks.overflow_count, 2);
	ck_assert_uint_eq(intern_as(key - 1, key - 1, 2), full);
	ck_assert_uint_eq(stacks.overflow_count, 3);
}
END_TEST

/* ---- cells --------------------------------------------------------------------- */

static struct lk_sample
sample_of(uint32_t stack, uint16_t epoch, double bytes)
{
	struct lk_sample sample;

	memset(&sample, 0, sizeof(sample));
	sample.stack = stack;
	sample.epoch = epoch;
	sample.est_bytes = bytes;
	sample.est_objects = 2;
	sample.variance = bytes * 3;
	return sample;
}

static uint32_t
cell_counts(uint32_t stack)
{
	uint32_t link, sum = 0, last = UINT32_MAX;

	for (link = stacks.stacks[stack].cell; link != LK_STACKS_NONE;
	    link = stacks.cells[link].next) {
		ck_assert_uint_lt(stacks.cells[link].epoch, last);	/* newest first */
		last = stacks.cells[link].epoch;
		ck_assert_uint_gt(stacks.cells[link].count, 0);
		sum += stacks.cells[link].count;
	}
	return sum;
}

START_TEST(epochs_are_kept_apart_newest_first)
{
	static const uint16_t epochs[] = {3, 0, 7, 3, 5, 0, 7};
	const uint64_t key = 1;
	uint32_t stack = intern(&key, 1, 2, 0), i;
	struct lk_sample sample;

	for (i = 0; i < 7; i++) {
		sample = sample_of(stack, epochs[i], 100);
		lk_cells_born(&stacks, &sample, 0);
	}
	ck_assert_uint_eq(cell_counts(stack), 7);
	ck_assert_uint_eq(stacks.cells[stacks.stacks[stack].cell].epoch, 7);
	ck_assert_uint_eq(stacks.cells[stacks.stacks[stack].cell].count, 2);
	ck_assert_double_eq(stacks.cells[stacks.stacks[stack].cell].bytes, 200);
	ck_assert_uint_eq(stacks.stacks[stack].allocated_count, 7);
	ck_assert_double_eq(stacks.stacks[stack].live_bytes, 700);
	for (i = 0; i < 7; i++) {
		sample = sample_of(stack, epochs[i], 100);
		lk_cells_died(&stacks, &sample);
		ck_assert_uint_eq(cell_counts(stack), 6 - i);
	}
	ck_assert_double_eq(stacks.stacks[stack].live_bytes, 0);
	ck_assert_uint_eq(stacks.stacks[stack].cell, LK_STACKS_NONE);
	ck_assert_double_eq(stacks.stacks[stack].allocated_bytes, 700);
}
END_TEST

START_TEST(another_weight_is_no_allocation)
{
	const uint64_t key = 1;
	uint32_t stack = intern(&key, 1, 2, 0);
	struct lk_sample sample = sample_of(stack, 1, 100), before;
	uint64_t version;

	lk_cells_born(&stacks, &sample, 0);
	version = stacks.stacks[stack].version;
	before = sample;
	sample.est_bytes = 200;
	lk_cells_reweigh(&stacks, &before, &sample);
	ck_assert_uint_eq(stacks.stacks[stack].allocated_count, 1);
	ck_assert_double_eq(stacks.stacks[stack].allocated_bytes, 100);
	ck_assert_double_eq(stacks.stacks[stack].live_bytes, 200);
	ck_assert_uint_gt(stacks.stacks[stack].version, version);
}
END_TEST

/* What is left when large numbers were added and taken away again is never negative: the wire
 * has no negative quantities. */
START_TEST(rounding_never_leaves_less_than_nothing)
{
	const uint64_t key = 1;
	uint32_t stack = intern(&key, 1, 2, 0), i;
	struct lk_sample large = sample_of(stack, 1, 1e-9), sample[64];
	const struct lk_live_cell *cell;

	lk_cells_born(&stacks, &large, 0);
	for (i = 0; i < 64; i++) {
		sample[i] = sample_of(stack, 1, 1e9 / (i * 7 + 3) + 0.1);
		sample[i].variance = 2.7e18 / (i * 3 + 1);
		lk_cells_born(&stacks, &sample[i], 0);
	}
	for (i = 0; i < 64; i++) {
		lk_cells_died(&stacks, &sample[(i * 37) % 64]);
		cell = &stacks.cells[stacks.stacks[stack].cell];
		ck_assert_double_ge(cell->bytes, 0);
		ck_assert_double_ge(cell->variance, 0);
		ck_assert_double_ge(cell->objects, 0);
		ck_assert_double_ge(stacks.stacks[stack].live_bytes, 0);
	}
	ck_assert_uint_eq(cell_counts(stack), 1);
}
END_TEST

/* More cells wanted than there are, births and deaths in any order: no sample is lost from
 * the counts, and in the end nothing is left. */
START_TEST(without_cells_counts_still_return_to_zero)
{
	enum { STACKS = 60, SAMPLES = 3000 };
	static struct lk_sample samples[SAMPLES];
	uint64_t key;
	uint32_t i, k, id[STACKS], sum = 0;

	for (i = 0; i < STACKS; i++) {
		key = i + 1;
		id[i] = intern(&key, 1, 2, 0);
		samples[i] = sample_of(id[i], (uint16_t)(i % 9), 1);	/* all have one cell */
		lk_cells_born(&stacks, &samples[i], 0);
	}
	for (; i < SAMPLES; i++) {
		samples[i] = sample_of(id[lk_countdown_random(&random_state) % STACKS],
		    (uint16_t)(lk_countdown_random(&random_state) % 40), 1);
		lk_cells_born(&stacks, &samples[i], 0);
	}
	ck_assert_uint_eq(stacks.cell_used, stacks.cell_capacity);
	for (i = 0; i < STACKS; i++)
		sum += cell_counts(id[i]);
	ck_assert_uint_eq(sum, SAMPLES);
	for (i = SAMPLES; i > 0; i--) {
		k = (uint32_t)(lk_countdown_random(&random_state) % i);
		lk_cells_died(&stacks, &samples[k]);
		samples[k] = samples[i - 1];
	}
	for (i = 0; i < STACKS; i++) {
		ck_assert_uint_eq(cell_counts(id[i]), 0);
		ck_assert_double_eq(stacks.stacks[id[i]].live_bytes, 0);
	}
}
END_TEST

static Suite *
stacks_suite(void)
{
	Suite *s = suite_create("stacks");
	TCase *tc = tcase_create("stacks");

	tcase_add_checked_fixture(tc, start, NULL);
	tcase_add_test(tc, a_string_is_kept_once);
	tcase_add_test(tc, a_long_string_is_cut);
	tcase_add_test(tc, strings_without_room_are_counted);
	tcase_add_test(tc, the_same_frames_are_the_same_stack);
	tcase_add_test(tc, a_native_frame_is_none_of_python);
	tcase_add_test(tc, frames_are_innermost_first_up_the_tree);
	tcase_add_test(tc, threads_and_flags_are_kept);
	tcase_add_loop_test(tc, a_full_table_is_counted_apart, 0, 3);
	tcase_add_test(tc, the_last_string_fits);
	tcase_add_test(tc, the_last_frame_fits);
	tcase_add_test(tc, the_last_node_fits);
	tcase_add_test(tc, the_last_stack_fits);
	tcase_add_test(tc, the_last_cluster_fits);
	tcase_add_test(tc, a_full_memo_is_emptied);
	tcase_add_test(tc, a_hash_recalls_the_stack_of_its_domain);
	tcase_add_test(tc, recall_forgets_but_is_never_wrong);
	tcase_add_test(tc, what_finds_no_room_is_counted_when_recalled);
	tcase_add_test(tc, epochs_are_kept_apart_newest_first);
	tcase_add_test(tc, another_weight_is_no_allocation);
	tcase_add_test(tc, rounding_never_leaves_less_than_nothing);
	tcase_add_test(tc, without_cells_counts_still_return_to_zero);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {stacks_suite, NULL};

	return lk_suites_run(suites);
}
