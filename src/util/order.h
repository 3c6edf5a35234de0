/* order.h - long lists put in order by numbers and by texts.  Room: util.
 *
 * qsort() asks its caller for every comparison; 100,000 rows ask 1.7 million times, and each time
 * for memory that is far away.  Here each row is asked for its key once: digits of the keys do
 * the rest, in a time that grows with the list and no faster. */
#ifndef LK_UTIL_ORDER_H
#define LK_UTIL_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lk_order {
	uint64_t key;
	uint32_t number;	/* of what is put in order */
};

/* lk_order_key - the smaller the key the larger VALUE, or with RISING the other way round; NAN
 * comes last in both. */
uint64_t lk_order_key(double value, bool rising);

/* lk_order_sort - LIST by key, the smallest first; equal ones keep their order.
 * SCRATCH: room for COUNT more. */
void lk_order_sort(struct lk_order *list, struct lk_order *scratch, size_t count);

/* lk_order_sort_texts - LIST by the bytes of texts[number]; FALLING: the last one first.  Equal
 * ones keep their order; keys are used up. */
void lk_order_sort_texts(struct lk_order *list, struct lk_order *scratch, size_t count,
    const char *const *texts, bool falling);

#endif
