/* The order of a table's rows: each of them is asked for its value or its text once. */
#include "config.h"

#include "ui/table_order.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util/index.h"
#include "util/order.h"

#include "ui/table.h"

/* What sorting needs beside the rows, for as long as it takes. */
struct sorting {
	struct lk_order		*list, *scratch;	/* [count] each */
	struct lk_row_ref	*rows;			/* [count] */
};

static void
sorting_fini(struct sorting *s)
{
	free(s->list);
	free(s->scratch);
	free(s->rows);
}

/* Keys are the places that rows had as they were added. */
static bool
sorting_init(struct sorting *s, const struct lk_table *t)
{
	*s = (struct sorting){
		.list = malloc(t->count * sizeof(*s->list)),
		.scratch = malloc(t->count * sizeof(*s->scratch)),
		.rows = malloc(t->count * sizeof(*s->rows)),
	};
	if (s->list == NULL || s->scratch == NULL || s->rows == NULL) {
		sorting_fini(s);
		return false;
	}
	for (size_t i = 0; i < t->count; i++)
		s->list[i] = (struct lk_order){t->rows[i].order, (uint32_t)i};
	lk_order_sort(s->list, s->scratch, t->count);
	return true;
}

static void
sort_by_value(struct lk_table *t, struct sorting *s, const struct lk_column *column)
{
	struct lk_ask ask = {t->session, t->state, column, NULL};

	for (size_t i = 0; i < t->count; i++) {
		ask.item = t->rows[s->list[i].number].item;
		s->list[i].key = lk_order_key(column->value(&ask), t->inverted);
	}
	lk_order_sort(s->list, s->scratch, t->count);
}

/* One cell after the other, each with its NUL.  Returns: NULL without memory. */
static char *
all_texts(const struct lk_table *t, const struct lk_column *column, size_t *starts)
{
	size_t used = 0, room = 0;
	char *texts = NULL;

	for (size_t i = 0; i < t->count; i++) {
		if (room - used < LK_TABLE_TEXT_BYTES) {
			size_t more = 2 * room + 64 * LK_TABLE_TEXT_BYTES;
			char *moved = realloc(texts, more);

			if (moved == NULL) {
				free(texts);
				return NULL;
			}
			texts = moved;
			room = more;
		}
		starts[i] = used;
		lk_table_cell_text(t, column, t->rows[i].item, texts + used, LK_TABLE_TEXT_BYTES);
		used += strlen(texts + used) + 1;
	}
	return texts;
}

static void
sort_by_text(struct lk_table *t, struct sorting *s, const struct lk_column *column)
{
	size_t *starts = malloc(t->count * sizeof(*starts));
	const char **texts = malloc(t->count * sizeof(*texts));
	char *all = starts != NULL && texts != NULL ? all_texts(t, column, starts) : NULL;

	for (size_t i = 0; all != NULL && i < t->count; i++)
		texts[i] = all + starts[i];
	if (all != NULL)
		lk_order_sort_texts(s->list, s->scratch, t->count, texts, t->inverted);
	free(all);
	free(texts);
	free(starts);
}

static void
take_order(struct lk_table *t, const struct sorting *s)
{
	for (size_t i = 0; i < t->count; i++)
		s->rows[i] = t->rows[s->list[i].number];
	memcpy(t->rows, s->rows, t->count * sizeof(*t->rows));
}

void
lk_table_order_sort(struct lk_table *t)
{
	const struct lk_column *column = t->sort >= 0 ? t->columns[t->sort] : NULL;
	struct sorting s;

	if (t->count < 2 || !sorting_init(&s, t))
		return;
	if (column != NULL && column->value != NULL)
		sort_by_value(t, &s, column);
	else if (column != NULL)
		sort_by_text(t, &s, column);
	take_order(t, &s);
	sorting_fini(&s);
}

/* The number of the row with KEY among those before; LK_INDEX_NONE. */
static uint32_t
find_old(const struct lk_table *t, const struct lk_index *by_key, uint64_t key)
{
	uint32_t number, at = 0;

	while ((number = lk_index_next(by_key, lk_index_spread(key), &at)) != LK_INDEX_NONE)
		if (t->old[number].key == key)
			break;
	return number;
}

void
lk_table_order_keep(struct lk_table *t)
{
	struct lk_index by_key = {.slots = NULL};
	struct sorting s;
	int rc = 0;

	for (size_t i = 0; i < t->old_count && rc == 0; i++)
		rc = lk_index_add(&by_key, lk_index_spread(t->old[i].key), (uint32_t)i);
	for (size_t i = 0; i < t->count && rc == 0; i++) {
		uint32_t was = find_old(t, &by_key, t->rows[i].key);

		t->rows[i].order = was != LK_INDEX_NONE ? t->old[was].order :
		    (uint32_t)(t->old_count + i);
	}
	if (rc == 0 && sorting_init(&s, t)) {
		take_order(t, &s);
		sorting_fini(&s);
	}
	lk_index_clear(&by_key);
}
