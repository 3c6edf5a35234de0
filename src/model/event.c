#include "config.h"

#include "model/event.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "util/text.h"

#include "model/snapshot.h"

/* How the value is said. */
enum value { VALUE_NONE, VALUE_COUNT, VALUE_BYTES, VALUE_ADDRESS, VALUE_MS, VALUE_ERRNO,
	VALUE_WHAT };

static const struct {
	const char	*code;
	enum value	 value;
	bool		 fault;
	const char	*words;
} known[] = {
	{"started", VALUE_NONE, false, "sampling began"},
	{"paused", VALUE_NONE, false, "paused"},
	{"resumed", VALUE_NONE, false, "resumed"},
	{"detached", VALUE_NONE, false, "detached: what was known was forgotten"},
	{"attached", VALUE_NONE, false, "attached again"},
	{"baseline", VALUE_COUNT, false, "baseline marked:"},
	{"interval", VALUE_BYTES, false, "interval set by a client:"},
	{"governor-interval", VALUE_BYTES, false, "interval set for the budget:"},
	{"governor-duty", VALUE_COUNT, false, "for the budget, hooks in for one slot out of"},
	{"bad-setting", VALUE_NONE, true, "a LEAKTOP_ setting is wrong: its default is used"},
	{"jit-lines", VALUE_NONE, true, "the JIT is on: lines in jitted code may be off"},
	{"no-lifecycle", VALUE_NONE, true, "forks not seen: children may lack a sampler"},
	{"no-thread", VALUE_NONE, true, "a thread of the sampler could not be started"},
	{"samples-full", VALUE_COUNT, true, "no room for samples; lost:"},
	{"stacks-full", VALUE_COUNT, true, "no room for stacks; samples in one row:"},
	{"stacks-ended", VALUE_COUNT, false, "stacks with nothing alive made room:"},
	{"stacks-merged", VALUE_COUNT, true, "too many stacks alive; the smallest in one row:"},
	{"strings-full", VALUE_COUNT, true, "no room for names; without one:"},
	{"forked-in-a-sample", VALUE_NONE, true, "forked within a sample: counts from the fork"},
	{"forked-in-the-loader", VALUE_NONE, true, "forked while a library came or went"},
	{"hooks-covered", VALUE_NONE, true, "another tool hooks on top: ours stay in"},
	{"hooks-uncovered", VALUE_NONE, false, "no other tool hooks on top any more"},
	{"hooks-fixed", VALUE_NONE, true, "no allocator table found: pause leaves hooks in"},
	{"listen-failed", VALUE_ERRNO, true, "no socket"},
	{"accept-failed", VALUE_ERRNO, true, "a client was not accepted"},
	{"turn-away", VALUE_ERRNO, true, "a client was turned away unheard"},
	{"mallinfo-slow", VALUE_MS, true, "malloc's figures take too long: asked no more"},
	{"native-no-memory", VALUE_NONE, true, "no memory to count native allocations"},
	{"native-foreign", VALUE_COUNT, false, "libraries with an allocator of their own:"},
	{"native-undecided", VALUE_COUNT, false, "libraries whose allocator is not known yet:"},
	{"native-objects-full", VALUE_COUNT, true, "too many libraries; not counted:"},
	{"native-refused", VALUE_ADDRESS, true, "an object could not be hooked, at"},
	{"freeze-refused", VALUE_ERRNO, true, "the heap could not be copied"},
	{"revealed", VALUE_WHAT, false, "contents shown"},
	{"freeze-lost", VALUE_COUNT, true, "a copy of the heap ended early, by signal"},
};

static int
find(const struct lk_sampler_event *event)
{
	for (size_t i = 0; i < LK_COUNT_OF(known); i++)
		if (strcmp(known[i].code, event->code) == 0)
			return (int)i;
	return -1;
}

void
lk_event_words(const struct lk_sampler_event *event, char *out, size_t out_bytes)
{
	char code[64], number[LK_TEXT_BYTES], what[256];
	int at = find(event);
	const char *words = at < 0 ? code : known[at].words;

	lk_text_clean(event->code, code, sizeof(code));
	switch (at < 0 ? VALUE_COUNT : known[at].value) {
	case VALUE_NONE:
		snprintf(out, out_bytes, "%s", words);
		break;
	case VALUE_WHAT:
		lk_text_clean(event->what != NULL ? event->what : "", what, sizeof(what));
		snprintf(out, out_bytes, "%s %s", words, what);
		break;
	case VALUE_ADDRESS:
		snprintf(out, out_bytes, "%s %#" PRIx64, words, event->value);
		break;
	case VALUE_MS:
		snprintf(out, out_bytes, "%s (%.1f ms)", words, (double)event->value / 1e6);
		break;
	case VALUE_ERRNO:
		snprintf(out, out_bytes, "%s: %s", words, strerror((int)event->value));
		break;
	case VALUE_BYTES:
		snprintf(out, out_bytes, "%s %s", words,
		    lk_text_bytes((double)event->value, number, sizeof(number)));
		break;
	case VALUE_COUNT:
		snprintf(out, out_bytes, "%s %" PRIu64, words, event->value);
		break;
	}
}

bool
lk_event_is_fault(const struct lk_sampler_event *event)
{
	int at = find(event);

	return at >= 0 && known[at].fault;
}
