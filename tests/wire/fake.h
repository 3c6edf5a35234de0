/* fake.h - a sampler inside the test: it says what it is told to, when it is told to. */
#ifndef LK_TESTS_WIRE_FAKE_H
#define LK_TESTS_WIRE_FAKE_H

#include <stddef.h>

struct fake {
	char path[108];
	int listener, peer; /* -1: none */
	char heard[65536];  /* what fake_hear() read last */
};

void fake_open(struct fake *fake);
void fake_close(struct fake *fake);
void fake_accept(struct fake *fake);	/* fails the test when nobody dials */
int fake_is_dialled(struct fake *fake); /* 1 when somebody waits to be accepted */
void fake_hang_up(struct fake *fake);
void fake_say(struct fake *fake, const char *bytes, size_t count);
void fake_say_text(struct fake *fake, const char *text);
void fake_say_golden(struct fake *fake, const char *name);

/* fake_hello - the golden hello with PID, its true start time, and STARTED_AT; static. */
const char *fake_hello(int pid, const char *started_at);

/* fake_hear - requests that came since the last call, in heard; "" when none. */
const char *fake_hear(struct fake *fake);

#endif
