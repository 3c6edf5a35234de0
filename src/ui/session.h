/* session.h - what all views share: the process looked at, the reference, the message line.
 * Room: ui.  One thread.  Knows neither terminal nor views. */
#ifndef LK_UI_SESSION_H
#define LK_UI_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/growth.h"
#include "analysis/verdict.h"
#include "base/attr.h"
#include "client/source.h"
#include "model/frozen.h"
#include "ui/mutes.h"
#include "ui/past.h"
#include "ui/prompt.h"
#include "ui/setup.h"
#include "ui/theme.h"

struct lk_process;
struct lk_snapshot;

#define LK_SESSION_MESSAGE_MS	6000
#define LK_SESSION_FILE_BYTES	4096
#define LK_SESSION_NAME_BYTES	256

/* Purposes of the prompt. */
enum lk_ask_for { LK_ASK_FILTER, LK_ASK_SEARCH, LK_ASK_BASELINE, LK_ASK_RENAME, LK_ASK_MINIMUM,
	LK_ASK_ATTACH, LK_ASK_REVEAL };

/* How the processes of this host are found; lk_discovery_scan behind it, or a test's list. */
typedef int (*lk_scan_fn)(void *ctx, int64_t now_ms, const struct lk_process **out);

/* How the sampler is put into a process; PERFORM false: only looked at whether it can be.
 * Returns: 0, or negative errno with words for the operator. */
typedef int (*lk_attach_fn)(void *ctx, int pid, bool perform, char *words, size_t words_bytes);

/* Of frozen heaps: freeze.h asks for them and fills it. */
struct lk_session_freeze {
	char		 refusal[256];	/* why the last one gave no answer; "" */
	enum lk_request_op refused;	/* what was asked for then */
	struct lk_held	 held;		/* whose holders Referrers shows; type "" none yet */
	char		 type[LK_SESSION_NAME_BYTES];	/* held.type, of a type */
	char		 label[LK_SESSION_NAME_BYTES];	/* what people call it, cleaned; "" none */
};

/* Growth that was worked out, for as long as it is of what is on the screen. */
struct lk_session_sets {
	const struct lk_snapshot *now, *before;		/* held */
	uint32_t		 reference, until;
	struct lk_growth_set	*lines;			/* of LK_GROUP_LINE: the header asks too */
	struct lk_growth_set	*other;			/* of group OTHER_GROUP */
	enum lk_group		 other_group;
};

#define LK_SESSION_SITES_MAX	10

/* The stacks that allocated objects of one type: what Stacks shows then, and nothing else. */
struct lk_session_sites {
	uint32_t	 count;		/* 0: it shows all */
	uint32_t	 stacks[LK_SESSION_SITES_MAX];	/* ids */
	char		 type[LK_SESSION_NAME_BYTES];	/* cleaned */
	double		 at_s;		/* of the scan */
};

/* A view of one heap that was asked for in a group: the worker that is opened next shows it. */
struct lk_session_choice {
	char			 view;		/* its key; 0: none */
	bool			 is_due;	/* that worker is open, and was not asked yet */
	const struct lk_snapshot *group;	/* held: STACK is in it */
	const struct lk_stack	*stack;		/* whose holders Referrers is about; NULL: none */
	char			 label[LK_SESSION_NAME_BYTES];	/* what people call it */
};

struct lk_session {
	struct lk_source	*source;	/* owned; NULL: only the process list */
	const struct lk_snapshot *now;		/* held; on the screen; NULL before the first */
	const struct lk_snapshot *before;	/* held; A of a diff of two files; else NULL */
	uint32_t		 reference;	/* baseline id, LK_REFERENCE_START or _NEWEST */
	uint32_t		 until;		/* 0: now, else a baseline: growth up to there */
	uint32_t		 asked_rows;	/* baseline whose rows were asked for last */
	enum lk_group		 group;
	struct lk_session_sets	 sets;
	struct lk_verdict	 verdict;	/* of NOW, its sentence cleaned */
	char			 worst[64];	/* "cart:88": the line most of the growth is from,
						   beyond its error; else "" */
	bool			 worst_is_native;	/* most of that line's memory is */
	uint32_t		 survivors;	/* lines that grow and survive every baseline */
	struct lk_mutes		 mutes;
	struct lk_past		 past;
	struct lk_setup		 setup;
	char			 banner[64];	/* "PRODUCTION": what this host is; "" */
	unsigned int		 period_ms;
	bool			 paused;	/* the screen, not the sampler */
	bool			 playing;	/* a recording, moment by moment */
	bool			 lost_reference;	/* in the past, of a baseline whose rows
							   nobody has: it is since the start */
	bool			 readonly;
	bool			 ascii;
	bool			 to_file;	/* what is drawn will be in one */
	int64_t			 now_ms;	/* monotonic, set once per round */
	double			 wall_s;

	lk_scan_fn		 scan;		/* NULL: no list */
	void			*scan_ctx;
	const struct lk_process	*processes;	/* [process_count], of the last scan */
	int			 process_count;	/* or negative errno */

	lk_attach_fn		 attach;	/* NULL: it cannot be done here */
	void			*attach_ctx;

	struct lk_prompt	 prompt;
	uint32_t		 prompt_number;	/* what the prompt is about: a baseline */
	char			 message[256];
	enum lk_role		 message_role;
	int64_t			 message_until_ms;

	char			 wish_view;	/* a view asks for this one; 0: none */
	int			 wish_pid;	/* a view asks for this process; 0: none */
	bool			 wish_group;	/* and for all that are below it */
	struct lk_session_freeze freeze;
	struct lk_session_choice choice;
	struct lk_session_sites	 sites;
	char			 file[LK_SESSION_FILE_BYTES];	/* what Source shows */
	uint32_t		 line;
};

/* init/fini - caller's storage. */
void lk_session_init(struct lk_session *s);
void lk_session_fini(struct lk_session *s);

/* lk_session_watch - look at this source from now on, closing the one before. */
void lk_session_watch(struct lk_session *s, struct lk_source *take_source);

/* lk_session_take - put the source's newest snapshot on the screen, unless paused.
 * Returns: true when it changed. */
bool lk_session_take(struct lk_session *s);

/* lk_session_is_group - what is on the screen is the sum of several processes that run. */
bool lk_session_is_group(const struct lk_session *s);

/* lk_session_travel - while paused: NOW is the snapshot before (-1) or after (+1). */
void lk_session_travel(struct lk_session *s, int step);

/* lk_session_say - the message line, for a while. */
void lk_session_say(struct lk_session *s, enum lk_role role, const char *format, ...)
    LK_PRINTF(3, 4);

/* lk_session_ask - a request to the sampler; refusals, and baselines marked, are said.
 * Returns: 0 or negative errno. */
int lk_session_ask(struct lk_session *s, enum lk_request_op op, uint64_t number,
    const char *text);

/* lk_session_refresh - the same for what the operator did not ask for: nothing is said, and
 * nothing asked while there is no connection.  Returns: 0 or negative errno. */
int lk_session_refresh(struct lk_session *s, enum lk_request_op op, uint64_t number);

/* lk_session_growth - growth since the reference in the session's terms: of a diff when there
 * are two files.  Rows of a baseline that are not here yet are asked for.  Views that ask for the
 * same get the same.
 * Returns: NULL when there is nothing to show yet; lk_growth_free it. */
struct lk_growth_set *lk_session_growth(struct lk_session *s, enum lk_group group);

/* lk_session_stacks - the growth of each stack likewise; free() it. */
struct lk_growth_stacks *lk_session_stacks(struct lk_session *s);

/* lk_session_judge - works out WORST; after a new snapshot or reference. */
void lk_session_judge(struct lk_session *s);

/* lk_session_step - the reference one baseline older (-1) or newer (+1). */
void lk_session_step(struct lk_session *s, int step);

/* lk_session_baseline_name - "start", "B1", "B1 'warm'"; of id 0 START. */
char *lk_session_baseline_name(const struct lk_session *s, uint32_t id, char *out,
    size_t out_bytes);

/* lk_session_touches - false, with words to the operator, when nothing may be changed. */
bool lk_session_touches(struct lk_session *s);

/* lk_session_show_source - remember what Source shows next, and wish for it. */
void lk_session_show_source(struct lk_session *s, const struct lk_frame *frame);

/* lk_session_total - sum of the growing rows: what a row's share is measured by. */
double lk_session_total(const struct lk_growth_set *set);

#endif
