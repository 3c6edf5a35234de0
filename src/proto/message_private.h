/* message_private.h - the readers of single message types; only message*.c include it.
 * Room: proto, client half. */
#ifndef LK_PROTO_MESSAGE_PRIVATE_H
#define LK_PROTO_MESSAGE_PRIVATE_H

#include <stddef.h>

#include <jansson.h>

struct lk_message;

/* Each fills its member of the union from OBJECT.  Returns: 0 or as lk_message_parse;
 * what was taken from lk_message_list() so far is released by the caller. */
typedef int (*lk_message_reader)(const json_t *object, struct lk_message *out);

int lk_message_read_hello(const json_t *object, struct lk_message *out);
int lk_message_read_reply(const json_t *object, struct lk_message *out);
int lk_message_read_tick(const json_t *object, struct lk_message *out);
int lk_message_read_memory(const json_t *object, struct lk_message *out);
int lk_message_read_reset(const json_t *object, struct lk_message *out);
int lk_message_read_bye(const json_t *object, struct lk_message *out);
int lk_message_read_names(const json_t *object, struct lk_message *out);
int lk_message_read_live(const json_t *object, struct lk_message *out);
int lk_message_read_baseline(const json_t *object, struct lk_message *out);
int lk_message_read_baselines(const json_t *object, struct lk_message *out);
int lk_message_read_history(const json_t *object, struct lk_message *out);
int lk_message_read_trends(const json_t *object, struct lk_message *out);
int lk_message_read_containers(const json_t *object, struct lk_message *out);
int lk_message_read_progress(const json_t *object, struct lk_message *out);
int lk_message_read_frozen(const json_t *object, struct lk_message *out);
int lk_message_read_cycles(const json_t *object, struct lk_message *out);
int lk_message_read_uncollectable(const json_t *object, struct lk_message *out);
int lk_message_read_types(const json_t *object, struct lk_message *out);
int lk_message_read_referrers(const json_t *object, struct lk_message *out);
int lk_message_read_revealed(const json_t *object, struct lk_message *out);
int lk_message_read_events(const json_t *object, struct lk_message *out);

/* lk_message_list - COUNT zeroed elements owned by *out; never NULL for a count of 0.
 * Returns: NULL without memory. */
void *lk_message_list(struct lk_message *out, size_t count, size_t size_bytes);

/* lk_message_count_nested - how many elements the arrays at INDEX of all ROWS (arrays) or
 * under KEY (objects) hold together.  Returns: count, or -EBADMSG, or -EMSGSIZE when one
 * of them holds more than MAX. */
long lk_message_count_nested(const json_t *rows, const char *key, size_t index, size_t max);

#endif
