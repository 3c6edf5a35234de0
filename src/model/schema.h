/* schema.h - the plain fields of a snapshot by their names in the file, in one place for whoever
 * writes and whoever reads it.  What they mean: leaktop/snapshot.h.  Room: model. */
#ifndef LK_MODEL_SCHEMA_H
#define LK_MODEL_SCHEMA_H

#include <stddef.h>

/* A member at OFFSET of the struct that the list is for; a list ends with a NULL name. */
struct lk_schema_field {
	const char *name;
	size_t offset;
};

/* Quantities: doubles, NAN when unknown. */
extern const struct lk_schema_field lk_schema_totals[];	/* struct lk_snapshot */
extern const struct lk_schema_field lk_schema_sampler[];	/* struct lk_sampler_status */
extern const struct lk_schema_field lk_schema_memory[];	/* struct lk_memory */
extern const struct lk_schema_field lk_schema_gc[];		/* struct lk_gc_generation */
extern const struct lk_schema_field lk_schema_pauses[];	/* struct lk_gc_pauses */
extern const struct lk_schema_field lk_schema_baseline[];	/* struct lk_baseline */
extern const struct lk_schema_field lk_schema_row[];		/* struct lk_row */
extern const struct lk_schema_field lk_schema_cell[];		/* struct lk_cell */
extern const struct lk_schema_field lk_schema_scan[];		/* struct lk_containers */
extern const struct lk_schema_field lk_schema_series[];	/* struct lk_series */
extern const struct lk_schema_field lk_schema_frozen[];	/* struct lk_frozen */
extern const struct lk_schema_field lk_schema_type[];		/* struct lk_type */
extern const struct lk_schema_field lk_schema_uncollectable[];	/* struct lk_uncollectable */
extern const struct lk_schema_field lk_schema_stuck[];		/* struct lk_stuck */
extern const struct lk_schema_field lk_schema_site[];		/* struct lk_site */
extern const struct lk_schema_field lk_schema_descriptors[];	/* struct lk_descriptors */
extern const struct lk_schema_field lk_schema_cycles[];	/* struct lk_cycles */
extern const struct lk_schema_field lk_schema_loop[];		/* struct lk_loop */
extern const struct lk_schema_field lk_schema_holders[];	/* struct lk_holders */
extern const struct lk_schema_field lk_schema_holder[];	/* struct lk_holder */

/* Texts: const char *, "" when unknown. */
extern const struct lk_schema_field lk_schema_process_texts[];	/* struct lk_process_info */
extern const struct lk_schema_field lk_schema_sampler_texts[];	/* struct lk_sampler_status */

/* lk_schema_double - the quantity FIELD of BASE. */
double lk_schema_double(const struct lk_schema_field *field, const void *base);
void lk_schema_set_double(const struct lk_schema_field *field, void *base, double value);

/* lk_schema_text - the text FIELD of BASE. */
const char *lk_schema_text(const struct lk_schema_field *field, const void *base);
void lk_schema_set_text(const struct lk_schema_field *field, void *base, const char *text);

#endif
