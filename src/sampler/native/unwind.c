#include "config.h"

#include "sampler/native/unwind.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

#include "base/attr.h"
#include "sampler/core/pages.h"
#include "sampler/core/readable.h"
#include "sampler/core/stacks.h"
#include "sampler/core/thread.h"
#include "sampler/native/cfi.h"
#include "sampler/native/objects.h"

#define CACHE_PAIRS	8192u		/* a power of two; of places for the same keys */
#define WORD		sizeof(uintptr_t)
#define PAGE_SHIFT	12u
#define KNOWN_BITS	28u		/* of struct lk_thread's stack_known: pages; above: where */
#define KNOWN_MASK	((UINT64_C(1) << KNOWN_BITS) - 1)
#define STACK_PAGES_MAX	2048u		/* of a trace: 8 MB */

/* The rule of one return address.  Two words that fit together only as they were stored: whoever
 * reads while another writes finds nothing. */
struct place {
	_Atomic uint64_t rule;
	_Atomic uint64_t check;		/* key ^ rule */
};

struct registers {
	uintptr_t pc, sp, fp, lr;
};

static struct place *_Atomic cache;

int
lk_unwind_init(void)
{
	struct place *places;

	if (atomic_load(&cache) != NULL)
		return 0;
	places = lk_pages_map(CACHE_PAIRS * 2 * sizeof(*places));
	if (places == NULL)
		return -ENOMEM;
	atomic_store(&cache, places);
	return 0;
}

/* Whoever reads or writes meanwhile has words that do not fit together. */
void
lk_unwind_forget(void)
{
	struct place *places = atomic_load(&cache);

	if (places != NULL)
		lk_pages_drop(places, CACHE_PAIRS * 2 * sizeof(*places));
}

bool
lk_unwind_works(void)
{
	return atomic_load_explicit(&cache, memory_order_relaxed) != NULL;
}

/* ---- the stack ------------------------------------------------------------------------- */

/* From page FIRST on, how many can be read, at most COUNT? */
static uint64_t
readable_pages(uintptr_t first, uint64_t count)
{
	struct lk_readable walk = {{0}, 0, 0};
	uint64_t n;

	for (n = 0; n < count; n++)
		if (!lk_readable_bytes(&walk, (const void *)((first + n) << PAGE_SHIFT), 1))
			break;
	return n;
}

/* Makes all pages from that of SP to that of LAST known, if they can be read.  A pointer far from
 * what is known is another stack's. */
LK_COLD static bool
know_stack(uintptr_t sp, uintptr_t last)
{
	uintptr_t first = sp >> PAGE_SHIFT, end = (last >> PAGE_SHIFT) + 1;
	uintptr_t low = lk_thread.stack_known >> KNOWN_BITS;
	uintptr_t high = low + (lk_thread.stack_known & KNOWN_MASK), below;

	if (end - first > STACK_PAGES_MAX)
		return false;
	below = first < low ? low - first : 0;
	if (below > LK_READABLE_CALLS_MAX || first > high ||
	    readable_pages(first, below) != below)
		low = high = first;
	else
		low -= below;
	if (end > high)
		high += readable_pages(high, end - high);
	lk_thread.stack_known = (uint64_t)low << KNOWN_BITS | (high - low);
	return end <= high;
}

static inline bool
is_known(uintptr_t sp, uintptr_t last)
{
	uintptr_t known = lk_thread.stack_known >> KNOWN_BITS;
	uint64_t count = lk_thread.stack_known & KNOWN_MASK;

	return (sp >> PAGE_SHIFT) - known < count && (last >> PAGE_SHIFT) - known < count;
}

/* The word at AT, which is to be on the stack above SP. */
LK_NO_ASAN static inline bool
read_stack(uintptr_t sp, uintptr_t at, uintptr_t *out)
{
	if (at < sp || at % WORD != 0 || (!is_known(sp, at) && !know_stack(sp, at)))
		return false;
	*out = *(const uintptr_t *)at;
	return true;
}

/* ---- rules ----------------------------------------------------------------------------- */

/* Offsets are multiples of a word: base 3 bits, the two others 2 and 1, then 24, 20 and 12. */
static uint64_t
pack(const struct lk_cfi_rule *rule)
{
	int64_t cfa = rule->cfa_offset / 8, fp = rule->fp_offset / 8, ra = rule->ra_offset / 8;

	if (cfa < -(1 << 23) || cfa >= 1 << 23 || fp < -(1 << 19) || fp >= 1 << 19 ||
	    ra < -(1 << 11) || ra >= 1 << 11)
		return LK_CFI_NONE;
	return (uint64_t)rule->base | (uint64_t)rule->fp_saved << 3 |
	    (uint64_t)(rule->ra_saved == LK_CFI_AT_CFA) << 5 |
	    ((uint64_t)cfa & 0xffffff) << 8 | ((uint64_t)fp & 0xfffff) << 32 |
	    ((uint64_t)ra & 0xfff) << 52;
}

static inline int64_t
field(uint64_t rule, unsigned int low, unsigned int bits)
{
	return ((int64_t)(rule << (64 - low - bits)) >> (64 - bits)) * 8;
}

struct words {
	uint64_t rule, check;
};

static inline struct words
load(const struct place *place)
{
	return (struct words){atomic_load_explicit(&place->rule, memory_order_relaxed),
	    atomic_load_explicit(&place->check, memory_order_relaxed)};
}

static void
store(struct place *place, struct words words)
{
	atomic_store_explicit(&place->rule, words.rule, memory_order_relaxed);
	atomic_store_explicit(&place->check, words.check, memory_order_relaxed);
}

LK_COLD static uint64_t
find_rule(uintptr_t pc, uint64_t key, struct place *pair)
{
	struct lk_cfi_object where;
	struct lk_object object;
	struct lk_cfi_rule rule;
	uint64_t packed = LK_CFI_NONE;

	if (lk_objects_find(pc - 1, &object)) {
		where = (struct lk_cfi_object){object.begin, object.end, object.unwind,
		    object.unwind_bytes};
		if (lk_cfi_find(&where, pc - 1, &rule))
			packed = pack(&rule);
	}
	store(&pair[1], load(&pair[0]));
	store(&pair[0], (struct words){packed, key ^ packed});
	return packed;
}

static inline uint64_t
rule_at(struct place *places, uint64_t version, uintptr_t pc)
{
	uint64_t key = lk_stacks_mix(version, pc) | 1;
	struct place *pair = &places[(key >> 20) % CACHE_PAIRS * 2];
	struct words found = load(&pair[0]);

	if ((found.check ^ found.rule) == key)
		return found.rule;
	found = load(&pair[1]);
	return (found.check ^ found.rule) == key ? found.rule : find_rule(pc, key, pair);
}

/* ---- frames ------------------------------------------------------------------------------ */

/* Code without rules that has frame pointers, as what a program compiles at run time may. */
LK_COLD static bool
step_by_pointer(struct registers *r)
{
	uintptr_t fp = r->fp, pc, next;
	struct lk_object object;

	if (!read_stack(r->sp, fp, &next) || !read_stack(r->sp, fp + WORD, &pc) ||
	    !lk_objects_find(pc - 1, &object))
		return false;
	*r = (struct registers){pc, fp + 2 * WORD, next, 0};
	return true;
}

/* To the caller.  false: there is none that is known. */
static bool
step(struct registers *r, uint64_t rule)
{
	unsigned int base = rule & 7, fp_saved = rule >> 3 & 3;
	uintptr_t cfa, fp = r->fp;
	int64_t fp_offset = field(rule, 32, 20);

	if (base == LK_CFI_NONE)
		return step_by_pointer(r);
	cfa = (base == LK_CFI_SP ? r->sp : r->fp) + (uintptr_t)field(rule, 8, 24);
	if (base == LK_CFI_END || (base == LK_CFI_AT_FP && !read_stack(r->sp, cfa, &cfa)) ||
	    cfa < r->sp)
		return false;
	if (rule >> 5 & 1) {
		if (!read_stack(r->sp, cfa + (uintptr_t)field(rule, 52, 12), &r->pc))
			return false;
	} else {
		r->pc = r->lr;
	}
	r->lr = 0;	/* it is the innermost frame's at most */
	if (fp_saved != LK_CFI_SAME && !read_stack(r->sp, (fp_saved == LK_CFI_AT_CFA ? cfa :
	    r->fp) + (uintptr_t)fp_offset, &fp))
		return false;
	r->fp = fp;
	r->sp = cfa;
	return r->pc > 1;
}

/* The address of an instruction of ours, and the registers there.  aarch64 may have signed what is
 * in lr; of its addresses those bits are dropped below. */
static inline void
begin_here(struct registers *r)
{
#if defined(__x86_64__)
	__asm__ volatile("lea 0(%%rip), %0\n\tmov %%rsp, %1\n\tmov %%rbp, %2"
	    : "=&r"(r->pc), "=&r"(r->sp), "=&r"(r->fp));
	r->lr = 0;
#elif defined(__aarch64__)
	__asm__ volatile("adr %0, .\n\tmov %1, sp\n\tmov %2, x29\n\tmov %3, x30"
	    : "=&r"(r->pc), "=&r"(r->sp), "=&r"(r->fp), "=&r"(r->lr));
#else
	*r = (struct registers){0, 0, 0, 0};
#endif
	r->pc++;	/* as if it were returned to */
}

static inline uintptr_t
plain(uintptr_t pc)
{
#if defined(__aarch64__)
	return pc & ((UINT64_C(1) << 48) - 1);
#else
	return pc;
#endif
}

void
lk_unwind_trace(struct lk_trace *out)
{
	struct place *places = atomic_load_explicit(&cache, memory_order_acquire);
	uint64_t version = lk_objects_version();
	struct registers r;

	out->count = 0;
	if (places == NULL)
		return;
	begin_here(&r);
	while (out->count < LK_FRAMES_MAX && step(&r, rule_at(places, version, r.pc))) {
		r.pc = plain(r.pc);
		out->pc[out->count++] = (void *)r.pc;
	}
}
