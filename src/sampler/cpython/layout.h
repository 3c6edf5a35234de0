/* layout.h - where CPython keeps what the sampler reads: one row per minor version.
 * Room: sampler/cpython; sampler/heap reads the rows too.
 *
 * All offsets are bytes, LP64, GIL builds, release and debug alike.  They were printed by
 * offsetof() against the headers of each minor and checked in live interpreters; from 3.13
 * on lk_layout_check() also compares them with the interpreter's own _Py_DebugOffsets.
 * A field that a minor does not have is LK_ABSENT: spelled, not guessed. */
#ifndef LK_SAMPLER_CPYTHON_LAYOUT_H
#define LK_SAMPLER_CPYTHON_LAYOUT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LK_ABSENT	(-1)

struct lk_layout {
	int	minor;
	/* thread state and frames */
	int	tstate_interp;
	int	tstate_cframe;		/* _PyCFrame *, <= 3.12 */
	int	tstate_current_frame;	/* 3.13 on */
	int	cframe_current_frame;
	int	frame_code;		/* code object; 3.13 on any "executable" */
	int	frame_previous;
	int	frame_instr;		/* prev_instr (<= 3.12), instr_ptr */
	int	frame_owner;		/* u8 */
	int	frame_owner_max;	/* owners above are entry shims, not Python frames */
	int	frame_is_entry;		/* 3.11: u8; 0: shims tell, or (<= 3.10) each frame is one */
	/* code */
	int	code_filename, code_qualname, code_firstlineno, code_linetable;
	int	code_adaptive;		/* first code unit */
	int	code_firsttraceable;	/* int: units before it run in an incomplete frame */
	/* objects */
	int	type_name, type_basicsize, type_flags, type_dict;
	int	unicode_length, unicode_state, unicode_ascii, unicode_compact;
	int	bytes_data;
	int	list_items, list_allocated;
	int	tuple_items;
	int	set_used, set_mask, set_table, set_smalltable, set_bytes;
	int	dict_used, dict_keys, dict_values;
	int	keys_log2_size, keys_log2_index_bytes, keys_kind, keys_usable, keys_nentries;
	int	keys_header_bytes;
	int	deque_maxlen;
	int	bytearray_alloc;
	/* collector */
	int	interp_gc;
	int	gc_enabled, gc_generation0, gc_permanent, gc_stats, gc_collecting;
	int	gc_generation_bytes;	/* head, threshold, count */
	/* runtime */
	int	runtime_interpreters_main;
	int	runtime_finalizing;
};

/* Common to all minors so far. */
#define LK_OBJECT_REFCOUNT	0
#define LK_OBJECT_TYPE		8
#define LK_VAR_SIZE		16
#define LK_GC_HEAD_BYTES	16
#define LK_OWNER_GENERATOR	1
#define LK_OWNER_SHIM		3	/* from 3.12 on, where the C code calls the eval loop */
#define LK_CODE_UNIT_BYTES	2

extern const struct lk_layout lk_py_v311;
extern const struct lk_layout lk_py_v312;
extern const struct lk_layout lk_py_v313;

/* lk_layout_for - the row of Py_GetVersion()'s answer.
 * Returns: NULL with *why set when this interpreter is not known. */
const struct lk_layout *lk_layout_for(const char *version, const char **why);

/* lk_layout_check - compare the row with what the interpreter says of itself.
 * Returns: NULL when they agree, else which check failed.  RUNTIME: &_PyRuntime. */
const char *lk_layout_check(const struct lk_layout *layout, const void *runtime);

/* Raw reads: the target is our own process and the object is alive. */
static inline const char *
lk_at(const void *p, int offset)
{
	return (const char *)p + offset;
}

static inline const void *
lk_read_ptr(const void *p, int offset)
{
	const void *v;

	memcpy(&v, lk_at(p, offset), sizeof(v));
	return v;
}

static inline int64_t
lk_read_i64(const void *p, int offset)
{
	int64_t v;

	memcpy(&v, lk_at(p, offset), sizeof(v));
	return v;
}

static inline int32_t
lk_read_i32(const void *p, int offset)
{
	int32_t v;

	memcpy(&v, lk_at(p, offset), sizeof(v));
	return v;
}

static inline uint8_t
lk_read_u8(const void *p, int offset)
{
	return *(const uint8_t *)lk_at(p, offset);
}

#endif
