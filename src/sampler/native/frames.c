#include "config.h"

#include "sampler/native/frames.h"

#include <stddef.h>

#include "leaktop/sampler.h"
#include "sampler/native/merge.h"
#include "sampler/native/objects.h"
#include "sampler/native/unwind.h"

#define EVAL_LOOP_PARTS	2u	/* the function, its cold part */

static struct {
	uintptr_t	begin, end;
} eval_loop[EVAL_LOOP_PARTS];
static unsigned int eval_loop_parts;

void
lk_frames_eval_loop(uintptr_t begin, uintptr_t end)
{
	unsigned int i;

	for (i = 0; i < eval_loop_parts; i++)
		if (eval_loop[i].begin == begin)
			return;
	if (eval_loop_parts == EVAL_LOOP_PARTS)
		return;
	eval_loop[eval_loop_parts].begin = begin;
	eval_loop[eval_loop_parts].end = end;
	eval_loop_parts++;
}

static bool
is_eval_loop(uintptr_t address)
{
	unsigned int i;

	for (i = 0; i < eval_loop_parts; i++)
		if (address >= eval_loop[i].begin && address < eval_loop[i].end)
			return true;
	return false;
}

static uint8_t
code_of(uintptr_t address, const struct lk_object *object)
{
	static const uint8_t codes[] = {
		[LK_OBJECT_OTHER] = LK_CODE_OTHER,
		[LK_OBJECT_LIBC] = LK_CODE_LIBC,
		[LK_OBJECT_INTERPRETER] = LK_CODE_INTERPRETER,
		[LK_OBJECT_OURS] = LK_CODE_OURS,
	};

	if (object->kind == LK_OBJECT_INTERPRETER && is_eval_loop(address))
		return LK_CODE_EVAL;
	return codes[object->kind];
}

/* A call may be the last instruction of its function: what it returns to is the next one's. */
static void
see(const void *pc, struct lk_raw_frame *raw, uint8_t *code)
{
	uintptr_t call = (uintptr_t)pc - 1;
	struct lk_object object;

	if (lk_objects_find(call, &object)) {
		*code = code_of(call, &object);
		lk_objects_frame((uintptr_t)pc, &object, raw);
	} else {
		*code = LK_CODE_OTHER;
		lk_objects_frame((uintptr_t)pc, NULL, raw);
	}
}

uint32_t
lk_frames_join(const struct lk_trace *trace, const struct lk_raw_frame *python, uint32_t count,
    struct lk_raw_frame *out, uint32_t max, bool *truncated)
{
	static struct lk_raw_frame raw[LK_FRAMES_MAX];
	static uint8_t code[LK_FRAMES_MAX];
	const struct lk_merge_list native = {raw, code, trace->count,
	    trace->count == LK_FRAMES_MAX};
	const struct lk_merge_list interpreted = {python, NULL, count, *truncated};
	uint32_t i;

	for (i = 0; i < trace->count; i++)
		see(trace->pc[i], &raw[i], &code[i]);
	return lk_merge_frames(&native, &interpreted, out, max, truncated);
}

uint64_t
lk_frames_hash(uint64_t hash, const struct lk_trace *trace)
{
	uint32_t i;

	hash = lk_stacks_mix(hash, lk_objects_version());
	for (i = 0; i < trace->count; i++)
		hash = lk_stacks_mix(hash, (uint64_t)(uintptr_t)trace->pc[i]);
	return hash | 1;
}
