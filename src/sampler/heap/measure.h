/* measure.h - what an object is long and large: by type flags and exact layouts.
 * Room: sampler/heap; sampler/freeze.  Reads memory only, of objects that hold still: with the
 * GIL, or in a copy of the process. */
#ifndef LK_SAMPLER_HEAP_MEASURE_H
#define LK_SAMPLER_HEAP_MEASURE_H

#include <stdbool.h>
#include <stdint.h>

struct lk_container_found;
struct lk_containers_scan;
struct lk_layout;
struct lk_symbols;

/* How the objects of a type are measured. */
enum lk_measure_kind {
	LK_MEASURE_PLAIN,	/* no container: tp_basicsize and items */
	LK_MEASURE_INT,
	LK_MEASURE_FRAME,	/* a generator or frame: its items have no length */
	LK_MEASURE_DICT, LK_MEASURE_LIST, LK_MEASURE_TUPLE, LK_MEASURE_BYTES,
	LK_MEASURE_STR, LK_MEASURE_SET, LK_MEASURE_BYTEARRAY, LK_MEASURE_DEQUE,
	/* of a type with that name: a class of Python may have it, too, and look different */
	LK_MEASURE_ARRAY,	/* array.array */
	LK_MEASURE_MMAP,	/* mmap.mmap: what it maps */
	LK_MEASURE_NDARRAY,	/* numpy's: its data, where they are its own */
	LK_MEASURE_KINDS,
};

struct lk_measured {
	uint64_t	length;		/* 0 of what is no container */
	uint64_t	shallow_bytes;	/* with what is before and behind it */
	uint64_t	storage;	/* address of where its items are */
	uint64_t	block;		/* of where what is before the object begins */
};

/* lk_measure_kind - how objects of TYPE, an address in the interpreter, are measured. */
enum lk_measure_kind lk_measure_kind(const struct lk_layout *l, const struct lk_symbols *s,
    const void *type);

/* lk_measure_object - OBJECT, whose TYPE is of KIND. */
void lk_measure_object(const struct lk_layout *l, enum lk_measure_kind kind, const void *type,
    const void *object, struct lk_measured *out);

/* lk_measure_container - fill FOUND for OBJECT when it is a container of at least
 * min_length. */
bool lk_measure_container(const struct lk_containers_scan *scan, const void *object,
    struct lk_container_found *found);

#endif
