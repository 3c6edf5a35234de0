#include "config.h"

#include "ui/columns.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/growth.h"
#include "analysis/verdict.h"
#include "base/attr.h"
#include "model/snapshot.h"
#include "util/text.h"

#include "ui/session.h"
#include "ui/spark.h"

#define TREND_CELLS 8

/* ---- names ----------------------------------------------------------------- */

/* Folders that say nothing about the program. */
static bool
is_plain_folder(const char *name, size_t length)
{
	static const char *const plain[] = {"lib", "src", "app", "site-packages", "dist-packages",
	    "lib64", "usr", "srv", "opt", "home"};

	for (size_t i = 0; i < LK_COUNT_OF(plain); i++)
		if (strlen(plain[i]) == length && strncmp(plain[i], name, length) == 0)
			return true;
	return length > 6 && strncmp(name, "python", 6) == 0;
}

/* "importlib._bootstrap" of "<frozen importlib._bootstrap>": modules that have no file. */
static bool
frozen_name(const char *file, char *out, size_t out_bytes)
{
	size_t length = strlen(file);

	if (length < 10 || strncmp(file, "<frozen ", 8) != 0 || file[length - 1] != '>')
		return false;
	snprintf(out, out_bytes, "%.*s", (int)(length - 9), file + 8);
	return true;
}

/* Texts after one another; snprintf() would take most of the time that a filter of many rows takes.
 * Returns: bytes used; the NUL is behind them. */
static size_t
put(char *out, size_t out_bytes, size_t used, const char *text, size_t length)
{
	if (length >= out_bytes - used)
		length = out_bytes - used - 1;
	memcpy(out + used, text, length);
	out[used + length] = '\0';
	return used + length;
}

static size_t
put_text(char *out, size_t out_bytes, size_t used, const char *text)
{
	return put(out, out_bytes, used, text, strlen(text));
}

char *
lk_columns_module(const char *file, char *out, size_t out_bytes)
{
	const char *base = strrchr(file, '/'), *folder;
	size_t folder_length = 0, base_length;
	char text[LK_TABLE_TEXT_BYTES];

	if (frozen_name(file, text, sizeof(text))) {
		lk_text_clean(text, out, out_bytes);
		return out;
	}
	folder = base = base != NULL ? base + 1 : file;
	if (base > file + 1) {
		folder = base - 1;
		while (folder > file && folder[-1] != '/')
			folder--;
		folder_length = (size_t)(base - 1 - folder);
	}
	base_length = strlen(base);
	if (base_length > 3 && strcmp(base + base_length - 3, ".py") == 0)
		base_length -= 3;
	if (folder_length == 0 || is_plain_folder(folder, folder_length))
		put(text, sizeof(text), 0, base, base_length);
	else if (base_length == 8 && strncmp(base, "__init__", 8) == 0)
		put(text, sizeof(text), 0, folder, folder_length);
	else {
		size_t used = put(text, sizeof(text), 0, folder, folder_length);

		used = put(text, sizeof(text), used, ".", 1);
		put(text, sizeof(text), used, base, base_length);
	}
	lk_text_clean(text, out, out_bytes);
	return out;
}

/* In place: "f.<locals>.<listcomp>" becomes "f[listcomp]", "f.<locals>.inner" "f.inner" and
 * "shop.<module>" "shop[module]". */
static void
fold(char *name)
{
	char *to = name;

	for (const char *at = name; *at != '\0';) {
		if (*at != '.') {
			*to++ = *at++;
			continue;
		}
		if (strncmp(at, ".<locals>", 9) == 0) {
			at += 9;
			continue;
		}
		if (at > name && at[1] == '<' && strchr(at, '>') != NULL) {
			*to++ = '[';
			for (at += 2; *at != '>'; at++)
				*to++ = *at;
			*to++ = ']';
			at++;
			continue;
		}
		*to++ = *at++;
	}
	*to = '\0';
}

/* "libxml2" of ".../libxml2.so.2.9.14", "_imaging" of ".../_imaging.cpython-311-....so". */
static void
object_name(const char *file, char *out, size_t out_bytes)
{
	static const char *const ends[] = {".so", ".cpython-", ".abi3."};
	const char *slash = strrchr(file, '/'), *base = slash != NULL ? slash + 1 : file, *end;
	size_t length = strlen(base);
	char text[LK_TABLE_TEXT_BYTES];

	for (size_t i = 0; i < LK_COUNT_OF(ends); i++)
		if ((end = strstr(base, ends[i])) != NULL && (size_t)(end - base) < length)
			length = (size_t)(end - base);
	snprintf(text, sizeof(text), "%.*s", (int)(length > 200 ? 200 : length), base);
	lk_text_clean(text, out, out_bytes);
}

/* A name that the client made for want of a symbol has the file in front of "+0x". */
static void
native_function(const struct lk_frame *frame, const char *function, char *out, size_t out_bytes)
{
	const char *slash = strrchr(frame->file, '/'), *place;
	const char *base = slash != NULL ? slash + 1 : frame->file;
	char object[LK_TABLE_TEXT_BYTES];

	if (frame->file[0] == '\0') {
		snprintf(out, out_bytes, "%s", function);
		return;
	}
	object_name(frame->file, object, sizeof(object));
	place = strstr(function, "+0x");
	if (place != NULL && (size_t)(place - function) == strlen(base) &&
	    strncmp(function, base, strlen(base)) == 0)
		snprintf(out, out_bytes, "[%s]%s", object, place);
	else
		snprintf(out, out_bytes, "%s [%s]", function, object);
}

char *
lk_columns_function(const struct lk_frame *frame, char *out, size_t out_bytes)
{
	char module[LK_TABLE_TEXT_BYTES], function[LK_TABLE_TEXT_BYTES];
	size_t used;

	module[0] = '\0';
	if (frame == NULL) {
		snprintf(out, out_bytes, "(no Python frame)");
		return out;
	}
	lk_text_clean(frame->function != NULL ? frame->function : "?", function, sizeof(function));
	if (frame->native && frame->file != NULL) {
		native_function(frame, function, out, out_bytes);
		return out;
	}
	if (frame->file != NULL && frame->file[0] != '\0')
		lk_columns_module(frame->file, module, sizeof(module));
	used = put_text(out, out_bytes, 0, module);
	used = put_text(out, out_bytes, used, module[0] != '\0' ? "." : "");
	put_text(out, out_bytes, used, function);
	fold(out);
	return out;
}

char *
lk_columns_place(const struct lk_frame *frame, char *out, size_t out_bytes)
{
	char base[LK_TABLE_TEXT_BYTES], module[LK_TABLE_TEXT_BYTES];
	const char *slash;
	size_t length;

	base[0] = '-';
	base[1] = '\0';
	if (frame != NULL && frame->file != NULL &&
	    frozen_name(frame->file, module, sizeof(module))) {
		slash = strrchr(module, '.');
		lk_text_clean(slash != NULL ? slash + 1 : module, base, sizeof(base));
	} else if (frame != NULL && frame->file != NULL && frame->file[0] != '\0') {
		slash = strrchr(frame->file, '/');
		length = lk_text_clean(slash != NULL ? slash + 1 : frame->file, base, sizeof(base));
		if (length > 3 && strcmp(base + length - 3, ".py") == 0)
			base[length - 3] = '\0';
	}
	if (frame != NULL && frame->line > 0)
		snprintf(out, out_bytes, "%s:%u", base, frame->line);
	else
		snprintf(out, out_bytes, "%s", base);
	return out;
}

/* The last component of the first word, or that word. */
static const char *
base_of_word(const char *text)
{
	const char *end = text + strcspn(text, " "), *base = text;

	for (const char *at = text; at < end; at++)
		if (*at == '/' && at + 1 < end)
			base = at + 1;
	return base;
}

const char *
lk_columns_command(const char *command)
{
	const char *name = base_of_word(command), *rest = command + strcspn(command, " ");

	if (strncmp(name, "python", 6) == 0 && rest[0] == ' ' && rest[1] != '-' && rest[1] != '\0')
		return base_of_word(rest + 1);
	return name;
}

char *
lk_columns_site(const struct lk_growth *g, int group, char *out, size_t out_bytes)
{
	switch (group) {
	case LK_GROUP_DOMAIN:
		snprintf(out, out_bytes, "%s", lk_domain_name(g->stack->domain));
		return out;
	case LK_GROUP_THREAD:
		lk_text_clean(g->stack->thread != NULL ? g->stack->thread : "?", out, out_bytes);
		return out;
	case LK_GROUP_TYPE:
		lk_text_clean(g->type != NULL ? g->type : "(unknown)", out, out_bytes);
		return out;
	case LK_GROUP_FILE:
		lk_text_clean(g->frame != NULL && g->frame->file != NULL ? g->frame->file : "?",
		    out, out_bytes);
		return out;
	default:
		return lk_columns_function(g->frame, out, out_bytes);
	}
}

char *
lk_columns_where(const struct lk_frame *frame, char *out, size_t out_bytes)
{
	if (frame != NULL && frame->native)
		return lk_columns_function(frame, out, out_bytes);
	return lk_columns_place(frame, out, out_bytes);
}

/* ---- growth ---------------------------------------------------------------- */

static const struct lk_growth *
row_of(const struct lk_ask *ask)
{
	return ask->item;
}

static enum lk_role
sign_role(const struct lk_ask *ask)
{
	const struct lk_growth *g = row_of(ask);

	if (!g->significant)
		return LK_ROLE_INACTIVE;	/* within its error: do not shout */
	return g->delta_bytes > 0 ? LK_ROLE_GROW : LK_ROLE_SHRINK;
}

static void
delta_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	lk_text_bytes_signed(row_of(ask)->delta_bytes, out, out_bytes);
}

static double
delta_value(const struct lk_ask *ask)
{
	return row_of(ask)->delta_bytes;
}

const struct lk_column lk_column_delta = {
	.id = "delta", .title = "dLIVE", .width_cells = 8, .text = delta_text,
	.value = delta_value, .role = sign_role,
	.help = "estimated live bytes gained (+) or lost (-) since the reference",
};

static void
error_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	lk_text_bytes(row_of(ask)->delta_error_bytes, out, out_bytes);
}

static double
error_value(const struct lk_ask *ask)
{
	return row_of(ask)->delta_error_bytes;
}

static enum lk_role
quiet_role(const struct lk_ask *ask)
{
	(void)ask;
	return LK_ROLE_INACTIVE;
}

const struct lk_column lk_column_error = {
	.id = "error", .title = "+/-", .width_cells = 6, .drop = 5, .text = error_text,
	.value = error_value, .role = quiet_role,
	.help = "95% error bar of dLIVE: the truth is within it 19 times out of 20",
};

static void
objects_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	lk_text_count_signed(row_of(ask)->delta_objects, out, out_bytes);
}

static double
objects_value(const struct lk_ask *ask)
{
	return row_of(ask)->delta_objects;
}

const struct lk_column lk_column_objects = {
	.id = "objects", .title = "dN", .width_cells = 6, .drop = 4, .text = objects_text,
	.value = objects_value,
	.help = "estimated live objects gained or lost since the reference",
};

/* Since the start a mean says little: modules that were read hours ago would still grow. */
static double
rate_value(const struct lk_ask *ask)
{
	const struct lk_session *s = ask->session;
	double recent = NAN;

	if (s->before == NULL && s->until == 0 && s->now != NULL &&
	    lk_growth_resolve(s->now, s->reference) == LK_REFERENCE_START)
		recent = lk_verdict_recent_per_min(row_of(ask), s->now->trend_step_s);
	return isnan(recent) ? row_of(ask)->rate_bytes_per_min : recent;
}

static void
rate_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	lk_text_bytes_signed(rate_value(ask), out, out_bytes);
}

const struct lk_column lk_column_rate = {
	.id = "rate", .title = "RATE/m", .width_cells = 7, .drop = 2, .text = rate_text,
	.value = rate_value, .role = sign_role,
	.help = "bytes per minute: since the baseline; without one, of late",
};

static void
survived_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	const struct lk_growth *g = row_of(ask);

	if (g->interval_count == 0)
		snprintf(out, out_bytes, "-");
	else
		snprintf(out, out_bytes, "%u/%u", g->survived_count, g->interval_count);
}

static double
survived_value(const struct lk_ask *ask)
{
	const struct lk_growth *g = row_of(ask);

	return g->interval_count == 0 ? NAN :
	    (double)g->survived_count / g->interval_count;
}

const struct lk_column lk_column_survived = {
	.id = "survived", .title = "SURV", .width_cells = 4, .drop = 3, .text = survived_text,
	.value = survived_value,
	.help = "baseline intervals whose births are still alive, of all: 3/3 is a steady leak",
};

static void
trend_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	const struct lk_growth *g = row_of(ask);

	lk_spark_text(g->trend_bytes, g->trend_count, TREND_CELLS, ask->session->ascii, out,
	    out_bytes);
}

const struct lk_column lk_column_trend = {
	.id = "trend", .title = "TREND", .width_cells = TREND_CELLS, .drop = 6, .left = true,
	.text = trend_text, .value = rate_value, .role = sign_role,
	.help = "live bytes over the last minutes, each row on its own scale",
};

static void
site_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	const struct lk_growth *g = row_of(ask);
	char site[LK_TABLE_TEXT_BYTES];

	lk_columns_site(g, (int)ask->session->group, site, sizeof(site));
	if (g->stack_count > 1 && ask->session->group == LK_GROUP_STACK)
		snprintf(out, out_bytes, "%s x%u", site, g->stack_count);
	else
		put_text(out, out_bytes, 0, site);
}

const struct lk_column lk_column_site = {
	.id = "site", .title = "SITE", .width_cells = 12, .stretch = 3, .left = true, .name = true,
	.search = true, .text = site_text,
	.help = "function that allocated (or file, type, thread, domain: key t)",
};

static void
line_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	const struct lk_growth *g = row_of(ask);
	struct lk_frame frame;

	if (g->frame == NULL && ask->session->group < LK_GROUP_FILE) {
		snprintf(out, out_bytes, "-");
		return;
	}
	if (ask->session->group >= LK_GROUP_FILE) {
		snprintf(out, out_bytes, "%u stack%s", g->stack_count,
		    g->stack_count == 1 ? "" : "s");
		return;
	}
	frame = *g->frame;
	if (ask->session->group == LK_GROUP_FUNCTION)
		frame.line = 0;		/* several lines */
	lk_columns_place(&frame, out, out_bytes);
}

const struct lk_column lk_column_line = {
	.id = "line", .title = "LINE", .width_cells = 11, .stretch = 1, .left = true, .tail = true,
	.search = true, .drop = 1, .text = line_text, .help = "source file and line",
};

static void
live_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	lk_text_bytes(row_of(ask)->live.bytes, out, out_bytes);
}

static double
live_value(const struct lk_ask *ask)
{
	return row_of(ask)->live.bytes;
}

const struct lk_column lk_column_live = {
	.id = "live", .title = "LIVE", .width_cells = 8, .text = live_text, .value = live_value,
	.help = "estimated bytes alive now",
};

static void
live_error_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	lk_text_bytes(row_of(ask)->live_error_bytes, out, out_bytes);
}

static double
live_error_value(const struct lk_ask *ask)
{
	return row_of(ask)->live_error_bytes;
}

const struct lk_column lk_column_live_error = {
	.id = "live-error", .title = "+/-", .width_cells = 6, .drop = 5, .text = live_error_text,
	.value = live_error_value, .role = quiet_role, .help = "95% error bar of LIVE",
};

static void
live_objects_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	lk_text_count(row_of(ask)->live.objects, out, out_bytes);
}

static double
live_objects_value(const struct lk_ask *ask)
{
	return row_of(ask)->live.objects;
}

const struct lk_column lk_column_live_objects = {
	.id = "live-objects", .title = "N", .width_cells = 6, .drop = 4, .text = live_objects_text,
	.value = live_objects_value, .help = "estimated objects alive now",
};

static void
allocated_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	lk_text_bytes(row_of(ask)->est_allocated_bytes, out, out_bytes);
}

static double
allocated_value(const struct lk_ask *ask)
{
	return row_of(ask)->est_allocated_bytes;
}

const struct lk_column lk_column_allocated = {
	.id = "allocated", .title = "ALLOC", .width_cells = 7, .drop = 2, .text = allocated_text,
	.value = allocated_value, .help = "estimated bytes ever allocated, freed ones included",
};

static double
freed_value(const struct lk_ask *ask)
{
	const struct lk_growth *g = row_of(ask);

	return g->est_allocated_bytes > 0 ? g->est_freed_bytes / g->est_allocated_bytes : NAN;
}

static void
freed_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	const struct lk_growth *g = row_of(ask);

	lk_text_percent(g->est_freed_bytes, g->est_allocated_bytes, out, out_bytes);
}

const struct lk_column lk_column_freed = {
	.id = "freed", .title = "FREED", .width_cells = 5, .drop = 4, .text = freed_text,
	.value = freed_value, .help = "share of what was ever allocated that is freed again",
};

static double
allocated_rate_value(const struct lk_ask *ask)
{
	const struct lk_growth *g = row_of(ask);

	/* The window is the one that made dLIVE into RATE/m. */
	if (isnan(g->rate_bytes_per_min) || g->delta_bytes == 0)
		return NAN;
	return g->est_allocated_since_bytes * g->rate_bytes_per_min / g->delta_bytes;
}

static void
allocated_rate_text(const struct lk_ask *ask, char *out, size_t out_bytes)
{
	lk_text_bytes(allocated_rate_value(ask), out, out_bytes);
}

const struct lk_column lk_column_allocated_rate = {
	.id = "allocated-rate", .title = "ALLOC/m", .width_cells = 7, .drop = 5,
	.text = allocated_rate_text, .value = allocated_rate_value,
	.help = "bytes allocated per minute since the reference, freed ones included",
};
