/* fake.h - a program that is not there: its allocations, seen through a sampler that is not there
 * either.  Every sample is drawn and dies as a real one would, so errors, survivors and trends are
 * those of real data; the same seed gives the same program.  Room: client, private. */
#ifndef LK_CLIENT_FAKE_H
#define LK_CLIENT_FAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "leaktop/wire.h"
#include "model/snapshot.h"

#include "client/fake_heap.h"
#include "client/fake_sites.h"

#define LK_FAKE_NOW_S		1700000000	/* when a new fake is looked at first */
#define LK_FAKE_AGE_S		1800		/* how long it has run then */
#define LK_FAKE_EPOCHS		60000		/* cap of baselines ever marked: uint16_t */
#define LK_FAKE_RINGS		3
#define LK_FAKE_RING_POINTS	600
#define LK_FAKE_TREND_STEP_S	10
#define LK_FAKE_TREND_POINTS	60
#define LK_FAKE_INTERVAL_BYTES	524288

struct lk_fake_sample {
	uint16_t site, epoch;
	uint32_t dies_s;	/* second of the program; UINT32_MAX: never */
};

/* What one site allocated and what is alive of it, by epoch. */
struct lk_fake_account {
	double		allocated_bytes, allocated_objects;
	uint64_t	allocated_count;
	uint32_t	cell_count;
	struct lk_cell *cells;	/* [cell_count] */
};

struct lk_fake_baseline {
	uint32_t id;
	uint32_t second;
	char	 name[LK_WIRE_NAME_MAX + 1];
	double	 rss_bytes, est_live_bytes;
	bool	 has_rows;	/* the client has asked for them */
	struct lk_fake_account accounts[LK_FAKE_SITES];
};

struct lk_fake_ring {
	uint32_t step_s, count;
	float	 rss_bytes[LK_FAKE_RING_POINTS], live_bytes[LK_FAKE_RING_POINTS];
};

struct lk_fake {
	uint64_t random;
	uint32_t second;	/* since the program started */
	uint16_t epoch;		/* baselines marked so far */
	bool	 paused;

	struct lk_fake_sample *samples;	/* [sample_count] of sample_cap, alive now */
	uint32_t sample_count, sample_cap;
	double	 samples_total, samples_last_second, drops;
	struct lk_fake_account accounts[LK_FAKE_SITES];	/* cells unused */

	struct lk_fake_baseline *baselines[LK_WIRE_BASELINES_MAX];
	uint32_t baseline_count;

	struct lk_fake_ring rings[LK_FAKE_RINGS];
	uint32_t trend_count;
	float	 trends[LK_FAKE_SITES][LK_FAKE_TREND_POINTS];

	uint32_t scanned_s;	/* when the containers were read */
	uint64_t min_length;
	uint32_t memory_s;	/* when the ledger was read, and what it said */
	double	 memory_rss_bytes, memory_live_bytes;
	struct lk_fake_heap heap;
};

/* lk_fake_new - started LK_FAKE_AGE_S ago, three baselines marked; NULL without memory. */
struct lk_fake *lk_fake_new(uint32_t seed);
void lk_fake_free(struct lk_fake *f); /* NULL is fine */

/* lk_fake_step - one more second. */
void lk_fake_step(struct lk_fake *f);

/* lk_fake_mark - a baseline.  Returns: its id, -ENOSPC when there are too many, -ENOMEM. */
int lk_fake_mark(struct lk_fake *f, const char *name);

/* lk_fake_find - a baseline by id; NULL when there is none. */
struct lk_fake_baseline *lk_fake_find(struct lk_fake *f, uint64_t id);

/* lk_fake_drop - Returns: 0 or -ENOENT. */
int lk_fake_drop(struct lk_fake *f, uint64_t id);

/* lk_fake_read_memory - reads the ledger. */
void lk_fake_read_memory(struct lk_fake *f);

/* lk_fake_count - adds up what is alive of every site: fills the cells of
 * ACCOUNTS [LK_FAKE_SITES], to be freed with lk_fake_forget().  Returns: 0 or -ENOMEM. */
int lk_fake_count(const struct lk_fake *f, struct lk_fake_account *accounts);
void lk_fake_forget(struct lk_fake_account *accounts);

/* RSS now. */
double lk_fake_rss_bytes(const struct lk_fake *f);

/* lk_fake_picture - what a client would know of it now (fake_picture.c).
 * Returns: a snapshot with one reference, NULL without memory. */
struct lk_snapshot *lk_fake_picture(const struct lk_fake *f, uint64_t seq);

#endif
