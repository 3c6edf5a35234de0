#include "config.h"

#include "sampler/stage.h"

#include "leaktop/sampler.h"
#include "proto/emit.h"
#include "sampler/connection.h"
#include "sampler/record.h"
#include "sampler/tend.h"

/* A line is ended when it has this much: the longest single item that may follow (a stack
 * of 128 frames, a name of 1 kB with every byte escaped) still fits. */
#define LINE_ENOUGH	(LK_WIRE_LINE_MAX / 4)

static const char *const domain_names[] = {"raw", "mem", "obj", "native"};

/* ---- ids on the wire are serials: they begin at 1 and do not come again ------- */

static uint32_t
wire_string(uint32_t string)
{
	return atomic_load_explicit(&lk_record.stacks.strings.serial[string],
	    memory_order_relaxed);
}

static uint32_t
wire_frame(uint32_t frame)
{
	return atomic_load_explicit(&lk_record.stacks.frame_serial[frame], memory_order_relaxed);
}

uint32_t
lk_stage_stack_id(uint32_t stack)
{
	return atomic_load_explicit(&lk_record.stacks.stack_serial[stack], memory_order_relaxed);
}

bool
lk_stage_has_stack(uint64_t id)
{
	uint32_t i;

	for (i = 0; id != 0 && i < lk_record.stacks.stack_capacity; i++)
		if (lk_stage_stack_id(i) == id)
			return true;
	return false;
}

bool
lk_stage_knows(const struct lk_connection *c, uint32_t stack)
{
	uint32_t serial = stack < c->stack_count ? lk_stage_stack_id(stack) : 0;

	return serial != 0 && serial <= c->told.stacks;
}

void
lk_stage_site(uint32_t index, uint32_t id, struct lk_emit_site *out)
{
	const struct lk_stacks *s = &lk_record.stacks;
	const struct lk_frame_entry *f;
	uint32_t node;

	out->function = out->file = "";
	if (index >= s->stack_capacity || lk_stage_stack_id(index) != id)
		return;
	for (node = s->stacks[index].leaf; node != LK_STACKS_NONE; node = s->nodes[node].parent) {
		f = &s->frames[s->nodes[node].frame];
		if (f->function & LK_FRAME_NATIVE)
			continue;
		out->function = lk_strings_get(&s->strings, f->function, &out->function_length);
		out->file = lk_strings_get(&s->strings, f->file, &out->file_length);
		out->line = f->line;
		return;
	}
}

/* ---- names -------------------------------------------------------------------- */

/* From here on all is said anew: of what was let go of nothing more is heard, by anyone who drops
 * what he has. */
bool
lk_stage_reset(struct lk_connection *c)
{
	if (!c->reset_due)
		return true;
	c->reset_due = false;
	if (c->told.stacks == 0)
		return true;	/* nothing was said yet */
	lk_emit_reset(&c->out);
	c->told = (struct lk_connection_names){0, 0, 0};
	c->told_version = 0;
	return true;
}

/* SERIAL of an entry, read without the lock: a hook may be making it.  The entry is whole when its
 * serial is there. */
static bool
is_to_be_told(const _Atomic uint32_t *serial, uint32_t told, uint32_t until)
{
	uint32_t value = atomic_load_explicit(serial, memory_order_acquire);

	return value > told && value <= until;
}

static void
put_strings(struct lk_connection *c, uint32_t count, size_t stop)
{
	const struct lk_strings *strings = &lk_record.stacks.strings;
	const char *s;
	size_t length;
	bool first = true;
	uint32_t i;

	for (; c->index.strings < count && c->out.length < stop; c->index.strings++) {
		i = c->index.strings;
		if (!is_to_be_told(&strings->serial[i], c->told.strings, c->telling.strings))
			continue;
		s = lk_strings_get(strings, i, &length);
		lk_emit_names_string(&c->out, first, wire_string(i), s, length);
		first = false;
	}
}

static void
put_frame(struct lk_connection *c, bool first, uint32_t frame)
{
	const struct lk_frame_entry *f = &lk_record.stacks.frames[frame];
	uint32_t function = wire_string(f->function & ~LK_FRAME_NATIVE);

	if (f->function & LK_FRAME_NATIVE)
		lk_emit_names_native_frame(&c->out, first, wire_frame(frame), function,
		    wire_string(f->file), f->line);
	else
		lk_emit_names_frame(&c->out, first, wire_frame(frame), function,
		    wire_string(f->file), f->line);
}

static void
put_frames(struct lk_connection *c, uint32_t count, size_t stop)
{
	bool first = true;

	for (; c->index.frames < count && c->out.length < stop; c->index.frames++) {
		if (!is_to_be_told(&lk_record.stacks.frame_serial[c->index.frames],
		    c->told.frames, c->telling.frames))
			continue;
		put_frame(c, first, c->index.frames);
		first = false;
	}
}

static void
put_stack(struct lk_connection *c, bool first, uint32_t stack)
{
	const struct lk_stack_entry *e = &lk_record.stacks.stacks[stack];
	uint32_t frames[LK_FRAMES_MAX], n, node;

	for (n = 0, node = e->leaf; node != LK_STACKS_NONE && n < LK_FRAMES_MAX;
	    node = lk_record.stacks.nodes[node].parent)
		frames[n++] = wire_frame(lk_record.stacks.nodes[node].frame);
	lk_emit_names_stack(&c->out, first, lk_stage_stack_id(stack), domain_names[e->domain],
	    wire_string(e->thread), e->flags, frames, n);
}

static void
put_stacks(struct lk_connection *c, uint32_t count, size_t stop)
{
	bool first = true;

	for (; c->index.stacks < count && c->out.length < stop; c->index.stacks++) {
		if (!is_to_be_told(&lk_record.stacks.stack_serial[c->index.stacks],
		    c->told.stacks, c->telling.stacks))
			continue;
		put_stack(c, first, c->index.stacks);
		first = false;
	}
}

/* The version is read together with the serials: what changes later, stacks that are not
 * named yet among it, has a larger one and is in the next tick.
 * All strings of a frame are there before the frame, all frames of a stack before the stack:
 * serials read together, under the lock, never leave one out. */
static void
begin_names(struct lk_connection *c, struct lk_connection_names *counts)
{
	const struct lk_stacks *s = &lk_record.stacks;
	struct lk_connection_names until;
	uint64_t version;

	lk_spin_take(&lk_record.lock);
	version = s->change_count;
	until = (struct lk_connection_names){s->strings.last_serial, s->frame_serials,
	    s->stack_serials};
	*counts = (struct lk_connection_names){s->strings.count, s->frame_count, s->stack_count};
	lk_spin_give(&lk_record.lock);
	if (c->telling_names)
		return;
	c->telling_names = true;
	c->telling_version = version;
	c->telling = until;
	c->index = (struct lk_connection_names){0, 0, 0};
}

static bool
is_told(const struct lk_connection_names *told, const struct lk_connection_names *until)
{
	return told->strings == until->strings && told->frames == until->frames &&
	    told->stacks == until->stacks;
}

bool
lk_stage_names(struct lk_connection *c)
{
	struct lk_connection_names counts;
	size_t stop = c->out.length + LINE_ENOUGH;

	lk_tend_settle();
	begin_names(c, &counts);
	if (!is_told(&c->told, &c->telling)) {
		lk_emit_names_begin(&c->out);
		put_strings(c, counts.strings, stop);
		lk_emit_names_frames(&c->out);
		if (c->index.strings >= counts.strings)
			put_frames(c, counts.frames, stop);
		lk_emit_names_stacks(&c->out);
		if (c->index.frames >= counts.frames)
			put_stacks(c, counts.stacks, stop);
		lk_emit_list_end(&c->out);
		if (c->index.stacks < counts.stacks)
			return false;
	}
	c->told = c->telling;
	c->stack_count = counts.stacks;
	c->telling_names = false;
	return true;
}
