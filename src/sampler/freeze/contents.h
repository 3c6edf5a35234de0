/* contents.h - what a container holds: the types of its items, and a few of them by address.
 * Room: sampler/freeze.  Reads memory only. */
#ifndef LK_SAMPLER_FREEZE_CONTENTS_H
#define LK_SAMPLER_FREEZE_CONTENTS_H

#include <stdint.h>

#include "sampler/freeze/forms.h"

struct lk_answer_container;
struct lk_kinds;

#define LK_CONTENTS_LOOKED	4096u	/* at most, from all over the container */

/* lk_contents_tell - of OBJECT, of FORM and as it was read, into the types and the probes of OUT.
 * What a weak reference refers to is meant where the form is for such; of an lru_cache the
 * results. */
void lk_contents_tell(const struct lk_kinds *k, enum lk_form form, const void *object,
    const struct lk_formed *formed, struct lk_answer_container *out);

#endif
