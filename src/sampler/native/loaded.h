/* loaded.h - the objects in the loader's list, copied.  Room: sampler/native.
 * Threads: the patching thread, inside the gate (gate.h). */
#ifndef LK_SAMPLER_NATIVE_LOADED_H
#define LK_SAMPLER_NATIVE_LOADED_H

#include <stdbool.h>
#include <stdint.h>

#include "sampler/native/image.h"

#define LK_LOADED_MAX	4096u

struct lk_loaded {
	uintptr_t	 bias;
	const ElfW(Phdr) *phdr;		/* valid while the object is pinned; set when it is */
	uint16_t	 phnum;
	bool		 is_main;
	const char	*name;		/* as the loader calls it; until the next list */
	void		*handle;	/* while it is pinned */
};

struct lk_loaded_counters {
	unsigned long long	adds, subs;	/* objects that came and went so far */
};

/* lk_loaded_count - the counters now: takes the loader's list lock for a moment. */
void lk_loaded_count(struct lk_loaded_counters *out);

/* lk_loaded_list - all objects now, borrowed until the next call; *left_out: how many there
 * are beyond LK_LOADED_MAX (or whose names do not fit).  Returns: how many; 0 without memory. */
uint32_t lk_loaded_list(struct lk_loaded **out, struct lk_loaded_counters *counters,
    uint32_t *left_out);

/* lk_loaded_pin - waits for a dlopen() of it under way, and keeps it from being unloaded.
 * Returns: false: it is gone, or another one is in its place.  The main program stays anyway.
 * lk_loaded_unpin - when the host has closed it meanwhile, it is unloaded here. */
bool lk_loaded_pin(struct lk_loaded *object);
void lk_loaded_unpin(struct lk_loaded *object);

#endif
