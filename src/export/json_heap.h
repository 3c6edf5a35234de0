/* json_heap.h - "scan", "containers", "types" and "referrers" of leaktop/snapshot.h: what was asked
 * about the heap.  Room: export, private to it. */
#ifndef LK_EXPORT_JSON_HEAP_H
#define LK_EXPORT_JSON_HEAP_H

struct lk_json_writer;
struct lk_snapshot;

/* lk_json_heap_write - the four sections; null or empty where nobody asked. */
void lk_json_heap_write(struct lk_json_writer *w, const struct lk_snapshot *s);

#endif
