#include "config.h"

#include "export/format.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/growth.h"

double
lk_format_bytes(const struct lk_export_job *job, const struct lk_growth *growth)
{
	double bytes = job->delta ? growth->delta_bytes : growth->live.bytes;

	return bytes > 0 ? bytes : 0; /* NAN, too */
}

struct weighed {
	const struct lk_growth *row;
	double bytes;
};

static int
by_weight(const void *a, const void *b)
{
	const struct weighed *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return x->row < y->row ? -1 : x->row > y->row;
}

/* ALL [count] are those that weigh anything; OUT's rows have room for as many. */
static void
choose(struct weighed *all, size_t count, uint64_t max_bytes,
    size_t (*cost)(const struct lk_stack *stack), struct lk_format_choice *out)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += cost(all[i].row->stack);
	if (sum > max_bytes)
		qsort(all, count, sizeof(*all), by_weight);
	sum = 0;
	for (size_t i = 0; i < count; i++) {
		sum += cost(all[i].row->stack);
		if (sum <= max_bytes)
			out->rows[out->count++] = all[i].row;
		else {
			out->left_out++;
			out->left_out_bytes += all[i].bytes;
		}
	}
	snprintf(out->note, sizeof(out->note), "(%zu smaller stacks, beyond %llu KiB of this file)",
	    out->left_out, (unsigned long long)(max_bytes >> 10));
}

int
lk_format_choose(const struct lk_export_job *job, size_t (*cost)(const struct lk_stack *stack),
    struct lk_format_choice *out)
{
	const struct lk_growth_set *set = job->growth;
	struct weighed *all = calloc(set->count + 1, sizeof(*all));
	size_t count = 0;

	memset(out, 0, sizeof(*out));
	out->rows = calloc(set->count + 1, sizeof(*out->rows));
	if (all == NULL || out->rows == NULL) {
		free(all);
		return -ENOMEM;
	}
	for (size_t i = 0; i < set->count; i++) {
		double bytes = round(lk_format_bytes(job, &set->rows[i]));

		if (bytes >= 1)
			all[count++] = (struct weighed){&set->rows[i], bytes};
	}
	choose(all, count, job->max_bytes, cost, out);
	free(all);
	return 0;
}

void
lk_format_choice_free(struct lk_format_choice *choice)
{
	free(choice->rows);
	memset(choice, 0, sizeof(*choice));
}

int
lk_format_end(FILE *out)
{
	if (fflush(out) == 0 && !ferror(out))
		return 0;
	return errno != 0 ? -errno : -EIO;
}
