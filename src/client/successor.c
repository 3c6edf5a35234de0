#include "config.h"

#include "client/successor.h"

#include <stdbool.h>
#include <string.h>

#include "model/snapshot.h"
#include "util/text.h"

#include "client/discover.h"
#include "client/proc.h"

#define COMMAND_BYTES 200	/* so much is known of a long one, wherever it was read */

static bool
is_same_cgroup(const struct lk_process *p, const char *cgroup)
{
	char own[1024];

	lk_proc_cgroup(p->pid, own, sizeof(own));
	return own[0] == '\0' || cgroup[0] == '\0' || strcmp(own, cgroup) == 0;
}

/* The list has it as it can be shown. */
static bool
is_same_command(const struct lk_process *p, const char *command)
{
	char shown[sizeof(p->command)];

	lk_text_clean(command, shown, sizeof(shown));
	return shown[0] != '\0' && strncmp(p->command, shown, COMMAND_BYTES) == 0;
}

static bool
is_successor(const struct lk_process *p, const struct lk_process_info *ended, double max_up_s)
{
	return p->pid != ended->pid && p->up_s <= max_up_s &&
	    is_same_command(p, ended->command) &&
	    strcmp(p->user, ended->user) == 0 && is_same_cgroup(p, ended->cgroup);
}

const struct lk_process *
lk_successor_find(const struct lk_process *list, int count, const struct lk_process_info *ended,
    double max_up_s)
{
	const struct lk_process *first = NULL;

	for (int i = 0; i < count; i++)
		if (is_successor(&list[i], ended, max_up_s) &&
		    (first == NULL || list[i].start_time < first->start_time ||
		    (list[i].start_time == first->start_time && list[i].pid < first->pid)))
			first = &list[i];
	return first;
}
