#include "config.h"

#include "sampler/cpython/walk.h"

#include "base/attr.h"
#include "leaktop/sampler.h"
#include "sampler/cpython/layout.h"
#include "sampler/cpython/lines.h"
#include "sampler/cpython/names.h"

#define RAW_DEPTH_MAX 20000u	/* beyond: a chain that is not one */

static const struct lk_layout *layout;
static const void *code_type;

void
lk_walk_init(const struct lk_layout *l, const void *type)
{
	layout = l;
	code_type = type;
}

static const void *
current_frame(const void *tstate)
{
	const void *cframe;

	if (layout->tstate_cframe == LK_ABSENT)
		return lk_read_ptr(tstate, layout->tstate_current_frame);
	cframe = lk_read_ptr(tstate, layout->tstate_cframe);
	return cframe == NULL ? NULL : lk_read_ptr(cframe, layout->cframe_current_frame);
}

/* Not a Python frame: where C enters the eval loop. */
static bool
is_shim(const void *frame, const void *code)
{
	return lk_read_u8(frame, layout->frame_owner) > layout->frame_owner_max || code == NULL ||
	    lk_read_ptr(code, layout->object_type) != code_type;
}

/* It has not reached its first traceable instruction; the interpreter's own traceback leaves it
 * out, too. */
static bool
is_incomplete(const void *frame, const void *code, int64_t offset)
{
	return lk_read_u8(frame, layout->frame_owner) != LK_OWNER_GENERATOR && offset <
	    (int64_t)lk_read_i32(code, layout->code_firsttraceable) * LK_CODE_UNIT_BYTES;
}

/* The eval loop runs Python calls of Python without calling itself: a run of frames for each call
 * of it from C.  Here the run of the frames seen before ends (a shim), or with FRAME itself. */
static bool
ends_run(const void *frame)
{
	if (layout->frame_owner == LK_ABSENT)
		return true;
	return layout->frame_is_entry != LK_ABSENT ?
	    lk_read_u8(frame, layout->frame_is_entry) != 0 :
	    lk_read_u8(frame, layout->frame_owner) >= LK_OWNER_SHIM;
}

/* Code objects die and their addresses are used again: the key also covers the pointers
 * that make one code object what it is. */
static uint64_t
key_of(const void *code, int64_t offset)
{
	uint64_t k = (uint64_t)(uintptr_t)code;

	k = (k ^ (uint64_t)offset) * 0x9e3779b97f4a7c15ULL;
	k ^= (uint64_t)(uintptr_t)lk_read_ptr(code, layout->code_linetable) + (k << 6) + (k >> 2);
	k *= 0xc2b2ae3d27d4eb4fULL;
	k ^= (uint64_t)(uintptr_t)lk_read_ptr(code, layout->code_qualname) + (k << 6) + (k >> 2);
	k *= 0x165667b19e3779f9ULL;
	k ^= (uint64_t)(uint32_t)lk_read_i32(code, layout->code_firstlineno) + (k >> 29);
	k *= 0x9e3779b97f4a7c15ULL;
	return k | 1;	/* 0 marks an empty place */
}

/* What key_of() covers, as one number.  The instruction's address stands for code and offset.
 * The line is spread out, or it would make up for the distance of two code objects. */
static inline uint64_t
frame_word(const struct lk_layout *l, uint64_t instruction, const void *code)
{
	uint64_t word = (uint64_t)(uintptr_t)lk_read_ptr(code, l->code_linetable) *
	    0xc2b2ae3d27d4eb4fULL;

	word ^= instruction;
	word += (uint64_t)(uintptr_t)lk_read_ptr(code, l->code_qualname) * 0x165667b19e3779f9ULL;
	return word +
	    (uint64_t)lk_read_i32(code, l->code_firstlineno) * 0x9e3779b97f4a7c15ULL;
}

/* 3.8 to 3.10: every frame is a frame object, and one of Python. */
static uint64_t
hash_objects(const void *tstate)
{
	const struct lk_layout *l = layout;
	const void *frame, *code;
	unsigned int left = LK_FRAMES_MAX;
	uint64_t hash = 1, instruction;

	for (frame = current_frame(tstate); frame != NULL;
	    frame = lk_read_ptr(frame, l->frame_previous)) {
		if (left-- == 0)
			return 0;
		code = lk_read_ptr(frame, l->frame_code);
		instruction = (uint64_t)(uintptr_t)code +
		    (uint64_t)lk_read_i32(frame, l->frame_lasti) * 0x9e3779b97f4a7c15ULL;
		hash = lk_stacks_mix(hash, frame_word(l, instruction, code));
	}
	return hash | 1;
}

static const void *see_frame(const void *frame, int64_t *offset);

/* Free-threaded 3.14 on: the same instruction is at another address for each thread, and that may
 * be another one's later. */
static uint64_t
hash_copies(const void *tstate)
{
	const void *frame, *code;
	unsigned int left = LK_FRAMES_MAX;
	uint64_t hash = 1;
	int64_t offset;

	for (frame = current_frame(tstate); frame != NULL;
	    frame = lk_read_ptr(frame, layout->frame_previous)) {
		if (left-- == 0)
			return 0;
		code = see_frame(frame, &offset);
		if (code != NULL)
			hash = lk_stacks_mix(hash, frame_word(layout,
			    (uint64_t)(uintptr_t)code + (uint64_t)offset, code));
	}
	return hash | 1;
}

/* Whether a frame is incomplete follows from its code and instruction, so it is not asked.  There
 * are no stores in this loop: what it reads of the layout stays in registers. */
uint64_t
lk_walk_hash(const void *tstate)
{
	const struct lk_layout *l = layout;
	const void *frame, *code, *type = code_type;
	unsigned int left = LK_FRAMES_MAX;
	uint64_t hash = 1;

	if (l->frame_lasti != LK_ABSENT)
		return hash_objects(tstate);
	if (l->frame_copy != LK_ABSENT)
		return hash_copies(tstate);
	for (frame = current_frame(tstate); frame != NULL;
	    frame = lk_read_ptr(frame, l->frame_previous)) {
		if (left-- == 0)
			return 0;
		code = lk_untagged(lk_read_ptr(frame, l->frame_code));
		if (lk_read_u8(frame, l->frame_owner) <= l->frame_owner_max && code != NULL &&
		    lk_read_ptr(code, l->object_type) == type)
			hash = lk_stacks_mix(hash, frame_word(l,
			    (uint64_t)(uintptr_t)lk_read_ptr(frame, l->frame_instr), code));
	}
	return hash | 1;
}

/* Where the bytecode begins that FRAME runs.  Without a GIL each thread specialises a copy of its
 * own; the first is the one in the code object. */
static const char *
bytecode(const void *frame, const void *code)
{
	int copy = layout->frame_copy == LK_ABSENT ? 0 : lk_read_i32(frame, layout->frame_copy);
	const void *copies;

	if (copy <= 0)
		return lk_at(code, layout->code_adaptive);
	copies = lk_read_ptr(code, layout->code_copies);
	if (copies == NULL || copy >= lk_read_i64(copies, 0))
		return lk_at(code, layout->code_adaptive);
	return lk_read_ptr(copies, (int)sizeof(void *) * (copy + 1));
}

/* The code that FRAME runs and the place in it, in bytes; NULL when it is no frame of Python. */
static const void *
see_frame(const void *frame, int64_t *offset)
{
	const void *code;

	if (layout->frame_lasti != LK_ABSENT) {
		*offset = (int64_t)lk_read_i32(frame, layout->frame_lasti) *
		    layout->frame_lasti_bytes;
		return lk_read_ptr(frame, layout->frame_code);
	}
	code = lk_untagged(lk_read_ptr(frame, layout->frame_code));
	if (is_shim(frame, code))
		return NULL;
	*offset = (const char *)lk_read_ptr(frame, layout->frame_instr) - bytecode(frame, code);
	return is_incomplete(frame, code, *offset) ? NULL : code;
}

static struct lk_raw_frame
raw_frame(const void *code, int64_t offset)
{
	struct lk_raw_frame raw = {.code = code};

	raw.offset = offset < 0 ? -1 : offset > INT32_MAX ? INT32_MAX : (int32_t)offset;
	raw.key = key_of(code, raw.offset);
	return raw;
}

uint32_t
lk_walk_frames(const void *tstate, struct lk_raw_frame *out, uint32_t max, bool *truncated)
{
	const void *frame, *code;
	uint32_t n = 0, depth = 0;
	bool run_ended = false;
	int64_t offset;

	*truncated = false;
	for (frame = current_frame(tstate); frame != NULL && depth < RAW_DEPTH_MAX;
	    frame = lk_read_ptr(frame, layout->frame_previous), depth++) {
		code = see_frame(frame, &offset);
		if (n > 0 && run_ended)
			out[n - 1].ends_run = true;
		run_ended = ends_run(frame);
		if (code == NULL)
			continue;
		if (n == max) {
			*truncated = true;
			break;
		}
		out[n++] = raw_frame(code, offset);
	}
	if (frame == NULL && n > 0)
		out[n - 1].ends_run = true;
	return n;
}

static void
each_local(const void *frame, const struct lk_raw_frame *raw,
    void (*call)(void *ctx, const struct lk_local *local), void *ctx)
{
	const void *names = lk_read_ptr(raw->code, layout->code_locals);
	int64_t count = names == NULL ? 0 : lk_read_i64(names, layout->var_size), i;
	struct lk_local local = {.frame = raw};

	for (i = 0; i < count; i++) {
		local.value = lk_untagged(lk_read_ptr(frame,
		    layout->frame_locals + (int)sizeof(void *) * (int)i));
		local.name = lk_read_ptr(names, layout->tuple_items +
		    (int)sizeof(void *) * (int)i);
		if (local.value != NULL)
			call(ctx, &local);
	}
}

void
lk_walk_locals(const void *tstate, void (*call)(void *ctx, const struct lk_local *local), void *ctx)
{
	unsigned int left = RAW_DEPTH_MAX;
	struct lk_raw_frame raw;
	const void *frame, *code;
	int64_t offset;

	for (frame = current_frame(tstate); frame != NULL && left > 0;
	    frame = lk_read_ptr(frame, layout->frame_previous), left--) {
		code = see_frame(frame, &offset);
		if (code == NULL)
			continue;
		raw = raw_frame(code, offset);
		each_local(frame, &raw, call, ctx);
	}
}

static int
larger(int a, int b)
{
	return a > b ? a : b;
}

/* How much of a frame, and of a code object, is read. */
static size_t
frame_bytes(void)
{
	const struct lk_layout *l = layout;
	int last = larger(larger(l->frame_code, l->frame_previous),
	    larger(l->frame_instr, l->frame_lasti));

	last = larger(larger(last, l->frame_owner), larger(l->frame_is_entry, l->frame_copy));
	return (size_t)last + sizeof(void *);
}

static size_t
code_bytes(void)
{
	const struct lk_layout *l = layout;
	int last = larger(larger(l->code_filename, l->code_qualname),
	    larger(l->code_firstlineno, l->code_linetable));

	last = larger(larger(last, l->code_firsttraceable), l->code_copies);
	return (size_t)last + sizeof(void *);
}

bool
lk_walk_is_sound(const void *tstate, lk_walk_readable_fn readable, void *ctx)
{
	const void *frame, *code;
	unsigned int left = LK_FRAMES_MAX * 2;
	bool is_code;

	for (frame = current_frame(tstate); frame != NULL && left > 0; left--) {
		if (!readable(ctx, frame, frame_bytes()))
			return false;
		code = lk_untagged(lk_read_ptr(frame, layout->frame_code));
		if (code != NULL && !readable(ctx, code,
		    (size_t)layout->object_type + sizeof(void *)))
			return false;
		is_code = code != NULL && lk_read_ptr(code, layout->object_type) == code_type;
		if (is_code ? !readable(ctx, code, code_bytes()) : layout->frame_lasti != LK_ABSENT)
			return false;
		frame = lk_read_ptr(frame, layout->frame_previous);
	}
	return true;
}

void
lk_walk_resolve(const struct lk_raw_frame *raw, struct lk_frame_words *out)
{
	static char function[LK_STRINGS_LENGTH_MAX], file[LK_STRINGS_LENGTH_MAX];
	const void *code = raw->code;
	const void *table = lk_read_ptr(code, layout->code_linetable);
	struct lk_linetable lines = {
		.bytes = (const uint8_t *)lk_at(table, layout->bytes_data),
		.length = (size_t)lk_read_i64(table, layout->var_size),
		.first_line = lk_read_i32(code, layout->code_firstlineno),
		.form = layout->lines,
	};

	out->function = function;
	out->function_length = lk_names_copy(layout, lk_read_ptr(code, layout->code_qualname),
	    function, sizeof(function));
	out->file = file;
	out->file_length = lk_names_copy(layout, lk_read_ptr(code, layout->code_filename), file,
	    sizeof(file));
	out->line = lk_lines_find(&lines, raw->offset);
}
