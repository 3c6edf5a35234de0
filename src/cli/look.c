#include "config.h"

#include "cli/look.h"

#include <stddef.h>
#include <unistd.h>

#include "base/attr.h"
#include "util/text.h"

#include "cli/options.h"

static const char *const sorts[] = {
    [LK_LOOK_DELTA] = "delta", [LK_LOOK_RATE] = "rate", [LK_LOOK_LIVE] = "live", NULL};

/* As lk_text_unit_name() has them. */
static const char *const units[] = {
    [LK_TEXT_BINARY] = "binary", [LK_TEXT_DECIMAL] = "decimal", [LK_TEXT_WHOLE] = "bytes", NULL};

const struct lk_option lk_look_options[LK_LOOK_OPTIONS] = {
    {"batch", 'b', LK_OPTION_FLAG, NULL, "frames of text on standard output, no screen",
     offsetof(struct lk_look, batch), NULL},
    {"frames", 'n', LK_OPTION_COUNT, "N", "how many frames (default 1)",
     offsetof(struct lk_look, frame_count), NULL},
    {"delay", 'd', LK_OPTION_DURATION, "SECONDS", "time between frames (default 1)",
     offsetof(struct lk_look, period_ms), NULL},
    {"json", 0, LK_OPTION_FLAG, NULL, "with -b: one JSON object per frame and line",
     offsetof(struct lk_look, json), NULL},
    {"top", 0, LK_OPTION_COUNT, "N", "with -b: rows of a frame (default 20)",
     offsetof(struct lk_look, top), NULL},
    {"sort", 0, LK_OPTION_CHOICE, "ORDER", "with -b: delta (default), rate or live",
     offsetof(struct lk_look, sort), sorts},
    {"filter", 0, LK_OPTION_TEXT, "TEXT",
     "with -b: rows with TEXT in function or file, ~ a regex; !TEXT: without",
     offsetof(struct lk_look, filter), NULL},
    {"units", 0, LK_OPTION_CHOICE, "UNITS",
     "with -b: sizes in binary (default) or decimal units, or bytes",
     offsetof(struct lk_look, unit), units},
    {"baseline", 0, LK_OPTION_TEXT, "LABEL",
     "with -b: growth since this one, or start (default newest)",
     offsetof(struct lk_look, baseline), NULL},
    {"group", 'g', LK_OPTION_FLAG, NULL,
     "the process and all Python processes below it, as their sum",
     offsetof(struct lk_look, group), NULL},
    {"alone", 0, LK_OPTION_FLAG, NULL, "the process itself, where the screens would show a group",
     offsetof(struct lk_look, alone), NULL},
    {"theme", 0, LK_OPTION_TEXT, "NAME", "colours: a theme's name or file",
     offsetof(struct lk_look, theme), NULL},
    {"ascii", 0, LK_OPTION_FLAG, NULL, "draw with ASCII alone", offsetof(struct lk_look, ascii),
     NULL},
    {"readonly", 0, LK_OPTION_FLAG, NULL, "disable the keys that touch the process",
     offsetof(struct lk_look, readonly), NULL},
};

const struct lk_look lk_look_defaults = {
    .frame_count = 1,
    .period_ms = 1000,
    .top = 20,
};

bool
lk_look_is_terminal(void)
{
	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}
