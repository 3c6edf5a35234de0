#include "config.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "client/discover.h"
#include "client/inquiry.h"
#include "leaktop/wire.h"
#include "proto/ask.h"
#include "proto/message.h"
#include "util/text.h"

#include "cli/commands.h"
#include "cli/fault.h"
#include "cli/jsonl.h"
#include "cli/options.h"
#include "cli/scan_containers.h"
#include "cli/scan_growth.h"
#include "cli/scan_types.h"
#include "cli/target.h"

#define SILENCE_MS 20000 /* while it works the sampler tells its progress */
#define TYPE_BYTES 512	 /* of a name that is printed */
#define PATH_BYTES 1024

struct values {
	bool json;
	uint64_t top, stack, min_length;
	const char *filter, *type, *address, *baseline;
};

static const struct lk_option options[] = {
    {"json", 0, LK_OPTION_FLAG, NULL, "one JSON object", offsetof(struct values, json), NULL},
    {"top", 0, LK_OPTION_COUNT, "N", "how many rows (default 30)", offsetof(struct values, top),
     NULL},
    {"filter", 0, LK_OPTION_TEXT, "TEXT", "only types, owners or paths with this text",
     offsetof(struct values, filter), NULL},
    {"min-length", 0, LK_OPTION_COUNT, "N", "containers of so many items (default 1000)",
     offsetof(struct values, min_length), NULL},
    {"baseline", 0, LK_OPTION_TEXT, "NAME", "types: what was gained since this baseline",
     offsetof(struct values, baseline), NULL},
    {"type", 0, LK_OPTION_TEXT, "NAME", "referrers of the objects of a type",
     offsetof(struct values, type), NULL},
    {"stack", 0, LK_OPTION_COUNT, "ID", "of what a stack allocated: its id in an export",
     offsetof(struct values, stack), NULL},
    {"address", 0, LK_OPTION_TEXT, "HEX", "of one object: the address of a container",
     offsetof(struct values, address), NULL},
};

static const struct values defaults = {.top = 30};

struct scan {
	const struct values *values;
	struct lk_jsonl json;
	struct lk_scan_shown shown;
	bool shows_progress, has_progress, is_begun;
};

/* ---- progress: on a terminal, beside the answer ------------------------------------ */

static void
wipe_progress(struct scan *s)
{
	if (s->has_progress)
		fprintf(stderr, "\r%60s\r", "");
	s->has_progress = false;
}

static void
show_progress(struct scan *s, const struct lk_message_progress *p)
{
	char done[LK_TEXT_BYTES], found[LK_TEXT_BYTES];

	if (!s->shows_progress)
		return;
	wipe_progress(s);
	fprintf(stderr, "%s of %s objects",
		lk_text_count((double)p->done, done, sizeof(done)),
		lk_text_count((double)p->found, found, sizeof(found)));
	fflush(stderr);
	s->has_progress = true;
}

/* ---- the answer ------------------------------------------------------------------------ */

static bool
is_shown(struct scan *s, const char *name)
{
	return lk_scan_types_is_shown(&s->shown, name);
}

static void
json_loops(struct lk_jsonl *j, const struct lk_message_referrers *r)
{
	lk_jsonl_open(j, "cycles", '[');
	for (uint32_t i = 0; i < r->loop_count; i++) {
		lk_jsonl_open(j, NULL, '{');
		lk_jsonl_text(j, "cycle", r->loops[i].words);
		lk_jsonl_whole(j, "length", r->loops[i].length);
		lk_jsonl_whole(j, "cycles", r->loops[i].cycle_count);
		lk_jsonl_whole(j, "objects", r->loops[i].object_count);
		lk_jsonl_close(j, '}');
	}
	lk_jsonl_close(j, ']');
}

static void
print_loops(const struct lk_message_referrers *r)
{
	char words[PATH_BYTES];

	for (uint32_t i = 0; i < r->loop_count; i++) {
		const struct lk_message_loop *loop = &r->loops[i];

		lk_text_clean(loop->words, words, sizeof(words));
		printf("%llu of them are in cycles", (unsigned long long)loop->object_count);
		if (loop->length != 0)
			printf(" of %llu", (unsigned long long)loop->length);
		printf(": %s\n", words);
	}
}

static void
json_referrers(struct lk_jsonl *j, const struct lk_message_referrers *r)
{
	lk_jsonl_text(j, "type", r->type);
	if (!isnan(r->sample_count)) {
		lk_jsonl_real(j, "stack", r->stack);
		lk_jsonl_real(j, "samples", r->sample_count);
		lk_jsonl_real(j, "found", r->found_count);
	}
	if (r->address != NULL)
		lk_jsonl_text(j, "address", r->address);
	lk_jsonl_whole(j, "type_objects", r->object_count);
	lk_jsonl_real(j, "type_bytes", r->bytes);
	lk_jsonl_whole(j, "path_count", r->path_count);
	json_loops(j, r);
	lk_jsonl_open(j, "referrers", '[');
}

/* Of how many samples of a stack it is known whose memory they are. */
static void
print_found(const struct lk_message_referrers *r, const char *type)
{
	printf("%.0f live samples of stack %.0f, ", r->sample_count, r->stack);
	if (r->found_count == 0) {
		printf("in no Python object that was found: memory of C code has no holder here\n");
		return;
	}
	if (r->found_count < r->sample_count)
		printf("%.0f of them ", r->found_count);
	printf("in %llu Python objects, mostly of type %s%s\n",
	    (unsigned long long)r->object_count, type,
	    r->found_count < r->sample_count ? "; the others in none that was found" : "");
}

/* What is held; of a stack also how much of it is no object, and the holder of most. */
static void
print_held(const struct lk_message_referrers *r)
{
	char bytes[LK_TEXT_BYTES], type[TYPE_BYTES], path[PATH_BYTES], address[LK_TEXT_BYTES];
	unsigned long long objects = (unsigned long long)r->object_count;

	lk_text_clean(r->type, type, sizeof(type));
	lk_text_bytes(r->bytes, bytes, sizeof(bytes));
	lk_text_clean(r->address == NULL ? "" : r->address, address, sizeof(address));
	if (!isnan(r->sample_count)) {
		print_found(r, type);
		if (r->count == 0)
			return;
		lk_text_clean(r->list[0].path, path, sizeof(path));
		printf("%llu of %llu sampled objects are held by %s\n",
		    (unsigned long long)r->list[0].object_count, objects, path);
	} else if (r->address != NULL && objects != 0) {
		printf("the %s at %s, %s\n", type, address, bytes);
	} else if (r->address != NULL) {
		printf("no object was found at %s: it is gone, or no Python object\n",
		    address);
	} else if (objects == 0) {
		printf("no object of type %s: scan types has their names\n", type);
	} else {
		printf("%llu objects of type %s, %s, in %llu way%s\n", objects, type, bytes,
		    (unsigned long long)r->path_count, r->path_count == 1 ? "" : "s");
	}
}

static void
begin_referrers(struct scan *s, const struct lk_message_referrers *r)
{
	if (s->values->json) {
		json_referrers(&s->json, r);
		return;
	}
	print_held(r);
	print_loops(r);
	if (r->count > 0)
		printf("%10s %8s %8s  %s\n", "OBJECTS", "BYTES", "RETAINED", "HELD BY");
}

static void
put_referrer(struct scan *s, const struct lk_message_referrer *r)
{
	char bytes[LK_TEXT_BYTES], retained[LK_TEXT_BYTES], path[PATH_BYTES];

	if (!is_shown(s, r->path))
		return;
	if (s->values->json) {
		lk_jsonl_open(&s->json, NULL, '{');
		lk_jsonl_text(&s->json, "path", r->path);
		lk_jsonl_whole(&s->json, "objects", r->object_count);
		lk_jsonl_real(&s->json, "bytes", r->bytes);
		lk_jsonl_real(&s->json, "retained_bytes", r->retained_bytes);
		lk_jsonl_close(&s->json, '}');
		return;
	}
	lk_text_clean(r->path, path, sizeof(path));
	printf("%10llu %8s %8s  %s\n", (unsigned long long)r->object_count,
	    lk_text_bytes(r->bytes, bytes, sizeof(bytes)),
	    lk_text_bytes(r->retained_bytes, retained, sizeof(retained)), path);
}

static void
put_containers(struct scan *s, const struct lk_message_containers *m)
{
	if (!s->is_begun && s->values->json)
		lk_scan_containers_json(&s->json, m);
	else if (!s->is_begun)
		lk_scan_containers_print(m);
	s->is_begun = true;
	for (uint32_t i = 0; i < m->count; i++) {
		if (!is_shown(s, m->list[i].owner != NULL ? m->list[i].owner : ""))
			continue;
		if (s->values->json)
			lk_scan_containers_json_row(&s->json, &m->list[i]);
		else
			lk_scan_containers_print_row(&m->list[i]);
	}
}

static int
hear(const struct lk_message *message, void *ctx)
{
	struct scan *s = ctx;

	if (message->type == LK_MESSAGE_PROGRESS)
		show_progress(s, &message->progress);
	else
		wipe_progress(s);
	if (message->type == LK_MESSAGE_CONTAINERS)
		put_containers(s, &message->containers);
	lk_scan_types_hear(s->values->json ? &s->json : NULL, &s->shown, message);
	if (message->type != LK_MESSAGE_REFERRERS)
		return 0;
	begin_referrers(s, &message->referrers);
	for (uint32_t i = 0; i < message->referrers.count; i++)
		put_referrer(s, &message->referrers.list[i]);
	return 0;
}

static bool
is_address(const char *text)
{
	return strncmp(text, "0x", 2) == 0 && strlen(text) > 2 && strlen(text) <= 18 &&
	    strspn(text + 2, "0123456789abcdefABCDEF") == strlen(text + 2);
}

static int
choose_referrers(const struct values *values, struct lk_ask *ask)
{
	bool of_type = values->type != NULL && values->type[0] != '\0';

	if (of_type + (values->stack != 0) + (values->address != NULL) != 1)
		return lk_options_complain(&lk_scan_command, "referrers wants --type NAME, "
		    "--stack ID or --address HEX");
	if (of_type && strlen(values->type) > LK_WIRE_NAME_MAX)
		return lk_options_complain(&lk_scan_command, "a name has at most %u bytes; "
		    "its last words are enough", LK_WIRE_NAME_MAX);
	if (values->address != NULL && !is_address(values->address))
		return lk_options_complain(&lk_scan_command, "an address is like "
		    "0x7f2a10004000, not '%s'", values->address);
	ask->op = of_type ? LK_ASK_REFERRERS : values->stack != 0 ? LK_ASK_REFERRERS_STACK :
	    LK_ASK_REFERRERS_ADDRESS;
	ask->text = of_type ? values->type : values->address;
	ask->number = values->stack;
	ask->limit = LK_WIRE_REFERRERS_MAX;
	return LK_EXIT_DONE;
}

/* What is asked for, in *ASK.  Returns: LK_EXIT_DONE; or an exit status, said on stderr. */
static int
choose(const char *what, const struct values *values, struct lk_ask *ask)
{
	if (values->baseline != NULL && strcmp(what, "types") != 0)
		return lk_options_complain(&lk_scan_command, "--baseline is for types alone");
	if (strcmp(what, "types") == 0) {
		ask->op = LK_ASK_TYPES;
		ask->limit = LK_WIRE_TYPES_MAX;
		return LK_EXIT_DONE;
	}
	if (strcmp(what, "containers") == 0) {
		ask->op = LK_ASK_CONTAINERS;
		ask->number = values->min_length;
		ask->limit = LK_WIRE_CONTAINERS_MAX;
		return LK_EXIT_DONE;
	}
	if (strcmp(what, "referrers") == 0)
		return choose_referrers(values, ask);
	return lk_options_complain(&lk_scan_command, "scan what? types, containers or referrers, "
	    "not '%s'", what);
}

/* An exit status, said on stderr. */
static int
inquire(struct scan *s, const char *word, const struct lk_ask *ask)
{
	char words[LK_INQUIRY_WORDS_BYTES];
	struct lk_process process;
	int status = lk_target_find(word, &process), rc;

	if (status != LK_EXIT_DONE)
		return status;
	rc = lk_inquiry_make(process.socket_path, process.pid, ask, SILENCE_MS, hear, s, words);
	wipe_progress(s);
	return rc < 0 ? lk_fault("no scan of %d: %s", (int)process.pid, words) : LK_EXIT_DONE;
}

static int
run(const struct lk_arguments *arguments)
{
	struct scan s = {.values = arguments->values, .json = {.file = stdout},
	    .shows_progress = isatty(STDERR_FILENO)};
	struct lk_ask ask = {.id = 1};
	int status, rc = 0;

	s.shown = (struct lk_scan_shown){.filter = s.values->filter, .top = s.values->top};
	status = choose(arguments->words[1], s.values, &ask);
	if (status == LK_EXIT_DONE && s.values->baseline != NULL)
		status = lk_scan_growth(arguments->words[0], s.values->baseline,
		    s.values->json ? &s.json : NULL, &s.shown);
	else if (status == LK_EXIT_DONE)
		status = inquire(&s, arguments->words[0], &ask);
	if (status != LK_EXIT_DONE)
		return status;
	if (s.values->json) {
		lk_jsonl_close(&s.json, ']');
		lk_jsonl_close(&s.json, '}');
		rc = lk_jsonl_end(&s.json);
	}
	if (rc < 0 || fflush(stdout) != 0)
		return lk_fault("standard output: %s", strerror(EIO));
	return LK_EXIT_DONE;
}

const struct lk_command lk_scan_command = {
    .name = "scan",
    .words = "PID|NAME types|containers|referrers",
    .summary = "Count the objects of a process, list the largest, or say who holds some.",
    .details = "Referrers are of the objects of a type, of those that a stack allocated (an\n"
	       "export has ids of stacks, and addresses of containers), or of one object.\n"
	       "A copy-on-write copy of the process is read: it is paused for milliseconds, and\n"
	       "needs memory for what it changes meanwhile. ^C gives the scan up.\n",
    .options = options,
    .option_count = LK_COUNT_OF(options),
    .defaults = &defaults,
    .values_bytes = sizeof(struct values),
    .words_min = 2,
    .words_max = 2,
    .run = run,
};
