/* connection.h - one client: its bytes in, its bytes out, how far it has been told.
 * Room: sampler (top).  Threads: the server's only.
 *
 * Nothing here waits.  What a client does not read stays in its buffer; while that is not
 * empty it gets nothing new and its requests are not read: memory is bounded, and because
 * rows are chosen by what was last sent, it misses ticks, never content. */
#ifndef LK_SAMPLER_CONNECTION_H
#define LK_SAMPLER_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/print.h"
#include "leaktop/wire.h"
#include "sampler/freeze/want.h"
#include "sampler/handle.h"

#define LK_CONNECTION_OUT_BYTES	(2u * LK_WIRE_LINE_MAX)

#define LK_CONNECTION_WHY_BYTES	256u

struct lk_connection {
	struct lk_handle handle;
	struct lk_print	 out;			/* [LK_CONNECTION_OUT_BYTES], mapped once */
	size_t		 out_sent;
	char		 in[LK_WIRE_REQUEST_MAX];
	size_t		 in_bytes;
	bool		 in_skipping;		/* in a line that was too long */
	bool		 closing;		/* close when out is empty */
	bool		 in_ended;		/* the peer says no more, but may listen on */
	/* subscription */
	bool		 subscribed;
	uint64_t	 period_ns, due_ns;
	uint64_t	 seq;			/* periods since the subscription */
	uint64_t	 told_version;		/* changes up to here were sent */
	uint64_t	 telling_version;
	uint32_t	 told_baselines;	/* version of the list */
	/* Names up to these serials were sent; those up to TELLING are under way, up to INDEX. */
	struct lk_connection_names {
		uint32_t strings, frames, stacks;
	}		 told, telling, index;
	bool		 telling_names;
	uint32_t	 stack_count;		/* ids of told stacks are below */
	bool		 reset_due;		/* stacks were let go of since the last one */
	/* the job under way: a program of stages, see messages.c */
	const uint8_t	*stage;			/* NULL: none */
	const uint8_t	*after_tick;		/* that waits, while a tick is between; or NULL */
	uint32_t	 cursor;
	size_t		 mark_cursor;
	uint32_t	 mark_folds;		/* as in lk_marks_row() */
	int64_t		 reply_id;
	uint32_t	 mark_id;
	uint64_t	 min_length;
	uint64_t	 seen_ms;		/* when the list was made that it asks about */
	bool		 by_walk;		/* containers, as there is no freeze ... */
	char		 why[LK_CONNECTION_WHY_BYTES];	/* ... for that reason */
	uint32_t	 row;			/* of the line under way */
	uint32_t	 limit;
	uint32_t	 scan_number;		/* waits for the end of this walk, or freeze */
	struct lk_want	 want;			/* of a freeze */
	uint64_t	 told_done;		/* progress of the freeze */
};

/* lk_connection_open - take over FD.  Returns: 0, -ENOMEM. */
int lk_connection_open(struct lk_connection *c, int fd);
void lk_connection_close(struct lk_connection *c);

/* lk_connection_flush - write what is there.  false: the peer is gone. */
bool lk_connection_flush(struct lk_connection *c);

/* lk_connection_fill - read what is there; the end of it is in_ended.  false: an error. */
bool lk_connection_fill(struct lk_connection *c);

/* lk_connection_line - the next request, without its '\n', consumed by the next call.
 * Returns: its length, -1: none yet, -2: a line longer than LK_WIRE_REQUEST_MAX was dropped. */
ssize_t lk_connection_line(struct lk_connection *c, const char **line);

/* lk_connection_peek - the same, not consumed.  Returns: its length, -1: none yet. */
ssize_t lk_connection_peek(const struct lk_connection *c, const char **line);

/* lk_connection_has_room - for one more line of any kind. */
bool lk_connection_has_room(const struct lk_connection *c);

#endif
