/* fake_sites.h - the shop that the fake program pretends to be: where it allocates, how, and the
 * containers it holds.  Data only.  Room: client, private to fake*.c. */
#ifndef LK_CLIENT_FAKE_SITES_H
#define LK_CLIENT_FAKE_SITES_H

#include <stddef.h>
#include <stdint.h>

#include "model/snapshot.h"

#define LK_FAKE_SITES 42

/* How long a block of a site lives. */
enum lk_fake_life {
	LK_FAKE_LEAK,	 /* for ever */
	LK_FAKE_STARTUP, /* for ever, born in the first 20 s only */
	LK_FAKE_CACHE,	 /* for ever, but the cache is full after life_s */
	LK_FAKE_CHURN,	 /* exponential, mean life_s */
	LK_FAKE_TTL,	 /* exactly life_s */
	LK_FAKE_ENDED,	 /* for ever until second life_s of the program, then all die */
};

#define LK_FAKE_CHAIN_FRAMES 11
#define LK_FAKE_OWN_FRAMES 8

/* Who called: shared by many sites. */
struct lk_fake_chain {
	const struct lk_fake_chain *outer;	/* NULL: the outermost one */
	struct lk_frame	  frames[LK_FAKE_CHAIN_FRAMES];	/* innermost first, then NULL functions */
};

struct lk_fake_site {
	struct lk_frame	  own[LK_FAKE_OWN_FRAMES];	/* innermost first, then NULL functions */
	const struct lk_fake_chain *callers;	/* may be NULL */
	uint32_t	  repeat;	/* own[0] is repeated so often: recursion */
	enum lk_domain	  domain;
	const char	 *thread;
	uint32_t	  flags;
	enum lk_fake_life life;
	double		  life_s;
	double		  bytes_per_s;	/* allocated while it is being born */
	double		  block_bytes;
};

extern const struct lk_fake_site lk_fake_sites[LK_FAKE_SITES];

struct lk_fake_container {
	const char *type, *owner;	/* owner NULL: not known */
	double	    length, per_s;	/* length at second 0 and what each second adds */
	double	    bound;		/* it never grows beyond; 0: no bound */
	double	    bytes_each;
	int	    site;		/* index of lk_fake_sites; -1: was not sampled */
	const char *key, *item;		/* types of what it holds; NULL: none */
};

extern const struct lk_fake_container lk_fake_containers[];
extern const size_t lk_fake_container_count;

#endif
