#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "client/discover.h"
#include "util/clock.h"
#include "util/text.h"

#include "cli/commands.h"
#include "cli/fault.h"
#include "cli/jsonl.h"
#include "cli/options.h"
#include "cli/terminal.h"

#define COMMAND_COL 72	/* where it begins */

struct values {
	bool json;
};

static const struct lk_option options[] = {
    {"json", 0, LK_OPTION_FLAG, NULL, "one JSON object per process and line",
     offsetof(struct values, json), NULL},
};

static int
print_json(const struct lk_process *p)
{
	struct lk_jsonl j = {.file = stdout};

	lk_jsonl_open(&j, NULL, '{');
	lk_jsonl_whole(&j, "pid", (uint64_t)p->pid);
	lk_jsonl_whole(&j, "ppid", (uint64_t)p->ppid);
	lk_jsonl_whole(&j, "group_pid", (uint64_t)p->group_pid);
	lk_jsonl_text(&j, "user", p->user);
	lk_jsonl_whole(&j, "rss_bytes", p->rss_bytes);
	lk_jsonl_real(&j, "up_s", p->up_s);
	lk_jsonl_text(&j, "python", p->python[0] == '\0' ? NULL : p->python);
	lk_jsonl_text(&j, "name", p->name);
	lk_jsonl_text(&j, "command", p->command);
	lk_jsonl_flag(&j, "has_sampler", p->has_sampler);
	lk_jsonl_text(&j, "socket_path", p->has_sampler ? p->socket_path : NULL);
	lk_jsonl_text(&j, "why_not", p->has_sampler ? NULL : p->why_not);
	lk_jsonl_close(&j, '}');
	return lk_jsonl_end(&j);
}

static int
print_row(const struct lk_process *p, int cols)
{
	size_t room = sizeof(p->command);
	char rss[LK_TEXT_BYTES], up[LK_TEXT_BYTES], user[40], command[300];

	lk_text_clean(p->user, user, sizeof(user));
	if (cols > 0)
		room = cols > COMMAND_COL ? (size_t)(cols - COMMAND_COL) : 0;
	lk_text_clean(p->command, command, room + 1 < sizeof(command) ? room + 1 : sizeof(command));
	printf("%7d %-10s %7s %8s %-5s %-29s %s\n", (int)p->pid, user,
	    lk_text_bytes((double)p->rss_bytes, rss, sizeof(rss)),
	    lk_text_duration(p->up_s, up, sizeof(up)), p->python[0] == '\0' ? "-" : p->python,
	    p->has_sampler ? "yes" : p->why_not, command);
	return ferror(stdout) ? -EIO : 0;
}

static int
run(const struct lk_arguments *arguments)
{
	const struct values *v = arguments->values;
	struct lk_discovery *d = lk_discovery_new();
	const struct lk_process *list;
	int count, rc = 0, cols = lk_terminal_cols(0);

	if (d == NULL)
		return lk_fault("%s", strerror(ENOMEM));
	count = lk_discovery_scan(d, lk_clock_monotonic_ms(), &list);
	if (count >= 0 && !v->json)
		printf("%7s %-10s %7s %8s %-5s %-29s %s\n", "PID", "USER", "RSS", "UP", "PY",
		    "SAMPLER", "COMMAND");
	for (int i = 0; rc == 0 && i < count; i++)
		rc = v->json ? print_json(&list[i]) : print_row(&list[i], cols);
	lk_discovery_free(d);
	if (count < 0)
		return lk_fault("/proc cannot be read: %s", strerror(-count));
	if (rc < 0 || fflush(stdout) != 0)
		return lk_fault("standard output: %s", strerror(EIO));
	return LK_EXIT_DONE;
}

const struct lk_command lk_list_command = {
    .name = "list",
    .words = "",
    .summary = "List the Python processes of this host, the largest first.",
    .options = options,
    .option_count = LK_COUNT_OF(options),
    .values_bytes = sizeof(struct values),
    .run = run,
};
