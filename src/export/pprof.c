#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <zlib.h>

#include "analysis/growth.h"
#include "base/attr.h"
#include "model/arena.h"
#include "model/snapshot.h"
#include "util/text.h"

#include "export/format.h"
#include "export/frames.h"
#include "export/protobuf.h"
#include "export/quote.h"

#define GZIP_WINDOW (15 + 16)	/* the largest, and gzip's header */
#define GZIP_MEMORY 8
#define CHUNK_BYTES 65536

/* The fields of pprof's profile.proto by their numbers. */
enum { PROFILE_SAMPLE_TYPE = 1, PROFILE_SAMPLE, PROFILE_MAPPING, PROFILE_LOCATION,
	PROFILE_FUNCTION, PROFILE_STRING, PROFILE_TIME_NS = 9, PROFILE_DURATION_NS,
	PROFILE_PERIOD_TYPE, PROFILE_PERIOD, PROFILE_COMMENT, PROFILE_DEFAULT_TYPE };
enum { TYPE_TYPE = 1, TYPE_UNIT };
enum { SAMPLE_LOCATIONS = 1, SAMPLE_VALUES, SAMPLE_LABEL };
enum { LABEL_KEY = 1, LABEL_TEXT };
enum { MAPPING_ID = 1, MAPPING_FILE = 5, MAPPING_BUILD_ID, MAPPING_HAS_FUNCTIONS,
	MAPPING_HAS_FILES, MAPPING_HAS_LINES };
enum { LOCATION_ID = 1, LOCATION_MAPPING, LOCATION_ADDRESS, LOCATION_LINE };
enum { LINE_FUNCTION = 1, LINE_LINE };
enum { FUNCTION_ID = 1, FUNCTION_NAME, FUNCTION_SYSTEM_NAME, FUNCTION_FILE };

/* Fields may come in any order, so each thing is written when it is met first, and nothing of the
 * profile but one message and the tables is in memory.  Numbers in the file are those of the
 * tables, ids one more. */
struct writer {
	const struct lk_export_job *job;
	FILE *out;
	z_stream z;
	struct lk_arena *arena;
	struct lk_frames texts;		/* as functions */
	struct lk_frames locations, functions, mappings;
	struct lk_protobuf field, message, inner, ids;
	int rc;				/* the first failure; nothing more is done after it */
};

static void
fail(struct writer *w, int rc)
{
	if (w->rc == 0)
		w->rc = rc;
}

static void
squeeze(struct writer *w, const void *bytes, size_t length, int flush)
{
	uint8_t chunk[CHUNK_BYTES];

	if (w->rc < 0)
		return;
	w->z.next_in = (Bytef *)(uintptr_t)bytes; /* only read */
	w->z.avail_in = (uInt)length;
	do {
		size_t got;

		w->z.next_out = chunk;
		w->z.avail_out = sizeof(chunk);
		if (deflate(&w->z, flush) == Z_STREAM_ERROR)
			fail(w, -EIO);
		got = sizeof(chunk) - w->z.avail_out;
		if (fwrite(chunk, 1, got, w->out) != got)
			fail(w, errno != 0 ? -errno : -EIO);
	} while (w->rc == 0 && w->z.avail_out == 0);
}

/* What was put into w->field is the next field of the profile. */
static void
end_field(struct writer *w)
{
	if (w->field.failed)
		fail(w, -ENOMEM);
	squeeze(w, w->field.bytes, w->field.length, Z_NO_FLUSH);
	w->field.length = 0;
}

static void
put_message(struct writer *w, unsigned int number)
{
	lk_protobuf_message(&w->field, number, &w->message);
	end_field(w);
}

static void
put_number(struct writer *w, unsigned int number, uint64_t value)
{
	lk_protobuf_number(&w->field, number, value);
	end_field(w);
}

/* Whether FRAME is new in TABLE; TABLE keeps a copy of it. */
static bool
is_new(struct writer *w, struct lk_frames *table, const struct lk_frame *frame, uint32_t *number)
{
	uint32_t before = table->count;
	struct lk_frame *copy;

	*number = w->rc == 0 ? lk_frames_number(table, frame) : 0;
	if (w->rc < 0 || *number < before)
		return false;
	copy = *number == before ? lk_arena_get(w->arena, 1, sizeof(*copy)) : NULL;
	if (copy == NULL) {
		fail(w, -ENOMEM);
		return false;
	}
	*copy = *frame;
	table->list[before] = copy;
	return true;
}

static uint32_t
text_of(struct writer *w, const char *text)
{
	const struct lk_frame entry = {.function = text, .file = ""};
	char clean[LK_QUOTE_BYTES];
	uint32_t number;

	if (!is_new(w, &w->texts, &entry, &number))
		return number;
	lk_text_clean(text, clean, sizeof(clean));
	lk_protobuf_bytes(&w->field, PROFILE_STRING, clean, strlen(clean));
	end_field(w);
	return number;
}

static uint64_t
function_id(struct writer *w, const struct lk_frame *f)
{
	const struct lk_frame entry = {.function = f->function, .file = f->file};
	uint32_t number, name, file;

	if (!is_new(w, &w->functions, &entry, &number))
		return number + 1;
	name = text_of(w, f->function);
	file = text_of(w, f->file);
	lk_protobuf_number(&w->message, FUNCTION_ID, number + 1);
	lk_protobuf_number(&w->message, FUNCTION_NAME, name);
	lk_protobuf_number(&w->message, FUNCTION_SYSTEM_NAME, name);
	lk_protobuf_number(&w->message, FUNCTION_FILE, file);
	put_message(w, PROFILE_FUNCTION);
	return number + 1;
}

/* An object file.  A reader need not look anything up in it: so say the last three fields. */
static uint64_t
mapping_id(struct writer *w, const struct lk_frame *f)
{
	const struct lk_frame entry = {
	    .function = f->build_id != NULL ? f->build_id : "", .file = f->file};
	uint32_t number, file, build_id;

	if (!f->native || f->file[0] == '\0')
		return 0;
	if (!is_new(w, &w->mappings, &entry, &number))
		return number + 1;
	file = text_of(w, entry.file);
	build_id = text_of(w, entry.function);
	lk_protobuf_number(&w->message, MAPPING_ID, number + 1);
	lk_protobuf_number(&w->message, MAPPING_FILE, file);
	lk_protobuf_number(&w->message, MAPPING_BUILD_ID, build_id);
	for (unsigned int has = MAPPING_HAS_FUNCTIONS; has <= MAPPING_HAS_LINES; has++)
		lk_protobuf_number(&w->message, has, 1);
	put_message(w, PROFILE_MAPPING);
	return number + 1;
}

static uint64_t
location_id(struct writer *w, const struct lk_frame *f)
{
	uint64_t function, mapping;
	uint32_t number;

	if (!is_new(w, &w->locations, f, &number))
		return number + 1;
	function = function_id(w, f);
	mapping = mapping_id(w, f);
	lk_protobuf_number(&w->inner, LINE_FUNCTION, function);
	lk_protobuf_number(&w->inner, LINE_LINE, f->line);
	lk_protobuf_number(&w->message, LOCATION_ID, number + 1);
	lk_protobuf_number(&w->message, LOCATION_MAPPING, mapping);
	lk_protobuf_number(&w->message, LOCATION_ADDRESS, f->address);
	lk_protobuf_message(&w->message, LOCATION_LINE, &w->inner);
	put_message(w, PROFILE_LOCATION);
	return number + 1;
}

/* The names are those of Go's heap profiles, which pprof knows. */
static const struct value {
	const char *type, *unit;
	bool in_delta;
} values[] = {
	{"alloc_objects", "count", false},
	{"alloc_space", "bytes", false},
	{"inuse_objects", "count", true},
	{"inuse_space", "bytes", true},
};

static uint64_t
whole(double value)
{
	return isfinite(value) && fabs(value) < 0x1p62 ? (uint64_t)(int64_t)round(value) : 0;
}

/* Growth may be negative here: pprof shows differences. */
static bool
put_values(struct writer *w, const struct lk_growth *g)
{
	const struct lk_snapshot *s = w->job->s;
	const struct lk_row *row = lk_snapshot_row(s->rows, s->row_count, g->stack->id);
	bool delta = w->job->delta, any = false;
	const double numbers[] = {
		row != NULL ? row->est_allocated_objects : 0, g->est_allocated_bytes,
		delta ? g->delta_objects : g->live.objects, delta ? g->delta_bytes : g->live.bytes,
	};

	for (size_t i = 0; i < LK_COUNT_OF(values); i++)
		if (!delta || values[i].in_delta) {
			lk_protobuf_varint(&w->inner, whole(numbers[i]));
			any |= whole(numbers[i]) != 0;
		}
	lk_protobuf_message(&w->message, SAMPLE_VALUES, &w->inner);
	return any;
}

static void
put_label(struct writer *w, const char *key, const char *text)
{
	uint32_t k = text_of(w, key), t = text_of(w, text);

	lk_protobuf_number(&w->inner, LABEL_KEY, k);
	lk_protobuf_number(&w->inner, LABEL_TEXT, t);
	lk_protobuf_message(&w->message, SAMPLE_LABEL, &w->inner);
}

static void
put_sample(struct writer *w, const struct lk_growth *g)
{
	bool any;

	for (uint32_t depth = lk_frames_depth(g->stack); depth > 0; depth--) {
		uint64_t id = location_id(w, lk_frames_at(g->stack, depth - 1));

		lk_protobuf_varint(&w->ids, id);
	}
	lk_protobuf_message(&w->message, SAMPLE_LOCATIONS, &w->ids);
	any = put_values(w, g);
	put_label(w, "domain", lk_domain_name(g->stack->domain));
	if (g->stack->thread[0] != '\0')
		put_label(w, "thread", g->stack->thread);
	if (any)
		put_message(w, PROFILE_SAMPLE);
	w->message.length = 0;
}

static void
put_type(struct writer *w, unsigned int number, const char *type, const char *unit)
{
	uint32_t t = text_of(w, type), u = text_of(w, unit);

	lk_protobuf_number(&w->message, TYPE_TYPE, t);
	lk_protobuf_number(&w->message, TYPE_UNIT, u);
	put_message(w, number);
}

static void
put_head(struct writer *w)
{
	const struct lk_snapshot *s = w->job->s;
	char *about = lk_arena_get(w->arena, 1, LK_QUOTE_BYTES);
	const struct lk_frame python = {.function = "", .file = "python", .native = true};

	text_of(w, ""); /* number 0 has to be that */
	mapping_id(w, &python); /* the first one is what pprof takes for the program */
	for (size_t i = 0; i < LK_COUNT_OF(values); i++)
		if (!w->job->delta || values[i].in_delta)
			put_type(w, PROFILE_SAMPLE_TYPE, values[i].type, values[i].unit);
	put_number(w, PROFILE_DEFAULT_TYPE, text_of(w, "inuse_space"));
	put_type(w, PROFILE_PERIOD_TYPE, "space", "bytes");
	put_number(w, PROFILE_PERIOD, whole(s->sampler.interval_bytes));
	put_number(w, PROFILE_TIME_NS, whole(s->at_s * 1e9));
	put_number(w, PROFILE_DURATION_NS, whole(w->job->growth->window_s * 1e9));
	if (about == NULL) {
		fail(w, -ENOMEM);
		return;
	}
	snprintf(about, LK_QUOTE_BYTES, "leaktop %s: %s of process %d at %s, python %s: %s",
	    PACKAGE_VERSION, w->job->delta ? "growth" : "memory", s->process.pid, s->process.host,
	    s->process.python, s->process.command);
	put_number(w, PROFILE_COMMENT, text_of(w, about));
}

static int
write_all(struct writer *w)
{
	put_head(w);
	for (size_t i = 0; i < w->job->growth->count && w->rc == 0; i++)
		put_sample(w, &w->job->growth->rows[i]);
	if (w->message.failed || w->inner.failed || w->ids.failed)
		fail(w, -ENOMEM);
	squeeze(w, "", 0, Z_FINISH);
	return w->rc;
}

static int
write_pprof(const struct lk_export_job *job, FILE *out)
{
	struct writer w = {.job = job, .out = out, .arena = lk_arena_new()};
	int rc = -ENOMEM;

	if (w.arena != NULL && deflateInit2(&w.z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW,
	    GZIP_MEMORY, Z_DEFAULT_STRATEGY) == Z_OK) {
		rc = write_all(&w);
		deflateEnd(&w.z);
	}
	lk_arena_free(w.arena);
	lk_frames_free(&w.texts);
	lk_frames_free(&w.locations);
	lk_frames_free(&w.functions);
	lk_frames_free(&w.mappings);
	lk_protobuf_free(&w.field);
	lk_protobuf_free(&w.message);
	lk_protobuf_free(&w.inner);
	lk_protobuf_free(&w.ids);
	return rc < 0 ? rc : lk_format_end(out);
}

const struct lk_format lk_pprof_format = {
	.name = "pprof",
	.suffix = ".pb.gz",
	.has_delta = true,
	.write = write_pprof,
};
