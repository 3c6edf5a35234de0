/* format.h - what a format of export is, and what it is given.  Room: export, private to it. */
#ifndef LK_EXPORT_FORMAT_H
#define LK_EXPORT_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct lk_growth;
struct lk_growth_set;
struct lk_snapshot;
struct lk_stack;

struct lk_export_job {
	const struct lk_snapshot *s;
	const struct lk_growth_set *growth;	/* of s, by stack, since the reference */
	bool delta;				/* bytes that grew, instead of those alive */
	uint64_t max_bytes;			/* of formats that are as long as their stacks */
};

/* Each file json.c, folded.c, ... has one. */
struct lk_format {
	const char *name;
	const char *suffix;	/* of file names, with the dot */
	bool has_delta;		/* of two choices it shows one: delta counts */

	/* Returns: 0; -ENOMEM; -EFBIG beyond what a reader takes; -EIO and others when OUT took
	 * not all. */
	int (*write)(const struct lk_export_job *job, FILE *out);
};

extern const struct lk_format lk_json_format;
extern const struct lk_format lk_folded_format;
extern const struct lk_format lk_speedscope_format;
extern const struct lk_format lk_pprof_format;
extern const struct lk_format lk_html_format;

/* lk_format_bytes - what a stack weighs: bytes alive, or with job->delta those it grew by; never
 * negative, as no flame graph has room for what shrank. */
double lk_format_bytes(const struct lk_export_job *job, const struct lk_growth *growth);

/* The stacks of a flame graph that have room in the file. */
struct lk_format_choice {
	const struct lk_growth **rows;	/* [count]; those that weigh most when not all have room */
	size_t count, left_out;
	double left_out_bytes;
	char note[64];			/* in the place of a function's name: what was left out */
};

/* lk_format_choose - of all that weigh anything, as many as COST, bytes of the file each takes,
 * allows.  Returns: 0 or -ENOMEM; to be freed in any case. */
int lk_format_choose(const struct lk_export_job *job, size_t (*cost)(const struct lk_stack *stack),
    struct lk_format_choice *out);
void lk_format_choice_free(struct lk_format_choice *choice);

/* lk_format_end - flushes OUT; errno was 0 before the first write.
 * Returns: 0 or why it took not all. */
int lk_format_end(FILE *out);

#endif
