#include "config.h"

#include "sampler/cpython/selfcheck.h"

#include <stdlib.h>

#include "base/attr.h"
#include "sampler/cpython/collector.h"
#include "sampler/cpython/layout.h"
#include "sampler/cpython/names.h"
#include "sampler/cpython/probe.h"
#include "sampler/cpython/symbols.h"
#include "sampler/cpython/walk.h"

#define FILE_INPUT	257	/* Py_file_input */
#define FLAGS_OF_TYPES	0xfe000000L	/* Py_TPFLAGS_LIST_SUBCLASS and the others */
#define SET_MASK	7	/* of a small set */
#define KEYS_SLOTS	8	/* of a small dict ... */
#define KEYS_USABLE	5	/* ... and how many of them it uses */
#define OBJECT_BYTES	40	/* that the smallest of ours has */
#define STATE_BYTES	168	/* of the collector that are read, at least */
#define STATS_BYTES	1112	/* of its rings */
#define TABLE_MAX_BYTES	1000	/* of the lines of our functions */
#define CHAIN_MAX	16	/* our frames, and what is between them */
#define SHIMS_FROM	12	/* C calls the eval loop through a frame of its own */
#define NODES_MAX	4096	/* a new object is near the end of its list */
#define QUALNAMES_FROM	11
#define FILE_NAME	"<leaktop>"
#define GC_MASK		(~(uintptr_t)3)

/* The lines below are known by their numbers. */
static const char source[] =
    "def outer(look):\n"
    "    def inner():\n"
    "        text = 'one'\n"
    "        group = {text, 'two', 'gone'}\n"
    "        group.discard('gone')\n"
    "        look([text, 'two', 'three'], {'key': text, 'other': 2}, group, b'bytes',\n"
    "             text, 'caf\\xe9', '\\u20ac', '\\U0001f40d')\n"
    "\n"
    "    inner()\n"
    "\n"
    "outer(look)\n";

/* How far a frame is incomplete: to copy a free variable is one code unit, as to make a cell. */
static const struct {
	const char	*qualname, *name;
	uint32_t	 line;
	int		 incomplete_units;
} expected[] = {
	{"outer.<locals>.inner", "inner", 6, 1},
	{"outer", "outer", 9, 1},
	{"<module>", "<module>", 11, 0},
};

enum { A_LIST, A_DICT, A_SET, BYTES, FIRST_STR, ARGUMENTS = 8 };

static const struct lk_symbols *py;
static const struct lk_layout *layout;
static const char *failed;

static const void *
type_of(const void *object)
{
	return lk_read_ptr(object, layout->object_type);
}

static bool
is_text(const void *str, const char *text)
{
	char copy[32];
	size_t n;

	if (!lk_probe_readable(str, OBJECT_BYTES) || type_of(str) != py->unicode_type)
		return false;
	n = lk_names_copy(layout, str, copy, sizeof(copy));
	return n == strlen(text) && memcmp(copy, text, n) == 0;
}

/* ---- objects --------------------------------------------------------------------------- */

static const char *
check_type(void)
{
	const struct {
		const void	*type;
		int64_t		 flag;
	} types[] = {
		{py->list_type, 1L << 25}, {py->tuple_type, 1L << 26}, {py->bytes_type, 1L << 27},
		{py->unicode_type, 1L << 28}, {py->dict_type, 1L << 29}, {py->set_type, 0},
	};
	const char *name = lk_probe_ptr(py->list_type, layout->type_name, sizeof(int64_t));
	size_t i;

	if (lk_read_i64(py->list_type, layout->type_basicsize) !=
	    layout->list_allocated + (int)sizeof(int64_t))
		return "self-check: the size of a type";
	for (i = 0; i < LK_COUNT_OF(types); i++)
		if ((lk_read_i64(types[i].type, layout->type_flags) & FLAGS_OF_TYPES) !=
		    types[i].flag)
			return "self-check: the flags of a type";
	return name != NULL && memcmp(name, "list", 5) == 0 ? NULL :
	    "self-check: the name of a type";
}

static const char *
check_list(const void *list)
{
	const void *items;
	int64_t allocated;

	if (type_of(list) != py->list_type || lk_read_i64(list, layout->var_size) != 3)
		return "self-check: the length of a list";
	allocated = lk_read_i64(list, layout->list_allocated);
	if (allocated < 3 || allocated > 32)
		return "self-check: the room in a list";
	items = lk_probe_ptr(list, layout->list_items, 3 * sizeof(void *));
	return items != NULL && is_text(lk_read_ptr(items, 2 * sizeof(void *)), "three") ? NULL :
	    "self-check: the items of a list";
}

static const char *
check_dict(const void *dict)
{
	const void *keys;
	int64_t usable, slots;

	if (type_of(dict) != py->dict_type || lk_read_i64(dict, layout->dict_used) != 2)
		return "self-check: the length of a dict";
	keys = lk_probe_ptr(dict, layout->dict_keys, (size_t)layout->keys_header_bytes);
	if (keys == NULL)
		return "self-check: the keys of a dict";
	usable = lk_read_i64(keys, layout->keys_usable);
	slots = layout->keys_size != LK_ABSENT ? lk_read_i64(keys, layout->keys_size) :
	    1 << lk_read_u8(keys, layout->keys_log2_index_bytes);
	if (slots != KEYS_SLOTS || usable != KEYS_USABLE - 2 ||
	    lk_read_i64(keys, layout->keys_nentries) != 2 ||
	    lk_read_ptr(dict, layout->dict_values) != NULL)
		return "self-check: the keys of a dict";
	return NULL;
}

static const char *
check_set(const void *set)
{
	if (type_of(set) != py->set_type || lk_read_i64(set, layout->set_used) != 2 ||
	    lk_read_i64(py->set_type, layout->type_basicsize) != layout->set_bytes)
		return "self-check: the length of a set";
	return lk_read_i64(set, layout->set_mask) == SET_MASK && lk_read_ptr(set,
	    layout->set_table) == lk_at(set, layout->set_smalltable) ? NULL :
	    "self-check: the table of a set";
}

static const char *
check_texts(const void *const arguments[])
{
	static const char *const texts[] = {
		"one", "caf\303\251", "\342\202\254", "\360\237\220\215",
	};
	const void *bytes = arguments[BYTES];
	size_t i;

	if (type_of(bytes) != py->bytes_type || lk_read_i64(bytes, layout->var_size) != 5 ||
	    memcmp(lk_at(bytes, layout->bytes_data), "bytes", 6) != 0)
		return "self-check: a bytes";
	for (i = 0; i < LK_COUNT_OF(texts); i++)
		if (!is_text(arguments[FIRST_STR + i], texts[i]))
			return "self-check: a str";
	return NULL;
}

static const char *
check_objects(const void *const arguments[])
{
	const char *why = check_type();
	int64_t references = layout->refcount_bytes == LK_ABSENT ? 1 :
	    lk_refcount(layout, arguments[A_LIST]);

	if (why == NULL)
		why = check_texts(arguments);
	if (why == NULL)
		why = check_list(arguments[A_LIST]);
	if (why == NULL)
		why = check_dict(arguments[A_DICT]);
	if (why == NULL)
		why = check_set(arguments[A_SET]);
	if (why == NULL && (references < 1 || references > 8))
		why = "self-check: a reference count";
	return why;
}

/* ---- the collector ----------------------------------------------------------------------- */

static const void *
neighbour(const void *node, int at)
{
	return (const void *)((uintptr_t)lk_read_ptr(node, at) & GC_MASK);
}

/* Whose list is it?  Only the ring of an object that is known to be tracked is followed, until a
 * head turns up: so nothing is read through an address that may be none. */
static bool
is_in_a_list(const void *state, const void *object)
{
	const void *node = lk_at(object, -LK_GC_HEAD_BYTES);
	int n, i;

	for (n = 0; n < NODES_MAX && node != NULL; n++) {
		node = neighbour(node, 0);
		for (i = 0; i < LK_GENERATIONS; i++)
			if (node == lk_collector_list(layout, state, i))
				return true;
	}
	return false;
}

static bool
is_ring(const void *head)
{
	const void *next, *previous;

	if (!lk_probe_readable(head, LK_GC_HEAD_BYTES))
		return false;
	next = neighbour(head, 0);
	previous = neighbour(head, 8);
	return lk_probe_readable(next, LK_GC_HEAD_BYTES) && neighbour(next, 8) == head &&
	    lk_probe_readable(previous, LK_GC_HEAD_BYTES) && neighbour(previous, 0) == head;
}

/* While it collects the way back holds counts. */
static const char *
check_lists(const void *state, const void *list)
{
	int collecting = lk_read_i32(state, layout->gc_collecting), i;

	if (!is_in_a_list(state, list))
		return "self-check: the collector's lists";
	if (collecting < 0 || collecting > 1)
		return "self-check: whether the collector collects";
	for (i = 0; i <= LK_GENERATIONS && !collecting; i++)
		if (!is_ring(lk_collector_list(layout, state, i)))
			return "self-check: the rings of the collector";
	return NULL;
}

static const char *
check_collector(const void *list)
{
	const void *state;
	struct lk_collector read;
	const char *why;

	if (lk_read_ptr(py->runtime, layout->runtime_interpreters_main) !=
	    py->main_interpreter())
		return "self-check: the main interpreter";
	state = lk_collector_state(layout, py->runtime);
	if (!lk_probe_readable(state, STATE_BYTES))
		return "self-check: the collector's state";
	why = layout->free_threaded ? NULL : check_lists(state, list);
	if (why != NULL)
		return why;
	if (layout->gc_stats_in_rings && lk_probe_ptr(state, layout->gc_stats,
	    STATS_BYTES) == NULL)
		return "self-check: the collector's counters";
	return lk_collector_read(layout, py->runtime, &read) &&
	    read.generation[0].collections < UINT32_MAX ? NULL :
	    "self-check: the collector's counters";
}

/* ---- frames ------------------------------------------------------------------------------- */

static bool
is_word(const char *word, size_t length, const char *text)
{
	return length == strlen(text) && memcmp(word, text, length) == 0;
}

static bool
is_sound(const void *object, const void *type)
{
	return object != NULL && type_of(object) == type;
}

/* What the walk reads of it can be read. */
static bool
is_sound_code(const void *code)
{
	const void *table = lk_probe_ptr(code, layout->code_linetable, OBJECT_BYTES);
	int64_t length;

	if (!is_sound(lk_probe_ptr(code, layout->code_qualname, OBJECT_BYTES),
	    py->unicode_type) ||
	    !is_sound(lk_probe_ptr(code, layout->code_filename, OBJECT_BYTES),
	    py->unicode_type) || !is_sound(table, py->bytes_type))
		return false;
	length = lk_read_i64(table, layout->var_size);
	return length >= 0 && length < TABLE_MAX_BYTES;
}

static const void *
innermost(const void *thread)
{
	const void *cframe;

	if (layout->tstate_cframe == LK_ABSENT)
		return lk_probe_ptr(thread, layout->tstate_current_frame, OBJECT_BYTES);
	cframe = lk_probe_ptr(thread, layout->tstate_cframe, 2 * sizeof(void *));
	return cframe == NULL ? NULL :
	    lk_probe_ptr(cframe, layout->cframe_current_frame, OBJECT_BYTES);
}

/* Code, or what 3.13 and later have in place of it in a shim. */
static bool
is_sound_executable(const void *code)
{
	if (code == NULL)
		return true;
	if (!lk_probe_readable(code, OBJECT_BYTES))
		return false;
	return type_of(code) == py->code_type ? is_sound_code(code) :
	    layout->frame_owner != LK_ABSENT;
}

/* A frame that is linked belongs to a thread, to a generator or to C.  Nearly any other byte in
 * place of its owner says something else: a piece of a pointer now and then is small, too. */
static bool
is_sound_owner(unsigned owner)
{
	return owner <= LK_OWNER_GENERATOR ||
	    (layout->minor >= SHIMS_FROM && owner >= LK_OWNER_SHIM && owner <= LK_OWNER_LAST);
}

/* Before the walk: can each frame be read that it will come to?  It ends, and from 3.12 on there
 * is a shim: a chain that is read at the wrong place has none. */
static bool
is_sound_chain(const void *thread)
{
	const void *frame = innermost(thread), *before;
	unsigned owner;
	int n, shims = 0;

	for (n = 0; frame != NULL && n < CHAIN_MAX; n++) {
		if (!is_sound_executable(lk_untagged(lk_read_ptr(frame, layout->frame_code))))
			return false;
		if (layout->frame_owner != LK_ABSENT) {
			owner = lk_read_u8(frame, layout->frame_owner);
			if (!is_sound_owner(owner))
				return false;
			shims += owner >= LK_OWNER_SHIM;
		}
		before = lk_read_ptr(frame, layout->frame_previous);
		frame = lk_probe_ptr(frame, layout->frame_previous, OBJECT_BYTES);
		if (frame == NULL && before != NULL)
			return false;
	}
	return n > 0 && frame == NULL && (layout->minor < SHIMS_FROM || shims > 0);
}

/* The interpreter's own answer to where the innermost frame is. */
static bool
is_at(int32_t offset)
{
	void *frame = py->current_frame(), *last;	/* borrowed */
	bool same;

	last = frame == NULL ? NULL : py->get_attr(frame, "f_lasti");
	same = last != NULL && py->long_value(last) == offset;
	if (last == NULL)
		py->err_clear();
	py->dec_ref(last);
	return same;
}

static bool
is_str(const void *object, const char *text)
{
	char bytes[sizeof("text") + 1];

	return lk_probe_readable(object, OBJECT_BYTES) && type_of(object) == py->unicode_type &&
	    is_word(bytes, lk_names_copy(layout, object, bytes, sizeof(bytes)), text);
}

/* The innermost frame's first variable. */
static bool
has_text(const void *frame)
{
	const void *code = lk_untagged(lk_read_ptr(frame, layout->frame_code));
	const void *names = lk_probe_ptr(code, layout->code_locals, OBJECT_BYTES);

	return is_sound(names, py->tuple_type) && lk_read_i64(names, layout->var_size) > 0 &&
	    is_str(lk_read_ptr(names, layout->tuple_items), "text") &&
	    is_str(lk_untagged(lk_read_ptr(frame, layout->frame_locals)), "one");
}

static const char *
check_frames(void)
{
	const void *thread = py->this_thread_state();
	struct lk_raw_frame raw[LK_COUNT_OF(expected) + 1];
	struct lk_frame_words words;
	const char *name;
	bool truncated;
	size_t i;

	if (thread == NULL || thread != py->current_thread_state() ||
	    lk_read_ptr(thread, layout->tstate_interp) != py->main_interpreter())
		return "self-check: the thread's state";
	if (!is_sound_chain(thread))
		return "self-check: the chain of frames";
	lk_walk_init(layout, py->code_type);
	if (lk_walk_frames(thread, raw, LK_COUNT_OF(raw), &truncated) != LK_COUNT_OF(expected) ||
	    truncated)
		return "self-check: the chain of frames";
	for (i = 0; i < LK_COUNT_OF(expected); i++) {
		lk_walk_resolve(&raw[i], &words);
		name = layout->minor < QUALNAMES_FROM ? expected[i].name : expected[i].qualname;
		if (!is_word(words.function, words.function_length, name))
			return "self-check: the function of a frame";
		if (!is_word(words.file, words.file_length, FILE_NAME))
			return "self-check: the file of a frame";
		if (words.line != expected[i].line)
			return "self-check: the line of a frame";
		if (layout->code_firsttraceable != LK_ABSENT && lk_read_i32(raw[i].code,
		    layout->code_firsttraceable) != expected[i].incomplete_units)
			return "self-check: where a frame is complete";
	}
	if (!has_text(innermost(thread)))
		return "self-check: the local variables of a frame";
	return is_at(raw[0].offset) ? NULL : "self-check: the instruction of a frame";
}

/* ---- the way there ---------------------------------------------------------------------- */

/* Objects first: a type that is not where it should be ends it before any pointer is followed. */
static void *
look(void *self, void *args)
{
	const void *arguments[ARGUMENTS];
	int i;

	(void)self;
	py->inc_ref(py->none);
	if (type_of(args) != py->tuple_type || lk_read_i64(args, layout->var_size) != ARGUMENTS) {
		failed = "self-check: the length of a tuple";
		return py->none;
	}
	memcpy(arguments, lk_at(args, layout->tuple_items), sizeof(arguments));
	failed = NULL;
	for (i = 0; i < ARGUMENTS; i++)
		if (!lk_probe_readable(arguments[i], OBJECT_BYTES))
			failed = "self-check: the items of a tuple";
	if (failed == NULL)
		failed = check_objects(arguments);
	if (failed == NULL)
		failed = check_collector(arguments[A_LIST]);
	if (failed == NULL)
		failed = check_frames();
	return py->none;
}

/* tracemalloc notes the names of files, and that of 3.13.5 waits for itself for ever when it drops
 * the last reference to one: ours is never the last. */
static void
keep_file_name(void *code)
{
	if (py->get_attr(code, "co_filename") == NULL)
		py->err_clear();
}

const char *
lk_selfcheck_run_callspy(const struct lk_symbols *symbols, const struct lk_layout *l)
{
	static struct lk_method method = {"look", look, LK_METH_VARARGS, NULL};
	void *globals, *function, *code, *result = NULL;

	py = symbols;
	layout = l;
	failed = "self-check: it did not run";
	globals = py->dict_new();
	function = py->function_new(&method, NULL, NULL);
	code = py->compile(source, FILE_NAME, FILE_INPUT);
	if (globals != NULL && function != NULL && code != NULL &&
	    py->dict_set(globals, "look", function) == 0)
		result = py->eval_code(code, globals, globals);
	if (result == NULL)
		py->err_clear();
	else
		keep_file_name(code);
	if (globals != NULL)
		py->dict_clear(globals);	/* it and the functions hold one another */
	py->dec_ref(result);
	py->dec_ref(code);
	py->dec_ref(function);
	py->dec_ref(globals);
	return failed;
}

/* sys._jit.NAME() is True; false where there is no such thing. */
static bool
jit_says(const struct lk_symbols *symbols, void *jit, const char *name)
{
	void *ask = symbols->get_attr(jit, name), *none = symbols->tuple_new(0), *answer = NULL;
	bool yes;

	if (ask != NULL && none != NULL)
		answer = symbols->call(ask, none, NULL);
	if (answer == NULL)
		symbols->err_clear();
	yes = answer == symbols->true_object;
	symbols->dec_ref(answer);
	symbols->dec_ref(none);
	symbols->dec_ref(ask);
	return yes;
}

/* The interpreter turns it on at the end of its start, later than we may be asking: what it will
 * do is in the environment. */
bool
lk_selfcheck_jit_callspy(const struct lk_symbols *symbols)
{
	void *jit = symbols->sys_object("_jit");
	const char *wanted = getenv("PYTHON_JIT");

	if (jit == NULL || !jit_says(symbols, jit, "is_available"))
		return false;
	if (wanted != NULL && wanted[0] != '\0')
		return wanted[0] != '0';
	return jit_says(symbols, jit, "is_enabled");
}
