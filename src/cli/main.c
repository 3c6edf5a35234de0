#include "config.h"

#include <locale.h>
#include <stddef.h>
#include <string.h>

#include "base/attr.h"

#include "cli/commands.h"
#include "cli/options.h"

static const struct lk_command *const commands[] = {
    &lk_run_command,	&lk_attach_command,   &lk_detach_command,
    &lk_doctor_command, &lk_list_command,     &lk_baseline_command,
    &lk_pause_command,	&lk_resume_command, &lk_scan_command,
    &lk_export_command, &lk_record_command, &lk_open_command, &lk_diff_command,
};

int
main(int argc, char **argv)
{
	setlocale(LC_CTYPE, "");
	for (size_t i = 0; argc > 1 && i < LK_COUNT_OF(commands); i++)
		if (strcmp(argv[1], commands[i]->name) == 0)
			return lk_options_run(commands[i], argc - 1, argv + 1);
	return lk_options_run(&lk_top_command, argc, argv);
}
