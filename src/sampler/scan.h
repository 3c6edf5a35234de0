/* scan.h - the thread that may wait for the GIL, so that the server never does.
 * Room: sampler (top).  One walk at a time; its result stays until the next one starts.
 * Threads: the server's calls these; the walker only fills the scan and rings. */
#ifndef LK_SAMPLER_SCAN_H
#define LK_SAMPLER_SCAN_H

#include <stdbool.h>
#include <stdint.h>

struct lk_containers_scan;
struct lk_layout;
struct lk_symbols;

/* lk_scan_init - LAYOUT NULL: scans are unavailable.  RING is called by the walker when it
 * is done. */
void lk_scan_init(const struct lk_layout *layout, const struct lk_symbols *symbols,
    void (*ring)(void));

/* lk_scan_start - begin a walk.  Returns: 0; -EBUSY: one is under way; -ENOTSUP; -ENOMEM;
 * -EAGAIN: no thread to be had. */
int lk_scan_start(uint64_t min_length);

/* lk_scan_poll - has a walk ended, or been stopped, since the last call?  Then joins its thread
 * and returns its number (from 1); else 0. */
uint32_t lk_scan_poll(void);

bool lk_scan_is_running(void);

/* lk_scan_result - of the last walk that ended; NULL when there is none or it was stopped. */
struct lk_containers_scan *lk_scan_result(void);

/* lk_scan_stop - give up and wait for the walker.  Context: without the GIL. */
void lk_scan_stop(void);

/* lk_scan_after_fork - in the child there is no walker. */
void lk_scan_after_fork(void);

#endif
