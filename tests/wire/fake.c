#include "config.h"

#include "fake.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <check.h>

#include "client/proc.h"

#include "golden.h"

void
fake_open(struct fake *fake)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char folder[] = "/tmp/lk-fake-XXXXXX";

	ck_assert_ptr_nonnull(mkdtemp(folder));
	memset(fake, 0, sizeof(*fake));
	snprintf(fake->path, sizeof(fake->path), "%s/s", folder);
	strcpy(address.sun_path, fake->path);
	fake->peer = -1;
	fake->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	ck_assert_int_ge(fake->listener, 0);
	ck_assert_int_eq(bind(fake->listener, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(fake->listener, 4), 0);
}

void
fake_close(struct fake *fake)
{
	fake_hang_up(fake);
	close(fake->listener);
	unlink(fake->path);
	*strrchr(fake->path, '/') = '\0';
	rmdir(fake->path);
}

int
fake_is_dialled(struct fake *fake)
{
	struct pollfd fd = {.fd = fake->listener, .events = POLLIN};

	return poll(&fd, 1, 0);
}

void
fake_accept(struct fake *fake)
{
	fake_hang_up(fake);
	fake->peer = accept4(fake->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	ck_assert_msg(fake->peer >= 0, "nobody dialled: %s", strerror(errno));
}

void
fake_hang_up(struct fake *fake)
{
	if (fake->peer >= 0)
		close(fake->peer);
	fake->peer = -1;
}

void
fake_say(struct fake *fake, const char *bytes, size_t count)
{
	if (count > 0)
		ck_assert_int_eq(send(fake->peer, bytes, count, MSG_NOSIGNAL), (ssize_t)count);
}

void
fake_say_text(struct fake *fake, const char *text)
{
	fake_say(fake, text, strlen(text));
}

void
fake_say_golden(struct fake *fake, const char *name)
{
	size_t length;
	char *line = lk_golden_read("golden", name, &length);

	fake_say(fake, line, length);
	free(line);
}

const char *
fake_hello(int pid, const char *started_at)
{
	static char line[1024];
	struct lk_proc_stat stat;

	ck_assert_int_eq(lk_proc_read_stat(pid, &stat), 0);
	snprintf(
	    line, sizeof(line),
	    "{\"t\":\"hello\",\"protocol\":1,\"version\":\"0.1.0\",\"pid\":%d,\"start_time\":%llu,"
	    "\"python\":\"3.11.2\",\"started_at\":%s,\"at\":1763640060.250,"
	    "\"interval_bytes\":524288,\"memory_cap_bytes\":16777216,\"state\":\"sampling\","
	    "\"reason\":\"\",\"mode\":\"slots\"}\n",
	    pid, (unsigned long long)stat.start_time, started_at);
	return line;
}

const char *
fake_hear(struct fake *fake)
{
	ssize_t got = recv(fake->peer, fake->heard, sizeof(fake->heard) - 1, MSG_DONTWAIT);

	fake->heard[got > 0 ? got : 0] = '\0';
	return fake->heard;
}
