/* frozen.h - what a frozen heap said: how much there is of which type, and who holds it.
 * Room: model.  Part of a snapshot (snapshot.h); NAN is unknown. */
#ifndef LK_MODEL_FROZEN_H
#define LK_MODEL_FROZEN_H

#include <stdbool.h>
#include <stdint.h>

/* How it was read: leaktop/wire.h, frozen. */
struct lk_frozen {
	double		 at_s;
	double		 pause_us;	/* the process stood still */
	double		 walk_ms;
	double		 copied_bytes, table_bytes;
	double		 object_count, bytes, type_count;
	double		 garbage_count, garbage_bytes;
	bool		 complete;
	const char	*reason;	/* "" or why it is not */
};

/* A stack that allocated objects of a type, or where these have their items. */
struct lk_site {
	uint32_t	 stack;		/* its id; it may be no more */
	double		 sample_count, bytes;	/* of samples that were alive; bytes: an estimate */
};

struct lk_type {
	const char	*name;		/* "shop.cart.Item", as the target gave it */
	double		 object_count, bytes;
	double		 garbage_count, garbage_bytes;
	double		 cyclic_count;	/* of the objects: in cycles */
	double		 sample_count;	/* of the objects, of all stacks */
	uint32_t	 site_count;
	const struct lk_site *sites;	/* [site_count], most bytes first: the first few */
};

/* Open file descriptors at that time, by what they are. */
struct lk_descriptors {
	double	sockets, pipes, files, others;
};

/* Objects that hold themselves over others; of the whole heap. */
struct lk_cycles {
	double	cycle_count, object_count, garbage_count;
};

/* What the collector found in cycles and gave up: gc.garbage. */
struct lk_stuck {
	const char	*name;		/* of a type */
	double		 object_count;
};

struct lk_uncollectable {
	double		 object_count;
	uint32_t	 count;
	const struct lk_stuck *list;	/* [count], most objects first; not all types */
};

struct lk_types {
	struct lk_frozen	 frozen;
	struct lk_cycles	 cycles;
	struct lk_uncollectable	 uncollectable;
	uint32_t		 baseline;	/* the newest one then; 0: none */
	struct lk_descriptors	 descriptors;
	uint32_t		 count;
	const struct lk_type	*list;		/* [count], most bytes first; fewer than there are
						   when frozen.type_count is more */
};

/* Whose holders: of all objects of a type, of what a stack allocated, of one object. */
enum lk_held_kind { LK_HELD_TYPE, LK_HELD_STACK, LK_HELD_ADDRESS };

struct lk_held {
	enum lk_held_kind	 kind;
	const char		*type;		/* LK_HELD_TYPE, else "" */
	uint64_t		 number;	/* id of the stack, or address */
};

struct lk_holder {
	const char	*path;		/* as in leaktop/wire.h, referrers */
	double		 object_count, bytes, retained_bytes;
};

/* A kind of cycles that the objects are in: leaktop/wire.h, referrers. */
struct lk_loop {
	const char	*words;		/* "shop.cart.Node -> dict -> shop.cart.Node" */
	double		 length;	/* 0: of several kinds */
	double		 cycle_count, object_count;
};

struct lk_holders {
	struct lk_frozen	 frozen;
	struct lk_held		 held;		/* what was asked for */
	const char		*type;		/* of the objects, as the sampler calls it */
	double			 sample_count, found_count;	/* of a stack, alive then */
	double			 object_count, bytes, path_count;
	uint32_t		 count;
	const struct lk_holder	*list;		/* [count], most objects first */
	uint32_t		 loop_count;
	const struct lk_loop	*loops;		/* [loop_count], likewise */
};

struct lk_snapshot;

/* lk_frozen_unknown - *f with every quantity unknown. */
void lk_frozen_unknown(struct lk_frozen *f);

/* lk_frozen_is_same - whether both mean the same objects. */
bool lk_frozen_is_same(const struct lk_held *a, const struct lk_held *b);

/* lk_frozen_holders - the newest answer about HELD in S; NULL when there is none.  Borrowed. */
const struct lk_holders *lk_frozen_holders(const struct lk_snapshot *s,
    const struct lk_held *held);

#endif
