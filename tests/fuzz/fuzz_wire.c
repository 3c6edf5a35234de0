/* What a sampler says, up to the rows of the screen. */
#include "config.h"

#include <string.h>

#include "analysis/growth.h"
#include "base/attr.h"
#include "client/mirror.h"
#include "client/readings.h"
#include "model/snapshot.h"
#include "proto/framing.h"
#include "proto/message.h"

#include "fuzz.h"

const char *const fuzz_seeds[] = {"tests/wire/golden/*.json", "tests/fuzz/seeds/*.jsonl", NULL};

struct client {
	struct lk_framing	framing;
	struct lk_mirror	*mirror;
	struct lk_readings	*readings;
	uint64_t		 seq;
};

static void
look(struct client *c)
{
	static const struct lk_process_info process = {.pid = 1, .host = "h", .command = "c",
	    .python = "3.11", .cgroup = "", .user = "u"};
	static const struct lk_descriptors descriptors;
	static const enum lk_group groups[] = {LK_GROUP_LINE, LK_GROUP_STACK};
	const struct lk_snapshot *s;
	uint32_t missing;

	if (lk_mirror_build(c->mirror, &process, c->readings, ++c->seq, &s) < 0)
		return;
	for (size_t i = 0; i < LK_COUNT_OF(groups); i++)
		lk_growth_free(lk_growth_new(s, lk_growth_resolve(s, LK_REFERENCE_NEWEST), 0,
		    groups[i], &missing));
	lk_readings_keep(c->readings, s, &descriptors);
	lk_snapshot_put(s);
}

/* Returns: false when the client would close the connection. */
static bool
take_line(struct client *c, const char *line, size_t length)
{
	struct lk_message message;
	int rc;

	memset(&message, 0, sizeof(message));
	rc = lk_message_parse(line, length, &message);
	if (rc == 0) {
		rc = lk_mirror_apply(c->mirror, &message);
		if (message.type == LK_MESSAGE_FROZEN)
			lk_readings_begin(c->readings, NULL, 0);
		lk_readings_take(c->readings, &message);
		lk_message_release(&message);
	}
	if (rc == 0 && lk_mirror_is_ready(c->mirror))
		look(c);
	return rc == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	struct client c = {.mirror = lk_mirror_new(), .readings = lk_readings_new()};
	const char *line;
	size_t length;
	bool going = true;

	while (count > 0 && going) {
		char *room;
		long fits = lk_framing_room(&c.framing, &room);
		size_t take = fits > 0 && count > (size_t)fits ? (size_t)fits : count;

		if (fits <= 0)
			break;
		memcpy(room, bytes, take);
		lk_framing_wrote(&c.framing, take);
		bytes += take;
		count -= take;
		while (going && lk_framing_next(&c.framing, &line, &length) == 1)
			going = take_line(&c, line, length);
	}
	lk_framing_reset(&c.framing);
	lk_readings_free(c.readings);
	lk_mirror_free(c.mirror);
	return 0;
}
