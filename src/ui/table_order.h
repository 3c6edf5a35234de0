/* table_order.h - the order of a table's rows; for table.c only.  Room: ui. */
#ifndef LK_UI_TABLE_ORDER_H
#define LK_UI_TABLE_ORDER_H

struct lk_table;

/* lk_table_order_sort - rows by the column that is sorted by, else as they were added, which is
 * also the order of equal ones.  Without memory for it they stay as they are. */
void lk_table_order_sort(struct lk_table *t);

/* lk_table_order_keep - rows that were there keep their places; new ones follow, as they are. */
void lk_table_order_keep(struct lk_table *t);

#endif
