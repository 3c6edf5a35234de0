/* source_ops.h - what an implementation of a source must provide.
 * Room: client, private to it: source.c and source_*.c. */
#ifndef LK_CLIENT_SOURCE_OPS_H
#define LK_CLIENT_SOURCE_OPS_H

#include "client/source.h"

#define LK_SOURCE_WORDS_BYTES 256

/* Every member is needed unless it says so; source.c calls them with the arguments of the function
 * of the same name in source.h. */
struct lk_source_ops {
	const char *id; /* live, file, dummy */

	size_t (*poll)(struct lk_source *s, struct pollfd *fds, size_t max, int *timeout_ms);
	bool (*dispatch)(struct lk_source *s, const struct pollfd *fds, size_t count,
	    int64_t now_ms);

	/* Only whole pictures: every stack of every row has its frames and words.  seq starts
	 * at 1 and grows with every new picture. */
	const struct lk_snapshot *(*snapshot)(const struct lk_source *s);

	enum lk_source_state (*state)(const struct lk_source *s);
	const char *(*words)(const struct lk_source *s); /* "" when there is nothing to say */

	/* 0 promises exactly one call of FN, never from within request(), in the order of the
	 * requests but for those that freeze the heap; with ok = false when the connection went
	 * away before the answer. */
	int (*request)(struct lk_source *s, const struct lk_request *request, lk_reply_fn fn,
	    void *ctx);

	const struct lk_source_reading *(*reading)(const struct lk_source *s);

	/* NULL: nothing is ever revealed. */
	const struct lk_revealed *(*revealed)(const struct lk_source *s);

	/* NULL, both: there is one moment only. */
	size_t (*moments)(const struct lk_source *s, size_t *at);
	int (*step)(struct lk_source *s, int step);

	/* Frees S; requests without an answer are dropped in silence. */
	void (*close)(struct lk_source *s);
};

/* The first member of every implementation. */
struct lk_source {
	const struct lk_source_ops *ops;

	/* of lk_source_ask(): replies are counted, so that a late one is not taken for
	 * the answer to a newer question */
	uint64_t asked_count, answered_count;
	bool	 answer_ok;
	uint64_t answer_number;
	char	 answer_words[LK_SOURCE_WORDS_BYTES]; /* why the last question failed */
};

/* lk_source_init - zero S and set its ops; cannot fail. */
void lk_source_init(struct lk_source *s, const struct lk_source_ops *ops);

#endif
