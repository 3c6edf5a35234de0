/* emit_private.h - the parts of a message: what the files of emit share.  Room: proto. */
#ifndef LK_PROTO_EMIT_PRIVATE_H
#define LK_PROTO_EMIT_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/print.h"
#include "proto/emit.h"

/* Every field starts with its own comma; the first one of an object is "t". */
static inline void
key(struct lk_print *p, const char *name)
{
	lk_print_str(p, ",\"");
	lk_print_str(p, name);
	lk_print_str(p, "\":");
}

static inline void
number(struct lk_print *p, const char *name, uint64_t value)
{
	key(p, name);
	if (value == LK_EMIT_UNKNOWN)
		lk_print_str(p, "null");
	else
		lk_print_u64(p, value);
}

static inline void
text(struct lk_print *p, const char *name, const char *value)
{
	key(p, name);
	lk_print_json(p, value, strlen(value));
}

static inline void
real(struct lk_print *p, const char *name, double value, unsigned int decimals)
{
	key(p, name);
	lk_print_real(p, value, decimals);
}

static inline void
boolean(struct lk_print *p, const char *name, bool value)
{
	key(p, name);
	lk_print_str(p, value ? "true" : "false");
}

static inline void
begin(struct lk_print *p, const char *type)
{
	lk_print_str(p, "{\"t\":\"");
	lk_print_str(p, type);
	lk_print_char(p, '"');
}

static inline void
end(struct lk_print *p)
{
	lk_print_str(p, "}\n");
}

/* ,"name":[ */
static inline void
open_list(struct lk_print *p, const char *name)
{
	key(p, name);
	lk_print_char(p, '[');
}

/* The list that is open, and with it the message; MORE of it is in the next one. */
static inline void
end_list(struct lk_print *p, bool more)
{
	lk_print_char(p, ']');
	boolean(p, "more", more);
	end(p);
}

static inline void
comma_unless(struct lk_print *p, bool first)
{
	if (!first)
		lk_print_char(p, ',');
}

/* [a,b,... without a closing bracket: by a number, by a text */
static inline void
open_tuple(struct lk_print *p, bool first, uint64_t id)
{
	comma_unless(p, first);
	lk_print_char(p, '[');
	lk_print_u64(p, id);
}

static inline void
open_text_tuple(struct lk_print *p, bool first, const char *name)
{
	comma_unless(p, first);
	lk_print_char(p, '[');
	lk_print_json(p, name, strlen(name));
}

static inline void
tuple_u64(struct lk_print *p, uint64_t value)
{
	lk_print_char(p, ',');
	lk_print_u64(p, value);
}

/* ,12 or ,null */
static inline void
tuple_known(struct lk_print *p, uint64_t value)
{
	if (value == LK_EMIT_UNKNOWN)
		lk_print_str(p, ",null");
	else
		tuple_u64(p, value);
}

static inline void
tuple_real(struct lk_print *p, double value)
{
	lk_print_char(p, ',');
	lk_print_real(p, value, 1);
}

#endif
