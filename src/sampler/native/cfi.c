#include "config.h"

#include "sampler/native/cfi.h"

#include <string.h>

#include "sampler/core/readable.h"

#if defined(__aarch64__)
enum { COLUMN_FP = 29, COLUMN_SP = 31, COLUMN_RA = 30 };
#else	/* x86-64 */
enum { COLUMN_FP = 6, COLUMN_SP = 7, COLUMN_RA = 16 };
#endif

#define SAVED_STATES	4u	/* DW_CFA_remember_state; compilers nest one or two */
#define STEPS_MAX	2000u	/* of one program */
#define LEB_BYTES_MAX	10u

/* DW_CFA_*; the first three have their operand in the low six bits. */
enum {
	ADVANCE = 0x40, OFFSET = 0x80, RESTORE = 0xc0, NOP = 0x00, SET_LOC = 0x01, ADVANCE1 = 0x02,
	ADVANCE2 = 0x03, ADVANCE4 = 0x04, OFFSET_EXTENDED = 0x05, RESTORE_EXTENDED = 0x06,
	UNDEFINED = 0x07, SAME_VALUE = 0x08, REGISTER = 0x09, REMEMBER = 0x0a, RECALL = 0x0b,
	DEF_CFA = 0x0c, DEF_CFA_REGISTER = 0x0d, DEF_CFA_OFFSET = 0x0e, DEF_CFA_EXPRESSION = 0x0f,
	EXPRESSION = 0x10, OFFSET_EXTENDED_SF = 0x11, DEF_CFA_SF = 0x12, DEF_CFA_OFFSET_SF = 0x13,
	VAL_OFFSET = 0x14, VAL_OFFSET_SF = 0x15, VAL_EXPRESSION = 0x16, SIGN_RETURN_ADDRESS = 0x2d,
	GNU_ARGS_SIZE = 0x2e
};

#define OP_DEREF	0x06	/* DW_OP_* */
#define OP_BREG0	0x70

/* Bytes of an object, in order.  failed: one of them could not be had; they read as 0 then. */
struct reader {
	const struct lk_cfi_object *object;
	struct lk_readable	*walk;
	uintptr_t		 at, end;
	bool			 failed;
};

/* ---- reading ------------------------------------------------------------------------ */

static uint64_t
take(struct reader *r, size_t bytes)
{
	uint64_t value = 0;

	if (r->failed || r->at < r->object->begin || r->end > r->object->end || r->at > r->end ||
	    bytes > r->end - r->at || !lk_readable_bytes(r->walk, (const void *)r->at, bytes)) {
		r->failed = true;
		return 0;
	}
	memcpy(&value, (const void *)r->at, bytes);	/* little-endian */
	r->at += bytes;
	return value;
}

static int64_t
take_signed(struct reader *r, size_t bytes)
{
	unsigned int shift = 64 - 8 * (unsigned int)bytes;

	return (int64_t)(take(r, bytes) << shift) >> shift;
}

static uint64_t
take_leb(struct reader *r, bool is_signed)
{
	uint64_t value = 0, byte = 0x80;
	unsigned int shift = 0, i;

	for (i = 0; i < LEB_BYTES_MAX && byte & 0x80; i++, shift += 7) {
		byte = take(r, 1);
		if (shift < 64)
			value |= (byte & 0x7f) << shift;
	}
	r->failed |= (byte & 0x80) != 0;
	if (is_signed && byte & 0x40 && shift < 64)
		value |= ~UINT64_C(0) << shift;
	return value;
}

static uint64_t
take_unsigned_leb(struct reader *r)
{
	return take_leb(r, false);
}

static int64_t
take_signed_leb(struct reader *r)
{
	return (int64_t)take_leb(r, true);
}

/* DW_EH_PE_*: a form, absolute or relative to where it stands. */
static uintptr_t
take_pointer(struct reader *r, uint8_t encoding)
{
	uintptr_t from = (encoding & 0x70) == 0x10 ? r->at : 0;

	if ((encoding & 0xf0) != 0x00 && (encoding & 0xf0) != 0x10)
		r->failed = true;
	switch (encoding & 0x0f) {
	case 0x00: case 0x04: case 0x0c: return from + (uintptr_t)take(r, 8);
	case 0x03: return from + (uintptr_t)take(r, 4);
	case 0x0b: return from + (uintptr_t)take_signed(r, 4);
	default: r->failed = true; return 0;
	}
}

/* ---- the function's entry ------------------------------------------------------------- */

/* .eh_frame_hdr of the usual encodings: version, three of them, a pointer, the number of entries,
 * and pairs (function, its entry) sorted by function, relative to the table. */
static bool
find_entry(struct reader *r, uintptr_t pc, uintptr_t *entry)
{
	uintptr_t index = r->at, pairs;
	uint32_t low = 0, high, middle;
	uint64_t head = take(r, 4);

	take(r, 4);
	high = (uint32_t)take(r, 4);
	pairs = r->at;
	if (r->failed || head != 0x3b031b01 || high > (r->end - pairs) / 8)
		return false;
	while (low < high) {
		middle = low + (high - low) / 2;
		r->at = pairs + (uintptr_t)middle * 8;
		if (index + (uintptr_t)take_signed(r, 4) <= pc)
			low = middle + 1;
		else
			high = middle;
		if (r->failed)
			return false;
	}
	if (low == 0)
		return false;
	r->at = pairs + (uintptr_t)(low - 1) * 8 + 4;
	*entry = index + (uintptr_t)take_signed(r, 4);
	return !r->failed;
}

/* What many functions have in common (CIE). */
struct common {
	uint64_t	code_align;
	int64_t		data_align;
	uint64_t	ra_column;
	uint8_t		pointer;	/* the encoding of addresses in entries */
	bool		is_signal, has_data;
	uintptr_t	program, program_end;
};

/* A record: its length, then the rest.  R is left at the rest, which ends at R->end. */
static bool
open_record(struct reader *r, uintptr_t at)
{
	uint64_t length;

	r->at = at;
	r->end = r->object->end;
	length = take(r, 4);
	if (r->failed || length == 0 || length > r->end - r->at || length == UINT32_MAX)
		return false;
	r->end = r->at + (uintptr_t)length;
	return true;
}

static bool
read_data_of(struct reader *r, const char *letters, struct common *out)
{
	for (; *letters != '\0'; letters++) {
		switch (*letters) {
		case 'R': out->pointer = (uint8_t)take(r, 1); break;
		case 'P': take_pointer(r, (uint8_t)take(r, 1) & 0x7f); break;
		case 'L': take(r, 1); break;
		case 'S': out->is_signal = true; break;
		case 'B': break;		/* return addresses are signed with another key */
		default: return false;
		}
	}
	return true;
}

static bool
read_common(struct reader *r, uintptr_t at, struct common *out)
{
	char letters[8];
	uint64_t version, bytes;
	uintptr_t end;
	size_t n = 0;

	*out = (struct common){0};
	if (!open_record(r, at) || take(r, 4) != 0)
		return false;
	version = take(r, 1);
	while ((letters[n] = (char)take(r, 1)) != '\0')
		if (++n == sizeof(letters))
			return false;
	out->code_align = take_unsigned_leb(r);
	out->data_align = take_signed_leb(r);
	out->ra_column = version == 1 ? take(r, 1) : take_unsigned_leb(r);
	if (r->failed || (version != 1 && version != 3) || (n != 0 && letters[0] != 'z'))
		return false;
	out->has_data = n != 0;
	if (n != 0) {
		bytes = take_unsigned_leb(r);
		if (r->failed || bytes > r->end - r->at)
			return false;
		end = r->at + (uintptr_t)bytes;
		if (!read_data_of(r, letters + 1, out))
			return false;
		r->at = end;
	}
	out->program = r->at;
	out->program_end = r->end;
	return !r->failed && out->ra_column == COLUMN_RA;
}

/* ---- the program that makes the rules ----------------------------------------------------- */

struct column {
	enum { IS_SAME, IS_AT_CFA, IS_AT_OWN_FP, IS_UNDEFINED, IS_UNKNOWN } is;
	int64_t	offset;
};

/* One row. */
struct row {
	uint64_t	cfa_column;
	int64_t		cfa_offset;
	bool		cfa_at, cfa_unknown;	/* at: the word there is it */
	struct column	fp, ra;
};

struct machine {
	struct reader		*r;
	const struct common	*common;
	struct row		 row, initial, saved[SAVED_STATES];
	unsigned int		 saved_count;
	uintptr_t		 at, pc;	/* the row is of AT on; wanted is PC's */
};

static void
set_column(struct machine *m, uint64_t number, struct column value)
{
	if (number == COLUMN_FP)
		m->row.fp = value;
	else if (number == COLUMN_RA)
		m->row.ra = value;
}

static void
restore_column(struct machine *m, uint64_t number)
{
	set_column(m, number, number == COLUMN_FP ? m->initial.fp : m->initial.ra);
}

static void
set_offset(struct machine *m, uint64_t number, int64_t factored)
{
	set_column(m, number, (struct column){IS_AT_CFA, factored * m->common->data_align});
}

/* A register and a distance, and maybe what is there: the expressions of a realigned stack.
 * Returns: the register; UINT64_MAX: it is another one. */
static uint64_t
take_expression(struct reader *r, int64_t *offset, bool *deref)
{
	uint64_t bytes = take_unsigned_leb(r), op;
	uintptr_t end = r->at + (uintptr_t)bytes;

	if (r->failed || bytes > r->end - r->at)
		r->failed = true;
	*deref = false;
	*offset = 0;
	if (r->failed || bytes == 0)
		return UINT64_MAX;
	op = take(r, 1) - OP_BREG0;
	*offset = take_signed_leb(r);
	if (r->at + 1 == end)
		*deref = take(r, 1) == OP_DEREF;
	if (r->at != end || op > 31)
		op = UINT64_MAX;
	r->at = end;
	return op;
}

static void
define_cfa_by_expression(struct machine *m)
{
	m->row.cfa_column = take_expression(m->r, &m->row.cfa_offset, &m->row.cfa_at);
	m->row.cfa_unknown = m->row.cfa_column != COLUMN_FP || !m->row.cfa_at;
}

static void
set_column_by_expression(struct machine *m)
{
	uint64_t number = take_unsigned_leb(m->r), base;
	struct column value = {IS_AT_OWN_FP, 0};
	bool deref;

	base = take_expression(m->r, &value.offset, &deref);
	if (base != COLUMN_FP || deref)
		value.is = IS_UNKNOWN;
	set_column(m, number, value);
}

static void
define_cfa(struct machine *m, uint64_t column, int64_t offset)
{
	m->row.cfa_column = column;
	m->row.cfa_offset = offset;
	m->row.cfa_at = m->row.cfa_unknown = false;
}

static void
skip_expression(struct reader *r)
{
	int64_t offset;
	bool deref;

	take_expression(r, &offset, &deref);
}

static void
advance(struct machine *m, uint64_t distance)
{
	m->at += (uintptr_t)(distance * m->common->code_align);
}

/* Those that change how a register is found. */
static void
step_columns(struct machine *m, uint64_t op)
{
	struct reader *r = m->r;
	uint64_t number = take_unsigned_leb(r);

	switch (op) {
	case OFFSET_EXTENDED: set_offset(m, number, (int64_t)take_unsigned_leb(r)); break;
	case OFFSET_EXTENDED_SF: set_offset(m, number, take_signed_leb(r)); break;
	case RESTORE_EXTENDED: restore_column(m, number); break;
	case UNDEFINED: set_column(m, number, (struct column){IS_UNDEFINED, 0}); break;
	case SAME_VALUE: set_column(m, number, (struct column){IS_SAME, 0}); break;
	case REGISTER: case VAL_OFFSET: case VAL_OFFSET_SF:
		take_unsigned_leb(r);
		set_column(m, number, (struct column){IS_UNKNOWN, 0});
		break;
	case VAL_EXPRESSION:
		skip_expression(r);
		set_column(m, number, (struct column){IS_UNKNOWN, 0});
		break;
	default: r->failed = true;
	}
}

static void
step_cfa(struct machine *m, uint64_t op)
{
	struct reader *r = m->r;
	uint64_t column;

	switch (op) {
	case DEF_CFA:
		column = take_unsigned_leb(r);
		define_cfa(m, column, (int64_t)take_unsigned_leb(r));
		break;
	case DEF_CFA_SF:
		column = take_unsigned_leb(r);
		define_cfa(m, column, take_signed_leb(r) * m->common->data_align);
		break;
	case DEF_CFA_REGISTER: m->row.cfa_column = take_unsigned_leb(r); break;
	case DEF_CFA_OFFSET: m->row.cfa_offset = (int64_t)take_unsigned_leb(r); break;
	case DEF_CFA_OFFSET_SF:
		m->row.cfa_offset = take_signed_leb(r) * m->common->data_align;
		break;
	case DEF_CFA_EXPRESSION: define_cfa_by_expression(m); break;
	case EXPRESSION: set_column_by_expression(m); break;
	default: step_columns(m, op);
	}
}

static void
remember(struct machine *m)
{
	if (m->saved_count == SAVED_STATES)
		m->r->failed = true;
	else
		m->saved[m->saved_count++] = m->row;
}

static void
recall(struct machine *m)
{
	if (m->saved_count == 0)
		m->r->failed = true;
	else
		m->row = m->saved[--m->saved_count];
}

static void
step(struct machine *m)
{
	struct reader *r = m->r;
	uint64_t op = take(r, 1), low = op & 0x3f;

	switch (op & 0xc0) {
	case ADVANCE: advance(m, low); return;
	case OFFSET: set_offset(m, low, (int64_t)take_unsigned_leb(r)); return;
	case RESTORE: restore_column(m, low); return;
	default: break;
	}
	switch (op) {
	case NOP: case SIGN_RETURN_ADDRESS: break;
	case SET_LOC: m->at = take_pointer(r, m->common->pointer); break;
	case ADVANCE1: advance(m, take(r, 1)); break;
	case ADVANCE2: advance(m, take(r, 2)); break;
	case ADVANCE4: advance(m, take(r, 4)); break;
	case REMEMBER: remember(m); break;
	case RECALL: recall(m); break;
	case GNU_ARGS_SIZE: take_unsigned_leb(r); break;
	default: step_cfa(m, op);
	}
}

static bool
run(struct machine *m, uintptr_t program, uintptr_t end)
{
	unsigned int left = STEPS_MAX;

	m->r->at = program;
	m->r->end = end;
	for (; m->r->at < end && m->at <= m->pc; left--) {
		if (left == 0)
			return false;
		step(m);
		if (m->r->failed)
			return false;
	}
	return true;
}

/* ---- the rule ---------------------------------------------------------------------------- */

static bool
take_offset(int64_t offset, int32_t *out)
{
	*out = (int32_t)offset;
	return offset % 8 == 0 && offset == *out;
}

static bool
make_rule(const struct row *row, struct lk_cfi_rule *out)
{
	*out = (struct lk_cfi_rule){.base = LK_CFI_END};
	if (row->ra.is == IS_UNDEFINED)
		return true;
	if (row->cfa_unknown || row->ra.is == IS_UNKNOWN || row->ra.is == IS_AT_OWN_FP ||
	    !take_offset(row->cfa_offset, &out->cfa_offset) ||
	    !take_offset(row->fp.offset, &out->fp_offset) ||
	    !take_offset(row->ra.offset, &out->ra_offset))
		return false;
	if (row->cfa_column == COLUMN_SP && !row->cfa_at)
		out->base = LK_CFI_SP;
	else if (row->cfa_column == COLUMN_FP)
		out->base = row->cfa_at ? LK_CFI_AT_FP : LK_CFI_FP;
	else
		return false;
	out->ra_saved = row->ra.is == IS_AT_CFA ? LK_CFI_AT_CFA : LK_CFI_SAME;
	out->fp_saved = row->fp.is == IS_AT_CFA ? LK_CFI_AT_CFA :
	    row->fp.is == IS_AT_OWN_FP ? LK_CFI_AT_OWN_FP : LK_CFI_SAME;
	return true;
}

/* What is said of one function (FDE). */
struct entry {
	struct common	common;
	uintptr_t	begin, bytes;
	uintptr_t	program, program_end;
};

static bool
read_entry(struct reader *r, uintptr_t at, struct entry *out)
{
	uintptr_t here, end;
	uint64_t distance;

	if (!open_record(r, at))
		return false;
	here = r->at;
	end = r->end;
	distance = take(r, 4);
	if (distance == 0 || !read_common(r, here - (uintptr_t)distance, &out->common))
		return false;
	r->at = here + 4;
	r->end = end;
	out->begin = take_pointer(r, out->common.pointer);
	out->bytes = take_pointer(r, out->common.pointer & 0x0f);
	if (out->common.has_data) {
		distance = take_unsigned_leb(r);
		if (distance > r->end - r->at)
			return false;
		r->at += (uintptr_t)distance;
	}
	out->program = r->at;
	out->program_end = end;
	return !r->failed;
}

bool
lk_cfi_find(const struct lk_cfi_object *object, uintptr_t pc, struct lk_cfi_rule *out)
{
	struct lk_readable walk = {{0}, 0, 0};
	struct reader r = {object, &walk, object->index, object->index + object->index_bytes,
	    false};
	struct machine m = {.r = &r};
	struct entry entry;
	uintptr_t at;

	*out = (struct lk_cfi_rule){.base = LK_CFI_NONE};
	if (object->index == 0 || !find_entry(&r, pc, &at) || !read_entry(&r, at, &entry) ||
	    pc < entry.begin || pc - entry.begin >= entry.bytes)
		return false;
	if (entry.common.is_signal) {
		out->base = LK_CFI_END;
		return true;
	}
	m.common = &entry.common;
	m.at = entry.begin;
	m.pc = UINTPTR_MAX;
	if (!run(&m, entry.common.program, entry.common.program_end))
		return false;
	m.initial = m.row;
	m.at = entry.begin;
	m.pc = pc;
	return run(&m, entry.program, entry.program_end) && make_rule(&m.row, out);
}
