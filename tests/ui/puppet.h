/* puppet.h - a source that is in the state it is told, over the pictures of the dummy. */
#ifndef LK_TESTS_UI_PUPPET_H
#define LK_TESTS_UI_PUPPET_H

#include "client/source.h"
#include "client/source_ops.h"
#include "model/snapshot.h"

#include "desk.h"

struct puppet {
	struct lk_source     source;
	struct lk_source    *dummy;
	enum lk_source_state state;
	const char	    *native;	/* instead of the dummy's; NULL: that */
	const struct lk_sampler_event *events;	/* as native */
	uint32_t	     event_count;
	const struct lk_gc_pauses *pauses;	/* as native */
	size_t		     moment, moment_count;	/* 0: there is one moment only */
};

/* puppet_watch - the desk watches a new one, which is the desk's to close. */
struct puppet *puppet_watch(enum lk_source_state state);

#endif
