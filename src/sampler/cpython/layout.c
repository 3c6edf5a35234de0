#include "config.h"

#include "sampler/cpython/layout.h"

#include "base/attr.h"

static const struct lk_layout *const rows[] = {
	&lk_py_v311, &lk_py_v312, &lk_py_v313,
};

/* "3.MINOR..." -> MINOR, -1 when it is not a 3. */
static int
minor_of(const char *version)
{
	int minor = 0;

	if (version[0] != '3' || version[1] != '.')
		return -1;
	for (version += 2; *version >= '0' && *version <= '9' && minor < 1000; version++)
		minor = minor * 10 + (*version - '0');
	return minor;
}

const struct lk_layout *
lk_layout_for(const char *version, const char **why)
{
	int minor = minor_of(version);
	size_t i;

	if (strstr(version, "free-threading") != NULL) {
		*why = "free-threaded builds are not supported yet";
		return NULL;
	}
	for (i = 0; i < LK_COUNT_OF(rows); i++)
		if (rows[i]->minor == minor)
			return rows[i];
	*why = "this Python is not supported yet: 3.11, 3.12 and 3.13 are";
	return NULL;
}

/* _Py_DebugOffsets of 3.13: u64 words after the cookie.  Groups and order:
 * Include/internal/pycore_runtime.h of 3.13. */
enum {
	WORD_FREE_THREADED = 2,
	WORD_RUNTIME_FINALIZING = 4,
	WORD_INTERP_GC = 10,
	WORD_TSTATE_CURRENT_FRAME = 23,
	WORD_FRAME_PREVIOUS = 29,
	WORD_FRAME_EXECUTABLE = 30,
	WORD_FRAME_INSTR = 31,
	WORD_FRAME_OWNER = 33,
	WORD_CODE_FILENAME = 35,
	WORD_CODE_QUALNAME = 37,
	WORD_CODE_LINETABLE = 38,
	WORD_CODE_FIRSTLINENO = 39,
	WORD_CODE_ADAPTIVE = 43,
};

static const char *
check_v313(const struct lk_layout *l, const void *runtime)
{
	const struct {
		int		 word, expected;
		const char	*what;
	} checks[] = {
		{WORD_FREE_THREADED, 0, "free-threaded builds are not supported yet"},
		{WORD_RUNTIME_FINALIZING, l->runtime_finalizing,
		    "layout check: runtime.finalizing"},
		{WORD_INTERP_GC, l->interp_gc, "layout check: interpreter.gc"},
		{WORD_TSTATE_CURRENT_FRAME, l->tstate_current_frame,
		    "layout check: thread.current_frame"},
		{WORD_FRAME_PREVIOUS, l->frame_previous, "layout check: frame.previous"},
		{WORD_FRAME_EXECUTABLE, l->frame_code, "layout check: frame.executable"},
		{WORD_FRAME_INSTR, l->frame_instr, "layout check: frame.instr_ptr"},
		{WORD_FRAME_OWNER, l->frame_owner, "layout check: frame.owner"},
		{WORD_CODE_FILENAME, l->code_filename, "layout check: code.filename"},
		{WORD_CODE_QUALNAME, l->code_qualname, "layout check: code.qualname"},
		{WORD_CODE_LINETABLE, l->code_linetable, "layout check: code.linetable"},
		{WORD_CODE_FIRSTLINENO, l->code_firstlineno, "layout check: code.firstlineno"},
		{WORD_CODE_ADAPTIVE, l->code_adaptive, "layout check: code.co_code_adaptive"},
	};
	size_t i;

	if (memcmp(runtime, "xdebugpy", 8) != 0)
		return "layout check: no debug offsets";
	for (i = 0; i < LK_COUNT_OF(checks); i++)
		if (lk_read_i64(runtime, checks[i].word * 8) != checks[i].expected)
			return checks[i].what;
	return NULL;
}

const char *
lk_layout_check(const struct lk_layout *layout, const void *runtime)
{
	return layout->minor >= 13 ? check_v313(layout, runtime) : NULL;
}
