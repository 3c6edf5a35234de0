#include "config.h"

#include "sampler/cpython/switch.h"

#include <link.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/attr.h"
#include "sampler/cpython/hooks.h"
#include "sampler/cpython/symbols.h"

#define SEGMENTS_MAX	8u
#define FUNCTIONS	4u	/* of a record: malloc, calloc, realloc, free */

/* CPython's record, word by word: the ABI of PyMemAllocatorEx. */
struct record {
	_Atomic(uintptr_t)	ctx;
	_Atomic(uintptr_t)	function[FUNCTIONS];
};
_Static_assert(sizeof(struct record) == sizeof(struct lk_allocator), "one and the same record");

enum { MALLOC, CALLOC, REALLOC, FREE };

static struct { const char *from, *end; } segments[SEGMENTS_MAX];
static unsigned int segment_count;
static struct record *table[LK_HOOKS_DOMAINS];
static bool found;
static bool is_in[LK_HOOKS_DOMAINS][FUNCTIONS];

/* ---- where the table is ------------------------------------------------------------ */

static bool
holds(const struct dl_phdr_info *object, uintptr_t address)
{
	uintptr_t offset = address - object->dlpi_addr;
	int i;

	for (i = 0; i < object->dlpi_phnum; i++)
		if (object->dlpi_phdr[i].p_type == PT_LOAD &&
		    offset - object->dlpi_phdr[i].p_vaddr < object->dlpi_phdr[i].p_memsz)
			return true;
	return false;
}

/* What the loader made read-only after it had relocated it is at the beginning of a segment. */
static uintptr_t
writable_from(const struct dl_phdr_info *object, const ElfW(Phdr) *segment)
{
	uintptr_t from = segment->p_vaddr, relro_end;
	int i;

	for (i = 0; i < object->dlpi_phnum; i++) {
		relro_end = object->dlpi_phdr[i].p_vaddr + object->dlpi_phdr[i].p_memsz;
		if (object->dlpi_phdr[i].p_type == PT_GNU_RELRO &&
		    relro_end - segment->p_vaddr <= segment->p_memsz)
			from = relro_end;
	}
	return (object->dlpi_addr + from + 7) & ~(uintptr_t)7;
}

static int
note_segments(struct dl_phdr_info *object, size_t bytes, void *address)
{
	const ElfW(Phdr) *segment = object->dlpi_phdr, *end = segment + object->dlpi_phnum;

	(void)bytes;
	if (!holds(object, (uintptr_t)address))
		return 0;
	for (; segment < end && segment_count < SEGMENTS_MAX; segment++) {
		if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_W))
			continue;
		segments[segment_count].from = (const char *)writable_from(object, segment);
		segments[segment_count++].end =
		    (const char *)(object->dlpi_addr + segment->p_vaddr + segment->p_memsz);
	}
	return 1;
}

void
lk_switch_look(const struct lk_symbols *py)
{
	uintptr_t address;

	memcpy(&address, &py->set_allocator, sizeof(address));
	segment_count = 0;
	dl_iterate_phdr(note_segments, (void *)address);
}

/* The next record after AFTER (NULL: the first) that reads like WANTED. */
static struct record *
search(const struct lk_allocator *wanted, const struct record *after)
{
	const char *p, *from;
	uintptr_t word;
	unsigned int i;

	for (i = 0; i < segment_count; i++) {
		from = segments[i].from;
		if ((const char *)after >= from && (const char *)after < segments[i].end)
			from = (const char *)after + sizeof(uintptr_t);
		else if ((const char *)after > from)
			continue;
		for (p = from; p + sizeof(*wanted) <= segments[i].end; p += sizeof(word)) {
			memcpy(&word, p, sizeof(word));
			if (word == (uintptr_t)wanted->ctx &&
			    memcmp(p, wanted, sizeof(*wanted)) == 0)
				return (struct record *)(uintptr_t)p;
		}
	}
	return NULL;
}

/* ---- in and out ---------------------------------------------------------------------- */

static uintptr_t
function_of(const struct lk_allocator *allocator, unsigned int which)
{
	uintptr_t words[sizeof(*allocator) / sizeof(uintptr_t)];

	memcpy(words, allocator, sizeof(words));
	return words[which + 1];
}

static enum lk_switch_part
part_of(int domain, unsigned int which)
{
	if (which == FREE)
		return LK_SWITCH_ENDS;
	/* where free is not hooked, what pymalloc cannot move comes to RAW */
	if (which == REALLOC && (domain == 0 || function_of(lk_hooks_ours(domain), FREE) !=
	    function_of(lk_hooks_originals(domain), FREE)))
		return LK_SWITCH_ENDS;
	return domain == 0 ? LK_SWITCH_RAW : LK_SWITCH_OBJECTS;
}

static bool
exchange(int domain, unsigned int which, bool in)
{
	uintptr_t ours = function_of(lk_hooks_ours(domain), which);
	uintptr_t original = function_of(lk_hooks_originals(domain), which);
	uintptr_t wanted = in ? ours : original, expected = in ? original : ours;
	_Atomic(uintptr_t) *function;

	if (ours == original)
		return true;
	function = &table[domain]->function[which];
	/* What is as wanted is not written, and the program keeps its cache line.  What was found
	 * counts, not what was done: somebody may have put his copy back. */
	if (atomic_load(function) != wanted &&
	    !atomic_compare_exchange_strong(function, &expected, wanted) && expected != wanted)
		return false;
	is_in[domain][which] = in;
	return true;
}

bool
lk_switch_has(unsigned int parts)
{
	unsigned int which;
	int domain;

	for (domain = 0; domain < LK_HOOKS_DOMAINS; domain++)
		for (which = 0; which < FUNCTIONS; which++)
			if ((part_of(domain, which) & parts) && !is_in[domain][which] &&
			    function_of(lk_hooks_ours(domain), which) !=
			    function_of(lk_hooks_originals(domain), which))
				return false;
	return true;
}

bool
lk_switch_set(unsigned int parts, unsigned int in)
{
	/* What frees comes first on the way in and last on the way out. */
	static const enum lk_switch_part order[] = {LK_SWITCH_ENDS, LK_SWITCH_RAW,
	    LK_SWITCH_OBJECTS};
	unsigned int step, which;
	enum lk_switch_part part;
	bool done = true;
	int domain;

	for (step = 0; found && step < LK_COUNT_OF(order) * 2; step++) {
		part = order[step < 3 ? step : 5 - step];
		if (!(parts & part) || (step < 3) != ((in & part) != 0))
			continue;
		for (domain = 0; domain < LK_HOOKS_DOMAINS; domain++)
			for (which = 0; which < FUNCTIONS; which++)
				if (part_of(domain, which) == part)
					done = exchange(domain, which, step < 3) && done;
		if (step == 0 && !lk_switch_has(LK_SWITCH_ENDS))
			return false;	/* nobody would see the end of what were sampled */
	}
	return done;
}

static bool
says(const struct lk_symbols *py, int domain, const struct lk_allocator *wanted)
{
	struct lk_allocator now;

	py->get_allocator(domain, &now);
	return memcmp(&now, wanted, sizeof(now)) == 0;
}

/* Does an exchange there do what PyMem_SetAllocator does?  Leaves it as it was. */
static bool
is_table(const struct lk_symbols *py, int domain, bool was_in)
{
	const struct lk_allocator *ours = lk_hooks_ours(domain);
	const struct lk_allocator *original = lk_hooks_originals(domain);
	struct lk_allocator half = was_in ? *ours : *original;
	bool right;

	is_in[domain][MALLOC] = was_in;
	half.malloc = was_in ? original->malloc : ours->malloc;
	right = exchange(domain, MALLOC, !was_in) && says(py, domain, &half);
	return exchange(domain, MALLOC, was_in) && right;
}

/* The record of DOMAIN among those that read like what it is to have now.  Others may read alike:
 * two domains with one allocator, a copy that a debug allocator keeps. */
static bool
find(const struct lk_symbols *py, int domain, bool was_in)
{
	const struct lk_allocator *now =
	    was_in ? lk_hooks_ours(domain) : lk_hooks_originals(domain);
	struct record *record = NULL;

	while ((record = search(now, record)) != NULL) {
		table[domain] = record;
		if (says(py, domain, now) && is_table(py, domain, was_in))
			return true;
	}
	table[domain] = NULL;
	return false;
}

void
lk_switch_install(const struct lk_symbols *py, int domain)
{
	struct lk_allocator hooks = *lk_hooks_ours(domain);
	unsigned int which = FUNCTIONS;
	bool done = find(py, domain, false);

	while (done && which-- > 0)	/* free first: it may see what malloc gave out */
		done = exchange(domain, which, true);
	if (!done)
		py->set_allocator(domain, &hooks);
}

bool
lk_switch_find(const struct lk_symbols *py)
{
	unsigned int which;
	int domain;

	found = true;
	for (domain = 0; domain < LK_HOOKS_DOMAINS; domain++) {
		for (which = 0; which < FUNCTIONS; which++)
			is_in[domain][which] = function_of(lk_hooks_ours(domain), which) !=
			    function_of(lk_hooks_originals(domain), which);
		found = found && (table[domain] != NULL || find(py, domain, true));
	}
	return found;
}

bool
lk_switch_is_found(void)
{
	return found;
}

unsigned int
lk_switch_count(void)
{
	unsigned int which, count = 0;
	int domain;

	for (domain = 0; domain < LK_HOOKS_DOMAINS; domain++)
		for (which = 0; which < FUNCTIONS; which++)
			count += is_in[domain][which];
	return count;
}
