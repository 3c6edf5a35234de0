#include "config.h"

#include "cli/scan_containers.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "proto/message.h"
#include "util/text.h"

#include "cli/jsonl.h"

#define NAME_BYTES 1024
#define ITEMS_BYTES 256

void
lk_scan_containers_json(struct lk_jsonl *j, const struct lk_message_containers *m)
{
	lk_jsonl_open(j, NULL, '{');
	lk_jsonl_real(j, "at", m->at_s);
	lk_jsonl_text(j, "by", m->by);
	lk_jsonl_real(j, "pause_us", m->pause_us);
	lk_jsonl_real(j, "scan_ms", m->scan_ms);
	lk_jsonl_real(j, "copied_bytes", m->copied_bytes);
	lk_jsonl_whole(j, "objects", m->object_count);
	lk_jsonl_whole(j, "min_length", m->min_length);
	lk_jsonl_flag(j, "complete", m->complete);
	lk_jsonl_text(j, "reason", m->reason);
	lk_jsonl_open(j, "containers", '[');
}

void
lk_scan_containers_print(const struct lk_message_containers *m)
{
	char objects[LK_TEXT_BYTES], took[LK_TEXT_BYTES], reason[NAME_BYTES];
	char copied[LK_TEXT_BYTES];

	lk_text_clean(m->reason, reason, sizeof(reason));
	printf("%s objects, %s in %s, pause %.1f ms, %s copied%s%s%s%s\n",
	    lk_text_count((double)m->object_count, objects, sizeof(objects)),
	    strcmp(m->by, "freeze") == 0 ? "frozen and read" : "walked in slices",
	    lk_text_duration(m->scan_ms / 1e3, took, sizeof(took)), m->pause_us / 1e3,
	    lk_text_bytes(m->copied_bytes, copied, sizeof(copied)),
	    m->complete ? "" : "; incomplete", reason[0] == '\0' ? "" : " (", reason,
	    reason[0] == '\0' ? "" : ")");
	printf("%8s %8s %6s  %-24s %-40s %s\n", "LENGTH", "BYTES", "BOUND", "TYPE", "OWNER",
	    "HOLDS");
}

static void
json_shares(struct lk_jsonl *j, const char *key, const struct lk_message_share *list,
    uint32_t count)
{
	lk_jsonl_open(j, key, '[');
	for (uint32_t i = 0; i < count; i++) {
		lk_jsonl_open(j, NULL, '{');
		lk_jsonl_text(j, "type", list[i].type);
		lk_jsonl_whole(j, "count", list[i].count);
		lk_jsonl_close(j, '}');
	}
	lk_jsonl_close(j, ']');
}

void
lk_scan_containers_json_row(struct lk_jsonl *j, const struct lk_message_container *c)
{
	char address[LK_TEXT_BYTES];

	snprintf(address, sizeof(address), "0x%" PRIx64, c->address);
	lk_jsonl_open(j, NULL, '{');
	lk_jsonl_text(j, "address", address);
	lk_jsonl_text(j, "type", c->type);
	lk_jsonl_whole(j, "length", c->length);
	lk_jsonl_whole(j, "shallow_bytes", c->shallow_bytes);
	lk_jsonl_real(j, "bound", c->bound);
	lk_jsonl_text(j, "owner", c->owner);
	lk_jsonl_whole(j, "looked", c->looked);
	json_shares(j, "keys", c->keys, c->key_count);
	json_shares(j, "values", c->values, c->value_count);
	lk_jsonl_open(j, "then", '[');
	for (uint32_t i = 0; i < c->then_count; i++) {
		lk_jsonl_open(j, NULL, '{');
		lk_jsonl_whole(j, "baseline", c->then[i].baseline);
		lk_jsonl_real(j, "length", c->then[i].length);
		lk_jsonl_close(j, '}');
	}
	lk_jsonl_close(j, ']');
	lk_jsonl_close(j, '}');
}

/* "str 98%, int 2%", of those that were looked at. */
static void
shares_text(const struct lk_message_container *c, const struct lk_message_share *list,
    uint32_t count, char *out, size_t out_bytes)
{
	char type[ITEMS_BYTES];
	int used = 0;

	out[0] = '\0';
	for (uint32_t i = 0; i < count && used >= 0 && (size_t)used < out_bytes; i++) {
		lk_text_clean(list[i].type, type, sizeof(type));
		used += snprintf(out + used, out_bytes - (size_t)used, "%s%s %.0f%%",
		    i == 0 ? "" : ", ", type,
		    c->looked == 0 ? 0 : 100.0 * list[i].count / c->looked);
	}
}

void
lk_scan_containers_print_row(const struct lk_message_container *c)
{
	char length[LK_TEXT_BYTES], bytes[LK_TEXT_BYTES], bound[LK_TEXT_BYTES];
	char type[NAME_BYTES], owner[NAME_BYTES], keys[ITEMS_BYTES], values[ITEMS_BYTES];

	lk_text_clean(c->type, type, sizeof(type));
	lk_text_clean(c->owner == NULL ? "unknown" : c->owner, owner, sizeof(owner));
	shares_text(c, c->keys, c->key_count, keys, sizeof(keys));
	shares_text(c, c->values, c->value_count, values, sizeof(values));
	printf("%8s %8s %6s  %-24s %-40s %s%s%s\n",
	    lk_text_count((double)c->length, length, sizeof(length)),
	    lk_text_bytes((double)c->shallow_bytes, bytes, sizeof(bytes)),
	    c->bound == 0 ? "none" : lk_text_count(c->bound, bound, sizeof(bound)), type, owner,
	    keys, keys[0] == '\0' ? "" : " : ", values);
}
