#include "config.h"

#include "sampler/native/merge.h"

struct output {
	struct lk_raw_frame	*frames;
	uint32_t		 count, max;
	bool			 full;
};

static void
put(struct output *out, const struct lk_raw_frame *frame)
{
	if (out->count < out->max)
		out->frames[out->count++] = *frame;
	else
		out->full = true;
}

static uint32_t
count_evals(const struct lk_merge_list *native, uint32_t *outermost)
{
	uint32_t i, n = 0;

	for (i = 0; i < native->count; i++) {
		if (native->code[i] != LK_CODE_EVAL)
			continue;
		*outermost = i;
		n++;
	}
	return n;
}

static uint32_t
count_runs(const struct lk_merge_list *python)
{
	uint32_t i, n = 0;

	for (i = 0; i < python->count; i++)
		n += python->raw[i].ends_run;
	return n;
}

/* One run, from *NEXT on. */
static void
put_run(struct output *out, const struct lk_merge_list *python, uint32_t *next)
{
	while (*next < python->count) {
		put(out, &python->raw[*next]);
		if (python->raw[(*next)++].ends_run)
			break;
	}
}

static void
put_rest(struct output *out, const struct lk_merge_list *python, uint32_t next)
{
	for (; next < python->count; next++)
		put(out, &python->raw[next]);
}

static bool
is_shown(uint8_t code, bool outward, bool last)
{
	return (code == LK_CODE_OTHER && !last) || (code == LK_CODE_LIBC && !outward);
}

static void
put_native_alone(struct output *out, const struct lk_merge_list *native)
{
	uint32_t i;

	for (i = 0; i < native->count; i++)
		if (native->code[i] != LK_CODE_OURS)
			put(out, &native->raw[i]);
}

static void
put_in_place(struct output *out, const struct lk_merge_list *native,
    const struct lk_merge_list *python, uint32_t outermost)
{
	uint32_t i, next = 0;

	for (i = 0; i < native->count; i++) {
		if (native->code[i] == LK_CODE_EVAL)
			put_run(out, python, &next);
		else if (is_shown(native->code[i], i > outermost,
		    i > outermost && i + 1 == native->count && !native->truncated))
			put(out, &native->raw[i]);
	}
	put_rest(out, python, next);	/* the eval loops of these were cut off */
}

static void
put_innermost(struct output *out, const struct lk_merge_list *native,
    const struct lk_merge_list *python)
{
	uint32_t i;

	for (i = 0; i < native->count && native->code[i] != LK_CODE_EVAL; i++)
		if (is_shown(native->code[i], false, false))
			put(out, &native->raw[i]);
	put_rest(out, python, 0);
}

uint32_t
lk_merge_frames(const struct lk_merge_list *native, const struct lk_merge_list *python,
    struct lk_raw_frame *out_frames, uint32_t max, bool *truncated)
{
	struct output out = {out_frames, 0, max, false};
	uint32_t outermost = native->count, evals, runs;

	evals = count_evals(native, &outermost);
	runs = count_runs(python);
	if (python->count == 0)
		put_native_alone(&out, native);
	else if (evals == runs || (native->truncated && evals < runs) ||
	    (python->truncated && evals > runs))
		put_in_place(&out, native, python, outermost);
	else
		put_innermost(&out, native, python);
	*truncated = out.full || native->truncated || python->truncated;
	return out.count;
}
