/* Messages that are one object: hello, reply, tick, memory, bye. */
#include "config.h"

#include "proto/message.h"

#include <errno.h>
#include <math.h>

#include "base/attr.h"

#include "proto/fields.h"
#include "proto/message_private.h"

#define HELLO(key, kind, member)                                                                   \
	{                                                                                          \
		key, kind, offsetof(struct lk_message_hello, member)                               \
	}
static const struct lk_field hello_fields[] = {
    HELLO("protocol", LK_FIELD_ID, protocol),
    HELLO("version", LK_FIELD_TEXT, version),
    HELLO("pid", LK_FIELD_ID, pid),
    HELLO("start_time", LK_FIELD_U64, start_time),
    HELLO("python", LK_FIELD_TEXT, python),
    HELLO("started_at", LK_FIELD_REAL, started_at_s),
    HELLO("at", LK_FIELD_REAL, at_s),
    HELLO("interval_bytes", LK_FIELD_WHOLE, interval_bytes),
    HELLO("memory_cap_bytes", LK_FIELD_WHOLE, memory_cap_bytes),
    HELLO("state", LK_FIELD_TEXT, state),
    HELLO("reason", LK_FIELD_TEXT, reason),
    HELLO("mode", LK_FIELD_TEXT, mode),
};

#define TICK(key, kind, member)                                                                    \
	{                                                                                          \
		key, kind, offsetof(struct lk_message_tick, member)                                \
	}
static const struct lk_field tick_fields[] = {
    TICK("seq", LK_FIELD_U64, seq),
    TICK("at", LK_FIELD_REAL, at_s),
    TICK("state", LK_FIELD_TEXT, state),
    TICK("reason", LK_FIELD_TEXT, reason),
    TICK("interval_bytes", LK_FIELD_WHOLE, interval_bytes),
    TICK("rss_bytes", LK_FIELD_WHOLE, rss_bytes),
    TICK("live_bytes", LK_FIELD_REAL, live_bytes),
    TICK("live_objects", LK_FIELD_REAL, live_objects),
    TICK("live_variance", LK_FIELD_REAL, live_variance),
    TICK("samples_total", LK_FIELD_WHOLE, samples_total),
    TICK("samples_live", LK_FIELD_WHOLE, samples_live),
    TICK("samples_per_s", LK_FIELD_REAL, samples_per_s),
    TICK("cost_percent", LK_FIELD_REAL, cost_percent),
    TICK("drops", LK_FIELD_WHOLE, drops),
    TICK("thinned", LK_FIELD_WHOLE, thinned),
    TICK("sampler_bytes", LK_FIELD_WHOLE, sampler_bytes),
    TICK("stacks", LK_FIELD_WHOLE, stacks),
    TICK("clients", LK_FIELD_WHOLE, clients),
    TICK("cgroup_limit_bytes", LK_FIELD_WHOLE_OR_NULL, cgroup_limit_bytes),
    TICK("cgroup_used_bytes", LK_FIELD_WHOLE_OR_NULL, cgroup_used_bytes),
    TICK("events", LK_FIELD_WHOLE, events),
};

/* What a sampler of an earlier version does not say. */
static const struct lk_field later_tick_fields[] = {
    TICK("native", LK_FIELD_TEXT, native),
    TICK("native_live_bytes", LK_FIELD_REAL, native_live_bytes),
    TICK("budget_percent", LK_FIELD_REAL, budget_percent),
    TICK("duty", LK_FIELD_REAL, duty),
    TICK("hooks", LK_FIELD_WHOLE, hooks),
};

#define MEMORY(key, kind, member)                                                                  \
	{                                                                                          \
		key, kind, offsetof(struct lk_message_memory, member)                              \
	}
static const struct lk_field memory_fields[] = {
    MEMORY("at", LK_FIELD_REAL, at_s),
    MEMORY("rss_bytes", LK_FIELD_WHOLE_OR_NULL, rss_bytes),
    MEMORY("pss_bytes", LK_FIELD_WHOLE_OR_NULL, pss_bytes),
    MEMORY("uss_bytes", LK_FIELD_WHOLE_OR_NULL, uss_bytes),
    MEMORY("anonymous_bytes", LK_FIELD_WHOLE_OR_NULL, anonymous_bytes),
    MEMORY("file_bytes", LK_FIELD_WHOLE_OR_NULL, file_bytes),
    MEMORY("shared_bytes", LK_FIELD_WHOLE_OR_NULL, shared_bytes),
    MEMORY("swap_bytes", LK_FIELD_WHOLE_OR_NULL, swap_bytes),
    MEMORY("python_live_bytes", LK_FIELD_REAL, python_live_bytes),
    MEMORY("pymalloc_arena_bytes", LK_FIELD_WHOLE_OR_NULL, pymalloc_arena_bytes),
    MEMORY("malloc_live_bytes", LK_FIELD_WHOLE_OR_NULL, malloc_live_bytes),
    MEMORY("malloc_free_bytes", LK_FIELD_WHOLE_OR_NULL, malloc_free_bytes),
    MEMORY("malloc_mmap_bytes", LK_FIELD_WHOLE_OR_NULL, malloc_mmap_bytes),
    MEMORY("sampler_bytes", LK_FIELD_WHOLE, sampler_bytes),
    MEMORY("cgroup_limit_bytes", LK_FIELD_WHOLE_OR_NULL, cgroup_limit_bytes),
    MEMORY("cgroup_used_bytes", LK_FIELD_WHOLE_OR_NULL, cgroup_used_bytes),
    MEMORY("gc_enabled", LK_FIELD_BOOL, gc_enabled),
};

#define GENERATION(key, member)                                                                    \
	{                                                                                          \
		key, LK_FIELD_WHOLE_OR_NULL, offsetof(struct lk_message_generation, member)        \
	}
static const struct lk_field generation_fields[] = {
    GENERATION("count", count),
    GENERATION("threshold", threshold),
    GENERATION("collections", collections),
    GENERATION("collected", collected),
    GENERATION("uncollectable", uncollectable),
};

#define PAUSES(key, kind, member)                                                                  \
	{                                                                                          \
		key, kind, offsetof(struct lk_message_pauses, member)                              \
	}
static const struct lk_field pauses_fields[] = {
    PAUSES("exact", LK_FIELD_BOOL, exact),
    PAUSES("watched_s", LK_FIELD_REAL, watched_s),
    PAUSES("looks", LK_FIELD_WHOLE, looks),
    PAUSES("collections", LK_FIELD_WHOLE, collections),
    PAUSES("seen", LK_FIELD_WHOLE, seen),
    PAUSES("total_us", LK_FIELD_REAL, total_us),
    PAUSES("longest_us", LK_FIELD_REAL_OR_NULL, longest_us),
    PAUSES("longest_error_us", LK_FIELD_REAL_OR_NULL, longest_error_us),
    PAUSES("longest_generation", LK_FIELD_WHOLE_OR_NULL, longest_generation),
    PAUSES("unseen_us", LK_FIELD_REAL, unseen_us),
};

int
lk_message_read_hello(const json_t *object, struct lk_message *out)
{
	return lk_fields_read(object, hello_fields, LK_COUNT_OF(hello_fields), &out->hello);
}

int
lk_message_read_tick(const json_t *object, struct lk_message *out)
{
	int rc = lk_fields_read(object, tick_fields, LK_COUNT_OF(tick_fields), &out->tick);

	out->tick.native = "";
	out->tick.native_live_bytes = NAN;
	if (rc < 0)
		return rc;
	return lk_fields_read_given(object, later_tick_fields, LK_COUNT_OF(later_tick_fields),
	    &out->tick);
}

/* Null when nobody has looked; a sampler of an earlier version does not say. */
static int
read_pauses(const json_t *pauses, struct lk_message_pauses *out)
{
	*out = (struct lk_message_pauses){.watched_s = NAN};
	return pauses == NULL || json_is_null(pauses) ?
	    0 :
	    lk_fields_read(pauses, pauses_fields, LK_COUNT_OF(pauses_fields), out);
}

int
lk_message_read_memory(const json_t *object, struct lk_message *out)
{
	const json_t *generations;
	int rc = lk_fields_read(object, memory_fields, LK_COUNT_OF(memory_fields), &out->memory);

	if (rc < 0)
		return rc;
	rc = lk_fields_array(object, "gc", LK_COUNT_OF(out->memory.gc), &generations);
	if (rc < 0)
		return rc;
	if (json_array_size(generations) != LK_COUNT_OF(out->memory.gc))
		return -EBADMSG;
	for (size_t i = 0; i < LK_COUNT_OF(out->memory.gc); i++) {
		rc = lk_fields_read(json_array_get(generations, i), generation_fields,
		    LK_COUNT_OF(generation_fields), &out->memory.gc[i]);
		if (rc < 0)
			return rc;
	}
	return read_pauses(json_object_get(object, "gc_pauses"), &out->memory.pauses);
}

/* Further fields depend on the request: only those that a client needs are looked for. */
int
lk_message_read_reply(const json_t *object, struct lk_message *out)
{
	struct lk_message_reply *reply = &out->reply;
	const json_t *id = json_object_get(object, "id");
	const json_t *baseline = json_object_get(object, "baseline");
	const json_t *hooks = json_object_get(object, "hooks");
	int rc;

	reply->code = reply->error = "";
	reply->has_id = id != NULL && !json_is_null(id);
	if (id == NULL || (reply->has_id && lk_fields_value(id, LK_FIELD_U64, &reply->id) < 0))
		return -EBADMSG;
	rc = lk_fields_value(json_object_get(object, "ok"), LK_FIELD_BOOL, &reply->ok);
	if (rc == 0 && baseline != NULL)
		rc = lk_fields_value(baseline, LK_FIELD_U64, &reply->baseline);
	if (rc == 0 && hooks != NULL)
		rc = lk_fields_value(hooks, LK_FIELD_U64, &reply->hooks);
	if (rc < 0 || reply->ok)
		return rc;
	rc = lk_fields_value(json_object_get(object, "code"), LK_FIELD_TEXT, &reply->code);
	if (rc < 0)
		return rc;
	return lk_fields_value(json_object_get(object, "error"), LK_FIELD_TEXT, &reply->error);
}

int
lk_message_read_reset(const json_t *object, struct lk_message *out)
{
	(void)object; /* its type says it all */
	(void)out;
	return 0;
}

int
lk_message_read_bye(const json_t *object, struct lk_message *out)
{
	return lk_fields_value(json_object_get(object, "reason"), LK_FIELD_TEXT, &out->bye.reason);
}
