/* fixture.h - small snapshots made by hand. */
#ifndef LK_TESTS_UNIT_FIXTURE_H
#define LK_TESTS_UNIT_FIXTURE_H

#include "model/snapshot.h"

#define T 524288.0 /* the sampling interval of the fixtures */

/* One cell of COUNT samples of small blocks, T bytes each. */
struct fixture_cell {
	uint32_t stack, epoch, count;
};

/* lk_fixture_new - at second AT_S of a program that started at 0, without rows. */
struct lk_snapshot *lk_fixture_new(double at_s);

/* lk_fixture_stack - a stack of FUNCTION in FILE:LINE called from "main" in app.py:1;
 * FUNCTION NULL: without frames. */
const struct lk_stack *lk_fixture_stack(struct lk_snapshot *s, uint32_t id, const char *function,
    const char *file, uint32_t line);

/* lk_fixture_rows - rows of STACKS [stack_count, ids from 1] from a list of cells that ends with
 * stack 0, in the order of stacks and epochs.  A stack without cells has a row only when it is in
 * the list with epoch 0 and count 0.  Allocated is what is live and ALLOCATED_EACH more. */
const struct lk_row *lk_fixture_rows(struct lk_snapshot *s, const struct lk_stack *const *stacks,
    const struct fixture_cell *cells, double allocated_each, uint32_t *count);

/* lk_fixture_baselines - baselines 1..COUNT, AT_S [count], without rows. */
struct lk_baseline *lk_fixture_baselines(struct lk_snapshot *s, uint32_t count, const double *at_s);

#endif
