/* preflight.h - what is looked at before anything is touched.  Room: attach. */
#ifndef LK_ATTACH_PREFLIGHT_H
#define LK_ATTACH_PREFLIGHT_H

#include <stdbool.h>
#include <stddef.h>

struct lk_subject;

enum lk_finding {
	LK_FINDING_GOOD,
	LK_FINDING_NOTE,		/* it goes on; the operator should know */
	LK_FINDING_REFUSED,
};

struct lk_check {
	const char	*what;		/* "permission" */
	enum lk_finding	 finding;
	char		 words[320];
};

#define LK_CHECKS_MAX 16

struct lk_preflight {
	struct lk_check	 checks[LK_CHECKS_MAX];
	size_t		 count;
	const struct lk_check *refusal;	/* the first, or NULL */
	bool		 has_sampler;	/* its library is there: at work, or detached */
};

/* lk_preflight_look - all checks on the process S, which was looked at (subject.h); it is opened
 * on the way, and stays open.  What follows a refusal is not looked at.  LIBRARY: absolute path of
 * the sampler.  ALLOW_SECCOMP: a filter of system calls is only a note. */
void lk_preflight_look(struct lk_subject *s, const char *library, bool allow_seccomp,
    struct lk_preflight *out);

#endif
