#include "config.h"

#include "cli/scan_types.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "proto/message.h"
#include "util/text.h"

#include "cli/jsonl.h"

#define TYPE_BYTES 512 /* of a name that is printed */
#define CYCLIC_SHOWN 5 /* types most often in cycles */

bool
lk_scan_types_is_shown(struct lk_scan_shown *shown, const char *name)
{
	if (shown->rows == shown->top ||
	    (shown->filter != NULL && strstr(name, shown->filter) == NULL))
		return false;
	shown->rows++;
	return true;
}

/* ---- how it was frozen ------------------------------------------------------------------- */

static void
json_frozen(struct lk_jsonl *j, const struct lk_message_frozen *f)
{
	lk_jsonl_open(j, NULL, '{');
	lk_jsonl_real(j, "at", f->at_s);
	lk_jsonl_real(j, "pause_us", f->pause_us);
	lk_jsonl_real(j, "walk_ms", f->walk_ms);
	lk_jsonl_real(j, "copied_bytes", f->copied_bytes);
	lk_jsonl_real(j, "table_bytes", f->table_bytes);
	lk_jsonl_whole(j, "objects", f->object_count);
	lk_jsonl_real(j, "bytes", f->bytes);
	lk_jsonl_whole(j, "type_count", f->type_count);
	lk_jsonl_real(j, "garbage_objects", f->garbage_count);
	lk_jsonl_real(j, "garbage_bytes", f->garbage_bytes);
	lk_jsonl_flag(j, "complete", f->complete);
	lk_jsonl_text(j, "reason", f->reason);
}

static void
print_frozen(const struct lk_message_frozen *f)
{
	char objects[LK_TEXT_BYTES], bytes[LK_TEXT_BYTES], walk[LK_TEXT_BYTES];
	char copied[LK_TEXT_BYTES], garbage[LK_TEXT_BYTES], reason[TYPE_BYTES];

	lk_text_clean(f->reason, reason, sizeof(reason));
	printf("%s objects of %llu types, %s; pause %.1f ms, read in %s, %s copied%s%s\n",
	    lk_text_count((double)f->object_count, objects, sizeof(objects)),
	    (unsigned long long)f->type_count, lk_text_bytes(f->bytes, bytes, sizeof(bytes)),
	    f->pause_us / 1e3, lk_text_duration(f->walk_ms / 1e3, walk, sizeof(walk)),
	    lk_text_bytes(f->copied_bytes, copied, sizeof(copied)),
	    f->complete ? "" : "; incomplete: ", reason);
	if (!isnan(f->garbage_bytes))
		printf("%.0f of them, %s, are garbage that is not collected yet\n",
		    f->garbage_count, lk_text_bytes(f->garbage_bytes, garbage, sizeof(garbage)));
}

void
lk_scan_types_frozen(struct lk_jsonl *json, const struct lk_message_frozen *f)
{
	if (json != NULL)
		json_frozen(json, f);
	else
		print_frozen(f);
}

static void
json_cycles(struct lk_jsonl *j, const struct lk_message_cycles *c)
{
	lk_jsonl_open(j, "cycles", '{');
	lk_jsonl_whole(j, "cycles", c->cycle_count);
	lk_jsonl_whole(j, "objects", c->object_count);
	lk_jsonl_whole(j, "garbage_objects", c->garbage_count);
	lk_jsonl_open(j, "types", '[');
	for (uint32_t i = 0; i < c->count; i++) {
		lk_jsonl_open(j, NULL, '{');
		lk_jsonl_text(j, "type", c->list[i].name);
		lk_jsonl_whole(j, "objects", c->list[i].object_count);
		lk_jsonl_whole(j, "garbage_objects", c->list[i].garbage_count);
		lk_jsonl_close(j, '}');
	}
	lk_jsonl_close(j, ']');
	lk_jsonl_close(j, '}');
}

static void
print_cycles(const struct lk_message_cycles *c)
{
	char name[TYPE_BYTES];

	printf("%llu objects are in %llu reference cycles, %llu of them garbage",
	    (unsigned long long)c->object_count, (unsigned long long)c->cycle_count,
	    (unsigned long long)c->garbage_count);
	for (uint32_t i = 0; i < c->count && i < CYCLIC_SHOWN; i++) {
		lk_text_clean(c->list[i].name, name, sizeof(name));
		printf("%s %llu %s", i == 0 ? ":" : ",",
		    (unsigned long long)c->list[i].object_count, name);
	}
	printf("\n");
}

static void
json_uncollectable(struct lk_jsonl *j, const struct lk_message_uncollectable *u)
{
	lk_jsonl_open(j, "uncollectable", '{');
	lk_jsonl_real(j, "objects", u->object_count);
	lk_jsonl_open(j, "types", '[');
	for (uint32_t i = 0; i < u->count; i++) {
		lk_jsonl_open(j, NULL, '{');
		lk_jsonl_text(j, "type", u->list[i].name);
		lk_jsonl_real(j, "objects", u->list[i].object_count);
		lk_jsonl_close(j, '}');
	}
	lk_jsonl_close(j, ']');
	lk_jsonl_close(j, '}');
}

static void
print_uncollectable(const struct lk_message_uncollectable *u)
{
	char name[TYPE_BYTES];

	if (!(u->object_count > 0))
		return;
	printf("%.0f objects are in gc.garbage", u->object_count);
	for (uint32_t i = 0; i < u->count; i++) {
		lk_text_clean(u->list[i].name, name, sizeof(name));
		printf("%s %.0f %s", i == 0 ? ":" : ",", u->list[i].object_count, name);
	}
	printf("\n");
}

/* ---- types ------------------------------------------------------------------------------- */

static void
json_type(struct lk_jsonl *j, const struct lk_message_object_type *t,
    const struct lk_scan_delta *delta)
{
	lk_jsonl_open(j, NULL, '{');
	lk_jsonl_text(j, "type", t->name);
	lk_jsonl_whole(j, "objects", t->count);
	lk_jsonl_real(j, "bytes", t->bytes);
	lk_jsonl_whole(j, "garbage_objects", t->garbage_count);
	lk_jsonl_real(j, "garbage_bytes", t->garbage_bytes);
	lk_jsonl_real(j, "cyclic_objects", t->cyclic_count);
	lk_jsonl_real(j, "samples", t->sample_count);
	if (delta != NULL) {
		lk_jsonl_real(j, "delta_objects", delta->objects);
		lk_jsonl_real(j, "delta_bytes", delta->bytes);
	}
	lk_jsonl_open(j, "sites", '[');
	for (uint32_t i = 0; i < t->site_count; i++) {
		lk_jsonl_open(j, NULL, '{');
		lk_jsonl_whole(j, "stack", t->sites[i].stack);
		lk_jsonl_real(j, "samples", t->sites[i].sample_count);
		lk_jsonl_real(j, "bytes", t->sites[i].bytes);
		lk_jsonl_text(j, "function", t->sites[i].function);
		lk_jsonl_text(j, "file", t->sites[i].file);
		lk_jsonl_whole(j, "line", t->sites[i].line);
		lk_jsonl_close(j, '}');
	}
	lk_jsonl_close(j, ']');
	lk_jsonl_close(j, '}');
}

static bool
is_same_line(const struct lk_message_site *a, const struct lk_message_site *b)
{
	return a->function[0] != '\0' && a->line == b->line &&
	    strcmp(a->function, b->function) == 0 && strcmp(a->file, b->file) == 0;
}

/* "about 11.3M of these by price_key, /srv/shop/cart.py:88"; stacks of one line are one row: the
 * first of them stands for all. */
static void
print_site(const struct lk_message_object_type *t, uint32_t at)
{
	const struct lk_message_site *site = &t->sites[at];
	char bytes[LK_TEXT_BYTES], function[TYPE_BYTES], file[TYPE_BYTES];
	double sum = 0;

	for (uint32_t i = 0; i < t->site_count; i++) {
		if (i < at && is_same_line(&t->sites[i], site))
			return;
		if (i == at || is_same_line(&t->sites[i], site))
			sum += t->sites[i].bytes;
	}
	lk_text_clean(site->function, function, sizeof(function));
	lk_text_clean(site->file, file, sizeof(file));
	printf("%45s about %s by ", "", lk_text_bytes(sum, bytes, sizeof(bytes)));
	if (function[0] == '\0')
		printf("stack %u, without Python\n", site->stack);
	else
		printf("%s, %s:%u\n", function, file, site->line);
}

static void
print_delta(const struct lk_scan_delta *delta)
{
	char objects[LK_TEXT_BYTES], bytes[LK_TEXT_BYTES];

	if (isnan(delta->objects))
		snprintf(objects, sizeof(objects), "-");
	else
		snprintf(objects, sizeof(objects), "%+.0f", delta->objects);
	printf("%10s %8s ", objects,
	    lk_text_bytes_signed(delta->bytes, bytes, sizeof(bytes)));
}

static void
print_type(const struct lk_message_object_type *t, const struct lk_scan_delta *delta)
{
	char bytes[LK_TEXT_BYTES], name[TYPE_BYTES], cyclic[LK_TEXT_BYTES] = "-";

	lk_text_clean(t->name, name, sizeof(name));
	if (!isnan(t->cyclic_count))
		snprintf(cyclic, sizeof(cyclic), "%.0f", t->cyclic_count);
	if (delta != NULL)
		print_delta(delta);
	printf("%10llu %8s %10llu %10s  %s\n", (unsigned long long)t->count,
	    lk_text_bytes(t->bytes, bytes, sizeof(bytes)),
	    (unsigned long long)t->garbage_count, cyclic, name);
	for (uint32_t i = 0; i < t->site_count; i++)
		print_site(t, i);
}

void
lk_scan_types_begin(struct lk_jsonl *json, bool with_delta)
{
	if (json != NULL) {
		lk_jsonl_open(json, "types", '[');
		return;
	}
	if (with_delta)
		printf("%10s %8s ", "dOBJECTS", "dBYTES");
	printf("%10s %8s %10s %10s  %s\n", "OBJECTS", "BYTES", "GARBAGE", "IN CYCLES", "TYPE");
}

void
lk_scan_types_row(struct lk_jsonl *json, const struct lk_message_object_type *t,
    const struct lk_scan_delta *delta)
{
	if (json != NULL)
		json_type(json, t, delta);
	else
		print_type(t, delta);
}

/* They come in several messages: the heading stands above the first. */
static void
put_types(struct lk_jsonl *json, struct lk_scan_shown *shown, const struct lk_message_types *m)
{
	if (!shown->is_begun)
		lk_scan_types_begin(json, false);
	shown->is_begun = true;
	for (uint32_t i = 0; i < m->count; i++) {
		if (lk_scan_types_is_shown(shown, m->list[i].name))
			lk_scan_types_row(json, &m->list[i], NULL);
	}
}

void
lk_scan_types_hear(struct lk_jsonl *json, struct lk_scan_shown *shown,
    const struct lk_message *message)
{
	if (message->type == LK_MESSAGE_FROZEN)
		lk_scan_types_frozen(json, &message->frozen);
	else if (message->type == LK_MESSAGE_CYCLES && json != NULL)
		json_cycles(json, &message->cycles);
	else if (message->type == LK_MESSAGE_CYCLES)
		print_cycles(&message->cycles);
	else if (message->type == LK_MESSAGE_UNCOLLECTABLE && json != NULL)
		json_uncollectable(json, &message->uncollectable);
	else if (message->type == LK_MESSAGE_UNCOLLECTABLE)
		print_uncollectable(&message->uncollectable);
	else if (message->type == LK_MESSAGE_TYPES)
		put_types(json, shown, &message->types);
}
