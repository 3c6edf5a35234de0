#include "config.h"

#include "sampler/cpython/offsets.h"

#include "base/attr.h"
#include "sampler/cpython/layout.h"

#define FIRST_MINOR	13
#define MINORS		3	/* with words: 3.13, 3.14, 3.15 */
#define COOKIE		"xdebugpy"
#define WORD_VERSION	1	/* PY_VERSION_HEX */
#define WORD_FREE_THREADED 2
#define VERSION_MINOR(hex) ((int)((hex) >> 16 & 0xff))

/* Which words are taken for a member of the row: where it is in its struct, and the size of
 * that struct.  0: this minor has no such word. */
#define TAKEN(member, a, b, c, size_a, size_b, size_c)                                         \
	{offsetof(struct lk_layout, member), "layout check: " #member, {a, b, c},              \
	    {size_a, size_b, size_c}}

static const struct {
	size_t		 member;
	const char	*failed;
	uint8_t		 word[MINORS], size_word[MINORS];
} taken[] = {
	TAKEN(runtime_finalizing, 4, 4, 4,  3, 3, 3),
	TAKEN(runtime_interpreters_main, 5, 5, 5,  3, 3, 3),
	TAKEN(interp_next, 8, 8, 8,  6, 6, 6),
	TAKEN(interp_gc, 10, 11, 11,  6, 6, 6),
	TAKEN(interp_gil, 14, 15, 15,  6, 6, 6),
	TAKEN(tstate_interp, 22, 25, 25,  19, 22, 22),
	TAKEN(tstate_current_frame, 23, 26, 26,  19, 22, 22),
	TAKEN(frame_previous, 29, 32, 40,  28, 31, 39),
	TAKEN(frame_code, 30, 33, 41,  28, 31, 39),
	TAKEN(frame_instr, 31, 34, 42,  28, 31, 39),
	TAKEN(frame_locals, 32, 35, 43,  28, 31, 39),
	TAKEN(frame_owner, 33, 36, 44,  28, 31, 39),
	TAKEN(code_filename, 35, 40, 48,  34, 39, 47),
	TAKEN(code_qualname, 37, 42, 50,  34, 39, 47),
	TAKEN(code_linetable, 38, 43, 51,  34, 39, 47),
	TAKEN(code_firstlineno, 39, 44, 52,  34, 39, 47),
	TAKEN(code_locals, 41, 46, 54,  34, 39, 47),
	TAKEN(code_adaptive, 43, 48, 56,  34, 39, 47),
	TAKEN(type_name, 47, 53, 61,  46, 52, 60),
	TAKEN(type_flags, 49, 55, 63,  46, 52, 60),
	TAKEN(tuple_items, 51, 57, 69,  50, 56, 68),
	TAKEN(list_items, 54, 60, 72,  53, 59, 71),
	TAKEN(dict_keys, 57, 67, 79,  56, 66, 78),
	TAKEN(dict_values, 58, 68, 80,  56, 66, 78),
	TAKEN(set_used, 0, 63, 75,  0, 62, 74),
	TAKEN(set_table, 0, 64, 76,  0, 62, 74),
	TAKEN(set_mask, 0, 65, 77,  0, 62, 74),
	TAKEN(bytes_data, 66, 76, 88,  64, 74, 86),
	TAKEN(unicode_state, 68, 78, 90,  67, 77, 89),
	TAKEN(unicode_length, 69, 79, 91,  67, 77, 89),
	TAKEN(unicode_ascii, 70, 80, 92,  67, 77, 89),
	TAKEN(unicode_compact, 0, 0, 93,  0, 0, 89),
	TAKEN(gc_collecting, 72, 82, 95,  71, 81, 94),
	TAKEN(gc_stats, 0, 0, 98,  0, 0, 94),
};

/* What is the same in every object, so that the row has to be right. */
static const struct {
	const char	*failed;
	uint8_t		 word[MINORS];
	size_t		 member;
} expected[] = {
	{"layout check: object size", {44, 50, 58}, offsetof(struct lk_layout, var_size)},
	{"layout check: object type", {45, 51, 59}, offsetof(struct lk_layout, object_type)},
	{"layout check: size of a list", {55, 61, 73}, offsetof(struct lk_layout, var_size)},
};

static const uint8_t gc_size_word[MINORS] = {71, 81, 94};

static int64_t
word(const void *runtime, int number)
{
	return lk_read_i64(runtime, number * 8);
}

static const char *
take(struct lk_layout *out, const void *runtime, int era)
{
	int adaptive = out->code_adaptive, at;
	int64_t value;
	size_t i;

	for (i = 0; i < LK_COUNT_OF(expected); i++)
		if (word(runtime, expected[i].word[era]) !=
		    lk_read_i32(out, (int)expected[i].member))
			return expected[i].failed;
	for (i = 0; i < LK_COUNT_OF(taken); i++) {
		if (taken[i].word[era] == 0)
			continue;
		value = word(runtime, taken[i].word[era]);
		if (value < 0 || value > INT32_MAX ||
		    value >= word(runtime, taken[i].size_word[era]))
			return taken[i].failed;
		at = (int)value;
		memcpy((char *)out + taken[i].member, &at, sizeof(at));
	}
	/* No word tells it; its distance to the bytecode is that of the row. */
	out->code_firsttraceable += out->code_adaptive - adaptive;
	out->runtime_interpreters_main += (int)sizeof(void *);	/* the word is of the head */
	return NULL;
}

/* The size of the collector's state tells its kind.  3.14.0 to 3.14.4 collect incrementally: no
 * pointer to the youngest list, which is where the others' first list is.  Vendors changed the
 * kind in patch levels of their own, so the version says nothing. */
static const char *
take_collector(struct lk_layout *out, int64_t size_bytes)
{
	static const struct {
		int	minor, size_bytes, young;
		bool	free_threaded;
	} kinds[] = {
		{13, 240, LK_ABSENT, false}, {14, 264, LK_ABSENT, false}, {14, 240, 24, false},
		{15, 176, LK_ABSENT, false}, {13, 248, 20, true}, {14, 288, 24, true},
	};
	size_t i;

	for (i = 0; i < LK_COUNT_OF(kinds); i++) {
		if (kinds[i].minor != out->minor || kinds[i].size_bytes != size_bytes ||
		    kinds[i].free_threaded != out->free_threaded)
			continue;
		out->gc_young = kinds[i].young;
		if (out->gc_young != LK_ABSENT)
			out->gc_generation0 = LK_ABSENT;
		return NULL;
	}
	return "layout check: size of the collector's state";
}

const char *
lk_offsets_take(const struct lk_layout *row, const void *runtime, struct lk_layout *out)
{
	int era = row->minor - FIRST_MINOR;
	const char *failed;

	*out = *row;
	if (era < 0)
		return NULL;
	if (era >= MINORS || memcmp(runtime, COOKIE, 8) != 0)
		return "layout check: no debug offsets";
	if (VERSION_MINOR(word(runtime, WORD_VERSION)) != row->minor)
		return "layout check: debug offsets of another version";
	if ((word(runtime, WORD_FREE_THREADED) != 0) != row->free_threaded)
		return "layout check: whether it is free-threaded";
	failed = take(out, runtime, era);
	return failed != NULL ? failed :
	    take_collector(out, word(runtime, gc_size_word[era]));
}
