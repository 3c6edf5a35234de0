/* selfcheck_try - the check of the start inside an interpreter that selfcheck.py runs, after one
 * member of its row was made wrong.  A library for ctypes; nothing is hooked. */
#include "config.h"

#include <pthread.h>
#include <stddef.h>

#include "base/attr.h"
#include "sampler/cpython/layout.h"
#include "sampler/cpython/offsets.h"
#include "sampler/cpython/selfcheck.h"
#include "sampler/cpython/symbols.h"

/* For ctypes. */
LK_EXPORT const char *try_member(int i);
LK_EXPORT const char *try_run(int i, int delta);

#define MEMBER(name) {#name, offsetof(struct lk_layout, name)}

static const struct {
	const char	*name;
	size_t		 at;
} members[] = {
	MEMBER(tstate_interp), MEMBER(tstate_cframe), MEMBER(tstate_current_frame),
	MEMBER(cframe_current_frame), MEMBER(frame_code), MEMBER(frame_previous),
	MEMBER(frame_lasti), MEMBER(frame_instr), MEMBER(frame_owner),
	MEMBER(frame_locals), MEMBER(code_locals), MEMBER(code_filename),
	MEMBER(code_qualname), MEMBER(code_firstlineno), MEMBER(code_linetable), MEMBER(lines),
	MEMBER(code_adaptive), MEMBER(code_firsttraceable), MEMBER(object_type),
	MEMBER(var_size), MEMBER(type_name), MEMBER(type_basicsize), MEMBER(type_flags),
	MEMBER(unicode_length), MEMBER(unicode_state), MEMBER(unicode_ascii),
	MEMBER(unicode_compact), MEMBER(bytes_data), MEMBER(list_items), MEMBER(list_allocated),
	MEMBER(tuple_items), MEMBER(set_used), MEMBER(set_mask), MEMBER(set_table),
	MEMBER(set_smalltable), MEMBER(set_bytes), MEMBER(dict_used), MEMBER(dict_keys),
	MEMBER(dict_values), MEMBER(keys_size), MEMBER(keys_log2_index_bytes),
	MEMBER(keys_usable), MEMBER(keys_nentries), MEMBER(runtime_gc), MEMBER(interp_gc),
	MEMBER(gc_collecting), MEMBER(gc_generation0), MEMBER(gc_generation_bytes),
	MEMBER(gc_permanent), MEMBER(runtime_interpreters_main),
};

static struct lk_symbols py;
static struct lk_layout layout;
static const char *said;

static void *
body(void *unused)
{
	int gil = py.gil_ensure();

	(void)unused;
	said = lk_selfcheck_run_callspy(&py, &layout);
	py.gil_release(gil);
	return NULL;
}

/* The I-th member's name; NULL after the last, and for one that this interpreter has not. */
const char *
try_member(int i)
{
	const char *why;
	int value;

	if (i < 0 || (size_t)i >= LK_COUNT_OF(members) || lk_symbols_find(&py) != NULL)
		return NULL;
	memcpy(&value, (const char *)lk_layout_for(py.get_version(), &why) + members[i].at,
	    sizeof(value));
	return value == LK_ABSENT ? "" : members[i].name;
}

/* What the check says when the I-th member is off by DELTA; -1: with all as they are. */
const char *
try_run(int i, int delta)
{
	const struct lk_layout *row;
	const char *why;
	pthread_t thread;
	int value;

	why = lk_symbols_find(&py);
	row = why != NULL ? NULL : lk_layout_for(py.get_version(), &why);
	if (row != NULL)
		why = lk_offsets_take(row, py.runtime, &layout);
	if (why != NULL)
		return why;
	if (i >= 0) {
		memcpy(&value, (char *)&layout + members[i].at, sizeof(value));
		value += delta;
		memcpy((char *)&layout + members[i].at, &value, sizeof(value));
	}
	if (pthread_create(&thread, NULL, body, NULL) != 0)
		return "no thread";
	pthread_join(thread, NULL);
	return said;
}
