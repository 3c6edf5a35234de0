/* commands.h - every subcommand, one file each.  Room: cli. */
#ifndef LK_CLI_COMMANDS_H
#define LK_CLI_COMMANDS_H

struct lk_command;

extern const struct lk_command lk_top_command; /* leaktop without a command */
extern const struct lk_command lk_run_command;
extern const struct lk_command lk_attach_command;
extern const struct lk_command lk_detach_command;
extern const struct lk_command lk_doctor_command;
extern const struct lk_command lk_list_command;
extern const struct lk_command lk_baseline_command;
extern const struct lk_command lk_pause_command; /* pause.c */
extern const struct lk_command lk_resume_command;
extern const struct lk_command lk_scan_command;
extern const struct lk_command lk_export_command;
extern const struct lk_command lk_record_command;
extern const struct lk_command lk_open_command;
extern const struct lk_command lk_diff_command;

#endif
