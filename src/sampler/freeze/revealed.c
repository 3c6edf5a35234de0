#include "config.h"

#include "sampler/freeze/revealed.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/print.h"
#include "sampler/freeze/answer.h"
#include "sampler/freeze/items.h"
#include "sampler/freeze/kinds.h"
#include "sampler/freeze/literals.h"

#define GONE "(gone)"	/* what a weak reference referred to */

/* The child's, and only there. */
static const struct lk_kinds *k;
static enum lk_form form;
static struct lk_answer *told;

static void
write(const void *item, char out[LK_ANSWER_LITERAL_MAX])
{
	struct lk_print p;

	item = lk_items_meant(k, form, item);
	if (item != NULL) {
		lk_literals_write(k, item, out, LK_ANSWER_LITERAL_MAX);
		return;
	}
	lk_print_init(&p, out, LK_ANSWER_LITERAL_MAX);
	lk_print_str(&p, GONE);
	lk_print_end(&p);
}

static bool
take(const void *key, const void *value)
{
	struct lk_answer_item *item = &told->revealed[told->revealed_kept++];

	item->has_key = key != NULL;
	if (key != NULL)
		write(key, item->key);
	write(value, item->value);
	return told->revealed_kept < LK_ANSWER_REVEALED_MAX;
}

void
lk_revealed_tell(const struct lk_kinds *kinds, enum lk_form of, const void *object,
    const struct lk_formed *formed, struct lk_answer *out)
{
	k = kinds;
	form = of;
	told = out;
	out->revealed_kept = 0;
	if (of == LK_FORM_RAW)
		take(NULL, object);
	else
		lk_items_each(k, object, formed, take);
}
