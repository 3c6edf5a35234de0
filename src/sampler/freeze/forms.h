/* forms.h - what kind of container the objects of a type are, and what such an object says of
 * itself: how long it is, how large, and how long it may become.
 * Room: sampler/freeze.  Reads memory only.
 *
 * A subclass is what the class is that it comes from.  Some have their items in an object of their
 * own, which is no container of its own then: its bytes are theirs.
 *
 *	list, dict, set, tuple, frozenset       heap/measure.h
 *	str, bytes, bytearray, array, mmap,     the same; they have no items but bytes
 *	  numpy.ndarray
 *	collections.OrderedDict                 as a dict, and its list of nodes
 *	collections.deque                       its blocks; bound: maxlen
 *	functools.lru_cache                     the wrapper and its dict; bound: maxsize
 *	queue.SimpleQueue                       its list, or ring of pointers (3.13 on)
 *	queue.Queue and its family              its deque or list; bound: maxsize
 *	asyncio.Queue and its family            the same
 *	weakref's dicts and sets                their dict or set of references */
#ifndef LK_SAMPLER_FREEZE_FORMS_H
#define LK_SAMPLER_FREEZE_FORMS_H

#include <stdbool.h>
#include <stdint.h>

#include "sampler/heap/measure.h"

struct lk_kind;
struct lk_kinds;

enum lk_form {
	LK_FORM_UNSEEN,			/* not asked yet */
	LK_FORM_NONE,			/* no container */
	LK_FORM_GROWS, LK_FORM_FIXED, LK_FORM_RAW, LK_FORM_DEQUE, LK_FORM_ORDERED, LK_FORM_LRU,
	LK_FORM_SIMPLE_QUEUE, LK_FORM_QUEUE, LK_FORM_ASYNC_QUEUE, LK_FORM_WEAK,
	LK_FORM_COUNT,
};

#define LK_FORM_RAW_ITEM_BYTES	64u	/* so many bytes count as an item */

struct lk_formed {
	const void	*inside;	/* what has the items: the object, or one of its own; NULL
					 * for a ring */
	enum lk_measure_kind measure;	/* of that */
	uint64_t	 length, shallow_bytes, storage;
	uint64_t	 rank;		/* length, of raw bytes as if they were items */
	uint64_t	 bound;		/* LK_FORM_UNBOUND: none; UNKNOWN: it cannot become longer,
					 * or nobody says */
};
#define LK_FORM_UNBOUND	0u
#define LK_FORM_UNKNOWN	UINT64_MAX

/* lk_forms_of - what containers of KIND look like, by its name or that of one of its bases;
 * LK_FORM_NONE: it is none. */
enum lk_form lk_forms_of(const struct lk_kinds *k, const struct lk_kind *kind);

/* lk_forms_read - OBJECT of KIND, which is of FORM and was MEASURED.
 * Returns: false when it has no items yet, or does not look like one. */
bool lk_forms_read(const struct lk_kinds *k, enum lk_form form, const void *object,
    const struct lk_measured *measured, enum lk_measure_kind measure, struct lk_formed *out);

/* lk_forms_ring - of a SimpleQueue without an object inside: the pointers to its items. */
const void *lk_forms_ring(const void *object, uint64_t *first, uint64_t *capacity);

#endif
