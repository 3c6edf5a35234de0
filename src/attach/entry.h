/* entry.h - the way into the process, step by step.  Room: attach; attach.h is its door. */
#ifndef LK_ATTACH_ENTRY_H
#define LK_ATTACH_ENTRY_H

#include <stddef.h>

struct lk_attach_report;
struct lk_subject;

/* lk_entry_perform - as lk_attach_perform(); S was opened, and nothing was refused. */
int lk_entry_perform(struct lk_subject *s, const char *library, const char *const *settings,
    size_t count, struct lk_attach_report *report);

#endif
