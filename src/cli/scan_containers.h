/* scan_containers.h - containers as rows of text or JSON, for `leaktop scan`.  Room: cli. */
#ifndef LK_CLI_SCAN_CONTAINERS_H
#define LK_CLI_SCAN_CONTAINERS_H

struct lk_jsonl;
struct lk_message_container;
struct lk_message_containers;

/* How the list came to be: before its first row.  The JSON opens what the caller closes: an object,
 * and the list "containers" in it. */
void lk_scan_containers_json(struct lk_jsonl *j, const struct lk_message_containers *m);
void lk_scan_containers_print(const struct lk_message_containers *m);

/* One of them. */
void lk_scan_containers_json_row(struct lk_jsonl *j, const struct lk_message_container *c);
void lk_scan_containers_print_row(const struct lk_message_container *c);

#endif
