/* json_stacks.h - "baselines" and "stacks" of leaktop/snapshot.h.  Room: export, private to it. */
#ifndef LK_EXPORT_JSON_STACKS_H
#define LK_EXPORT_JSON_STACKS_H

struct lk_export_job;
struct lk_json_budget;
struct lk_json_writer;

/* lk_json_baselines_write - all of JOB's snapshot, those within BUDGET and the reference of its
 * growth with their rows. */
void lk_json_baselines_write(struct lk_json_writer *w, const struct lk_export_job *job,
    const struct lk_json_budget *budget);

/* lk_json_stacks_write - those that have growth, then those that only a baseline or a container
 * names: each that the file refers to is in it, once. */
void lk_json_stacks_write(struct lk_json_writer *w, const struct lk_export_job *job,
    const struct lk_json_budget *budget);

#endif
