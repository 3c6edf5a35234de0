#include "config.h"

#include "proto/message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/attr.h"
#include "leaktop/wire.h"

#include "proto/message_private.h"

static const struct {
	const char *word;
	enum lk_message_type type;
	lk_message_reader read;
} readers[] = {
    {"live", LK_MESSAGE_LIVE, lk_message_read_live},
    {"tick", LK_MESSAGE_TICK, lk_message_read_tick},
    {"names", LK_MESSAGE_NAMES, lk_message_read_names},
    {"reply", LK_MESSAGE_REPLY, lk_message_read_reply},
    {"hello", LK_MESSAGE_HELLO, lk_message_read_hello},
    {"baselines", LK_MESSAGE_BASELINES, lk_message_read_baselines},
    {"baseline", LK_MESSAGE_BASELINE, lk_message_read_baseline},
    {"history", LK_MESSAGE_HISTORY, lk_message_read_history},
    {"trends", LK_MESSAGE_TRENDS, lk_message_read_trends},
    {"memory", LK_MESSAGE_MEMORY, lk_message_read_memory},
    {"containers", LK_MESSAGE_CONTAINERS, lk_message_read_containers},
    {"progress", LK_MESSAGE_PROGRESS, lk_message_read_progress},
    {"frozen", LK_MESSAGE_FROZEN, lk_message_read_frozen},
    {"cycles", LK_MESSAGE_CYCLES, lk_message_read_cycles},
    {"uncollectable", LK_MESSAGE_UNCOLLECTABLE, lk_message_read_uncollectable},
    {"types", LK_MESSAGE_TYPES, lk_message_read_types},
    {"referrers", LK_MESSAGE_REFERRERS, lk_message_read_referrers},
    {"revealed", LK_MESSAGE_REVEALED, lk_message_read_revealed},
    {"events", LK_MESSAGE_EVENTS, lk_message_read_events},
    {"reset", LK_MESSAGE_RESET, lk_message_read_reset},
    {"bye", LK_MESSAGE_BYE, lk_message_read_bye},
};

static int
read_object(const json_t *object, struct lk_message *out)
{
	const json_t *type = json_object_get(object, "t");

	if (!json_is_string(type))
		return -EBADMSG;
	for (size_t i = 0; i < LK_COUNT_OF(readers); i++) {
		if (strcmp(json_string_value(type), readers[i].word) != 0)
			continue;
		out->type = readers[i].type;
		return readers[i].read(object, out);
	}
	out->type = LK_MESSAGE_UNKNOWN;
	return 0;
}

int
lk_message_parse(const char *line, size_t length, struct lk_message *out)
{
	struct lk_message message = {0};
	json_error_t error = {0};	/* jansson sets no code when it cannot even begin */
	enum json_error_code code;
	int rc;

	if (length >= LK_WIRE_LINE_MAX)
		return -EMSGSIZE;
	message.json = json_loadb(line, length, 0, &error);
	code = json_error_code(&error);
	if (message.json == NULL)
		return code == json_error_out_of_memory || code == json_error_unknown ? -ENOMEM :
		    -EBADMSG;
	rc = read_object(message.json, &message);
	if (rc < 0) {
		lk_message_release(&message);
		return rc;
	}
	*out = message;
	return 0;
}

void
lk_message_release(struct lk_message *message)
{
	for (size_t i = 0; i < LK_MESSAGE_BLOCKS_MAX; i++)
		free(message->blocks[i]);
	json_decref(message->json);
	memset(message, 0, sizeof(*message));
}

void *
lk_message_list(struct lk_message *out, size_t count, size_t size_bytes)
{
	for (size_t i = 0; i < LK_MESSAGE_BLOCKS_MAX; i++) {
		if (out->blocks[i] != NULL)
			continue;
		out->blocks[i] = calloc(count == 0 ? 1 : count, size_bytes);
		return out->blocks[i];
	}
	return NULL;
}

long
lk_message_count_nested(const json_t *rows, const char *key, size_t index, size_t max)
{
	const json_t *row;
	size_t i, sum = 0;

	json_array_foreach(rows, i, row)
	{
		const json_t *nested =
		    key != NULL ? json_object_get(row, key) : json_array_get(row, index);

		if (!json_is_array(nested))
			return -EBADMSG;
		if (json_array_size(nested) > max)
			return -EMSGSIZE;
		sum += json_array_size(nested);
	}
	return (long)sum;
}
