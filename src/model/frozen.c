#include "config.h"

#include "model/frozen.h"

#include <math.h>
#include <string.h>

#include "model/snapshot.h"

void
lk_frozen_unknown(struct lk_frozen *f)
{
	*f = (struct lk_frozen){NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, true, ""};
}

bool
lk_frozen_is_same(const struct lk_held *a, const struct lk_held *b)
{
	if (a->kind != b->kind)
		return false;
	return a->kind == LK_HELD_TYPE ? strcmp(a->type, b->type) == 0 : a->number == b->number;
}

const struct lk_holders *
lk_frozen_holders(const struct lk_snapshot *s, const struct lk_held *held)
{
	for (uint32_t i = s->holders_count; i-- > 0;)
		if (lk_frozen_is_same(&s->holders[i]->held, held))
			return s->holders[i];
	return NULL;
}
