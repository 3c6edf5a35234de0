/* sink.h - what the hooks call when something is due: function pointers handed over at
 * install, so that no arrow points from the hooks back up.  Room: sampler/core.
 * Context: inside a hook, any thread; must not allocate, block, or call Python.  errno is
 * saved by the caller. */
#ifndef LK_SAMPLER_CORE_SINK_H
#define LK_SAMPLER_CORE_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lk_slots;
struct lk_live;

#define LK_DOMAIN_NATIVE 3u	/* after the interpreter's own: raw 0, mem 1, obj 2 */

/* What is left of a mapping; no bytes: nothing. */
struct lk_piece {
	void	*p;
	size_t	 size_bytes;
};

struct lk_sink {
	struct lk_slots	*slots;
	struct lk_live	*live;

	/* A block of SIZE bytes at P was due, drawn at INTERVAL. */
	void (*sampled)(uint8_t domain, void *p, size_t size_bytes, double interval_bytes);
	/* A slot of SLOT bytes for a sampled block of SIZE; SIZE 0: no sample, the self-test.
	 * NULL: no room, or the lock was busy. */
	void *(*slot)(uint8_t domain, size_t size_bytes, size_t slot_bytes,
	    double interval_bytes);
	/* The block in slot P is gone; its slot is not released yet. */
	void (*slot_ended)(void *p);
	/* Claimed sample: it died, or its block could not be moved and stays. */
	void (*ended)(uint32_t sample);
	void (*stays)(uint32_t sample);
	/* Claimed sample: these two pieces of its block are left. */
	void (*remains)(uint32_t sample, const struct lk_piece pieces[2]);
	/* The interval to draw the next countdown with. */
	double (*interval_bytes)(void);
	/* First use by this thread: seed and number. */
	void (*thread_init)(void);
};

#endif
