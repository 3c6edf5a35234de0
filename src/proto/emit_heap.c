/* What was read of the heap: containers, types, who holds what. */
#include "config.h"

#include "proto/emit.h"

#include <string.h>

#include "base/print.h"
#include "proto/emit_private.h"

static void
text_or_null(struct lk_print *p, const char *value)
{
	if (value != NULL)
		lk_print_json(p, value, strlen(value));
	else
		lk_print_str(p, "null");
}

void
lk_emit_containers_begin(struct lk_print *p, const struct lk_emit_containers *m)
{
	begin(p, "containers");
	real(p, "at", m->at_s, 3);
	text(p, "by", m->by);
	real(p, "pause_us", m->pause_us, 1);
	real(p, "scan_ms", m->scan_ms, 1);
	number(p, "copied_bytes", m->copied_bytes);
	number(p, "objects", m->objects);
	number(p, "min_length", m->min_length);
	boolean(p, "complete", m->complete);
	text(p, "reason", m->reason);
	open_list(p, "rows");
}

static void
shares(struct lk_print *p, const char *name, const struct lk_emit_share *list, uint32_t count)
{
	uint32_t i;

	open_list(p, name);
	for (i = 0; i < count; i++) {
		open_text_tuple(p, i == 0, list[i].type);
		tuple_u64(p, list[i].count);
		lk_print_char(p, ']');
	}
	lk_print_char(p, ']');
}

void
lk_emit_container(struct lk_print *p, bool first, const struct lk_emit_container *m)
{
	comma_unless(p, first);
	lk_print_str(p, "{\"address\":\"");
	lk_print_hex(p, m->address);
	lk_print_char(p, '"');
	text(p, "type", m->type);
	number(p, "length", m->length);
	number(p, "shallow_bytes", m->shallow_bytes);
	number(p, "bound", m->bound);
	number(p, "stack", m->stack);
	key(p, "owner");
	text_or_null(p, m->owner);
	number(p, "looked", m->looked);
	shares(p, "keys", m->keys, m->key_count);
	shares(p, "values", m->values, m->value_count);
	open_list(p, "then");
}

void
lk_emit_container_then(struct lk_print *p, bool first, uint32_t baseline, uint64_t length)
{
	open_tuple(p, first, baseline);
	tuple_known(p, length);
	lk_print_char(p, ']');
}

void
lk_emit_containers_end(struct lk_print *p, bool more)
{
	end_list(p, more);
}

void
lk_emit_container_end(struct lk_print *p)
{
	lk_print_str(p, "]}");
}

void
lk_emit_progress(struct lk_print *p, int64_t id, uint64_t done, uint64_t found)
{
	begin(p, "progress");
	key(p, "id");
	lk_print_i64(p, id);
	number(p, "done", done);
	number(p, "found", found);
	end(p);
}

void
lk_emit_frozen(struct lk_print *p, const struct lk_emit_frozen *m)
{
	begin(p, "frozen");
	real(p, "at", m->at_s, 3);
	real(p, "pause_us", m->pause_us, 1);
	real(p, "walk_ms", m->walk_ms, 1);
	number(p, "copied_bytes", m->copied_bytes);
	number(p, "table_bytes", m->table_bytes);
	number(p, "objects", m->objects);
	number(p, "bytes", m->bytes);
	number(p, "types", m->types);
	number(p, "garbage_objects", m->garbage_objects);
	number(p, "garbage_bytes", m->garbage_bytes);
	boolean(p, "complete", m->complete);
	text(p, "reason", m->reason);
	end(p);
}

void
lk_emit_cycles_begin(struct lk_print *p, uint64_t cycles, uint64_t objects,
    uint64_t garbage_objects)
{
	begin(p, "cycles");
	number(p, "cycles", cycles);
	number(p, "objects", objects);
	number(p, "garbage_objects", garbage_objects);
	open_list(p, "rows");
}

void
lk_emit_cyclic(struct lk_print *p, bool first, const char *type, uint64_t objects,
    uint64_t garbage_objects)
{
	open_text_tuple(p, first, type);
	tuple_u64(p, objects);
	tuple_u64(p, garbage_objects);
	lk_print_char(p, ']');
}

void
lk_emit_uncollectable_begin(struct lk_print *p, uint64_t objects)
{
	begin(p, "uncollectable");
	number(p, "objects", objects);
	open_list(p, "rows");
}

void
lk_emit_uncollectable(struct lk_print *p, bool first, const char *type, uint64_t objects)
{
	open_text_tuple(p, first, type);
	tuple_u64(p, objects);
	lk_print_char(p, ']');
}

void
lk_emit_types_begin(struct lk_print *p)
{
	begin(p, "types");
	open_list(p, "rows");
}

void
lk_emit_types_end(struct lk_print *p, bool more)
{
	end_list(p, more);
}

void
lk_emit_type(struct lk_print *p, bool first, const struct lk_emit_type *m)
{
	open_text_tuple(p, first, m->name);
	tuple_u64(p, m->objects);
	tuple_u64(p, m->bytes);
	tuple_u64(p, m->garbage_objects);
	tuple_u64(p, m->garbage_bytes);
	tuple_known(p, m->cyclic_objects);
	tuple_known(p, m->samples);
	lk_print_str(p, ",[");
}

void
lk_emit_type_site(struct lk_print *p, bool first, const struct lk_emit_site *m)
{
	comma_unless(p, first);
	lk_print_char(p, '[');
	lk_print_u64(p, m->stack);
	tuple_u64(p, m->samples);
	tuple_u64(p, m->bytes);
	lk_print_char(p, ',');
	lk_print_json(p, m->function, m->function_length);
	lk_print_char(p, ',');
	lk_print_json(p, m->file, m->file_length);
	tuple_u64(p, m->line);
	lk_print_char(p, ']');
}

void
lk_emit_type_end(struct lk_print *p)
{
	lk_print_str(p, "]]");
}

static void
address(struct lk_print *p, uint64_t value)
{
	if (value == 0) {
		number(p, "address", LK_EMIT_UNKNOWN);
		return;
	}
	lk_print_str(p, ",\"address\":\"");
	lk_print_hex(p, value);
	lk_print_char(p, '"');
}

void
lk_emit_referrers_begin(struct lk_print *p, const struct lk_emit_referrers *m)
{
	begin(p, "referrers");
	text(p, "type", m->type);
	number(p, "stack", m->stack);
	number(p, "samples", m->samples);
	number(p, "found", m->found);
	address(p, m->address);
	number(p, "objects", m->objects);
	number(p, "bytes", m->bytes);
	number(p, "paths", m->paths);
	open_list(p, "cycles");
}

void
lk_emit_loop(struct lk_print *p, bool first, const char *words, uint64_t length, uint64_t cycles,
    uint64_t objects)
{
	open_text_tuple(p, first, words);
	tuple_u64(p, length);
	tuple_u64(p, cycles);
	tuple_u64(p, objects);
	lk_print_char(p, ']');
}

void
lk_emit_referrers_rows(struct lk_print *p)
{
	lk_print_str(p, "],\"rows\":[");
}

void
lk_emit_referrer(struct lk_print *p, bool first, const char *path, uint64_t objects,
    uint64_t bytes, uint64_t retained_bytes)
{
	open_text_tuple(p, first, path);
	tuple_u64(p, objects);
	tuple_u64(p, bytes);
	tuple_known(p, retained_bytes);
	lk_print_char(p, ']');
}

void
lk_emit_revealed_begin(struct lk_print *p, const struct lk_emit_revealed *m)
{
	begin(p, "revealed");
	address(p, m->address);
	text(p, "type", m->type);
	number(p, "length", m->length);
	key(p, "owner");
	text_or_null(p, m->owner);
	boolean(p, "same", m->same);
	open_list(p, "items");
}

void
lk_emit_revealed_item(struct lk_print *p, bool first, const char *of, const char *value)
{
	comma_unless(p, first);
	lk_print_char(p, '[');
	text_or_null(p, of);
	lk_print_char(p, ',');
	text_or_null(p, value);
	lk_print_char(p, ']');
}
