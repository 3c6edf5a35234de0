#include "config.h"

#include "client/source_file_group.h"

#include <errno.h>
#include <limits.h>
#include <math.h>

#include "leaktop/snapshot.h"
#include "model/snapshot.h"

static bool
read_one(struct lk_source_file_reader *r, const json_t *object, struct lk_member *out)
{
	const char *state = lk_snapshot_member_word(LK_MEMBER_GONE);
	uint64_t pid = 0;
	int parsed;

	*out = (struct lk_member){.why = "", .up_s = NAN, .ended_s = NAN, .rss_bytes = NAN,
	    .live_bytes = NAN};
	if (!lk_source_file_values_whole(r, object, "pid", LK_NEEDED, INT_MAX, &pid) ||
	    !lk_source_file_values_whole(r, object, "start_time", LK_OPTIONAL, INT64_MAX,
	    &out->start_time) ||
	    !lk_source_file_values_text(r, object, "state", LK_OPTIONAL, &state) ||
	    !lk_source_file_values_bool(r, object, "in_sum", &out->in_sum) ||
	    !lk_source_file_values_bool(r, object, "missed_reference",
	    &out->missed_reference) ||
	    !lk_source_file_values_double(r, object, "rss_bytes", LK_OPTIONAL,
	    &out->rss_bytes) ||
	    !lk_source_file_values_double(r, object, "live_bytes", LK_OPTIONAL,
	    &out->live_bytes))
		return false;
	parsed = lk_snapshot_member_state(state);
	if (parsed < 0)
		return lk_source_file_values_refuse(r, -EBADMSG, "no such state: %.32s", state);
	out->pid = (int)pid;
	out->state = (enum lk_member_state)parsed;
	return true;
}

/* Growth since the reference lacks theirs, and the screens say so. */
static bool
note_missed(struct lk_source_file_reader *r, const json_t *root, struct lk_snapshot *s)
{
	const json_t *reference;
	uint32_t id = 0, count = 0;

	if (!lk_source_file_values_object(r, root, "reference", LK_OPTIONAL, &reference) ||
	    (reference != NULL && !lk_source_file_values_u32(r, reference, "baseline",
	    LK_OPTIONAL, UINT32_MAX, &id)))
		return false;
	for (uint32_t i = 0; i < s->member_count; i++)
		count += s->members[i].missed_reference;
	for (uint32_t i = 0; i < s->baseline_count; i++)
		if (s->baselines[i].id == id)
			((struct lk_baseline *)(uintptr_t)s->baselines)[i].missed_count = count;
	return true;
}

bool
lk_source_file_group_read(struct lk_source_file_reader *r, const json_t *root,
    struct lk_snapshot *s)
{
	const json_t *list;
	struct lk_member *out;

	if (!lk_source_file_values_array(r, root, "processes", LK_OPTIONAL,
	    LK_SNAPSHOT_PROCESSES_MAX, &list))
		return false;
	if (list == NULL)
		return true;
	out = lk_source_file_values_room(r, json_array_size(list), sizeof(*out));
	if (out == NULL)
		return false;
	r->part = "process";
	for (size_t i = 0; i < json_array_size(list); i++) {
		r->index = i;
		if (!read_one(r, json_array_get(list, i), &out[i]))
			return false;
		s->ended_count += out[i].state == LK_MEMBER_GONE;
	}
	r->part = NULL;
	s->members = out;
	s->member_count = (uint32_t)json_array_size(list);
	return note_missed(r, root, s);
}
