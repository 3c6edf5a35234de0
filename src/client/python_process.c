#include "config.h"

#include "client/python_process.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "client/proc.h"
#include "client/rendezvous.h"

#define MAPS_MAX_BYTES (4u << 20) /* libraries come late in it: behind the stacks of threads */

static const char *
base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

/* "python", "python3", "python3.11", "python3.11-dbg"; not "pythonista". */
static bool
is_interpreter(const char *name)
{
	return strncmp(name, "python", 6) == 0 &&
	    (name[6] == '\0' || isdigit((unsigned char)name[6]));
}

/* "3.11" of what follows WORD in TEXT ("python3.11", "libpython3.11.so.1.0"). */
static bool
version_after(const char *text, const char *word, char *out, size_t out_bytes)
{
	const char *at = strstr(text, word);
	int major, minor;

	if (at == NULL || sscanf(at + strlen(word), "%1d.%2d", &major, &minor) != 2)
		return false;
	snprintf(out, out_bytes, "%d.%d", major, minor);
	return true;
}

/* Where the interpreter is linked into a program of another name its sampler tells: it listens in
 * what runs Python alone. */
static bool
has_sampler(pid_t pid)
{
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	uid_t uid;

	return lk_proc_uid(pid, &uid) == 0 &&
	       lk_rendezvous_find(pid, uid, path, sizeof(path)) == 0;
}

static bool
maps_python(pid_t pid, char *version, size_t version_bytes)
{
	char *text = malloc(MAPS_MAX_BYTES);
	bool found = false;

	if (text != NULL && lk_proc_read(pid, "maps", text, MAPS_MAX_BYTES) > 0) {
		found = strstr(text, "/libpython") != NULL ||
			(strstr(text, "/libleaktop-sampler.") != NULL && has_sampler(pid));
		version_after(text, "/libpython", version, version_bytes);
	}
	free(text);
	return found;
}

bool
lk_python_process_recognise(pid_t pid, const char *exe, const char *comm, char *version,
    size_t version_bytes)
{
	char arguments[256];

	version[0] = '\0';
	if (is_interpreter(base_of(exe))) {
		version_after(base_of(exe), "python", version, version_bytes);
		return true;
	}
	if (exe[0] != '\0')
		return maps_python(pid, version, version_bytes);
	/* not ours to look into: the first argument and the name are public */
	if (is_interpreter(comm))
		return true;
	if (lk_proc_read(pid, "cmdline", arguments, sizeof(arguments)) <= 0 ||
	    !is_interpreter(base_of(arguments)))
		return false;
	version_after(base_of(arguments), "python", version, version_bytes);
	return true;
}

static void
set_name(const char *word, char *out, size_t out_bytes)
{
	size_t length;

	word = base_of(word);
	length = strcspn(word, " :"); /* "gunicorn: worker [shop]" */
	if (length > 3 && strncmp(word + length - 3, ".py", 3) == 0)
		length -= 3;
	snprintf(out, out_bytes, "%.*s", (int)length, word);
}

/* Options of the interpreter that take a word of their own. */
static bool
takes_word(const char *option)
{
	return strcmp(option, "-W") == 0 || strcmp(option, "-X") == 0 ||
	    strcmp(option, "--check-hash-based-pycs") == 0;
}

void
lk_python_process_name(const char *arguments, size_t length, char *out, size_t out_bytes)
{
	const char *at = arguments, *end = arguments + length;

	out[0] = '\0';
	if (length == 0)
		return;
	set_name(at, out, out_bytes);
	if (!is_interpreter(base_of(at)))
		return;
	for (at += strlen(at) + 1; at < end; at += strlen(at) + 1) {
		const char *next = at + strlen(at) + 1;

		if (strcmp(at, "-c") == 0) {
			snprintf(out, out_bytes, "-c");
			return;
		}
		if (strcmp(at, "-m") == 0 && next < end) {
			set_name(next, out, out_bytes);
			return;
		}
		if (at[0] != '-') {
			set_name(at, out, out_bytes);
			return;
		}
		if (takes_word(at))
			at = next;
		if (at >= end)
			return;
	}
}
