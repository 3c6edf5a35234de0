/* collector.h - the cyclic garbage collector's state.  Room: sampler/cpython. */
#ifndef LK_SAMPLER_CPYTHON_COLLECTOR_H
#define LK_SAMPLER_CPYTHON_COLLECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "sampler/core/pauses.h"

struct lk_layout;

#define LK_GENERATIONS LK_PAUSES_GENERATIONS

struct lk_collector {
	bool	enabled;
	struct {
		uint64_t count, threshold, collections, collected, uncollectable;
	}	generation[LK_GENERATIONS];
};

/* lk_collector_read - of the main interpreter.  Plain reads of numbers that are always
 * mapped: no GIL needed, a value may be a moment old.  Returns: false before it is there. */
bool lk_collector_read(const struct lk_layout *layout, const void *runtime,
    struct lk_collector *out);

/* lk_collector_look - whether it collects now, and what it has collected; all but the time.  Plain
 * reads, as above.  Returns: false before it is there. */
bool lk_collector_look(const struct lk_layout *layout, const void *runtime,
    struct lk_pauses_look *out);

/* lk_collector_records - the newest collections of generation I with their times, oldest first,
 * where the interpreter keeps them (3.15); OUT has room for LK_COLLECTOR_RECORDS_MAX.
 * Returns: how many; -1: it keeps none, or it collects just now. */
#define LK_COLLECTOR_RECORDS_MAX 11
int lk_collector_records(const struct lk_layout *layout, const void *runtime, int i,
    struct lk_pauses_record *out);

/* lk_collector_state - address of the main interpreter's collector state, or NULL. */
const void *lk_collector_state(const struct lk_layout *layout, const void *runtime);

/* lk_collector_others - CALL for the collector state of each interpreter other than the main one
 * that shares its GIL; NULL instead for each that has one of its own, whose lists may be changing.
 * Context: with the GIL, or in a copy of the process. */
void lk_collector_others(const struct lk_layout *layout, const void *runtime,
    void (*call)(void *ctx, const void *state), void *ctx);

/* lk_collector_garbage - gc.garbage of that STATE; NULL before it is there. */
const void *lk_collector_garbage(const struct lk_layout *layout, const void *state);

/* lk_collector_list - head of the I-th list of tracked objects: the generations, then the
 * permanent one (gc.freeze).  The base comes from the collector's own pointer where there is one:
 * its distance differs between distributions of one minor.  An incremental collector has the
 * young list and two old ones. */
const void *lk_collector_list(const struct lk_layout *layout, const void *state, int i);

#endif
