/* table.h - rows that hold still: selection by key, frozen order, filter, search, columns.
 * Room: ui.  A column is one const struct; a table is a list of them and rows of items. */
#ifndef LK_UI_TABLE_H
#define LK_UI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/canvas.h"
#include "ui/filter.h"
#include "ui/keys.h"

struct lk_session;
struct lk_table;

#define LK_TABLE_TEXT_BYTES	512	/* of one cell */
#define LK_TABLE_FREEZE_MS	5000	/* order holds still this long after a key */
#define LK_TABLE_COLUMNS_MAX	16

/* What a column function is asked about. */
struct lk_ask {
	const struct lk_session	*session;
	const void		*state;		/* of the view */
	const struct lk_column	*column;
	const void		*item;
};

typedef void (*lk_column_text_fn)(const struct lk_ask *ask, char *out, size_t out_bytes);
/* The text of the row's FIELD, for a filter; column is NULL. */
typedef void (*lk_table_field_fn)(const struct lk_ask *ask, const char *field, char *out,
    size_t out_bytes);
typedef double (*lk_column_value_fn)(const struct lk_ask *ask);
typedef enum lk_role (*lk_column_role_fn)(const struct lk_ask *ask);

struct lk_column {
	const char		*id;
	const char		*title;
	const char		*help;
	lk_column_text_fn	 heading;	/* instead of title; item is NULL; may be NULL */
	lk_column_text_fn	 text;
	lk_column_value_fn	 value;		/* sorts falling; NULL: sorts by text, rising */
	lk_column_role_fn	 role;		/* NULL: the row's */
	int			 width_cells;	/* the least, when it stretches */
	int			 stretch;	/* share of what is left; 0: fixed */
	int			 drop;		/* highest goes first on narrow screens; 0: never */
	bool			 left;		/* aligned; else right */
	bool			 tail;		/* too long keeps its end */
	bool			 name;		/* of code: too long keeps the name */
	bool			 search;	/* filter and search look here */
	int			 number;	/* for functions that serve several columns */
};

enum lk_row_flag { LK_ROW_SUSPECT = 1, LK_ROW_GONE = 2, LK_ROW_NEW = 4, LK_ROW_DIM = 8,
	LK_ROW_TAG_A = 16, LK_ROW_TAG_B = 32 };

struct lk_row_ref {
	uint64_t	 key;
	const void	*item;		/* borrowed until the next begin */
	unsigned int	 flags;
	uint32_t	 order;		/* as added */
};

struct lk_table {
	const struct lk_column *const *columns;	/* NULL-terminated */
	const struct lk_session	*session;
	const void		*state;
	struct lk_row_ref	*rows;		/* [count] what is shown, in order */
	size_t			 count, capacity;
	size_t			 all_count;	/* before the filter */
	struct lk_row_ref	*old;		/* [old_count] what was shown before */
	size_t			 old_count, old_capacity;
	size_t			 cursor, top;
	size_t			 page;		/* rows that the last draw had room for */
	uint64_t		 cursor_key;
	bool			 touched;	/* the selection was moved: it sticks to its key */
	int			 sort;		/* index of the column; -1: as added */
	bool			 inverted;
	int64_t			 frozen_until_ms;
	char			 filter[128], search[128];
	bool			 filter_bad;	/* not a regular expression */
	struct lk_filter	 parsed;
	const char *const	*fields;	/* names that a filter may have, NULL-terminated */
	lk_table_field_fn	 field;		/* NULL: no fields */
	bool			 follows;	/* the order is never frozen */
};

/* init/fini - caller's storage; SORT: id of the column to sort by, NULL: as added. */
void lk_table_init(struct lk_table *t, const struct lk_column *const *columns,
    const struct lk_session *session, const void *state, const char *sort);
void lk_table_fini(struct lk_table *t);

/* begin, add for each row, end: the new content.  NOW_MS decides whether order is frozen. */
void lk_table_begin(struct lk_table *t);
void lk_table_add(struct lk_table *t, uint64_t key, const void *item, unsigned int flags);
void lk_table_end(struct lk_table *t, int64_t now_ms);

/* lk_table_cell_text - of ITEM, or of the heading when that is NULL. */
void lk_table_cell_text(const struct lk_table *t, const struct lk_column *column,
    const void *item, char *out, size_t out_bytes);

/* lk_table_selected - NULL when there is no row. */
const struct lk_row_ref *lk_table_selected(const struct lk_table *t);

/* lk_table_input - movement, sort and search.  Returns: true when ACTION was the table's. */
bool lk_table_input(struct lk_table *t, enum lk_action action, int64_t now_ms);

/* lk_table_filter - "" shows all.  Works at the next end.
 * Returns: 0, or what lk_filter_parse said (then nothing is filtered). */
int lk_table_filter(struct lk_table *t, const char *text);

/* lk_table_find - move to the first match of TEXT at or after the selection. */
bool lk_table_find(struct lk_table *t, const char *text);

/* lk_table_hold - a key was pressed: keep the order for a while. */
void lk_table_hold(struct lk_table *t, int64_t now_ms);

/* lk_table_draw - titles in the first row of AREA, rows below. */
void lk_table_draw(struct lk_table *t, struct lk_canvas *c, const struct lk_area *area);

/* lk_table_row_text - the selected row with all its columns, separated by tabs. */
void lk_table_row_text(const struct lk_table *t, char *out, size_t out_bytes);

#endif
