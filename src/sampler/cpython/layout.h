/* layout.h - where CPython keeps what the sampler reads: one row per minor version.
 * Room: sampler/cpython; sampler/heap reads the rows too.
 *
 * All offsets are bytes, LP64, release and debug alike; builds without the GIL have rows of their
 * own (v3*t.c).  They were printed by
 * offsetof() against the headers of each minor and checked in live interpreters; from 3.13
 * on lk_offsets_take() prefers the interpreter's own _Py_DebugOffsets.  lk_selfcheck_run() tries
 * the result before it is used.
 * A field that a minor does not have is LK_ABSENT: spelled, not guessed. */
#ifndef LK_SAMPLER_CPYTHON_LAYOUT_H
#define LK_SAMPLER_CPYTHON_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "sampler/cpython/lines.h"

#define LK_ABSENT	(-1)

struct lk_layout {
	int	minor;
	bool	free_threaded;		/* no GIL: hash mode, no lists of tracked objects */
	/* thread state and frames */
	int	tstate_interp;
	int	tstate_cframe;		/* _PyCFrame *: 3.11 and 3.12 */
	int	tstate_current_frame;	/* else; <= 3.10 a frame object */
	int	cframe_current_frame;
	int	frame_code;		/* code object; 3.13 on any "executable", 3.14 on tagged */
	int	frame_previous;
	int	frame_lasti;		/* <= 3.10: i32, of ... */
	int	frame_lasti_bytes;	/* ... so many bytes each; negative: not begun */
	int	frame_instr;		/* 3.11 on: prev_instr (<= 3.12), instr_ptr */
	int	frame_owner;		/* 3.11 on: u8 */
	int	frame_owner_max;	/* owners above are entry shims, not Python frames */
	int	frame_copy;		/* free-threaded 3.14 on: i32, which of code_copies */
	int	frame_is_entry;		/* 3.11: u8; else shims tell, or each is one (<= 3.10) */
	int	frame_locals;		/* the first of its local variables; 3.14 on tagged */
	/* code */
	int	code_filename;
	int	code_qualname;		/* co_name where there is none, <= 3.10 */
	int	code_firstlineno;
	int	code_linetable;		/* co_lnotab <= 3.9 */
	int	code_locals;		/* a tuple of their names; <= 3.10 without cells */
	enum lk_lines_form lines;	/* what is written there */
	int	code_adaptive;		/* first code unit */
	int	code_copies;		/* pointer to a count and pointers: bytecode by thread */
	int	code_firsttraceable;	/* int: units before it run in an incomplete frame */
	/* objects */
	int	object_type;		/* LK_OBJECT_TYPE with a GIL */
	int	var_size;		/* LK_VAR_SIZE with a GIL */
	int	type_name, type_basicsize, type_flags, type_dict;
	int	unicode_length, unicode_state, unicode_ascii, unicode_compact;
	int	unicode_kind_shift;	/* of the three bits; compact and ascii are above */
	int	bytes_data;
	int	list_items, list_allocated;
	int	tuple_items;
	int	set_used, set_mask, set_table, set_smalltable, set_bytes;
	int	dict_used, dict_keys, dict_values;
	int	keys_size;		/* <= 3.10: i64; the size of an index follows from it */
	int	keys_log2_index_bytes, keys_kind;	/* 3.11 on: u8 */
	int	keys_usable, keys_nentries;
	int	keys_header_bytes;
	int	refcount_bytes;		/* 4 from 3.12 on: what is above is no count; free-threaded:
					 * LK_ABSENT, there are two */
	int	bytearray_alloc;
	int	bytearray_storage;	/* ob_bytes; 3.15: the bytes object they are in */
	/* collector */
	int	runtime_gc;		/* 3.8: of the process */
	int	interp_gc;		/* else of each interpreter */
	int	interp_next;		/* the one that was made before; 3.8 has one collector */
	int	interp_gil;		/* pointer; <= 3.11 they share one */
	int	gc_enabled, gc_permanent, gc_collecting;
	int	gc_garbage_behind;	/* gc.garbage, from gc_collecting on */
	int	gc_generation0;		/* pointer to the youngest list */
	int	gc_young;		/* that list, where there is no pointer */
	int	gc_generation_bytes;	/* head, threshold, count */
	int	gc_stats;		/* three records, or a pointer to rings of them */
	bool	gc_stats_in_rings;
	/* runtime */
	int	runtime_interpreters_main;
	int	runtime_finalizing;
	int	runtime_finishing;	/* int: pending calls are refused, with an error printed */
};

/* Common to all minors so far; the headers of objects in builds with a GIL only, which is where the
 * walk of the heap can be had. */
#define LK_OBJECT_REFCOUNT	0
#define LK_OBJECT_TYPE		8
#define LK_VAR_SIZE		16
#define LK_KEYS_REFCOUNT	0	/* of the keys of a dict */
#define LK_CELL_CONTENT	16
#define LK_TYPE_ITEMSIZE	40
#define LK_TYPE_TRAVERSE	184
#define LK_TYPE_BASE		256
#define LK_TYPE_DICTOFFSET	288
#define LK_GC_HEAD_BYTES	16
#define LK_OWNER_GENERATOR	1
#define LK_OWNER_SHIM		3	/* and above, 3.12 on: C calls the eval loop */
#define LK_OWNER_LAST		4	/* no frame has one above */
#define LK_CODE_UNIT_BYTES	2

extern const struct lk_layout lk_py_v308;
extern const struct lk_layout lk_py_v309;
extern const struct lk_layout lk_py_v310;
extern const struct lk_layout lk_py_v311;
extern const struct lk_layout lk_py_v312;
extern const struct lk_layout lk_py_v313;
extern const struct lk_layout lk_py_v313t;
extern const struct lk_layout lk_py_v314;
extern const struct lk_layout lk_py_v314t;
extern const struct lk_layout lk_py_v315;

/* lk_layout_for - the row of Py_GetVersion()'s answer.
 * Returns: NULL with *why set when this interpreter is not known. */
const struct lk_layout *lk_layout_for(const char *version, const char **why);
bool lk_layout_is_free_threaded(const char *version);

/* Stack references have tags in their low bits, from 3.14 on; objects are aligned to 8. */
static inline const void *
lk_untagged(const void *p)
{
	return (const void *)((uintptr_t)p & ~(uintptr_t)7);
}

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

static inline int64_t
lk_refcount(const struct lk_layout *l, const void *object)
{
	return l->refcount_bytes == 4 ? (uint32_t)lk_read_i32(object, LK_OBJECT_REFCOUNT) :
	    lk_read_i64(object, LK_OBJECT_REFCOUNT);
}

static inline uint8_t
lk_read_u8(const void *p, int offset)
{
	return *(const uint8_t *)lk_at(p, offset);
}

#endif
