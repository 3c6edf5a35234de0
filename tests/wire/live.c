#include "config.h"

#include "live.h"

#include <stdio.h>
#include <unistd.h>

#include "client/source.h"

struct fake fake;
struct lk_source *source;
int64_t now_ms;

int reply_count;
bool reply_ok;
uint64_t reply_number;
char reply_words[256];

void
live_on_reply(void *ctx, bool ok, uint64_t number, const char *words)
{
	ck_assert_ptr_eq(ctx, &fake);
	reply_count++;
	reply_ok = ok;
	reply_number = number;
	snprintf(reply_words, sizeof(reply_words), "%s", words);
}

bool
live_step(int64_t pass_ms)
{
	now_ms += pass_ms;
	return lk_source_dispatch(source, NULL, 0, now_ms);
}

void
live_open_for(int pid)
{
	ck_assert_int_eq(lk_source_open_live(fake.path, pid, 1000, &source), 0);
	ck_assert_int_eq(lk_source_state(source), LK_SOURCE_CONNECTING);
	ck_assert_ptr_null(lk_source_snapshot(source));
}

void
live_set_up(void)
{
	now_ms = 1000;
	reply_count = 0;
	fake_open(&fake);
	live_open_for(getpid());
}

void
live_tear_down(void)
{
	lk_source_close(source);
	fake_close(&fake);
}

static void
say_first_replies(int first)
{
	char line[80];

	for (int i = 0; i < 4; i++) {
		snprintf(line, sizeof(line), "{\"t\":\"reply\",\"id\":%d,\"ok\":true}\n",
		    first + i);
		fake_say_text(&fake, line);
	}
}

void
live_say_state(void)
{
	fake_say_golden(&fake, "baselines");
	fake_say_golden(&fake, "names");
	fake_say_golden(&fake, "live");
	fake_say_golden(&fake, "tick");
}

void
live_bring_up(int first_id)
{
	live_step(0);
	fake_accept(&fake);
	fake_say_text(&fake, fake_hello(getpid(), LIVE_STARTED));
	live_step(0);
	fake_hear(&fake);
	live_say_state();
	say_first_replies(first_id);
	ck_assert(live_step(0));
	ck_assert_int_eq(lk_source_state(source), LK_SOURCE_LIVE);
	ck_assert_ptr_nonnull(lk_source_snapshot(source));
}
