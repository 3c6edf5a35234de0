/* revealed.h - the first items of one container, as Python writes them, for who asked to see them.
 * Room: sampler/freeze.  Reads memory only. */
#ifndef LK_SAMPLER_FREEZE_REVEALED_H
#define LK_SAMPLER_FREEZE_REVEALED_H

#include "sampler/freeze/forms.h"

struct lk_answer;
struct lk_kinds;

/* lk_revealed_tell - of OBJECT, of FORM and as it was read, into OUT.  What has no items but bytes
 * is one itself. */
void lk_revealed_tell(const struct lk_kinds *k, enum lk_form form, const void *object,
    const struct lk_formed *formed, struct lk_answer *out);

#endif
