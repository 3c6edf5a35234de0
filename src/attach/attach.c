#include "config.h"

#include "attach/attach.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "attach/entry.h"
#include "attach/preflight.h"
#include "attach/subject.h"

struct lk_attach {
	struct lk_subject subject;
	struct lk_preflight preflight;
	char		*library;
};

int
lk_attach_look(pid_t pid, const char *library, bool allow_seccomp, struct lk_attach **out)
{
	struct lk_attach *a = calloc(1, sizeof(*a));
	int rc;

	if (a == NULL)
		return -ENOMEM;
	a->subject.memory = -1;
	a->library = strdup(library);
	rc = a->library == NULL ? -ENOMEM : lk_subject_look(pid, &a->subject);
	if (rc < 0) {
		lk_attach_free(a);
		return rc;
	}
	lk_preflight_look(&a->subject, a->library, allow_seccomp, &a->preflight);
	*out = a;
	return 0;
}

void
lk_attach_free(struct lk_attach *a)
{
	if (a == NULL)
		return;
	lk_subject_close(&a->subject);
	free(a->library);
	free(a);
}

const struct lk_preflight *
lk_attach_preflight(const struct lk_attach *a)
{
	return &a->preflight;
}

int
lk_attach_perform(struct lk_attach *a, const char *const *settings, size_t count,
    struct lk_attach_report *report)
{
	*report = (struct lk_attach_report){0};
	return lk_entry_perform(&a->subject, a->library, settings, count, report);
}
