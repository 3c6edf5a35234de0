#include "config.h"

#include "proto/ask.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "leaktop/wire.h"

/* Keys of the arguments; NULL: this op has none.  Optional ones are left out when 0 or NULL. */
static const struct op {
	const char *word, *number_key, *text_key, *limit_key;
	bool number_optional;
} ops[LK_ASK_COUNT] = {
    [LK_ASK_PING] = {.word = "ping"},
    [LK_ASK_SUBSCRIBE] = {.word = "subscribe", .number_key = "period_ms"},
    [LK_ASK_UNSUBSCRIBE] = {.word = "unsubscribe"},
    [LK_ASK_BASELINE] = {.word = "baseline", .text_key = "name"},
    [LK_ASK_BASELINE_RENAME] = {.word = "baseline.rename",
				.number_key = "baseline",
				.text_key = "name"},
    [LK_ASK_BASELINE_DROP] = {.word = "baseline.drop", .number_key = "baseline"},
    [LK_ASK_BASELINE_ROWS] = {.word = "baseline.rows", .number_key = "baseline"},
    [LK_ASK_HISTORY] = {.word = "history"},
    [LK_ASK_TRENDS] = {.word = "trends"},
    [LK_ASK_MEMORY] = {.word = "memory", .number_key = "watch_s", .number_optional = true},
    [LK_ASK_CONTAINERS] = {.word = "containers",
			   .number_key = "min_length",
			   .limit_key = "limit",
			   .number_optional = true},
    [LK_ASK_TYPES] = {.word = "types",
		      .number_key = "baseline",
		      .limit_key = "limit",
		      .number_optional = true},
    [LK_ASK_REFERRERS] = {.word = "referrers", .text_key = "name", .limit_key = "limit"},
    [LK_ASK_REFERRERS_STACK] = {.word = "referrers", .number_key = "stack", .limit_key = "limit"},
    [LK_ASK_REFERRERS_ADDRESS] = {.word = "referrers",
				  .text_key = "address",
				  .limit_key = "limit"},
    [LK_ASK_REVEAL] = {.word = "reveal",
		       .number_key = "seen_ms",
		       .text_key = "address",
		       .limit_key = "limit"},
    [LK_ASK_PAUSE] = {.word = "pause"},
    [LK_ASK_RESUME] = {.word = "resume"},
    [LK_ASK_DETACH] = {.word = "detach"},
    [LK_ASK_INTERVAL] = {.word = "interval", .number_key = "bytes"},
    [LK_ASK_EVENTS] = {.word = "events"},
    [LK_ASK_CANCEL] = {.word = "cancel"},
};

/* A new reference, or NULL: without memory or when the text is no UTF-8. */
static json_t *
object_of(const struct lk_ask *ask, const struct op *op)
{
	json_t *object = json_pack("{s:I, s:s}", "id", (json_int_t)ask->id, "op", op->word);
	int rc = object == NULL ? -1 : 0;

	if (rc == 0 && op->number_key != NULL && (ask->number != 0 || !op->number_optional))
		rc = json_object_set_new(object, op->number_key,
		    json_integer((json_int_t)ask->number));
	if (rc == 0 && op->text_key != NULL && ask->text != NULL)
		rc = json_object_set_new(object, op->text_key, json_string(ask->text));
	if (rc == 0 && op->limit_key != NULL && ask->limit != 0)
		rc = json_object_set_new(object, op->limit_key,
		    json_integer((json_int_t)ask->limit));
	if (rc == 0)
		return object;
	json_decref(object);
	return NULL;
}

long
lk_ask_format(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	json_t *object;
	size_t length;

	if ((unsigned int)ask->op >= LK_ASK_COUNT)
		return -EINVAL;
	if (ask->text != NULL && strlen(ask->text) > LK_WIRE_NAME_MAX)
		return -EINVAL;
	object = object_of(ask, &ops[ask->op]);
	if (object == NULL)
		return -EINVAL;
	length = json_dumpb(object, out, out_bytes, JSON_COMPACT);
	json_decref(object);
	if (length == 0 || length + 2 > out_bytes)
		return -ENOSPC;
	out[length] = '\n';
	out[length + 1] = '\0';
	return (long)length + 1;
}
